//go:build unix

package ftp_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// Whatever is done with whatever names, in whatever order, nothing outside the
// root is read or changed, and what a name was given is what it gives back.
func FuzzDirStaysInside(f *testing.F) {
	f.Add("a\n../secret/x\nlink/x\nsub/../../secret/x", []byte("rwamdkRun"))
	f.Add("link\nlink/x\nup/secret/x\n.\nsub", []byte("wRwrdkmu"))
	f.Add("sub/l\nsub\nnew", []byte("RRwrw"))
	f.Fuzz(func(t *testing.T, names string, ops []byte) {
		top := t.TempDir()
		root, secret := filepath.Join(top, "root"), filepath.Join(top, "secret")
		for _, dir := range []string{root, secret, filepath.Join(root, "sub")} {
			require.NoError(t, os.Mkdir(dir, 0o755))
		}
		require.NoError(t, os.WriteFile(filepath.Join(secret, "x"), []byte("hidden"), 0o644))
		for link, to := range map[string]string{"link": secret, "up": "..", "sub/l": "../../secret/x", "in": "sub"} {
			require.NoError(t, os.Symlink(to, filepath.Join(root, link)))
		}
		d := openDir(t, root, &ftp.DirOptions{NoSync: true, Quota: 1 << 20})
		list := strings.Split(names, "\n")
		if len(ops) > 64 {
			ops = ops[:64]
		}
		for i, op := range ops {
			name, other := list[i%len(list)], list[(i+1)%len(list)]
			dirStep(t, d, op, name, other)
		}
		assert.Equal(t, []string{"x"}, onDisk(t, secret))
		assert.ElementsMatch(t, []string{"root", "secret"}, onDisk(t, top))
		b, err := os.ReadFile(filepath.Join(secret, "x"))
		require.NoError(t, err)
		assert.Equal(t, "hidden", string(b))
		info, err := os.Lstat(filepath.Join(secret, "x"))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o644), info.Mode())
	})
}

// dirStep does one thing.
func dirStep(t *testing.T, d *ftp.DirFS, op byte, name, other string) {
	switch op {
	case 'r':
		f, err := d.Open(name)
		if err != nil {
			return
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		assert.NoError(t, err)
		assert.NotContains(t, string(b), "hidden")
	case 'w', 'a', 'u':
		mode := map[byte]ftp.CreateMode{'w': ftp.CreateReplace, 'a': ftp.CreateAppend, 'u': ftp.CreateUnique}[op]
		u, err := d.Create(name, mode, 0)
		if err != nil {
			return
		}
		_, err = io.WriteString(u, other)
		assert.NoError(t, err)
		stored := u.Name()
		if assert.NoError(t, u.Commit()) {
			assert.True(t, strings.HasSuffix(read(t, d, stored), other))
		}
	case 'm':
		d.Mkdir(name)
	case 'd':
		d.Remove(name)
	case 'k':
		d.RemoveDir(name)
	case 'R':
		d.Rename(name, other)
	case 'n':
		for info, err := range d.ReadDir(name) {
			if err == nil {
				assert.NotEqual(t, "secret", info.Name())
			}
		}
	case 'c':
		d.Chmod(name, 0o600)
		d.Truncate(name, 1)
	}
}
