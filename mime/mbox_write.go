package mime

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
)

// errMboxBegin means octets before MboxWriter.Begin.
var errMboxBegin = errors.New("mime: mbox: no message was begun")

// MboxWriter writes an mbox file (RFC 4155 §A): lines end in LF, whatever they
// ended in, and an empty line ends a message.
type MboxWriter struct {
	w       io.Writer
	quoting MboxQuoting
	out     []byte
	begun   bool
	start   int  // how much of a line's beginning is held, in ">" and letters of "From "
	marks   int  // how many ">" of that
	inLine  bool // the line's beginning was written
	cr      bool // a CR is held, which may be of a line end
	err     error
}

// NewMboxWriter returns a writer of an mbox file. [MboxWriter.Close] ends the last
// message.
func NewMboxWriter(w io.Writer, opts *MboxOptions) *MboxWriter {
	m := &MboxWriter{w: w}
	if opts != nil {
		m.quoting = opts.Quoting
	}
	return m
}

// Begin begins a message, whose octets are then written by [MboxWriter.Write]. An
// empty sender is written as "MAILER-DAEMON". One with a line end or NUL in it is
// refused with [ErrHeaderInjection].
func (m *MboxWriter) Begin(from MboxFrom) error {
	if strings.ContainsAny(from.Sender, "\r\n\x00") {
		return ErrHeaderInjection
	}
	if err := m.Close(); err != nil {
		return err
	}
	sender := from.Sender
	if sender == "" {
		sender = "MAILER-DAEMON"
	}
	line := "From " + sender + " " + from.Date.UTC().Format(time.ANSIC)
	if _, err := ParseMboxFrom(line); err != nil {
		return err // a year of five digits, a sender of a thousand
	}
	m.begun = true
	m.out = append(append(m.out[:0], line...), '\n')
	return m.flush()
}

// Write writes octets of the message that was begun.
func (m *MboxWriter) Write(p []byte) (n int, err error) {
	if !m.begun {
		return 0, errMboxBegin
	}
	m.out = m.out[:0]
	for rest := p; len(rest) > 0; {
		c := rest[0]
		if m.cr {
			m.cr = false
			if c != '\n' {
				m.octet('\r')
			}
		}
		switch {
		case c == '\r':
			m.cr = true
			rest = rest[1:]
		case m.inLine && c != '\n': // a run that is written as it is
			n := bytes.IndexAny(rest, "\r\n")
			if n < 0 {
				n = len(rest)
			}
			m.out = append(m.out, rest[:n]...)
			rest = rest[n:]
		default:
			m.octet(c)
			rest = rest[1:]
		}
	}
	if err := m.flush(); err != nil {
		return 0, err
	}
	return len(p), nil
}

// mboxFromWord is what lines are quoted for.
const mboxFromWord = "From "

// octet takes an octet: at a line's beginning it is held until it is known whether
// the line has to be quoted.
func (m *MboxWriter) octet(c byte) {
	letters := m.start - m.marks
	switch {
	case m.inLine:
		m.out = append(m.out, c)
		m.inLine = c != '\n'
		return
	case c == '>' && letters == 0 && m.marks < maxMboxQuote:
		m.start++
		m.marks++
		return
	case letters < len(mboxFromWord) && c == mboxFromWord[letters]:
		m.start++
		if letters++; letters < len(mboxFromWord) {
			return
		}
		if m.quoting == MboxRD && m.marks < maxMboxQuote || m.quoting == MboxO && m.marks == 0 {
			m.out = append(m.out, '>')
		}
		m.release()
		return
	}
	m.release()
	m.octet(c)
}

// release writes what is held of a line's beginning.
func (m *MboxWriter) release() {
	for range m.marks {
		m.out = append(m.out, '>')
	}
	m.out = append(m.out, mboxFromWord[:m.start-m.marks]...)
	m.start, m.marks, m.inLine = 0, 0, true
}

// Close ends the last message: with a line end, if it has none, and an empty line.
// It does not close what is below.
func (m *MboxWriter) Close() error {
	if !m.begun {
		return m.err
	}
	m.begun = false
	m.out = m.out[:0]
	if m.cr {
		m.cr = false
		m.octet('\r')
	}
	if m.start > 0 {
		m.release()
	}
	if m.inLine {
		m.octet('\n')
	}
	m.out = append(m.out, '\n')
	return m.flush()
}

// flush writes out. An error stays.
func (m *MboxWriter) flush() error {
	if m.err == nil {
		_, m.err = m.w.Write(m.out)
	}
	return m.err
}
