package ftp

import (
	"io"
	"net"
	"os"
)

// moves tells that the kernel can move octets between the connection and a file.
// Of what is no regular file it may have taken octets off the connection that
// the file then does not take.
func (d *dataConn) moves(f *os.File) bool {
	if _, ok := d.rw.(*net.TCPConn); !ok {
		return false
	}
	fi, err := f.Stat()
	return err == nil && fi.Mode().IsRegular()
}

// spliceTo moves a slice to a file. The error is io.EOF at the end.
func (d *dataConn) spliceTo(f *os.File) (int64, error) {
	return d.move("destination", func(n int64) (int64, error) {
		d.raw.SetReadDeadline(deadline(d.stall))
		return f.ReadFrom(&io.LimitedReader{R: d.raw, N: n})
	})
}

// sendFile moves a slice of a file. The error is io.EOF at the end.
func (d *dataConn) sendFile(f *os.File) (int64, error) {
	return d.move("source", func(n int64) (int64, error) {
		d.raw.SetWriteDeadline(deadline(d.stall))
		return d.raw.(*net.TCPConn).ReadFrom(&io.LimitedReader{R: f, N: n})
	})
}

// move moves a slice by what the kernel has. A deadline in its middle is none
// as long as something moves.
func (d *dataConn) move(file string, by func(n int64) (int64, error)) (int64, error) {
	n, err := by(dataSlice)
	switch {
	case d.ctx.Err() != nil:
		return n, d.explain(os.ErrDeadlineExceeded)
	case err == nil && n < dataSlice:
		return n, io.EOF
	case n > 0 && isTimeout(err):
		return n, nil
	case err != nil && ofFile(err):
		return n, &localError{file, err}
	}
	return n, d.explain(err)
}
