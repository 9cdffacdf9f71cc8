package http1

import (
	"io"
	"os"
)

// smallBody is up to how many octets a file is read and sent together with the
// head: one write costs less than two and a sendfile.
const smallBody = bufferSize / 2

// ReadFrom writes content of the message under way from r until io.EOF, as
// [io.ReaderFrom]. An [*os.File], or an [*io.LimitedReader] of one, goes to the
// connection below as it is, so that the system sends it without a copy
// (sendfile) where the message has a Content-Length and no chunks.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if rf, ok := c.nc.(io.ReaderFrom); ok && c.movable(r) {
		return c.moveFrom(rf, r)
	}
	return c.copyFrom(r)
}

// movable tells whether r can go past our buffer.
func (c *Conn) movable(r io.Reader) bool {
	if c.err != nil || !c.inBody || c.drops || c.kind != UntilClose && (c.kind != Sized || c.left <= smallBody) {
		return false
	}
	if lr, ok := r.(*io.LimitedReader); ok {
		r = lr.R
	}
	_, ok := r.(*os.File)
	return ok
}

// moveFrom gives r to the connection below.
func (c *Conn) moveFrom(rf io.ReaderFrom, r io.Reader) (int64, error) {
	if err := c.sendAhead(); err != nil {
		return 0, err
	}
	if c.kind == UntilClose {
		n, err := rf.ReadFrom(r)
		if err != nil {
			err = c.broken(err)
		}
		return n, err
	}
	src, outer := r, (*io.LimitedReader)(nil)
	most := c.left
	if lr, ok := r.(*io.LimitedReader); ok {
		src, outer, most = lr.R, lr, min(most, lr.N)
	}
	n, err := rf.ReadFrom(&io.LimitedReader{R: src, N: most})
	c.left -= n
	if outer != nil {
		outer.N -= n
	}
	if err != nil {
		return n, c.broken(err)
	}
	if c.left == 0 {
		return n, c.overlong(r)
	}
	return n, nil
}

// sendAhead sends the buffer ahead of what follows at once.
func (c *Conn) sendAhead() error {
	w, ok := c.nc.(interface {
		WriteMore(b []byte) (int, error)
	})
	if !ok || len(c.out) == 0 {
		return c.flush()
	}
	_, err := w.WriteMore(c.out)
	c.resetOut()
	if err != nil {
		return c.broken(err)
	}
	return nil
}

// overlong is the error of a source that has more than Content-Length says.
func (c *Conn) overlong(r io.Reader) error {
	var one [1]byte
	for range 100 {
		n, err := r.Read(one[:])
		switch {
		case n > 0:
			return c.broken(ErrBodyLength)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

// copyFrom copies r through a buffer.
func (c *Conn) copyFrom(r io.Reader) (total int64, err error) {
	b := getBuffer()
	defer putBuffer(b)
	for empty := 0; empty < 100; empty++ {
		n, rerr := r.Read(b)
		if n > 0 {
			empty = 0
			w, err := c.writeContent(b[:n])
			total += int64(w)
			if err != nil {
				return total, err
			}
		}
		switch {
		case rerr == io.EOF:
			return total, nil
		case rerr != nil:
			return total, rerr
		}
	}
	return total, io.ErrNoProgress
}
