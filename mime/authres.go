package mime

import (
	"strconv"

	"applayer/internal/ascii"
)

// AuthResults is what a host found out of who a message is from, the value of an
// Authentication-Results field (RFC 8601 §2.2). It is worth something only where
// ServID is a host that one trusts, as anybody can write the field
// (RFC 8601 §7.1).
type AuthResults struct {
	// ServID names the host, in quotes or not.
	ServID string
	// Version is that of the format, 1 by default.
	Version int
	// Results are the findings. There are none where nothing was looked at.
	Results []AuthResult
}

// AuthResult is what one method found.
type AuthResult struct {
	// Method is as "dkim" or "spf", in lower case.
	Method string
	// Version is that of the method, 1 by default.
	Version int
	// Result is as "pass" or "fail", in lower case.
	Result string
	// Reason is what the host has to say about it.
	Reason string
	// Comment is what the parentheses behind the result hold.
	Comment string
	// Properties are what the method looked at.
	Properties []AuthProperty
}

// AuthProperty is something that a method looked at, as smtp.mailfrom.
type AuthProperty struct {
	// Type is as "smtp" or "header", in lower case.
	Type string
	// Name is as "mailfrom" or "from", in lower case.
	Name string
	// Value is what it was.
	Value string
}

// Property returns the value of a property, as "header.d"; "" if there is none.
func (a AuthResult) Property(name string) string {
	for _, p := range a.Properties {
		if ascii.EqualFold(p.Type+"."+p.Name, name) {
			return p.Value
		}
	}
	return ""
}

// Defects of Authentication-Results.
const (
	// DefectNoServID is a field that does not begin with the name of a host.
	DefectNoServID DefectCode = "no-authserv-id"
	// DefectAuthResult is a result outside of the grammar, of which the rest is
	// left out.
	DefectAuthResult DefectCode = "authentication-result"
)

const authRef = "RFC 8601 §2.2"

// ParseAuthResults reads the value of an Authentication-Results field.
func ParseAuthResults(s string, opts *Options) (AuthResults, []Defect, error) {
	return parseValue(s, opts, parseAuthResults)
}

func parseAuthResults(s string, o *Options, r *report) AuthResults {
	p := authReader{lexer{s: s, o: o, r: r, stops: ";"}}
	a := AuthResults{Version: 1}
	p.servID(&a)
	for !r.failed() {
		p.skipCFWS()
		if p.atEnd() {
			break
		}
		if !p.take(';') {
			p.bad()
			continue
		}
		if p.skipCFWS(); p.atEnd() {
			break // a semicolon at the end is harmless
		}
		if res, ok := p.result(); ok {
			a.Results = append(a.Results, res)
		}
	}
	return a
}

// authReader takes Authentication-Results apart.
type authReader struct{ lexer }

// bad notes a defect and goes to the next result.
func (p *authReader) bad() {
	p.r.add(DefectAuthResult, p.at, authRef)
	p.at = p.stopAt(p.at, ';')
}

// servID takes authserv-id and authres-version. Some hosts leave it out and
// begin with a result; the text in front is then read as if it had a semicolon.
func (p *authReader) servID(a *AuthResults) {
	p.skipCFWS()
	from := p.at
	a.ServID = p.value()
	p.skipCFWS()
	if a.ServID == "" || p.peek() == '=' {
		p.r.add(DefectNoServID, from, authRef)
		a.ServID, p.at = "", from
		if res, ok := p.result(); ok {
			a.Results = append(a.Results, res)
		}
		return
	}
	if v, n, err := ascii.Decimal(p.s[p.at:], 1<<16); err == nil {
		a.Version = int(v)
		p.at += n
	}
}

// value takes value (RFC 8601 §2.2): a token or a quoted string. What hosts
// write without quotes, as addresses of IPv6 and base64, is taken too.
func (p *authReader) value() string {
	var v []byte
	for !p.atEnd() {
		if p.peek() == '"' {
			raw, _ := p.quotedString()
			v = append(v, unquote(raw)...)
			continue
		}
		run := p.span(&isAuthText)
		if run == "" {
			break
		}
		v = append(v, run...)
		if p.peek() == '=' && len(v) > 0 { // not in front: it is no part of a name
			return string(v)
		}
	}
	return string(v)
}

var (
	// isKeyword is the class of octets in a Keyword (RFC 5321 §4.1.2, Ldh-str),
	// with the underscore of some hosts.
	isKeyword = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("-_"))
	// isAuthText is the class of octets in a value without quotes.
	isAuthText = ascii.Range(0x21, 0xff).Without(ascii.Chars("\"();=\x7f"))
)

// pvalue takes pvalue (RFC 8601 §2.2), which unlike other values is the last of
// its kind and may have an equals sign.
func (p *authReader) pvalue() string {
	v := []byte(p.value())
	for p.peek() == '=' {
		v = append(v, '=')
		p.at++
		v = append(v, p.value()...)
	}
	return string(v)
}

