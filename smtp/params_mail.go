package smtp

import (
	"errors"
	"math"
	"strconv"

	"applayer/internal/ascii"
)

// maxEnvelopeID is the longest ENVID as xtext (RFC 3461 §4.4).
const maxEnvelopeID = 100

// ParseMail reads the argument of MAIL: "FROM:", a reverse-path and parameters
// (RFC 5321 §4.1.1.2). Spaces before the path are passed over. The path may be
// UTF-8 where SMTPUTF8 is among the parameters.
//
// Any error is a [*ParseError]: 501 5.1.7 for the path, 553 5.6.7 for UTF-8 that
// was not announced, 555 5.5.4 for a parameter that we do not know, 501 5.5.4 for
// one that is wrong or comes twice.
func ParseMail(arg []byte) (from Path, opts MailOptions, err error) {
	a := argument{s: string(arg)}
	from, err = a.path("FROM:", true)
	if err == nil {
		err = opts.parseAll(&a)
	}
	if err == nil && from.Domain == "" && !from.IsNull() {
		err = badPath(len("FROM:"), "Reverse-path", "RFC 5321 §4.1.2", ErrSyntax)
	}
	if err == nil && !opts.UTF8 && !from.IsASCII() {
		err = badPath(len("FROM:"), "Reverse-path", "", ErrNotASCII)
	}
	if err != nil {
		return Path{}, MailOptions{}, ofSender(err)
	}
	return from, opts, nil
}

// ofSender makes 5.1.7 of the status code 5.1.3 (RFC 3463 §3.2).
func ofSender(err error) error {
	if e, ok := errors.AsType[*ParseError](err); ok && e.Enhanced == (EnhancedCode{5, 1, 3}) {
		e.Enhanced = EnhancedCode{5, 1, 7}
	}
	return err
}

// mailParams are the parameters of MAIL.
var mailParams = [...]struct {
	keyword string
	valued  bool
	ref     string
}{
	{"SIZE", true, "RFC 1870 §3"},
	{"BODY", true, "RFC 6152 §2"},
	{"SMTPUTF8", false, "RFC 6531 §3.4"},
	{"RET", true, "RFC 3461 §4.3"},
	{"ENVID", true, "RFC 3461 §4.4"},
	{"AUTH", true, "RFC 4954 §5"},
}

// parseAll reads the parameters of MAIL.
func (o *MailOptions) parseAll(a *argument) error {
	var known seen
	for {
		p, err := a.param()
		if err != nil || p.keyword == "" {
			return err
		}
		i := 0
		for i < len(mailParams) && !p.is(mailParams[i].keyword) {
			i++
		}
		if i == len(mailParams) {
			return p.unknown()
		}
		if err := known.add(&p, i); err != nil {
			return err
		}
		if m := &mailParams[i]; p.valued != m.valued || !o.parse(m.keyword, p.value) {
			return p.bad(m.ref, ErrSyntax)
		}
	}
}

// parse reads the value of one of mailParams.
func (o *MailOptions) parse(keyword, value string) bool {
	switch keyword {
	case "SIZE":
		return o.parseSize(value)
	case "BODY":
		return o.parseBody(value)
	case "RET":
		return o.parseReturn(value)
	case "ENVID":
		return o.parseEnvelopeID(value)
	case "AUTH":
		return o.parseAuth(value)
	}
	o.UTF8 = true
	return true
}

// parseSize reads 1*20DIGIT, which may be more than we can count.
func (o *MailOptions) parseSize(value string) bool {
	if len(value) > 20 || ascii.Span(&ascii.Digit, value) < len(value) {
		return false
	}
	n, _, err := ascii.Decimal(value, math.MaxInt64)
	if err != nil {
		n = math.MaxInt64
	}
	o.Size = int64(n)
	return true
}

