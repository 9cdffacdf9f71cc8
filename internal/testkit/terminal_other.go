//go:build !linux

package testkit

import (
	"os"
	"testing"
)

// Terminal makes a terminal; it is skipped on other systems than Linux.
func Terminal(tb testing.TB) (screen, terminal *os.File) {
	tb.Helper()
	tb.Skip("testkit: terminals are made on Linux")
	return nil, nil
}
