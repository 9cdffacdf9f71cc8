package ftp_test

import (
	"io/fs"
	"iter"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// watched fails the test when a name leaves the tree.
type watched struct {
	tb testing.TB
	fs ftp.FS
}

func (w watched) check(name string) {
	for e := range strings.SplitSeq(name, "/") {
		require.False(w.tb, e == ".." || e == "" || e == "." && name != ".", "name %q", name)
	}
	require.False(w.tb, strings.ContainsAny(name, "\x00\r\n"), "name %q", name)
}

func (w watched) Open(name string) (ftp.File, error)     { w.check(name); return w.fs.Open(name) }
func (w watched) Stat(name string) (fs.FileInfo, error)  { w.check(name); return w.fs.Stat(name) }
func (w watched) Remove(name string) error               { w.check(name); return nil }
func (w watched) RemoveDir(name string) error            { w.check(name); return nil }
func (w watched) Rename(from, to string) error           { w.check(from); w.check(to); return nil }
func (w watched) Mkdir(name string) error                { w.check(name); return nil }
func (w watched) Chmod(name string, _ fs.FileMode) error { w.check(name); return nil }
func (w watched) ReadDir(name string) iter.Seq2[fs.FileInfo, error] {
	w.check(name)
	return w.fs.ReadDir(name)
}

func (w watched) Create(name string, _ ftp.CreateMode, _ int64) (ftp.Upload, error) {
	w.check(name)
	return &lostUpload{name: name}, nil
}

// lostUpload goes nowhere.
type lostUpload struct {
	name string
	ends int
}

func (u *lostUpload) Write(b []byte) (int, error) { return len(b), nil }
func (u *lostUpload) Name() string                { return u.name }
func (u *lostUpload) Commit() error               { u.ends++; return nil }
func (u *lostUpload) Abort() error                { u.ends++; return nil }

// Whatever is said, each command gets exactly one final reply, which can be
// written and read; no name leaves the tree; a port is open only while the
// machine says so, and none at the end.
func FuzzSession(f *testing.F) {
	f.Add("USER u\nPASS p\nTYPE I\nPASV\nRETR a\nQUIT\n")
	f.Add("USER u\nPASS p\nCWD ../..\nRNFR ../../a\nRNTO /../b\nEPSV\nREST 5\nSTOR ../x\nABOR\n")
	f.Add("AUTH TLS\nPBSZ 0\nPROT P\nUSER u\nPASS p\nEPSV ALL\nEPSV\nMLSD ..\nPORT 192,0,2,7,9,9\nREIN\n")
	f.Add("USER u\nPASS p\nSITE CHMOD 644 ../a\nSTAT -R /\nEPRT |1|192.0.2.7|4000|\nLIST -la ../*\nNLST *\nSTOU\nMKD a\"b\nPWD\n")
	for _, d := range dialogues {
		var lines []string
		for _, s := range d.steps {
			lines = append(lines, s.line)
		}
		f.Add("USER u\nPASS p\n" + strings.Join(lines, "\n"))
	}
	tree := ftp.ReadOnly(fstest.MapFS{"a": {Data: []byte("text\n")}, "d/b": {Data: []byte("b")}})
	f.Fuzz(func(t *testing.T, script string) {
		if len(script) > 4096 {
			return
		}
		d := drive(t, watched{t, tree}, &ftp.SessionOptions{TLS: ftp.TLSReady, AllowCCC: true, MaxLogins: -1})
		for line := range strings.SplitSeq(script, "\n") {
			d.do(line)
			checkReplies(t, line, d.replies)
			open := d.s.Data() == ftp.DataPassive || d.s.Data() == ftp.DataOnlyPassive
			require.Equal(t, open, d.ports == 1, "%q leaves %d ports in %v", line, d.ports, d.s.Data())
			require.Equal(t, d.s.Data() == ftp.DataActive, d.target.IsValid(), "%q", line)
			require.NotEqual(t, ftp.StateTransferring, d.s.State())
			require.Equal(t, d.s.LoggedIn(), d.s.Account() != nil, "%q", line)
			if d.closed {
				break
			}
		}
		d.perform(d.s.Ended())
		require.Zero(t, d.ports)
	})
}

// checkReplies checks that there is one final reply, the last, at most one
// preliminary one before it, and that each parses as itself.
func checkReplies(t *testing.T, line string, replies []string) {
	require.NotEmpty(t, replies, "%q", line)
	require.LessOrEqual(t, len(replies), 2, "%q: %q", line, replies)
	for i, r := range replies {
		require.Equal(t, i == len(replies)-1, r[0] >= '2', "%q: %q", line, replies)
	}
}
