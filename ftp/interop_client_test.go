package ftp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// others are the servers that our client is tried with.
var others = []struct {
	name           string
	start          func(testing.TB, *peers.Config) *peers.Server
	user, password string
	// tls tells that it has TLS; vsftpd and ProFTPD have data connections resume
	// the session then.
	tls bool
}{
	{name: "vsftpd", start: peers.Vsftpd, user: "anonymous", password: "me@", tls: true},
	{name: "ProFTPD", start: peers.ProFTPD, user: "student", password: "lecture", tls: true},
	{name: "Pure-FTPd", start: peers.PureFTPd, user: "student", password: "lecture", tls: true},
	{name: "inetutils", start: peers.InetutilsFTPd, user: "student", password: "lecture"},
	{name: "pyftpdlib", start: peers.Pyftpdlib, user: "student", password: "lecture", tls: true},
}

// eachOther runs a test with every server, and with the ways of data
// connections: passive, active, and where it has TLS secured.
func eachOther(t *testing.T, test func(t *testing.T, c *ftp.Client, s *peers.Server, root string)) {
	certificate, trusting := testkit.Certificate(t)
	for _, other := range others {
		t.Run(other.name, func(t *testing.T) {
			for _, way := range []string{"passive", "active", "TLS", "TLS 1.2"} {
				secure := strings.HasPrefix(way, "TLS")
				if secure && !other.tls {
					continue
				}
				t.Run(way, func(t *testing.T) {
					config := &peers.Config{Root: servedFolder(t), Users: map[string]string{other.user: other.password}}
					opts := &ftp.Options{User: other.user, Password: other.password, Active: way == "active", Trace: trace(t)}
					if secure {
						config.TLS = certificate
						opts.TLS = ftp.TLSExplicit
						opts.TLSConfig = trusting.Clone()
						if way == "TLS 1.2" {
							opts.TLSConfig.MaxVersion = tls.VersionTLS12
						}
					}
					s := other.start(t, config)
					c, err := ftp.Dial(t.Context(), "tcp", s.Addr, opts)
					require.NoError(t, err, "%s", s.Stderr())
					t.Cleanup(func() { c.Close() })
					test(t, c, s, config.Root)
					assert.NoError(t, c.Quit(t.Context()))
				})
			}
		})
	}
}

func fetchFile(t *testing.T, c *ftp.Client, name string, offset int64) string {
	t.Helper()
	r, err := c.Retrieve(t.Context(), name, offset)
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return string(b)
}

// TestInteropClient: all that a client does, with everybody's server.
func TestInteropClient(t *testing.T) {
	eachOther(t, func(t *testing.T, c *ftp.Client, s *peers.Server, root string) {
		ctx := t.Context()
		t.Run("list", func(t *testing.T) { interopList(t, c) })
		t.Run("retrieve", func(t *testing.T) {
			assert.Equal(t, served["readme.txt"], fetchFile(t, c, "readme.txt", 0))
			assert.Equal(t, served["readme.txt"][10:], fetchFile(t, c, "readme.txt", 10))
			assert.Equal(t, served["mixed.txt"], fetchFile(t, c, "mixed.txt", 0), "as it is")
			assert.Equal(t, served["aufgabe-ä.txt"], fetchFile(t, c, "aufgabe-ä.txt", 0))
			assert.Equal(t, "la la la\n", fetchFile(t, c, "music/la la.txt", 0))
			_, err := c.Retrieve(ctx, "none.txt", 0)
			assert.ErrorIs(t, err, fs.ErrNotExist)
			assert.ErrorIs(t, err, ftp.ErrNotFound)
		})
		t.Run("store", func(t *testing.T) {
			require.NoError(t, c.Store(ctx, "new ü.txt", strings.NewReader("first\r\nsecond\n")))
			assert.Equal(t, "first\r\nsecond\n", diskFile(t, root, "new ü.txt"))
			require.NoError(t, c.Append(ctx, "new ü.txt", strings.NewReader("third")))
			assert.Equal(t, "first\r\nsecond\nthird", diskFile(t, root, "new ü.txt"))
			require.NoError(t, c.StoreAt(ctx, "new ü.txt", strings.NewReader("SECOND\nTHIRD"), 7))
			assert.Equal(t, "first\r\nSECOND\nTHIRD", diskFile(t, root, "new ü.txt"))
			require.NoError(t, c.Store(ctx, "empty", strings.NewReader("")))
			assert.Equal(t, "", diskFile(t, root, "empty"))
		})
		t.Run("unique", func(t *testing.T) {
			name, err := c.StoreUnique(ctx, "readme.txt", strings.NewReader("unique"))
			require.NoError(t, err)
			assert.NotEqual(t, "readme.txt", name)
			assert.Equal(t, "unique", diskFile(t, root, filepath.Base(name)))
		})
		t.Run("change", func(t *testing.T) { interopChange(t, c, root) })
		t.Run("tree", func(t *testing.T) {
			var paths []string
			for w, err := range c.Walk(ctx, "music") {
				require.NoError(t, err)
				paths = append(paths, w.Path)
			}
			assert.Equal(t, []string{"music/deep", "music/deep/er.txt", "music/la la.txt"}, paths)
			require.NoError(t, c.RemoveAll(ctx, "music"))
			assert.NoDirExists(t, filepath.Join(root, "music"))
		})
	})
}

