package ftp_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// Errors as the calls give them that move octets between a file and a
// connection.
func TestErrorsOfFiles(t *testing.T) {
	moved := func(call string, number syscall.Errno) error { return os.NewSyscallError(call, number) }
	broken := errors.New("broken")
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"the disk is full behind splice", &fs.PathError{Op: "write", Err: moved("splice", syscall.ENOSPC)}, true},
		{"the peer resets before splice", &fs.PathError{Op: "write", Err: moved("splice", syscall.ECONNRESET)}, false},
		{"the disk fails before sendfile", &net.OpError{Op: "readfrom", Err: moved("sendfile", syscall.EIO)}, true},
		{"the peer resets behind sendfile", &net.OpError{Op: "readfrom", Err: moved("sendfile", syscall.ECONNRESET)}, false},
		{"a write to a file", &fs.PathError{Op: "write", Err: syscall.ENOSPC}, true},
		{"a read of a directory", &net.OpError{Op: "readfrom", Err: &fs.PathError{Op: "read", Err: syscall.EISDIR}}, true},
		{"a number that is not known, of a file", &fs.PathError{Op: "write", Err: syscall.Errno(112)}, true},
		{"a file that is closed", &fs.PathError{Op: "write", Err: fs.ErrClosed}, true},
		{"a source of somebody's own", &net.OpError{Op: "readfrom", Err: broken}, true},
		{"a destination of somebody's own", broken, true},
		{"a read of the connection", &net.OpError{Op: "read", Err: moved("read", syscall.ECONNRESET)}, false},
		{"a write to the connection", &net.OpError{Op: "write", Err: moved("write", syscall.EPIPE)}, false},
		{"a deadline", &net.OpError{Op: "readfrom", Err: os.ErrDeadlineExceeded}, false},
		{"a deadline in splice", &fs.PathError{Op: "write", Err: os.ErrDeadlineExceeded}, false},
		{"a connection that is closed", &net.OpError{Op: "readfrom", Err: net.ErrClosed}, false},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, ftp.OfFile(tt.err), tt.name)
	}
}

// badDisk is files of which the beginning can be read.
type badDisk struct {
	fstest.MapFS
	good int
}

type badFile struct {
	fs.File
	left int
}

func (d badDisk) Open(name string) (fs.File, error) {
	f, err := d.MapFS.Open(name)
	return &badFile{f, d.good}, err
}

func (f *badFile) Read(b []byte) (int, error) {
	if f.left == 0 {
		return 0, errors.New("bad sector")
	}
	n, err := f.File.Read(b[:min(len(b), f.left)])
	f.left -= n
	return n, err
}

// What ails a file is 451, not 426: the connection is as it was (RFC 959 §5.4).
func TestServerFileThatCannotBeRead(t *testing.T) {
	for size, good := range map[int]int{2000: 1000, 2 << 20: 1500000} {
		disk := badDisk{fstest.MapFS{"a": {Data: make([]byte, size)}}, good}
		server := &ftp.Server{Auth: ftp.AuthenticatorFunc(func(context.Context, ftp.Login) (*ftp.Account, error) {
			return &ftp.Account{FS: ftp.ReadOnly(disk)}, nil
		})}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		done := make(chan error, 1)
		go func() { done <- server.Serve(l) }()
		c, err := ftp.Dial(t.Context(), "tcp", l.Addr().String(), nil)
		require.NoError(t, err)
		r, err := c.Retrieve(t.Context(), "a", 0)
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		// The client cuts the connection when it hears the refusal, whatever is on
		// the way.
		assert.LessOrEqual(t, len(b), good)
		refusal, _ := errors.AsType[*ftp.ReplyError](err)
		require.NotNil(t, refusal, "%v", err)
		assert.Equal(t, 451, refusal.Code)
		assert.NoError(t, c.Quit(t.Context()))
		server.Close()
		<-done
	}
}
