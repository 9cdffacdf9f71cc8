package boundary

import "bytes"

// MaxLenient is the length of the longest boundary that a [Set] takes. Mail has
// longer ones than [MaxLen], and what is not yet known to be a delimiter has to
// be held.
const MaxLenient = 1024

// lenientPadding is a [Set]'s bound of white space behind a delimiter: a line of
// mail has no more (RFC 5322 §2.1.1). Beyond it, the line is content.
const lenientPadding = 998

// Set finds the delimiters of all multiparts that are open, the outermost
// first, in one pass over the octets. A boundary may be of any octets but CR
// and LF, and a line may end in LF alone or in CRLF. The zero value has no
// boundary. It is for one goroutine at a time.
type Set struct {
	open   []openBoundary
	text   []byte      // the boundaries, one behind the other
	firsts [256]uint32 // how many begin with an octet
}

type openBoundary struct {
	start, end  int  // in text
	first, last byte // its octets, to tell most lines apart at once
	closed      bool
}

// Hit is what [Set.Find] found.
type Hit struct {
	Match
	// Open says whose delimiter it is: 0 is the outermost multipart.
	Open int
	// Lines counts the LF in the content, and Bare those without CR before
	// them.
	Lines, Bare int
}

// Len returns how many boundaries there are.
func (s *Set) Len() int { return len(s.open) }

// Push opens a multipart within the others. It refuses a boundary that can be
// no line's, or has more than [MaxLenient] octets. Blanks at its end are left
// out, as none can be told from transport padding.
func (s *Set) Push(boundary []byte) error {
	boundary = bytes.TrimRight(boundary, " \t")
	if len(boundary) == 0 || len(boundary) > MaxLenient || bytes.ContainsAny(boundary, "\r\n") {
		return ErrBoundary
	}
	if s.open == nil { // room for what most mail has
		s.open, s.text = make([]openBoundary, 0, 8), make([]byte, 0, 256)
	}
	start := len(s.text)
	s.text = append(s.text, boundary...)
	s.open = append(s.open, openBoundary{
		start: start, end: len(s.text),
		first: boundary[0], last: boundary[len(boundary)-1],
	})
	s.firsts[boundary[0]]++
	return nil
}

// Pop takes the innermost boundary out.
func (s *Set) Pop() {
	last := len(s.open) - 1
	s.firsts[s.open[last].first]--
	s.text = s.text[:s.open[last].start]
	s.open = s.open[:last]
}

// Close says that the innermost multipart had its last delimiter. Its boundary
// still counts, after all that are open.
func (s *Set) Close() { s.open[len(s.open)-1].closed = true }

// Reset takes all boundaries out.
func (s *Set) Reset() { *s = Set{} }

// Find looks for the delimiter that ends the content at the front of b, as
// [Delimiter.Find] does, in time that is linear in b. The error is nil or
// [ErrIncomplete]. At the end (eof) any delimiter may lack its line end: mail is
// cut anywhere.
func (s *Set) Find(b []byte, fresh, eof bool) (Hit, error) {
	var h Hit
	if fresh {
		if hit, err := s.At(b, eof); err != errNone {
			return hit, err
		}
	}
	for at := 0; ; {
		// Lines are to be counted, so one search for their ends serves both.
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			break
		}
		lf := at + i
		at = lf + 1
		bare := lf == 0 || b[lf-1] != '\r'
		if len(b)-at < 2 || b[at] == '-' && b[at+1] == '-' {
			hit, err := s.At(b[at:], eof)
			if err != errNone {
				hit.Lines, hit.Bare, hit.Content, hit.End = h.Lines, h.Bare, lf, at+hit.End
				if !bare {
					hit.Content--
				}
				return hit, err
			}
		}
		h.Lines++
		if bare {
			h.Bare++
		}
	}
	h.Content = len(b)
	if !eof && len(b) > 0 && b[len(b)-1] == '\r' {
		h.Content-- // it may belong to a delimiter
	}
	return h, ErrIncomplete
}

// At looks for a delimiter at the front of b, which is the front of a line.
// The error is [ErrIncomplete] while octets to come decide, and another one
// where there is none.
func (s *Set) At(b []byte, eof bool) (Hit, error) {
	h, err := Hit{}, errNone
	if len(b) > 2 && s.firsts[b[2]] == 0 {
		return h, err
	}
	for i := len(s.open) - 1; i >= 0; i-- {
		o := &s.open[i]
		if end := 2 + o.end - o.start; len(b) >= end && (b[2] != o.first || b[end-1] != o.last) {
			continue
		}
		n, last, e := s.delimiter(o, b, eof)
		switch {
		case e == errNone, e == nil && err == nil && o.closed:
			continue
		case e == ErrIncomplete:
			return Hit{}, ErrIncomplete
		}
		h, err = Hit{Match: Match{End: n, Last: last}, Open: i}, nil
		if !o.closed {
			break
		}
	}
	return h, err
}

// delimiter takes the delimiter of one boundary from the front of b.
func (s *Set) delimiter(o *openBoundary, b []byte, eof bool) (n int, last bool, err error) {
	boundary := s.text[o.start:o.end]
	if n = 2 + len(boundary); len(b) < n {
		if !eof && bytes.HasPrefix(dashes, b[:min(len(b), 2)]) && (len(b) < 2 || bytes.HasPrefix(boundary, b[2:])) {
			return 0, false, ErrIncomplete
		}
		return 0, false, errNone
	}
	if b[0] != '-' || b[1] != '-' || !bytes.Equal(b[2:n], boundary) {
		return 0, false, errNone
	}
	more, last, err := rest(b[n:], true, lenientPadding)
	switch {
	case err == nil:
		return n + more, last, nil
	case err == ErrIncomplete && !eof:
		return 0, false, ErrIncomplete
	case err == ErrIncomplete && string(b[n:]) != "-":
		return len(b), last, nil
	}
	return 0, false, errNone
}

var dashes = []byte("--")
