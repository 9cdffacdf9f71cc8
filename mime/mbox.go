package mime

import (
	"bufio"
	"bytes"
	"io"
	"iter"

	"applayer/internal/ascii"
)

// MboxQuoting is what becomes of the lines of a message in an mbox file that begin
// with "From ", since such a line separates messages. RFC 4155 §A leaves it open.
type MboxQuoting uint8

const (
	// MboxRD puts ">" before lines that begin with any number of ">" and
	// "From ", so that reading gives back what was written.
	MboxRD MboxQuoting = iota
	// MboxO puts ">" before lines that begin with "From ", and takes it from
	// those that begin with ">From ", which is old, common and lossy.
	MboxO
	// MboxNone leaves all lines as they are.
	MboxNone
)

// MboxOptions says how an mbox file is read or written. The zero value, as nil,
// has the defaults.
type MboxOptions struct {
	// Quoting is how lines are quoted that look like separators.
	Quoting MboxQuoting
	// ContentLength takes the field Content-Length of a message for the length of
	// its body, if there is a separator or the file's end behind it: so the
	// formats mboxcl and mboxcl2 have it. Use it only for files of programs
	// that write the field themselves: a sender could hide the next message by
	// it. Where the file cannot be read at any place, as os.File can, bodies of
	// more than 64 kB are delimited by separators all the same.
	ContentLength bool
}

// Bounds of what is looked at in an mbox file.
const (
	mboxBuffer   = 64 << 10
	maxMboxQuote = 1000 // ">" before "From ": a line that has more is not quoted
)

// MboxReader reads the messages of an mbox file (RFC 4155). It streams: it holds
// 64 kB. A message begins with a separator line behind an empty line; what begins
// with "From " and does not end in a date is text.
type MboxReader struct {
	r    *bufio.Reader
	at   io.ReaderAt // the file, if it can be read anywhere
	base int64       // where it began
	opts MboxOptions

	pos     int64  // of r
	from    []byte // the separator that was read and not yet returned
	fromPos int64
	message *MboxMessage
}

// MboxMessage is a message of an mbox file. It is an [io.Reader] of the message,
// without the separator and the empty line at its end, until the next is asked
// for.
type MboxMessage struct {
	// From is what the separator says.
	From MboxFrom
	// Offset is where the separator is in the file.
	Offset int64

	r         *MboxReader
	out       []byte // to be read
	at        int    // how much of it was
	buf       []byte // what out is made in
	held      []byte // an empty line, which is the file's if a separator follows
	lineStart bool
	header    bool  // the body has not begun
	length    int64 // of the body, if the header says it, or -1
	until     int64 // no separator comes before that
	err       error
}

// NewMboxReader returns a reader of the mbox file r.
func NewMboxReader(r io.Reader, opts *MboxOptions) *MboxReader {
	m := &MboxReader{r: bufio.NewReaderSize(r, mboxBuffer)}
	if opts != nil {
		m.opts = *opts
	}
	at, ok := r.(io.ReaderAt)
	if s, seeks := r.(io.Seeker); ok && seeks {
		if base, err := s.Seek(0, io.SeekCurrent); err == nil {
			m.at, m.base = at, base
		}
	}
	return m
}

// Next returns the next message, [io.EOF] at the file's end. What is left of the
// one before is passed over. A file that begins with no separator is none: the
// error is a [*ParseError].
func (m *MboxReader) Next() (*MboxMessage, error) {
	if m.message == nil {
		if err := m.begin(); err != nil {
			return nil, err
		}
	} else if _, err := io.Copy(io.Discard, m.message); err != nil {
		return nil, err
	}
	if m.from == nil {
		return nil, io.EOF
	}
	from, _ := ParseMboxFrom(string(m.from)) // only the first can be wrong
	m.message = &MboxMessage{From: from, Offset: m.fromPos, r: m, lineStart: true, header: true, length: -1}
	m.from = nil
	return m.message, nil
}

// Messages returns the messages in order. After an error there are none.
func (m *MboxReader) Messages() iter.Seq2[*MboxMessage, error] {
	return func(yield func(*MboxMessage, error) bool) {
		for {
			message, err := m.Next()
			if err == io.EOF || !yield(message, err) || err != nil {
				return
			}
		}
	}
}

// begin reads the first separator, with the empty lines before it. That it begins
// with "From " is enough.
func (m *MboxReader) begin() error {
	for {
		pos := m.pos
		line, err := m.line()
		switch {
		case err != nil:
			return err
		case len(trimLineEnd(line)) == 0:
			continue
		case !bytes.HasPrefix(line, []byte("From ")):
			return &ParseError{Offset: pos, What: "mbox without a separator", Ref: "RFC 4155 §A"}
		}
		m.from, m.fromPos = bytes.Clone(trimLineEnd(line)), pos
		for line[len(line)-1] != '\n' { // the rest of a line of more than 64 kB
			if line, err = m.line(); err != nil {
				break
			}
		}
		return nil
	}
}

