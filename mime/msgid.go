package mime

import (
	"crypto/rand"
	"strings"

	"applayer/internal/ascii"
)

// A message identifier is kept as a string without its angle brackets, as in
// "1234@example.org", and without the comments and blanks that RFC 5322 §4.5.4
// allows in it, so that equal ones are equal strings.

// Defects of message identifiers.
const (
	// DefectMessageID is an identifier that is outside the grammar of
	// RFC 5322 §3.6.4. What is between the brackets counts, without blanks.
	DefectMessageID DefectCode = "message-identifier"
	// DefectBareMessageID is an identifier without angle brackets.
	DefectBareMessageID DefectCode = "bare-message-identifier"
	// DefectMessageIDText is text beside identifiers that is neither of them nor
	// of the phrases that RFC 5322 §4.5.4 allows in places.
	DefectMessageIDText DefectCode = "text-beside-message-identifier"
)

const messageIDRef = "RFC 5322 §3.6.4"

// ParseMessageIDs reads the message identifiers of a Message-ID, In-Reply-To or
// References field, with the brackets taken off. The phrases that old programs
// wrote in between are left out (RFC 5322 §4.5.4).
func ParseMessageIDs(s string, opts *Options) ([]string, []Defect, error) {
	r := newReport(opts.inForce())
	ids := parseMessageIDs(s, opts.inForce(), r)
	if r.failed() {
		return nil, r.list, r.err
	}
	return ids, r.list, nil
}

func parseMessageIDs(s string, o *Options, r *report) (ids []string) {
	l := idReader{lexer{s: s, o: o, r: r, stops: "<>"}}
	for !r.failed() {
		l.skipCFWS()
		if l.atEnd() {
			return ids
		}
		id := ""
		switch c := l.peek(); {
		case c == '<':
			id = l.messageID()
		case c == '"':
			l.quotedString()
		case isDotAtext.Has(c):
			id = l.bareMessageID()
		default:
			l.r.add(DefectMessageIDText, l.at, messageIDRef)
			l.at++
		}
		if id != "" {
			ids = append(ids, id)
		}
	}
	return nil
}

// idReader takes message identifiers.
type idReader struct{ lexer }

// messageID takes msg-id (RFC 5322 §3.6.4, and §4.5.4 with its comments and
// quoted words). Of one that is outside the grammar it takes what there is up to
// the closing bracket or the next opening one, never twice.
func (l *idReader) messageID() string {
	open := l.at
	l.at++
	r := l.r
	l.r = nil // what is wrong in it is told as one defect
	id, ok := l.leftAndRight()
	l.r = r
	if ok {
		return id
	}
	end := len(l.s)
	if i := strings.IndexAny(l.s[l.at:], "<>"); i >= 0 {
		end = l.at + i
	}
	id = withoutBlanks(l.s[open+1 : end])
	if l.at = end; l.peek() == '>' {
		l.at++
	}
	l.r.add(DefectMessageID, open, messageIDRef)
	return id
}

// leftAndRight takes id-left "@" id-right and the closing bracket.
func (l *idReader) leftAndRight() (id string, ok bool) {
	l.skipCFWS()
	if !isDotAtext.Has(l.peek()) && l.peek() != '"' {
		return "", false
	}
	left := l.dotted(true)
	if !l.take('@') {
		return "", false
	}
	l.skipCFWS()
	right := ""
	if from := l.at; l.peek() == '[' {
		right = l.domainLiteral()
		if withoutBlanks(l.s[from:l.at]) != right {
			return "", false // nothing closed it
		}
		l.skipCFWS()
	} else {
		right = l.dotted(false)
	}
	if right == "" || strings.ContainsAny(left+right, "\r\n\x00") || !l.take('>') {
		return "", false
	}
	return string(appendLeft(nil, left)) + "@" + right, true
}

// appendLeft appends the left side of an identifier, quoted where it must be.
func appendLeft(dst []byte, left string) []byte {
	if ascii.Span(&isDotAtext, left) == len(left) && left != "" {
		return append(dst, left...)
	}
	return appendQuoted(dst, left)
}

// bareMessageID takes a run of octets without brackets: an identifier if it has
// an "@", else a word of a phrase.
func (l *idReader) bareMessageID() string {
	from := l.at
	run := l.span(&isBareID)
	if strings.IndexByte(run, '@') < 0 {
		return ""
	}
	l.r.add(DefectBareMessageID, from, messageIDRef)
	return run
}

// isBareID is the class of octets in an identifier without brackets.
var isBareID = isDotAtext.Or(ascii.Chars("@[]:"))

// NewMessageID returns an identifier that no other message has: 128 random bits
// or more, "@", and the domain, which is best one that the host may speak for
// (RFC 5322 §3.6.4).
func NewMessageID(domain string) string { return rand.Text() + "@" + domain }

// AppendMessageIDs appends identifiers in their brackets, with a blank between
// them. It refuses one that would be read as another, or as more than one.
func AppendMessageIDs(dst []byte, ids ...string) ([]byte, error) {
	for i, id := range ids {
		if err := checkValue("", id); err != nil {
			return dst, err
		}
		o := (*Options)(nil).inForce()
		r := newReport(o)
		again := parseMessageIDs("<"+id+">", o, r)
		// What begins in a damaged one might end in the next.
		runsOn := len(r.list) > 0 && strings.ContainsAny(id, `"\([`)
		if len(again) != 1 || again[0] != id || runsOn {
			return dst, &ParseError{What: "message identifier", Ref: messageIDRef}
		}
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(append(append(dst, '<'), id...), '>')
	}
	return dst, nil
}

// MessageID returns the identifier of the message, without its brackets, or
// [ErrNoField]. Of one that is nothing like an identifier it returns what there
// is.
func (h *Header) MessageID() (string, error) {
	f, ok := h.Field("Message-ID")
	if !ok {
		return "", ErrNoField
	}
	return h.oneMessageID(f)
}

func (h *Header) oneMessageID(f Field) (string, error) {
	r := reportOn(f, h.options())
	id := parseMessageID(f.RawValue(), h.options(), r)
	return id, r.err
}

// parseMessageID reads a value that has one identifier.
func parseMessageID(s string, o *Options, r *report) string {
	at := len(s) - len(strings.TrimLeft(s, " \t\r\n"))
	switch ids := parseMessageIDs(s, o, r); len(ids) {
	case 0:
		if !r.failed() {
			r.add(DefectMessageID, at, messageIDRef)
		}
		return withoutBlanks(trimBlank(s))
	case 1:
		return ids[0]
	default:
		r.add(DefectMessageIDText, at, messageIDRef)
		return ids[0]
	}
}

// MessageIDs returns the identifiers in the fields of a name, such as
// In-Reply-To, without their brackets.
func (h *Header) MessageIDs(name string) (ids []string, err error) {
	o := h.options()
	for f := range h.All(name) {
		r := reportOn(f, o)
		ids = append(ids, parseMessageIDs(f.RawValue(), o, r)...)
		if r.failed() {
			return nil, r.err
		}
	}
	return ids, nil
}

// References returns the identifiers of the References field: those of the
// messages that led to this one, the oldest first.
func (h *Header) References() ([]string, error) { return h.MessageIDs("References") }

// SetMessageIDs sets the field of a name to identifiers, which have no brackets.
func (h *Header) SetMessageIDs(name string, ids ...string) error {
	b, err := AppendMessageIDs(nil, ids...)
	if err != nil {
		return err
	}
	return h.Set(name, string(b))
}
