package queue

import (
	"bytes"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
	"time"

	"applayer/smtp"
)

// maxHeader bounds what stands before the content. Envelopes have a limit at the
// door; this one is against a number that the disk made up.
const maxHeader = 64 << 20

// maxTail bounds what stands behind the content: tries of a thousand recipients for
// a month are less. It too is against a number that the disk made up.
const maxTail = 256 << 20

// cutLine takes the line at the front of b and returns its payload.
func cutLine(b []byte) (payload []byte, n int, err error) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return nil, 0, ErrShort
	}
	line := b[:end]
	if len(line) < sumLen+1 || line[sumLen] != ' ' {
		return nil, 0, ErrSyntax
	}
	payload = line[sumLen+1:]
	if string(line[:sumLen]) != string(appendSum(nil, crc32.Checksum(payload, castagnoli))) {
		return nil, 0, ErrChecksum
	}
	return payload, end + 1, nil
}

// parseFirst takes the first line.
func parseFirst(b []byte) (extent, error) {
	fail := func(err error) (extent, error) { return extent{}, &ParseError{What: "first line", Err: err} }
	if len(b) < firstLen {
		return fail(ErrShort)
	}
	payload, _, err := cutLine(b[:firstLen])
	if err != nil {
		return fail(err)
	}
	f := strings.Fields(string(payload))
	if len(f) != 5 || f[0] != magic {
		return fail(ErrSyntax)
	}
	if f[1] != version {
		return fail(ErrVersion)
	}
	offset, err1 := strconv.ParseInt(f[2], 10, 64)
	size, err2 := strconv.ParseInt(f[3], 10, 64)
	sum, err3 := strconv.ParseUint(f[4], 16, 32)
	x := extent{offset, size, uint32(sum)}
	if err1 != nil || err2 != nil || err3 != nil || offset < int64(firstLen) || offset > maxHeader || size < 0 || offset+size < 0 {
		return fail(ErrSyntax)
	}
	if !bytes.Equal(appendFirst(nil, x), b[:firstLen]) {
		return fail(ErrSyntax)
	}
	return x, nil
}

// parseHeader takes the lines between the first and the content: b is the file up
// to its content.
func parseHeader(b []byte) (arrived time.Time, env smtp.Envelope, err error) {
	at := firstLen
	if len(b) > maxHeader {
		return arrived, env, &ParseError{Offset: maxHeader, What: "envelope", Err: ErrSyntax}
	}
	for n := 0; at < len(b); n++ {
		payload, used, err := cutLine(b[at:])
		if err == nil {
			err = parseHeaderLine(n, payload, &arrived, &env)
		}
		if err != nil {
			return arrived, env, &ParseError{Offset: int64(at), What: "envelope", Err: err}
		}
		at += used
	}
	if len(env.To) == 0 {
		return arrived, env, &ParseError{Offset: int64(at), What: "envelope", Err: ErrShort}
	}
	return arrived, env, nil
}

// parseHeaderLine takes the nth line: when, from whom, then to whom.
func parseHeaderLine(n int, payload []byte, arrived *time.Time, env *smtp.Envelope) (err error) {
	verb, arg, _ := bytes.Cut(payload, []byte(" "))
	switch {
	case n == 0 && string(verb) == "ARRIVED":
		*arrived, err = parseTime(string(arg))
		if err == nil && arrived.IsZero() {
			err = ErrSyntax
		}
	case n == 1 && string(verb) == "MAIL":
		env.From, env.MailOptions, err = smtp.ParseMail(arg)
	case n >= 2 && string(verb) == "RCPT":
		var r smtp.Recipient
		r.Path, r.RcptOptions, err = smtp.ParseRcpt(arg, env.UTF8)
		env.To = append(env.To, r)
	default:
		return ErrSyntax
	}
	return err
}

func parseTime(s string) (time.Time, error) {
	if s == "-" {
		return time.Time{}, nil
	}
	t, err := time.Parse(timeForm, s)
	if err != nil || string(appendTime(nil, t)) != s {
		return time.Time{}, ErrSyntax
	}
	return t, nil
}

// parseTail takes the lines behind the content and notes what they say in e. base
// is their place in the file. It returns how long those are that are whole. What
// follows them is an append that did not end, and is to be cut off; but if a
// whole line is behind it, the disk has lost one that was there, and nobody knows
// who had the message.
func parseTail(b []byte, base int64, e *entry) (int, error) {
	at := 0
	for at < len(b) {
		payload, n, err := cutLine(b[at:])
		if err != nil {
			if hasLine(b[at:]) {
				return at, &ParseError{Offset: base + int64(at), What: "state", Err: err}
			}
			return at, nil
		}
		if err := parseState(payload, e); err != nil {
			return at, &ParseError{Offset: base + int64(at), What: "state", Err: err}
		}
		at += n
	}
	return at, nil
}

