package ftp

import (
	"io"
	"net"
	"os"
)

// plainTCP tells that the kernel can move octets from and to the connection.
func (d *dataConn) plainTCP() bool {
	_, ok := d.rw.(*net.TCPConn)
	return ok
}

// spliceTo moves a slice to a file. The error is io.EOF at the end.
func (d *dataConn) spliceTo(f *os.File) (int64, error) {
	return d.move(func(n int64) (int64, error) {
		d.raw.SetReadDeadline(deadline(d.stall))
		return f.ReadFrom(&io.LimitedReader{R: d.raw, N: n})
	})
}

// sendFile moves a slice of a file. The error is io.EOF at the end.
func (d *dataConn) sendFile(f *os.File) (int64, error) {
	return d.move(func(n int64) (int64, error) {
		d.raw.SetWriteDeadline(deadline(d.stall))
		return d.raw.(*net.TCPConn).ReadFrom(&io.LimitedReader{R: f, N: n})
	})
}

// move moves a slice by what the kernel has. A deadline in its middle is none
// as long as something moves.
func (d *dataConn) move(by func(n int64) (int64, error)) (int64, error) {
	n, err := by(dataSlice)
	switch {
	case d.ctx.Err() != nil:
		return n, d.explain(os.ErrDeadlineExceeded)
	case err == nil && n < dataSlice:
		return n, io.EOF
	case n > 0 && isTimeout(err):
		return n, nil
	}
	return n, d.explain(err)
}
