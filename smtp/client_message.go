package smtp

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// source is a message as it is read.
type source struct {
	rest   io.Reader
	piece  *[pieceSize]byte // what it is read into
	front  []byte           // of piece: what was read to look at
	whole  bool             // front is all
	sevens bool             // octets beyond ASCII are refused
	closer io.Closer
}

const pieceSize = 32 << 10

var pieces = sync.Pool{New: func() any { return new([pieceSize]byte) }}

func newSource(message io.Reader) *source {
	return &source{rest: message, piece: pieces.Get().(*[pieceSize]byte)}
}

func (s *source) close() {
	if s.closer != nil {
		s.closer.Close()
	}
	if s.piece != nil {
		pieces.Put(s.piece)
		s.piece, s.front = nil, nil
	}
}

// sourceError is an error of the message, not of the connection.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return "the message: " + e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// look reads the front of the message.
func (s *source) look() error {
	for n := 0; n < len(s.piece) && !s.whole; s.front = s.piece[:n] {
		m, err := s.read(s.piece[n:])
		n += m
		s.whole = err == io.EOF
		if err != nil && !s.whole {
			return &sourceError{err}
		}
	}
	return nil
}

// read reads something of the message. The error is io.EOF at its end alone: who
// breaks off, which io.ErrUnexpectedEOF tells, has not given all of it.
func (s *source) read(b []byte) (int, error) {
	for range maxEmptyReads {
		n, err := s.rest.Read(b)
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// maxEmptyReads is how often in a row a reader may have nothing to say.
const maxEmptyReads = 100

// downgrade has the message made into one of 7-bit lines.
func (s *source) downgrade(how func(io.Reader) (io.ReadCloser, error)) error {
	if how == nil {
		return &sourceError{ErrUnsupported}
	}
	message := s.rest
	if len(s.front) > 0 {
		message = io.MultiReader(bytes.NewReader(bytes.Clone(s.front)), s.rest)
	}
	r, err := how(message)
	if err != nil {
		return &sourceError{err}
	}
	s.rest, s.closer, s.front, s.whole = r, r, nil, false
	return nil
}

// copyTo reads the whole message into w.
func (s *source) copyTo(w io.Writer) error {
	if err := s.put(w, s.front); err != nil || s.whole {
		return err
	}
	for {
		n, err := s.read(s.piece[:])
		if err := s.put(w, s.piece[:n]); err != nil {
			return err
		}
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return &sourceError{err}
		}
	}
}

func (s *source) put(w io.Writer, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if s.sevens && !isASCII(b) {
		return &sourceError{ErrUnsupported}
	}
	_, err := w.Write(b)
	if errors.Is(err, ErrControlOctet) { // NUL, which goes as BINARYMIME alone
		return &sourceError{ErrUnsupported}
	}
	return err
}

// prepareMessage decides how the message goes: its BODY, whether through
// Downgrade, and by DATA or BDAT.
func (t *transaction) prepareMessage(message io.Reader) (*source, error) {
	o, x := &t.env.MailOptions, t.c.extensions
	if o.Size <= 0 {
		size, err := sizeOf(message)
		if err != nil {
			return nil, &sourceError{err}
		}
		o.Size = size
	}
	s := newSource(message)
	if err := t.prepareBody(s); err != nil {
		s.close()
		return nil, err
	}
	if most := x.Size(); most > 0 && o.Size > most {
		s.close()
		return nil, ErrTooLarge
	}
	if !x.Has("SIZE") {
		o.Size = 0
	}
	return s, nil
}

func (t *transaction) prepareBody(s *source) error {
	o, x := &t.env.MailOptions, t.c.extensions
	eight, binary, chunks := x.Has("8BITMIME"), x.Has("BINARYMIME"), x.Has("CHUNKING")
	t.chunked = chunks && !t.c.opts.NoChunking
	text := true // its octets are those of lines
	if o.Body == BodyUnsaid {
		if err := s.look(); err != nil {
			return err
		}
		if s.whole {
			o.Size = int64(len(s.front))
		}
		if !isASCII(s.front) {
			o.Body = BodyEightBit
		}
		text = bytes.IndexByte(s.front, 0) < 0
	}
	if !text || o.Body == BodyBinaryMIME && !(binary && t.chunked) || o.Body == BodyEightBit && !eight {
		if err := s.downgrade(t.c.opts.Downgrade); err != nil {
			return err
		}
		s.sevens, o.Body, o.Size = true, BodySevenBit, 0
	}
	if !eight && o.Body != BodyBinaryMIME {
		s.sevens, o.Body = true, BodyUnsaid // BODY is 8BITMIME's
	}
	return nil
}

// sizeOf returns how many octets message has, 0 where it cannot be told. The
// error is that of a message that is no longer where it was.
func sizeOf(message io.Reader) (int64, error) {
	switch m := message.(type) {
	case interface{ Len() int }:
		return int64(m.Len()), nil
	case io.Seeker:
		here, err := m.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0, nil // a pipe, say
		}
		end, err := m.Seek(0, io.SeekEnd)
		if _, back := m.Seek(here, io.SeekStart); back != nil {
			return 0, back
		}
		if err != nil {
			return 0, nil
		}
		return max(end-here, 0), nil
	}
	return 0, nil
}

// sendData sends the message behind 354.
func (t *transaction) sendData(s *source) error {
	const name = "DATA"
	c := t.c
	w := c.conn.DataWriter(PolicyNormalize)
	err := s.copyTo(w)
	if _, ours := errors.AsType[*sourceError](err); ours {
		// Its end would have the server take a part for the whole, so that there
		// is none.
		err = during(name, err)
		c.calls.End(err)
		return err
	}
	if err == nil {
		if err := c.unasked(); err != nil {
			return during(name, err)
		}
		t.ending = true
		if err = w.Close(); err == nil {
			err = c.conn.Flush()
		}
	}
	if err != nil {
		return t.lastWords(name, err)
	}
	return t.finish(name)
}
