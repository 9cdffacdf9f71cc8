package testkit_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"applayer/internal/testkit"
)

func TestProcessIsKilledWithItsChildren(t *testing.T) {
	var child string
	t.Run("a program with a child", func(t *testing.T) {
		p := testkit.Start(t, testkit.Program(t, "sh"), "-c", "sleep 1000 & echo child $!; wait")
		child = strings.TrimPrefix(p.WaitLine("child "), "child ")
		assert.True(t, runs(child))
	})
	assert.Eventually(t, func() bool { return !runs(child) }, 10*time.Second, time.Millisecond)
}

// runs tells whether a process is there and is no zombie.
func runs(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return err == nil && !bytes.HasPrefix(state, []byte("Z"))
}
