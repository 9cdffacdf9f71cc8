package ftp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// served is what the folder holds at first, by name; a name with a slash at its
// end is a folder.
var served = map[string]string{
	"readme.txt":        "Files for the lecture.\nTwo lines.\n",
	"two words.txt":     "nested\n",
	" space before":     "x",
	"aufgabe-ä.txt":     "Aufgabe 1\n",
	"mixed.txt":         "one\r\ntwo\nthree\r\n",
	"music/":            "",
	"music/la la.txt":   "la la la\n",
	"music/deep/":       "",
	"music/deep/er.txt": "deeper\n",
}

// oldAndNew are times that a listing shows in its two forms.
var oldAndNew = time.Date(2020, 2, 29, 3, 4, 5, 0, time.UTC)

func servedFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range served {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(path, 0o755))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		require.NoError(t, os.Chtimes(path, oldAndNew, oldAndNew))
	}
	return dir
}

// trace logs a dialogue, which a failed test shows.
func trace(t *testing.T) *ftp.Trace {
	return &ftp.Trace{Line: func(server bool, line []byte) {
		side := "C"
		if server {
			side = "S"
		}
		t.Logf("%s: %s", side, line)
	}}
}

func diskFile(t *testing.T, root, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(b)
}
