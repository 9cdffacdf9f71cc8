package pop3

import (
	"bytes"
	"io"
	"strconv"
)

// retr is RETR.
func (x *session) retr(args [][]byte, _ []byte) {
	i, there := x.message(args[0])
	if !there {
		return
	}
	if x.send(i, strconv.FormatInt(x.drop.Stat(i), 10)+" octets", nil) && x.srv.Expire == ExpireAtOnce {
		x.retrieved.add(i)
	}
}

const topSyntax = "TOP <message> <lines>"

// top is TOP (RFC 1939 §7).
func (x *session) top(args [][]byte, _ []byte) {
	lines, isNumber := argCount(args[1])
	if !isNumber {
		x.fault("Syntax: " + topSyntax)
		return
	}
	if i, there := x.message(args[0]); there {
		x.send(i, "The top follows.", &topCut{lines: lines})
	}
}

// send sends message i, or what cut leaves of it, and tells whether it did. What
// can be refused is refused before the first octet.
func (x *session) send(i int, text string, cut *topCut) bool {
	b := getLarge()
	defer putBuffer(b)
	opened, err := x.drop.Open(x.ctx, i)
	if err != nil {
		x.fail("open message", err)
		return false
	}
	defer opened.Close()
	r := &whole{opened, x.drop.Stat(i)}
	n, err := readSome(r, b)
	if err == nil || err == io.EOF {
		err = x.mayHave(i, b[:n], err)
	}
	if err != nil && err != io.EOF {
		x.fail("read message", err)
		return false
	}
	x.ok(text)
	if err := x.stream(r, b, n, err, cut); err != nil {
		x.cut("message "+strconv.Itoa(i+1), err)
		return false
	}
	return true
}

// whole is a message that has as many octets as the maildrop says. One of which
// less is left gives io.ErrUnexpectedEOF at its end, since behind an end mark the
// client would take it for all that was announced.
type whole struct {
	r    io.Reader
	left int64
}

func (w *whole) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.left -= int64(n)
	if err == io.EOF && w.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// stream sends what b has, and what r has behind that if end is nil.
func (x *session) stream(r io.Reader, b []byte, n int, end error, cut *topCut) error {
	w := x.c.TextWriter()
	for {
		part, done := cut.take(b[:n])
		if _, err := w.Write(part); err != nil {
			return err
		}
		if done || end == io.EOF {
			return w.Close()
		}
		if end != nil {
			return end
		}
		n, end = r.Read(b)
	}
}

// readSome reads until b is full or r is at its end.
func readSome(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	return n, err
}

// mayHave tells whether message i, which begins with first, may go to this
// client as it is: octets beyond ASCII in the header need the command UTF8
// (RFC 6856 §2.1). The error is end if so.
func (x *session) mayHave(i int, first []byte, end error) error {
	if x.utf8 || x.srv.SendUTF8 {
		return end
	}
	var head headerEnd
	n, found := head.find(first)
	switch {
	case !isASCII(first[:n]):
		return errNeedsUTF8
	case found || end == io.EOF:
		return end
	}
	if err := x.longHeader(i); err != nil {
		return err
	}
	return end
}

var errNeedsUTF8 = Refuse(CodeUTF8, "That message needs the command UTF8.")

// longHeader is mayHave for a header that is longer than a buffer. It is looked
// through before the message is sent, so that neither is held.
func (x *session) longHeader(i int) error {
	r, err := x.drop.Open(x.ctx, i)
	if err != nil {
		return err
	}
	defer r.Close()
	b := getLarge()
	defer putBuffer(b)
	var head headerEnd
	for {
		n, err := readSome(r, b)
		end, found := head.find(b[:n])
		switch {
		case !isASCII(b[:end]):
			return errNeedsUTF8
		case found || err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// isASCII tells that no octet has its high bit set.
func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// headerEnd finds the empty line behind a header that comes in pieces.
type headerEnd struct {
	seen int // octets of the line so far, as far as it matters
	cr   bool
}

// find returns the octets of b that belong to the header, with the empty line,
// and whether that was found.
func (h *headerEnd) find(b []byte) (n int, found bool) {
	for n < len(b) {
		lf := bytes.IndexByte(b[n:], '\n')
		if lf < 0 {
			h.seen += len(b) - n
			h.cr = h.seen == 1 && b[n] == '\r'
			return len(b), false
		}
		empty := h.seen == 0 && (lf == 0 || lf == 1 && b[n] == '\r') || h.seen == 1 && h.cr && lf == 0
		h.seen, h.cr = 0, false
		n += lf + 1
		if empty {
			return n, true
		}
	}
	return n, false
}

// topCut leaves the header of a message, the empty line, and so many lines of
// the body. A nil one leaves all.
type topCut struct {
	lines int
	head  headerEnd
	body  bool
}

// take returns what is left of b, and whether what follows is not.
func (t *topCut) take(b []byte) (part []byte, done bool) {
	if t == nil {
		return b, false
	}
	n := 0
	if !t.body {
		if n, t.body = t.head.find(b); !t.body {
			return b, false
		}
	}
	for t.lines > 0 {
		lf := bytes.IndexByte(b[n:], '\n')
		if lf < 0 {
			return b, false
		}
		n += lf + 1
		t.lines--
	}
	return b[:n], true
}
