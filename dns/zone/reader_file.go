package zone

import (
	"bytes"
	"io"

	"applayer/dns"
)

// source is a file that is read: the outermost or an included one.
type source struct {
	name   string
	r      io.Reader
	closer io.Closer // nil for the outermost, which is the caller's

	// What has been read of the file is buf; the entry at hand begins at start
	// and the next one at after.
	buf          []byte
	start, after int
	offset       int64 // of buf[0] in the file
	eof, ended   bool  // r is at its end; a line end has been added there

	// lines are those before the entry at hand, which has so many ends.
	lines, ends int

	// What is in force again at the end of an included file.
	parent      *source
	origin      dns.Name
	owner       dns.Name
	ownerText   []byte
	ownerOrigin dns.Name
}

// next reads the next entry into e; io.EOF where there is none. The words of e
// are valid up to the next call.
func (s *source) next(e *dns.Entry, lim *dns.EntryLimits) error {
	s.start = s.after
	s.lines, s.ends = s.lines+s.ends, 0
	for {
		n, err := e.Parse(s.buf[s.start:], lim)
		switch {
		case err == nil:
			s.after = s.start + n
			s.ends = e.Lines
			return nil
		case err != dns.ErrIncomplete:
			return err
		case !s.eof:
			if err := s.fill(); err != nil {
				return err
			}
		case s.start == len(s.buf):
			return io.EOF
		case s.ended:
			at, _ := e.Unclosed()
			return &dns.ParseError{Offset: int64(at), What: "parenthesis that is not closed", Ref: "RFC 1035 §5.1", Err: io.ErrUnexpectedEOF}
		default:
			// The last line needs no end.
			s.buf = append(s.buf, '\n')
			s.ended = true
		}
	}
}

// maxEmptyReads is how many reads may give nothing, not even an error.
const maxEmptyReads = 100

// fill reads more behind the entry at hand, which is moved to the front of the
// buffer. The buffer doubles where the entry fills more than half of it.
func (s *source) fill() error {
	have := len(s.buf) - s.start
	to := s.buf
	switch {
	case cap(s.buf) == 0:
		to = make([]byte, have, smallBuffer)
	case 2*have > cap(s.buf) || cap(s.buf) < largeBuffer:
		to = make([]byte, have, 2*cap(s.buf))
	}
	copy(to[:have], s.buf[s.start:])
	s.offset += int64(s.start)
	s.start, s.after = 0, 0
	s.buf = to[:have]
	for range maxEmptyReads {
		n, err := s.r.Read(s.buf[have:cap(s.buf)])
		s.buf = s.buf[:have+n]
		switch {
		case err == io.EOF:
			s.eof = true
			return nil
		case err != nil:
			return err
		case n > 0:
			return nil
		}
	}
	return io.ErrNoProgress
}

// Most zones are small, and most octets are those of large ones.
const (
	smallBuffer = 4 << 10
	largeBuffer = 64 << 10
)

// position returns the line and the column of an octet of the entry at hand.
func (s *source) position(at int) (line, column int) {
	at = min(s.start+at, len(s.buf))
	line = s.lines + bytes.Count(s.buf[s.start:at], []byte{'\n'}) + 1
	return line, at - bytes.LastIndexByte(s.buf[:at], '\n')
}

func (s *source) close() error {
	if s.closer == nil {
		return nil
	}
	return s.closer.Close()
}
