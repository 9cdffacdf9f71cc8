package smtp

import (
	"strings"

	"applayer/internal/ascii"
)

// maxOriginal is the longest ORCPT (RFC 3461 §4.2).
const maxOriginal = 500

// ParseRcpt reads the argument of RCPT: "TO:", a forward-path and parameters
// (RFC 5321 §4.1.1.3). Spaces before the path are passed over. utf8 says that
// MAIL had SMTPUTF8.
//
// Any error is a [*ParseError]: 501 5.1.3 for the path, 553 5.6.7 for UTF-8 that
// was not announced, 555 5.5.4 for a parameter that we do not know, 501 5.5.4 for
// one that is wrong or comes twice.
func ParseRcpt(arg []byte, utf8 bool) (to Path, opts RcptOptions, err error) {
	a := argument{s: string(arg)}
	to, err = a.path("TO:", utf8)
	if err == nil {
		err = opts.parseAll(&a, utf8)
	}
	if err == nil && to.IsNull() {
		err = badPath(len("TO:"), "Forward-path", "RFC 5321 §4.1.2", ErrSyntax)
	}
	if err != nil {
		return Path{}, RcptOptions{}, err
	}
	return to, opts, nil
}

// parseAll reads the parameters of RCPT.
func (o *RcptOptions) parseAll(a *argument, utf8 bool) error {
	var known seen
	for {
		p, err := a.param()
		if err != nil || p.keyword == "" {
			return err
		}
		if err := o.parse(&p, utf8, &known); err != nil {
			return err
		}
	}
}

// parse reads one parameter of RCPT.
func (o *RcptOptions) parse(p *param, utf8 bool, known *seen) error {
	switch {
	case p.is("NOTIFY"):
		if err := known.add(p, 0); err != nil {
			return err
		}
		if !p.valued || !o.Notify.parse(p.value) {
			return p.bad("RFC 3461 §4.1", ErrSyntax)
		}
	case p.is("ORCPT"):
		if err := known.add(p, 1); err != nil {
			return err
		}
		if !p.valued || !o.Original.parse(p.value, utf8) {
			return p.bad("RFC 3461 §4.2", ErrSyntax)
		}
	default:
		return p.unknown()
	}
	return nil
}

// notifyNames are the words of NOTIFY, by bit.
var notifyNames = [...]string{"NEVER", "SUCCESS", "FAILURE", "DELAY"}

// String returns the value of NOTIFY, as in "SUCCESS,FAILURE"; "" for none.
func (n Notify) String() string { return string(n.append(nil)) }

func (n Notify) append(dst []byte) []byte {
	first := true
	for i, name := range notifyNames {
		if n&(1<<i) == 0 {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		dst = append(dst, name...)
		first = false
	}
	return dst
}

// valid tells whether a NOTIFY can be said: NEVER stands alone.
func (n Notify) valid() bool {
	return n>>len(notifyNames) == 0 && (n&NotifyNever == 0 || n == NotifyNever)
}

// parse reads the value of NOTIFY. A word that comes twice is taken.
func (n *Notify) parse(value string) bool {
	for word := range strings.SplitSeq(value, ",") {
		bit := Notify(0)
		for i, name := range notifyNames {
			if ascii.EqualFold(word, name) {
				bit = 1 << i
			}
		}
		if bit == 0 {
			return false
		}
		*n |= bit
	}
	return n.valid()
}

// typeUTF8 is the address type of RFC 6533 §3.
const typeUTF8 = "utf-8"

// parse reads the value of ORCPT.
func (o *OriginalRecipient) parse(value string, utf8 bool) bool {
	typ, address, ok := strings.Cut(value, ";")
	if !ok || len(value) > maxOriginal || !utf8 && !isASCII(value) {
		return false
	}
	var err error
	if ascii.EqualFold(typ, typeUTF8) {
		address, err = ParseUTF8Address(address)
	} else {
		address, err = ParseXtext(address)
	}
	*o = OriginalRecipient{typ, address}
	return err == nil && o.valid()
}

// valid tells whether it can be said, and stand in a report.
func (o *OriginalRecipient) valid() bool {
	return o.Type != "" && ascii.Span(&atext, o.Type) == len(o.Type) && o.Address != "" && isText(o.Address)
}

// String returns the value of ORCPT, as in "rfc822;bob@hamburger.edu"; "" for
// none. It is of ASCII alone.
func (o OriginalRecipient) String() string {
	if o == (OriginalRecipient{}) {
		return ""
	}
	return string(o.append(nil))
}

func (o *OriginalRecipient) append(dst []byte) []byte {
	dst = append(append(dst, o.Type...), ';')
	if ascii.EqualFold(o.Type, typeUTF8) {
		return AppendUTF8Address(dst, o.Address)
	}
	return AppendXtext(dst, o.Address)
}

// AppendRcpt appends the argument of RCPT. What [ParseRcpt] refuses is refused.
// Whether the transaction allows UTF-8 in the path is the caller's to see to.
func AppendRcpt(dst []byte, to Path, opts RcptOptions) ([]byte, error) {
	if to.IsNull() {
		return dst, badPath(len("TO:"), "Forward-path", "RFC 5321 §4.1.2", ErrSyntax)
	}
	b, err := AppendPath(append(dst, "TO:"...), to)
	if err != nil {
		return dst, err
	}
	if opts.Notify != 0 {
		if !opts.Notify.valid() {
			return dst, &ParseError{What: "parameter NOTIFY", Ref: "RFC 3461 §4.1", Err: ErrValue}
		}
		b = opts.Notify.append(append(b, " NOTIFY="...))
	}
	if opts.Original != (OriginalRecipient{}) {
		from := len(b)
		b = opts.Original.append(append(b, " ORCPT="...))
		if !opts.Original.valid() || len(b)-from > len(" ORCPT=")+maxOriginal {
			return dst, &ParseError{What: "parameter ORCPT", Ref: "RFC 3461 §4.2", Err: ErrValue}
		}
	}
	return b, nil
}
