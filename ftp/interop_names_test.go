package ftp_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// oddNames are what a file may be called on the disk.
var oddNames = []string{
	" leading", "trailing ", "  ", "two  words", "-l", "--", "a -> b", "2026", "5 Nov 21 22:14 x", "22.04", "x:",
	`quo"te`, `back\slash`, "tab\there", "\x1b[31mred", "~", "~root", "%2e%2e", "a;type=dir", "*", "[a]", "ü", "con", "a:b",
}

// notThere are the names that a server cannot list or hand out as they are.
var notThere = map[string][]string{
	"ProFTPD":   {"  "},                                     // takes spaces for no argument
	"Pure-FTPd": {`back\slash`, "tab\there", "\x1b[31mred"}, // refuses the first, and lists the others with "_"
}

// A name is in everybody's listing what it is on the disk, and the file that it
// fetches is that one.
func TestInteropOddNames(t *testing.T) {
	testkit.Linux(t, "names that other systems do not have")
	for _, other := range others {
		t.Run(other.name, func(t *testing.T) {
			config := &peers.Config{Root: servedFolder(t), Users: map[string]string{other.user: other.password}}
			for _, name := range oddNames {
				require.NoError(t, os.WriteFile(filepath.Join(config.Root, name), []byte("I am "+name), 0o644))
			}
			s := other.start(t, config)
			c, err := ftp.Dial(t.Context(), "tcp", s.Addr, &ftp.Options{User: other.user, Password: other.password})
			require.NoError(t, err, "%s", s.Stderr())
			defer c.Close()
			entries, err := c.List(t.Context(), "")
			require.NoError(t, err)
			for _, name := range oddNames {
				if slices.Contains(notThere[other.name], name) {
					continue
				}
				i := slices.IndexFunc(entries, func(e ftp.Entry) bool { return e.Name == name })
				if assert.GreaterOrEqual(t, i, 0, "%q", name) {
					assert.Equal(t, int64(len("I am "+name)), entries[i].Size, "%q", name)
					assert.Equal(t, "I am "+name, fetchFile(t, c, name, 0))
				}
			}
			assert.NoError(t, c.Quit(t.Context()))
		})
	}
}
