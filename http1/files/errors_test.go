package files_test

import (
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/http1/files"
)

func TestStatusOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{syscall.ENOENT, 404},
		{syscall.ENOTDIR, 404},
		{syscall.ENAMETOOLONG, 404},
		{syscall.ELOOP, 404},
		{syscall.EACCES, 403},
		{syscall.EPERM, 403},
		{syscall.EROFS, 403},
		{syscall.EISDIR, 409},
		{syscall.EEXIST, 409},
		{syscall.ENOSPC, 507},
		{syscall.EDQUOT, 507},
		{syscall.EMFILE, 503},
		{syscall.ENFILE, 503},
		{syscall.EIO, 500},
		{fs.ErrNotExist, 404},
		{fs.ErrInvalid, 404},
		{fs.ErrClosed, 500},
		{os.ErrDeadlineExceeded, 500},
		{io.ErrUnexpectedEOF, 500},
	} {
		assert.Equal(t, tt.want, files.StatusOf(tt.err), "%v", tt.err)
		wrapped := &fs.PathError{Op: "openat", Path: "x", Err: tt.err}
		assert.Equal(t, tt.want, files.StatusOf(wrapped), "%v", wrapped)
	}
}
