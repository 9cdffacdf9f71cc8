package mime

import (
	"slices"

	"applayer/internal/ascii"
)

// Received is what one host noted of a message when it took it in, the value of
// a Received field (RFC 5322 §3.6.7, RFC 5321 §4.4).
type Received struct {
	Clauses []ReceivedClause
	// Date is when it was; zero where the field does not tell.
	Date Date
}

// ReceivedClause is a word such as "from" or "with" and what stands behind it.
type ReceivedClause struct {
	// Name is from, by, via, with, id, for or tls, in lower case. It is "" for
	// words in front of the first of them.
	Name string
	// Value is the words behind it as they are written, with one blank between
	// them.
	Value string
	// Comment is what the parentheses behind it hold: of from, what the host
	// knew from TCP.
	Comment string
}

// Clause returns the first clause of a name; ok is false where there is none.
func (v Received) Clause(name string) (c ReceivedClause, ok bool) {
	i := slices.IndexFunc(v.Clauses, func(c ReceivedClause) bool { return ascii.EqualFold(c.Name, name) })
	if i < 0 {
		return ReceivedClause{}, false
	}
	return v.Clauses[i], true
}

// Defects of Received fields. Those of the date are those of [ParseDate].
const (
	// DefectNoReceivedDate is a Received field without a semicolon, or without a
	// date behind it.
	DefectNoReceivedDate DefectCode = "no-date-in-received"
	// DefectReceivedToken is an octet that is no part of a word, an address or a
	// domain.
	DefectReceivedToken DefectCode = "received-token"
)

const receivedRef = "RFC 5322 §3.6.7"

// receivedNames are the clauses of RFC 5321 §4.4, and of RFC 8314 §4.3.
var receivedNames = []string{"from", "by", "via", "with", "id", "for", "tls"}

// ParseReceived reads the value of a Received field. Its words may come in any
// order and number; what qmail, Exchange and others write in comments and
// without clauses is read too.
func ParseReceived(s string, opts *Options) (Received, []Defect, error) {
	return parseValue(s, opts, parseReceived)
}

func parseReceived(s string, o *Options, r *report) Received {
	semicolon := lastSemicolon(s, o)
	v := Received{Clauses: parseClauses(s[:semicolon], o, r)}
	if semicolon == len(s) {
		r.add(DefectNoReceivedDate, semicolon, receivedRef)
		return v
	}
	at := semicolon + 1
	if r != nil {
		r.base += int64(at)
		defer func() { r.base -= int64(at) }()
	}
	date, err := parseDate(s[at:], o, r)
	if err != nil && !r.failed() {
		r.add(DefectNoReceivedDate, 0, receivedRef)
	}
	v.Date = date
	return v
}

// lastSemicolon returns where the last semicolon outside of comments and quoted
// strings is, the end where there is none.
func lastSemicolon(s string, o *Options) int {
	at := len(s)
	for l := (lexer{s: s, o: o, stops: ";"}); ; {
		switch l.skipCFWS(); {
		case l.atEnd():
			return at
		case l.peek() == '"':
			l.quotedString()
		case l.peek() == ';':
			at = l.at
			l.at++
		default:
			l.at++
		}
	}
}

func parseClauses(s string, o *Options, r *report) []ReceivedClause {
	p := receivedReader{lexer: lexer{s: s, o: o, r: r, stops: ";"}}
	p.clauses()
	return p.list
}

// receivedReader takes the part in front of the date apart.
type receivedReader struct {
	lexer
	list           []ReceivedClause
	value, comment []byte // of the clause at hand
	name           string
	open           bool // there is a clause at hand
}

// clauses takes *received-token (RFC 5322 §3.6.7) and comments.
func (p *receivedReader) clauses() {
	for !p.r.failed() {
		p.skipFWS()
		switch {
		case p.atEnd():
			p.close()
			return
		case p.peek() == '(':
			p.skipComment()
			text, _ := p.takeComment()
			p.comment = appendWord(p.comment, text)
			p.open = true
		default:
			p.word(p.receivedToken())
		}
	}
}