// hasLine tells whether a whole line begins behind some line end in b.
func hasLine(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			return false
		}
		b = b[i+1:]
		if _, _, err := cutLine(b); err == nil {
			return true
		}
	}
}

// parseState takes what one line says.
func parseState(payload []byte, e *entry) error {
	p := stateReader{rest: string(payload)}
	if strings.HasPrefix(p.rest, verbReported+" ") {
		return p.reported(e)
	}
	for {
		to, o, err := p.outcome(len(e.to))
		if err != nil {
			return err
		}
		for _, i := range to {
			r := &e.to[i]
			if err := r.way.Do(EventTry); err != nil {
				return ErrOrder
			}
			r.do(o)
		}
		if p.rest == "" {
			return nil
		}
		if !p.take(" ; ") {
			return ErrSyntax
		}
	}
}

// stateReader takes a line apart.
type stateReader struct{ rest string }

func (p *stateReader) take(s string) bool {
	rest, ok := strings.CutPrefix(p.rest, s)
	p.rest = rest
	return ok
}

// word takes what stands before the next space, and the space.
func (p *stateReader) word() string {
	w, rest, _ := strings.Cut(p.rest, " ")
	p.rest = rest
	return w
}

// reported takes a line that says who is told of.
func (p *stateReader) reported(e *entry) error {
	line := p.rest
	p.word()
	to, ok := parseIndexes(p.word(), len(e.to))
	at, err := parseTime(p.rest)
	if !ok || err != nil || !writesAs(line, appendReported(nil, to, at)) {
		return ErrSyntax
	}
	e.told(to)
	return nil
}

// outcome takes one outcome.
func (p *stateReader) outcome(recipients int) (to []int, o outcome, err error) {
	start := p.rest
	event := slices.Index(verbs[:], p.word())
	to, ok := parseIndexes(p.word(), recipients)
	if event <= int(EventTry) || !ok {
		return nil, o, ErrSyntax
	}
	o.event = Event(event)
	var errs [5]error
	o.at, errs[0] = parseTime(p.word())
	o.next, errs[1] = parseTime(p.word())
	o.tries, errs[2] = strconv.Atoi(p.word())
	if o.event == EventTaken {
		w := slices.Index(whereNames[:], p.word())
		if w < 0 {
			return nil, o, ErrSyntax
		}
		o.where = where(w)
	} else {
		p.word()
	}
	o.code, errs[3] = strconv.Atoi(p.word())
	o.status, errs[4] = parseStatus(p.word())
	var quoted1, quoted2 bool
	o.remote, quoted1 = p.quoted()
	quoted1 = quoted1 && p.take(" ")
	o.text, quoted2 = p.quoted()
	for _, err := range errs {
		if err != nil {
			return nil, o, ErrSyntax
		}
	}
	// One way to write a thing: what we would not have written is damage.
	if !quoted1 || !quoted2 || string(appendOutcome(nil, to, o)) != start[:len(start)-len(p.rest)] {
		return nil, o, ErrSyntax
	}
	return to, o, nil
}

// writesAs tells whether a line that was written has the payload.
func writesAs(payload string, line []byte) bool {
	return string(line[sumLen+1:len(line)-1]) == payload
}

func (p *stateReader) quoted() (string, bool) {
	q, err := strconv.QuotedPrefix(p.rest)
	if err != nil {
		return "", false
	}
	s, err := strconv.Unquote(q)
	p.rest = p.rest[len(q):]
	return s, err == nil
}

func parseStatus(s string) (c smtp.EnhancedCode, err error) {
	parts := strings.Split(s, ".")
	if len(parts) != len(c) {
		return c, ErrSyntax
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return c, ErrSyntax
		}
		c[i] = uint16(n)
	}
	return c, nil
}

// parseIndexes takes rising numbers below n.
func parseIndexes(s string, n int) ([]int, bool) {
	var to []int
	for part := range strings.SplitSeq(s, ",") {
		from, last, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(from)
		end := first
		if err == nil && isRange {
			end, err = strconv.Atoi(last)
		}
		if err != nil || first < 0 || end < first || end >= n || len(to) > 0 && first <= to[len(to)-1] {
			return nil, false
		}
		for i := first; i <= end; i++ {
			to = append(to, i)
		}
	}
	return to, true
}
