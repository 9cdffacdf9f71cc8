package mime

import (
	"bytes"
	"io"
)

// windowSize is how much of a stream is held; only a longer header makes it
// more.
const windowSize = 32 << 10

// window is the part of a stream that the scanner looks at.
type window struct {
	src io.Reader
	buf []byte // what is held
	at  int    // of it, what was used
	err error  // of src
}

// next returns the scanner's next token and its octets, which are good until the
// next call.
func (w *window) next(s *scanner) (token, []byte, error) {
	for {
		b := w.buf[w.at:]
		t, n, err := s.next(b, w.err == io.EOF)
		if err != ErrIncomplete {
			w.at += n
			return t, b[:n], err
		}
		if err := w.fill(); err != nil {
			return t, nil, err
		}
	}
}

// fill reads more behind what is held.
func (w *window) fill() error {
	if w.err != nil {
		return unexpected(w.err)
	}
	if w.at > 0 {
		w.buf = w.buf[:copy(w.buf, w.buf[w.at:])]
		w.at = 0
	}
	if len(w.buf) == cap(w.buf) {
		grown := make([]byte, len(w.buf), max(windowSize, 2*cap(w.buf)))
		copy(grown, w.buf)
		w.buf = grown
	}
	n, err := readSome(w.src, w.buf[len(w.buf):cap(w.buf)])
	w.buf = w.buf[:len(w.buf)+n]
	if w.err = err; n == 0 && err != io.EOF {
		return err
	}
	return nil
}

// wireReader reads lines that end in LF as such that end in CRLF.
type wireReader struct {
	src  io.Reader
	buf  []byte // read and not yet given out
	room []byte
	last byte // the octet before them
	err  error
}

// Read gives out what the source has, with a CR before each LF that has none.
func (r *wireReader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(r.buf) == 0 {
			if n > 0 || r.err != nil {
				break
			}
			if r.room == nil {
				r.room = make([]byte, 4096)
			}
			var got int
			got, r.err = r.src.Read(r.room)
			r.buf = r.room[:got]
			continue
		}
		if r.buf[0] == '\n' {
			if r.last != '\r' {
				p[n], r.last = '\r', '\r'
			} else {
				p[n], r.last = '\n', '\n'
				r.buf = r.buf[1:]
			}
			n++
			continue
		}
		run := r.buf
		if i := bytes.IndexByte(run, '\n'); i >= 0 {
			run = run[:i]
		}
		got := copy(p[n:], run)
		n, r.last, r.buf = n+got, run[got-1], r.buf[got:]
	}
	if n == 0 {
		err = r.err
	}
	return n, err
}