// result takes methodspec, reasonspec and propspec (RFC 8601 §2.2), or "none",
// which is not ok.
func (p *authReader) result() (res AuthResult, ok bool) {
	res.Version = 1
	res.Method = lower(p.span(&isKeyword))
	p.skipCFWS()
	if p.take('/') {
		p.skipCFWS()
		v, n, err := ascii.Decimal(p.s[p.at:], 1<<16)
		if err == nil {
			res.Version = int(v)
		}
		p.at += n
		p.skipCFWS()
	}
	if res.Method == "none" && (p.atEnd() || p.peek() == ';') {
		return res, false
	}
	if res.Method == "" || !p.take('=') {
		p.bad()
		return res, false
	}
	p.skipCFWS()
	p.forgetComment()
	if res.Result = lower(p.span(&isKeyword)); res.Result == "" {
		p.bad()
		return res, false
	}
	p.skipCFWS()
	res.Comment, _ = p.takeComment()
	for !p.atEnd() && p.peek() != ';' && !p.r.failed() {
		if !p.property(&res) {
			p.bad()
		}
		p.skipCFWS()
	}
	return res, true
}

// property takes reasonspec or a propspec.
func (p *authReader) property(res *AuthResult) bool {
	typ := lower(p.span(&isKeyword))
	p.skipCFWS()
	name := ""
	if p.take('.') {
		p.skipCFWS()
		name = lower(p.span(&isKeyword))
		p.skipCFWS()
	} else if typ != "reason" {
		return false
	}
	if typ == "" || !p.take('=') {
		return false
	}
	p.skipCFWS()
	if typ == "reason" && name == "" {
		res.Reason = p.pvalue()
		return true
	}
	if name == "" {
		return false
	}
	res.Properties = append(res.Properties, AuthProperty{Type: typ, Name: name, Value: p.pvalue()})
	return true
}

// AuthResults returns what hosts found out, the last of them first.
func (h *Header) AuthResults() ([]AuthResults, error) {
	return allValues(h, "Authentication-Results", parseAuthResults)
}

// AddAuthResults puts an Authentication-Results field in front of all others,
// where those of a host belong (RFC 8601 §4.1). Fields that claim to be from the
// same host are to be removed before (RFC 8601 §5).
func (h *Header) AddAuthResults(a AuthResults) error {
	b, err := a.AppendText(nil)
	if err != nil {
		return err
	}
	return h.Insert(h.front(), "Authentication-Results", string(b))
}

// AppendText appends the value of the field.
func (a AuthResults) AppendText(dst []byte) ([]byte, error) {
	w := authWriter{dst: dst}
	w.value(a.ServID, a.ServID != "")
	if a.Version > 1 {
		w.dst = strconv.AppendInt(append(w.dst, ' '), int64(a.Version), 10)
	}
	if len(a.Results) == 0 {
		w.dst = append(w.dst, "; none"...)
	}
	for _, res := range a.Results {
		w.dst = append(w.dst, "; "...)
		w.result(res)
	}
	if w.err != nil {
		return dst, w.err
	}
	return w.dst, nil
}

// authWriter appends the parts of Authentication-Results until one is refused.
type authWriter struct {
	dst []byte
	err error
}

func (w *authWriter) result(res AuthResult) {
	w.keyword(res.Method)
	if res.Version > 1 {
		w.dst = strconv.AppendInt(append(w.dst, '/'), int64(res.Version), 10)
	}
	w.dst = append(w.dst, '=')
	w.keyword(res.Result)
	if res.Comment != "" {
		w.check(res.Comment)
		w.dst = appendComment(append(w.dst, ' '), res.Comment)
	}
	if res.Reason != "" {
		w.dst = append(w.dst, " reason="...)
		w.value(res.Reason, true)
	}
	for _, p := range res.Properties {
		w.dst = append(w.dst, ' ')
		w.keyword(p.Type)
		w.dst = append(w.dst, '.')
		w.keyword(p.Name)
		w.dst = append(w.dst, '=')
		w.value(p.Value, true)
	}
}

// keyword appends a Keyword, which is in lower case.
func (w *authWriter) keyword(s string) {
	w.check(s)
	if w.err == nil && (s == "" || s != lower(s) || ascii.Span(&isKeyword, s) != len(s)) {
		w.err = &ParseError{Field: "Authentication-Results", What: "keyword", Ref: authRef}
	}
	w.dst = append(w.dst, s...)
}

// isAuthPlain is the class of octets in tokens, addresses and domains.
var isAuthPlain = isToken.Or(ascii.Chars("@"))

// value appends a token, an address or a domain as it is, all else quoted.
func (w *authWriter) value(s string, ok bool) {
	w.check(s)
	if w.err == nil && !ok {
		w.err = &ParseError{Field: "Authentication-Results", What: "authserv-id", Ref: authRef}
	}
	if s != "" && ascii.Span(&isAuthPlain, s) == len(s) {
		w.dst = append(w.dst, s...)
		return
	}
	w.dst = appendQuoted(w.dst, s)
}

func (w *authWriter) check(s string) {
	if w.err == nil {
		w.err = checkValue("Authentication-Results", s)
	}
}