// line reads a line, or 64 kB of it.
func (m *MboxReader) line() ([]byte, error) {
	line, err := m.r.ReadSlice('\n')
	m.pos += int64(len(line))
	if err == bufio.ErrBufferFull || err == io.EOF && len(line) > 0 {
		err = nil
	}
	return line, err
}

// Read implements [io.Reader].
func (m *MboxMessage) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := m.more(); err != nil {
		return 0, err
	}
	n = copy(p, m.out[m.at:])
	m.at += n
	return n, nil
}

// WriteTo implements [io.WriterTo].
func (m *MboxMessage) WriteTo(w io.Writer) (n int64, err error) {
	for {
		if err := m.more(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		size, err := w.Write(m.out[m.at:])
		m.at += size
		n += int64(size)
		if err != nil {
			return n, err
		}
	}
}

// more makes sure that there is something to be read.
func (m *MboxMessage) more() error {
	for m.at == len(m.out) {
		if m.err != nil {
			return m.err
		}
		m.out, m.at = m.buf[:0], 0
		if m.header || !m.run() {
			m.fill()
			m.buf = m.out
		}
	}
	return nil
}

// run takes the lines of the body that are in the buffer, up to one that has
// "From " in it: those are no separators, and not quoted. An empty line at their
// end is left, as a separator may follow. It does nothing if there are none.
func (m *MboxMessage) run() bool {
	if _, err := m.r.r.Peek(1); err != nil || len(m.held) > 0 {
		return false
	}
	lines, _ := m.r.r.Peek(m.r.r.Buffered())
	if from := bytes.Index(lines, []byte("From ")); from >= 0 {
		lines = lines[:from]
	}
	lines = lines[:bytes.LastIndexByte(lines, '\n')+1]
	if rest := trimLineEnd(lines); len(rest) == 0 || rest[len(rest)-1] == '\n' {
		lines = rest
	}
	if len(lines) == 0 {
		return false
	}
	m.r.pos += int64(len(lines))
	m.r.r.Discard(len(lines))
	m.out, m.lineStart = lines, true // it stays in the buffer until that is read from
	return true
}

// fill reads a line, or a piece of a long one. At the message's end it sets err.
func (m *MboxMessage) fill() {
	pos := m.r.pos
	line, err := m.r.line()
	if err != nil {
		m.err = err
		return
	}
	if m.lineStart {
		if (len(m.held) > 0 || pos == m.until) && pos >= m.until && isMboxFrom(line) {
			m.r.from, m.r.fromPos = bytes.Clone(trimLineEnd(line)), pos
			m.err = io.EOF
			return
		}
		line = m.r.opts.Quoting.unquote(line)
	}
	empty := m.lineStart && len(trimLineEnd(line)) == 0
	headerLine := m.header && m.lineStart
	m.lineStart = line[len(line)-1] == '\n'
	m.out = append(m.out, m.held...)
	m.held = m.held[:0]
	if empty {
		m.held = append(m.held, line...)
	} else {
		m.out = append(m.out, line...)
	}
	if headerLine {
		m.headerLine(line, empty) // last, as it looks ahead, and line is gone then
	}
}

// headerLine looks for the body's length, and where the body begins.
func (m *MboxMessage) headerLine(line []byte, empty bool) {
	switch {
	case empty:
		m.header = false
		if m.length >= 0 && m.r.fits(m.r.pos+m.length) {
			m.until = m.r.pos + m.length
		}
	case m.length < 0 && m.r.opts.ContentLength:
		name, value, _ := bytes.Cut(line, []byte(":"))
		if ascii.EqualFold(name, "Content-Length") {
			if n, _, err := ascii.Decimal(bytes.TrimSpace(value), 1<<48); err == nil {
				m.length = int64(n)
			}
		}
	}
}

// fits tells whether a body may end at a place in the file: the file's end is
// there or a separator, with at most two line ends before it.
func (m *MboxReader) fits(end int64) bool {
	const window = 1 << 10 // of the line that may be a separator
	b := make([]byte, 1+window)
	if m.at != nil {
		n, err := m.at.ReadAt(b, m.base+end-1)
		if err != nil && err != io.EOF {
			return false
		}
		b = b[:n]
	} else {
		ahead := end - m.pos
		if ahead > mboxBuffer-window {
			return false
		}
		all, _ := m.r.Peek(int(ahead) + window)
		if ahead == 0 {
			b = append(b[:1], all...)
		} else {
			b = all[min(int(ahead)-1, len(all)):]
		}
	}
	if len(b) == 0 {
		return false // behind the file's end
	}
	b = b[1:]
	for range 2 {
		if end := lineEnd(b, 0); len(trimLineEnd(b[:end])) == 0 {
			b = b[end:]
		}
	}
	return len(b) == 0 || isMboxFrom(b[:lineEnd(b, 0)])
}

// unquote returns a line without the ">" that was put before it.
func (q MboxQuoting) unquote(line []byte) []byte {
	n := 0
	for n <= maxMboxQuote && n < len(line) && line[n] == '>' {
		n++
	}
	if n == 0 || q == MboxNone || q == MboxO && n > 1 || n > maxMboxQuote || !bytes.HasPrefix(line[n:], []byte("From ")) {
		return line
	}
	return line[1:]
}
