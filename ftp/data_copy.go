package ftp

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// dataBuffer is the size of the buffers that a transfer is copied through where
// the kernel cannot move it.
const dataBuffer = 256 << 10

var dataBuffers = sync.Pool{New: func() any { return new([dataBuffer]byte) }}

// dataSlice is how much the kernel moves between two deadlines.
const dataSlice = 1 << 20

// send sends a file.
func (x *transferring) send(nc net.Conn) error {
	t := x.t
	plain := !t.ASCII && !t.Records && t.Rate <= 0 && t.Size >= 0 && !t.Private
	if plain && t.Size <= shortFile {
		return x.sendShort(nc)
	}
	if plain {
		if rf, ok := nc.(io.ReaderFrom); ok {
			return x.sendFile(rf)
		}
	}
	skip := &skipWriter{w: &dataWriter{x: x, w: nc}, left: t.Skip}
	var err error
	switch {
	case t.Records:
		records := NewRecordWriter(skip)
		if err = copyThrough(records, t.File); err == nil {
			err = records.Close()
		}
	case t.ASCII:
		err = copyThrough(NewASCIIWriter(skip), t.File)
	default:
		err = copyThrough(skip, t.File)
	}
	if err == nil && skip.left > 0 {
		err = ErrOffset
	}
	return err
}

// skipWriter leaves out the first octets of what is written to it, which is how
// a transfer is restarted whose octets are not the file's (RFC 3659 §5.3).
type skipWriter struct {
	w    io.Writer
	left int64
}

func (s *skipWriter) Write(b []byte) (int, error) {
	out := int(min(s.left, int64(len(b))))
	s.left -= int64(out)
	if out == len(b) {
		return out, nil
	}
	n, err := s.w.Write(b[out:])
	return out + n, err
}

// copyThrough copies through a pooled buffer.
func copyThrough(dst io.Writer, src io.Reader) error {
	buf := dataBuffers.Get().(*[dataBuffer]byte)
	defer dataBuffers.Put(buf)
	_, err := io.CopyBuffer(struct{ io.Writer }{dst}, struct{ io.Reader }{src}, buf[:])
	return err
}

// sendShort sends a file that a small buffer holds.
func (x *transferring) sendShort(nc net.Conn) error {
	b := getBuffer()
	defer putBuffer(b)
	n, err := io.ReadFull(x.t.File, b[:x.t.Size])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errShrunk
	}
	if n > 0 {
		if _, err := (&dataWriter{x: x, w: nc}).Write(b[:n]); err != nil {
			return err
		}
	}
	return err
}

// sendFile has the connection take the file, which the kernel moves where the
// one is a TCP connection and the other an [*os.File] (sendfile).
func (x *transferring) sendFile(dst io.ReaderFrom) error {
	for left := x.t.Size; left > 0; {
		if err := x.extend(); err != nil {
			return peerError(err)
		}
		lr := &io.LimitedReader{R: x.t.File, N: min(dataSlice, left)}
		n, err := dst.ReadFrom(lr)
		left -= n
		x.count(n)
		switch {
		case x.ctx.Err() != nil:
			return context.Cause(x.ctx)
		case isTimeout(err) && n > 0: // slow, and alive
		case err != nil:
			return sideError(err)
		case lr.N > 0:
			return errShrunk
		}
	}
	return nil
}

// errShrunk is for a file that lost its end while it was sent.
var errShrunk = errors.New("ftp: the file became shorter")

// sideError tells what is wrong with the connection from what is with the file.
func sideError(err error) error {
	if ofFile(err) {
		return err
	}
	return peerError(err)
}

// receive takes an upload, up to the connection's end.
func (x *transferring) receive(nc net.Conn) error {
	t := x.t
	if !t.ASCII && !t.Records && t.Rate <= 0 && !t.Private {
		if rf, ok := t.Upload.(io.ReaderFrom); ok {
			return x.receiveFile(rf, nc)
		}
	}
	var src io.Reader = &dataReader{x: x, r: nc}
	switch {
	case t.Records:
		src = NewRecordReader(src)
	case t.ASCII:
		src = NewASCIIReader(src)
	}
	return copyThrough(t.Upload, src)
}

// receiveFile has the upload take the connection, which the kernel moves where
// the one is a file and the other a TCP connection (splice). Waiting for the
// connection loses nothing when the deadline passes.
func (x *transferring) receiveFile(dst io.ReaderFrom, nc net.Conn) error {
	for {
		if err := x.extend(); err != nil {
			return peerError(err)
		}
		lr := &io.LimitedReader{R: nc, N: dataSlice}
		n, err := dst.ReadFrom(lr)
		x.count(n)
		switch {
		case x.ctx.Err() != nil:
			return context.Cause(x.ctx)
		case isTimeout(err) && n > 0: // slow, and alive
		case err != nil:
			return sideError(err)
		case lr.N > 0:
			return nil
		}
	}
}

// dataEnd makes errors of reading a data connection what they are.
func dataEnd(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return peerError(err)
}
