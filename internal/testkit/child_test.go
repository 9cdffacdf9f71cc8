package testkit_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/internal/testkit"
)

func TestStartChild(t *testing.T) {
	p := testkit.StartChild(t, "TestChildThatSpeaks")
	assert.Equal(t, "child speaks", p.WaitLine("child"))
	assert.Zero(t, p.Wait(), p.Stdout())
}

func TestStraceChild(t *testing.T) {
	testkit.Linux(t, "strace")
	assert.Contains(t, testkit.StraceChild(t, "TestChildThatSpeaks", "write"), `write(1, "child speaks\n"`)
}

func TestChildThatSpeaks(t *testing.T) {
	testkit.Child(t)
	fmt.Fprintln(os.Stdout, "child speaks")
}