// word adds a word to the clause at hand, or begins one.
func (p *receivedReader) word(w string) {
	i := slices.IndexFunc(receivedNames, func(name string) bool { return ascii.EqualFold(name, w) })
	if i < 0 {
		p.value = appendWord(p.value, w)
		p.open = true
		return
	}
	p.close()
	p.name, p.open = receivedNames[i], true
}

// close ends the clause at hand.
func (p *receivedReader) close() {
	if p.open {
		p.list = append(p.list, ReceivedClause{Name: p.name, Value: string(p.value), Comment: string(p.comment)})
	}
	p.name, p.value, p.comment, p.open = "", p.value[:0], p.comment[:0], false
}

// appendWord appends a word to others.
func appendWord(dst []byte, w string) []byte {
	if len(dst) > 0 && w != "" {
		dst = append(dst, ' ')
	}
	return append(dst, w...)
}

// isReceivedText is the class of octets in words, addresses and domains, but
// those that open a string, a literal, a comment or an address in brackets.
var isReceivedText = isDotAtext.Or(ascii.Chars("@:,]>\\"))

// receivedToken takes received-token (RFC 5322 §3.6.7) as it is written.
func (p *receivedReader) receivedToken() string {
	from := p.at
	for !p.atEnd() {
		switch c := p.peek(); {
		case c == '"':
			p.quotedString()
		case c == '[':
			p.domainLiteral()
		case c == '<':
			p.path()
		case isReceivedText.Has(c):
			p.span(&isReceivedText)
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '(':
			return unfold(p.s[from:p.at])
		default:
			p.r.add(DefectReceivedToken, p.at, receivedRef)
			p.at++
		}
	}
	return unfold(p.s[from:])
}

// path passes over an address in angle brackets.
func (p *receivedReader) path() {
	for p.at++; !p.atEnd(); {
		switch p.peek() {
		case '"':
			p.quotedString()
		case '>':
			p.at++
			return
		default:
			p.at++
		}
	}
}

// Received returns the Received fields, of which the first is of the host that
// had the message last.
func (h *Header) Received() ([]Received, error) {
	return allValues(h, "Received", parseReceived)
}

// AppendText appends the value of the Received field. It refuses clauses that
// would be read as others, and a missing date.
func (v Received) AppendText(dst []byte) ([]byte, error) {
	start := len(dst)
	for _, c := range v.Clauses {
		if err := checkValue("Received", c.Name+c.Value+c.Comment); err != nil {
			return dst[:start], err
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		n := len(dst)
		if dst = append(dst, c.Name...); c.Value != "" {
			if len(dst) > n {
				dst = append(dst, ' ')
			}
			dst = append(dst, c.Value...)
		}
		if c.Comment != "" {
			if len(dst) > n {
				dst = append(dst, ' ')
			}
			dst = appendComment(dst, c.Comment)
		}
	}
	o := (&Options{Strict: true}).inForce()
	r := newReport(o)
	if again := parseClauses(string(dst[start:]), o, r); r.failed() || !slices.Equal(again, v.Clauses) {
		return dst[:start], &ParseError{Field: "Received", What: "clause", Ref: receivedRef}
	}
	dst, err := AppendDate(append(dst, "; "...), v.Date)
	if err != nil {
		return dst[:start], inField(err, "Received")
	}
	return dst, nil
}

// appendComment appends a comment (RFC 5322 §3.2.2).
func appendComment(dst []byte, text string) []byte {
	dst = append(dst, '(')
	for i := range len(text) {
		if c := text[i]; c == '(' || c == ')' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, text[i])
	}
	return append(dst, ')')
}

// AddReceived puts a Received field in front of all others, where trace fields
// belong (RFC 5321 §4.4).
func (h *Header) AddReceived(v Received) error {
	b, err := v.AppendText(nil)
	if err != nil {
		return err
	}
	return h.Insert(h.front(), "Received", string(b))
}
