package form

import "io"

// section is a reader and the octets that it must have.
type section struct {
	r     io.Reader
	size  int64
	start int64 // where a Seeker stood
}

// sequence reads one section after the other.
type sequence struct {
	sections []section
	at       int   // the section that is read
	read     int64 // of it
	size     int64 // of all
}

func (s *sequence) add(r io.Reader, size int64) {
	s.sections = append(s.sections, section{r: r, size: size})
	s.size += size
}

func (s *sequence) Read(b []byte) (int, error) {
	for s.at < len(s.sections) {
		n, err := s.readSection(b)
		switch {
		case err == io.EOF:
			s.at++
			s.read = 0
		case err != nil:
			return n, err
		}
		if n > 0 || len(b) == 0 {
			return n, nil
		}
	}
	return 0, io.EOF
}

// readSection reads from the current section, whose end is io.EOF.
func (s *sequence) readSection(b []byte) (int, error) {
	c := &s.sections[s.at]
	left := c.size - s.read
	// One more than is left: to give it would be too much, to see it is not.
	if int64(len(b)) > left {
		b = b[:left+1]
	}
	n, err := c.r.Read(b)
	if int64(n) > left {
		return 0, errLonger
	}
	s.read += int64(n)
	if err == io.EOF && s.read < c.size {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// seekable tells whether all sections can be read again, and notes from where.
func (s *sequence) seekable() bool {
	for i := range s.sections {
		c := &s.sections[i]
		seeker, ok := c.r.(io.Seeker)
		if !ok {
			return false
		}
		start, err := seeker.Seek(0, io.SeekCurrent)
		if err != nil {
			return false // such as an *os.File that is a pipe
		}
		c.start = start
	}
	return true
}

// seekableSequence is a sequence of Seekers.
type seekableSequence struct{ *sequence }

// Seek sets all sections from the place on to where they are to be read from.
func (s seekableSequence) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += s.position()
	case io.SeekEnd:
		offset += s.size
	default:
		return 0, errSeek
	}
	if offset < 0 || offset > s.size {
		return 0, errSeek
	}
	rest := offset
	s.at, s.read = len(s.sections), 0
	for i := range s.sections {
		c := &s.sections[i]
		if rest >= c.size && i < len(s.sections)-1 {
			rest -= c.size
			continue
		}
		if s.at > i {
			s.at, s.read = i, rest
		}
		if _, err := c.r.(io.Seeker).Seek(c.start+rest, io.SeekStart); err != nil {
			return 0, err
		}
		rest = 0
	}
	return offset, nil
}

func (s *sequence) position() int64 {
	at := s.read
	for i := range s.sections[:s.at] {
		at += s.sections[i].size
	}
	return at
}
