package testkit_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

func TestNoLeaksFindsGoroutine(t *testing.T) {
	defer testkit.SetLeakPatience(testkit.SetLeakPatience(20 * time.Millisecond))
	stop := make(chan struct{})
	defer close(stop)
	f := play(t, func(tb testing.TB) {
		testkit.NoLeaks(tb)
		go leakedOnPurpose(stop)
	})
	require.Len(t, f.errors, 1)
	assert.Contains(t, f.errors[0], "1 goroutines left")
	assert.Contains(t, f.errors[0], "leakedOnPurpose", "the stack says which")
}

func leakedOnPurpose(stop chan struct{}) { <-stop }

func TestNoLeaksFindsDescriptor(t *testing.T) {
	testkit.Linux(t, "the list of descriptors")
	defer testkit.SetLeakPatience(testkit.SetLeakPatience(20 * time.Millisecond))
	name := filepath.Join(t.TempDir(), "left-open")
	var file *os.File
	f := play(t, func(tb testing.TB) {
		testkit.NoLeaks(tb)
		var err error
		file, err = os.Create(name)
		require.NoError(tb, err)
	})
	defer file.Close()
	require.Len(t, f.errors, 1)
	assert.Contains(t, f.errors[0], "1 descriptors left")
	assert.Contains(t, f.errors[0], name, "the target says which")
}

func TestNoLeaksWaitsForTheLastSteps(t *testing.T) {
	slow := make(chan struct{})
	f := play(t, func(tb testing.TB) {
		testkit.NoLeaks(tb)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(tb, err)
		tb.Cleanup(func() { l.Close(); close(slow) })
		go func() {
			l.Accept() // ends with the listener
			<-slow
		}()
	})
	assert.Empty(t, f.errors)
}
