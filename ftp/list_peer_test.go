package ftp_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// What ls prints is read as what the system says, whatever its options.
func TestParseListOfLs(t *testing.T) {
	testkit.Linux(t, "the ls of GNU")
	ls := testkit.Program(t, "ls")
	dir := t.TempDir()
	now := time.Now().Truncate(time.Minute)
	const days = 24 * time.Hour
	files := []struct {
		name string
		mode fs.FileMode
		size int64
		age  time.Duration
	}{
		{"plain", 0o644, 12, time.Hour},
		{" leading", 0o600, 0, 100 * days},
		{"trailing ", fs.ModeSetuid | 0o755, 1 << 33, 170 * days},
		{"a -> b", fs.ModeSetgid | 0o644, 5, 200 * days},
		{"2026", 0o444, 6, 400 * days},
		{"5 Nov 21 22:14 x", 0o222, 7, 9000 * days},
		{"größe", 0o777, 8, -20 * days},
		{"\xff\xfe", 0o000, 9, 364 * days},
		{"dir", fs.ModeDir | fs.ModeSticky | 0o777, 0, 3 * days},
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if f.mode.IsDir() {
			require.NoError(t, os.Mkdir(path, 0o700))
		} else {
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			require.NoError(t, os.Truncate(path, f.size))
		}
		require.NoError(t, os.Chmod(path, f.mode))
		require.NoError(t, os.Chtimes(path, now.Add(-f.age), now.Add(-f.age)))
	}
	require.NoError(t, os.Symlink("a -> b", filepath.Join(dir, "x -> y")))

	for _, options := range [][]string{
		{"-la"}, {"-lan"}, {"-lo"}, {"-lg"}, {"-lis"}, {"-lZ"}, {"-l", "--full-time"},
		{"-l", "--time-style=long-iso"}, {"-l", "--time-style=iso"}, {"-l", "--time-style=+%e. %b %Y "},
	} {
		t.Run(strings.Join(options, " "), func(t *testing.T) {
			// A zone three hours east of Greenwich.
			cmd := exec.CommandContext(t.Context(), ls, append(options, dir)...)
			cmd.Env = append(os.Environ(), "TZ=EAST-3", "LC_ALL=C")
			out, err := cmd.Output()
			require.NoError(t, err)
			seen := 0
			for line := range strings.Lines(string(out)) {
				e, err := ftp.ParseList([]byte(strings.TrimSuffix(line, "\n")), now.In(time.FixedZone("EAST", 3*3600)))
				if errors.Is(err, ftp.ErrNoEntry) {
					continue
				}
				require.NoError(t, err, "%q", line)
				if e.Type == ftp.EntryCurrent || e.Type == ftp.EntryParent {
					continue
				}
				seen++
				fi, err := os.Lstat(filepath.Join(dir, e.Name))
				require.NoError(t, err, "%q", line)
				same(t, ftp.EntryOf(fi), e)
			}
			assert.Equal(t, len(files)+1, seen)
		})
	}
}

// same compares what the system says with what a listing says.
func same(t *testing.T, want, got ftp.Entry) {
	assert.Equal(t, want.Type, got.Type, got.Name)
	assert.Equal(t, want.Mode, got.Mode, got.Name)
	if want.Type == ftp.EntryFile {
		assert.Equal(t, want.Size, got.Size, got.Name)
		late := want.ModTime.Sub(got.ModTime)
		assert.GreaterOrEqual(t, late, time.Duration(0), got.Name)
		assert.Less(t, late, got.Precision, got.Name)
	}
	if want.Type == ftp.EntrySymlink {
		assert.Equal(t, "a -> b", got.Target)
	}
}
