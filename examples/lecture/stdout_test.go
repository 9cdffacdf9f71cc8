package main

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

// A process whose output goes nowhere fails, says so unless the reader left,
// and leaves no files behind.
func TestStdoutThatCannotBeWritten(t *testing.T) {
	testkit.Linux(t, "/dev/full")
	program := testkit.Build(t, "applayer/examples/lecture")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	r, unread, err := os.Pipe()
	require.NoError(t, err)
	defer unread.Close()
	require.NoError(t, r.Close())
	tests := []struct {
		name   string
		stdout *os.File
		stderr string
	}{
		{"a full device", full, "lecture: stdout: no space left on device\n"},
		{"a pipe whose reader has left", unread, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			var stderr bytes.Buffer
			c := exec.CommandContext(t.Context(), program, "upper")
			c.Env = append(os.Environ(), "TMPDIR="+dir)
			c.Stdout, c.Stderr = tt.stdout, &stderr
			require.Error(t, c.Run())
			assert.Equal(t, 1, c.ProcessState.ExitCode())
			assert.Equal(t, tt.stderr, stderr.String())
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}