// interopList: the names, sizes and times of a folder.
func interopList(t *testing.T, c *ftp.Client) {
	entries, err := c.List(t.Context(), "")
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		name, err := e.LocalName()
		require.NoError(t, err)
		names = append(names, name)
		if e.Type == ftp.EntryDir {
			continue
		}
		assert.Equal(t, int64(len(served[name])), e.Size, name)
		if assert.NotZero(t, e.Precision, name) {
			assert.Equal(t, oldAndNew.Truncate(e.Precision), e.ModTime.UTC(), name)
		}
	}
	slices.Sort(names)
	assert.Equal(t, []string{" space before", "aufgabe-ä.txt", "mixed.txt", "music", "readme.txt", "two words.txt"}, names)
	entries, err = c.List(t.Context(), "music")
	require.NoError(t, err)
	assert.Len(t, entries, 2)
	names, err = c.Names(t.Context(), "music")
	require.NoError(t, err)
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, "music/")
	}
	slices.Sort(names)
	assert.Equal(t, []string{"deep", "la la.txt"}, names)
	e, err := c.Stat(t.Context(), "two words.txt")
	require.NoError(t, err)
	assert.Equal(t, int64(7), e.Size)
	assert.Equal(t, oldAndNew, e.ModTime.UTC())
	e, err = c.Stat(t.Context(), "music")
	require.NoError(t, err)
	assert.Equal(t, ftp.EntryDir, e.Type)
	_, err = c.Stat(t.Context(), "none")
	assert.ErrorIs(t, err, fs.ErrNotExist)
	size, err := c.Size(t.Context(), "readme.txt")
	require.NoError(t, err)
	assert.Equal(t, int64(34), size)
	at, err := c.ModTime(t.Context(), "readme.txt")
	require.NoError(t, err)
	assert.Equal(t, oldAndNew, at.UTC())
}

// interopChange: folders, names and times.
func interopChange(t *testing.T, c *ftp.Client, root string) {
	ctx := t.Context()
	dir := `new "folder"`
	require.NoError(t, c.MakeDir(ctx, dir))
	assert.DirExists(t, filepath.Join(root, dir))
	before, err := c.WorkingDir(ctx)
	require.NoError(t, err)
	require.NoError(t, c.ChangeDir(ctx, dir))
	got, err := c.WorkingDir(ctx)
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSuffix(before, "/")+"/"+dir, got)
	require.NoError(t, c.ChangeDir(ctx, ".."))
	require.NoError(t, c.Rename(ctx, "readme.txt", dir+"/renamed.txt"))
	assert.Equal(t, served["readme.txt"], diskFile(t, root, dir+"/renamed.txt"))
	assert.Error(t, c.RemoveDir(ctx, dir), "not empty")
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	features, err := c.Features(ctx)
	require.NoError(t, err)
	if features.Has("MFMT") {
		require.NoError(t, c.SetModTime(ctx, dir+"/renamed.txt", at))
		info, err := os.Stat(filepath.Join(root, dir, "renamed.txt"))
		require.NoError(t, err)
		assert.Equal(t, at, info.ModTime().UTC())
	}
	require.NoError(t, c.Remove(ctx, dir+"/renamed.txt"))
	require.NoError(t, c.RemoveDir(ctx, dir))
	assert.NoDirExists(t, filepath.Join(root, dir))
	assert.ErrorIs(t, c.Remove(ctx, "none"), fs.ErrNotExist)
	assert.ErrorIs(t, c.ChangeDir(ctx, "none"), fs.ErrNotExist)
}

// TestInteropClientLarge: a file of many segments both ways, and after a
// transfer that is broken off the session goes on.
func TestInteropClientLarge(t *testing.T) {
	large := make([]byte, 4<<20)
	rand.NewChaCha8([32]byte{}).Read(large)
	eachOther(t, func(t *testing.T, c *ftp.Client, s *peers.Server, root string) {
		require.NoError(t, c.Store(t.Context(), "large", bytes.NewReader(large)))
		assert.True(t, bytes.Equal(large, []byte(diskFile(t, root, "large"))))
		assert.True(t, string(large) == fetchFile(t, c, "large", 0))
		r, err := c.Retrieve(t.Context(), "large", 0)
		require.NoError(t, err)
		_, err = io.CopyN(io.Discard, r, 100_000)
		require.NoError(t, err)
		r.Close()
		assert.Equal(t, "nested\n", fetchFile(t, c, "two words.txt", 0), "after a Close in the middle")
		ctx, cancel := context.WithCancel(t.Context())
		r, err = c.Retrieve(ctx, "large", 0)
		require.NoError(t, err)
		_, err = io.CopyN(io.Discard, r, 100_000)
		require.NoError(t, err)
		cancel()
		_, err = io.Copy(io.Discard, r)
		assert.ErrorIs(t, err, context.Canceled)
		r.Close()
		assert.Equal(t, "nested\n", fetchFile(t, c, "two words.txt", 0), "after a cancelled context")
	})
}

// TestInteropClientRefused: a wrong password, and a certificate that nobody
// trusts.
func TestInteropClientRefused(t *testing.T) {
	certificate, _ := testkit.Certificate(t)
	for _, other := range others {
		t.Run(other.name, func(t *testing.T) {
			config := &peers.Config{Users: map[string]string{other.user: other.password}}
			if other.tls {
				config.TLS = certificate
			}
			s := other.start(t, config)
			_, err := ftp.Dial(t.Context(), "tcp", s.Addr, &ftp.Options{User: "student", Password: "wrong", Trace: trace(t)})
			assert.ErrorIs(t, err, ftp.ErrNotLoggedIn)
			if other.tls {
				_, err = ftp.Dial(t.Context(), "tcp", s.Addr, &ftp.Options{TLS: ftp.TLSExplicit, User: other.user, Password: other.password, Trace: trace(t)})
				_, ok := errors.AsType[*tls.CertificateVerificationError](err)
				assert.True(t, ok, "%v", err)
			}
		})
	}
}