// The words of BODY and RET.
var (
	bodyNames   = [...]string{BodySevenBit: "7BIT", BodyEightBit: "8BITMIME", BodyBinaryMIME: "BINARYMIME"}
	returnNames = [...]string{ReturnFull: "FULL", ReturnHeader: "HDRS"}
)

// String returns the type as BODY says it, "" for BodyUnsaid.
func (b BodyType) String() string {
	if int(b) < len(bodyNames) {
		return bodyNames[b]
	}
	return "BodyType(" + strconv.Itoa(int(b)) + ")"
}

// String returns the word of RET, "" for ReturnUnsaid.
func (r ReturnContent) String() string {
	if int(r) < len(returnNames) {
		return returnNames[r]
	}
	return "ReturnContent(" + strconv.Itoa(int(r)) + ")"
}

func (o *MailOptions) parseBody(value string) bool {
	for i, name := range bodyNames {
		if name != "" && ascii.EqualFold(value, name) {
			o.Body = BodyType(i)
			return true
		}
	}
	return false
}

func (o *MailOptions) parseReturn(value string) bool {
	for i, name := range returnNames {
		if name != "" && ascii.EqualFold(value, name) {
			o.Return = ReturnContent(i)
			return true
		}
	}
	return false
}

func (o *MailOptions) parseEnvelopeID(value string) bool {
	id, err := ParseXtext(value)
	o.EnvelopeID = id
	return err == nil && len(value) <= maxEnvelopeID && isText(id) && isASCII(id)
}

func (o *MailOptions) parseAuth(value string) bool {
	who, err := ParseXtext(value)
	if err != nil || !isText(who) {
		return false
	}
	if who == "<>" {
		who = ""
	}
	o.Auth = &who
	return true
}

// AppendMail appends the argument of MAIL. What [ParseMail] refuses is refused.
func AppendMail(dst []byte, from Path, opts MailOptions) ([]byte, error) {
	if from.Domain == "" && !from.IsNull() {
		return dst, badPath(len("FROM:"), "Reverse-path", "RFC 5321 §4.1.2", ErrSyntax)
	}
	if !opts.UTF8 && !from.IsASCII() {
		return dst, badPath(len("FROM:"), "Reverse-path", "", ErrNotASCII)
	}
	b, err := AppendPath(append(dst, "FROM:"...), from)
	if err != nil {
		return dst, ofSender(err)
	}
	if opts.Size > 0 {
		b = strconv.AppendInt(append(b, " SIZE="...), opts.Size, 10)
	}
	if opts.Body != BodyUnsaid {
		b = append(append(b, " BODY="...), opts.Body.String()...)
	}
	if opts.UTF8 {
		b = append(b, " SMTPUTF8"...)
	}
	if opts.Return != ReturnUnsaid {
		b = append(append(b, " RET="...), opts.Return.String()...)
	}
	if opts.EnvelopeID != "" {
		b = AppendXtext(append(b, " ENVID="...), opts.EnvelopeID)
	}
	if opts.Auth != nil {
		b = AppendXtext(append(b, " AUTH="...), *opts.Auth)
		if *opts.Auth == "" {
			b = append(b, "<>"...)
		}
	}
	if bad := opts.invalid(); bad != "" {
		return dst, &ParseError{What: "parameter " + bad, Ref: "RFC 5321 §4.1.1.11", Err: ErrValue}
	}
	return b, nil
}

// invalid names a parameter that cannot be said, "" for none.
func (o *MailOptions) invalid() string {
	switch {
	case o.Size < 0:
		return "SIZE"
	case int(o.Body) >= len(bodyNames):
		return "BODY"
	case int(o.Return) >= len(returnNames):
		return "RET"
	case !isText(o.EnvelopeID), !isASCII(o.EnvelopeID), len(AppendXtext(nil, o.EnvelopeID)) > maxEnvelopeID:
		return "ENVID"
	case o.Auth != nil && !isText(*o.Auth):
		return "AUTH"
	}
	return ""
}
