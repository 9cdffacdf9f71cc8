package smtp

import "io"

// ChunkReader reads the octets behind a BDAT command (RFC 3030 §2) from its
// connection's buffer, as they are, and no further. The error is io.EOF at the end
// of the chunk, and io.ErrUnexpectedEOF where the connection ended before that.
type ChunkReader struct {
	c    *Conn
	left int64
}

// ReadChunk returns a reader of the octets of a chunk, which come now. All of
// them are to be read before the next command, also where the command was
// refused.
func (c *Conn) ReadChunk(size int64) *ChunkReader { return &ChunkReader{c, size} }

// Left counts the octets that are still to be read.
func (r *ChunkReader) Left() int64 { return r.left }

// Read reads the chunk.
func (r *ChunkReader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := r.next()
	if err != nil {
		return 0, err
	}
	n = copy(p, b)
	r.take(n)
	return n, nil
}

// WriteTo writes the chunk to w in parts as large as they came. It is what
// io.Copy calls.
func (r *ChunkReader) WriteTo(w io.Writer) (n int64, err error) {
	for {
		b, err := r.next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		m, err := w.Write(b)
		n += int64(m)
		r.take(m)
		if err != nil {
			return n, err
		}
	}
}

// next returns what can be read without a copy, one octet at least.
func (r *ChunkReader) next() ([]byte, error) {
	b := (*dataBuffer)(r.c)
	if r.left == 0 {
		b.get = getBuffer
		return nil, io.EOF
	}
	if len(b.Unread()) == 0 {
		if err := b.Fill(); err != nil {
			return nil, err
		}
	}
	unread := b.Unread()
	return unread[:min(int64(len(unread)), r.left)], nil
}

func (r *ChunkReader) take(n int) {
	r.c.take(n)
	r.left -= int64(n)
}
