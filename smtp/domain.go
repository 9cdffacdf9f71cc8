package smtp

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// The longest that addresses and their parts may be (RFC 5321 §4.5.3.1), and a
// label (RFC 1035 §2.3.4).
const (
	maxLocal  = 64
	maxDomain = 255
	maxPath   = 256
	maxLabel  = 63
)

// aLabelPrefix begins a label in Punycode (RFC 5890 §2.3.1).
const aLabelPrefix = "xn--"

var letDig = ascii.Alpha.Or(ascii.Digit)

// isDomain tells whether s is a Domain (RFC 5321 §4.1.2), or one with U-labels
// (RFC 6531 §3.3).
func isDomain(s string) bool {
	if s == "" || len(s) > maxDomain {
		return false
	}
	total := -1 // in A-labels
	for label := range strings.SplitSeq(s, ".") {
		n := labelLength(label)
		if n == 0 {
			return false
		}
		total += n + 1
	}
	return total <= maxDomain
}

// labelLength is the length of a sub-domain as an A-label, 0 for what is no
// sub-domain.
func labelLength(s string) int {
	if !isASCII(s) {
		var buf [2 * maxLabel]byte
		if len(s) > maxDomain || !isULabel(s) {
			return 0
		}
		a, err := appendALabel(buf[:0], s)
		if err != nil {
			return 0
		}
		return len(a)
	}
	if s == "" || len(s) > maxLabel || !letDig.Has(s[0]) || !letDig.Has(s[len(s)-1]) {
		return 0
	}
	for i := range len(s) {
		if !letDig.Has(s[i]) && s[i] != '-' {
			return 0
		}
	}
	return len(s)
}

// isULabel tells whether s may be a U-label: letters, digits, hyphens, and what
// is neither a control, a space nor another dot beyond ASCII. RFC 5892's tables
// of code points are not here: whether the name is registered tells as much.
func isULabel(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for i, r := range s {
		switch {
		case r == '-' && i > 0 && i < len(s)-1:
		case r < utf8.RuneSelf && !letDig.Has(byte(r)):
			return false
		case r >= utf8.RuneSelf && !(unicode.IsGraphic(r) || r == '\u200c' || r == '\u200d') || unicode.IsSpace(r):
			return false
		case r == '\u3002', r == '\uff0e', r == '\uff61', r == utf8.RuneError: // RFC 3490 §3.1
			return false
		}
	}
	return true
}

// appendALabel appends a label beyond ASCII in Punycode, its letters in lower
// case; two such letters, U+0130 and U+212A, are then of ASCII.
func appendALabel(dst []byte, label string) ([]byte, error) {
	from := len(dst)
	lower := strings.ToLower(label)
	if isASCII(lower) {
		return append(dst, lower...), nil
	}
	dst = appendPunycode(append(dst, aLabelPrefix...), lower)
	if len(dst)-from > maxLabel {
		return nil, &ParseError{What: "U-label", Ref: "RFC 5890 §2.3.2.1", Err: ErrValue}
	}
	return dst, nil
}

// ToASCII returns a domain in lower case with its labels beyond ASCII in
// Punycode (RFC 3492): the form for name servers and for comparison. There is no
// mapping but to lower case, since the standard library has no tables of IDNA
// (RFC 5891 §5). What is no domain is a [*ParseError].
func ToASCII(domain string) (string, error) {
	if !isDomain(domain) {
		return "", &ParseError{What: "Domain", Ref: "RFC 5321 §4.1.2", Err: ErrSyntax}
	}
	if isASCII(domain) {
		return lowerASCII(domain), nil
	}
	b := make([]byte, 0, 2*len(domain))
	for label := range strings.SplitSeq(domain, ".") {
		if len(b) > 0 {
			b = append(b, '.')
		}
		if isASCII(label) {
			b = append(b, lowerASCII(label)...)
			continue
		}
		var err error
		if b, err = appendALabel(b, label); err != nil {
			return "", err
		}
	}
	return string(b), nil
}

// ToUnicode returns a domain with those labels decoded that are in Punycode, for
// people. A label that is not what [ToASCII] makes stays as it is.
func ToUnicode(domain string) string {
	if !strings.Contains(lowerASCII(domain), aLabelPrefix) {
		return domain
	}
	labels := strings.Split(domain, ".")
	for i, label := range labels {
		labels[i] = uLabel(label)
	}
	return strings.Join(labels, ".")
}

// uLabel decodes an A-label, if it is one.
func uLabel(label string) string {
	lower := lowerASCII(label)
	encoded, ok := strings.CutPrefix(lower, aLabelPrefix)
	if !ok || len(label) > maxLabel {
		return label
	}
	u, err := decodePunycode(encoded)
	if err != nil || isASCII(u) || !isULabel(u) {
		return label
	}
	if back, err := appendALabel(nil, u); err != nil || string(back) != lower {
		return label
	}
	return u
}

// isLiteral tells whether s may stand between the brackets of an
// address-literal (RFC 5321 §4.1.3). Numbers of an IPv4 address have no zeros
// before them, since not everybody takes those as decimal.
func isLiteral(s string) bool {
	tag, content, tagged := strings.Cut(s, ":")
	switch {
	case len(s) > maxDomain-2:
		return false
	case !tagged:
		addr, err := netip.ParseAddr(s)
		return err == nil && addr.Is4()
	case ascii.EqualFold(tag, "IPv6"):
		addr, err := netip.ParseAddr(content)
		return err == nil && addr.Is6() && addr.Zone() == ""
	}
	return content != "" && labelLength(tag) > 0 && isASCII(tag) && ascii.Span(&dcontent, content) == len(content)
}

// dcontent is RFC 5321 §4.1.3's.
var dcontent = ascii.VChar.Without(ascii.Chars(`[\]`))

// canonicalLiteral is the form of a literal in which it is compared.
func canonicalLiteral(s string) string {
	if tag, content, ok := strings.Cut(s, ":"); ok && ascii.EqualFold(tag, "IPv6") {
		if addr, err := netip.ParseAddr(content); err == nil {
			return "IPv6:" + addr.String()
		}
	}
	return lowerASCII(s)
}

func isASCII[T ~string | ~[]byte](s T) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lowerASCII is s with the letters of ASCII in lower case.
func lowerASCII(s string) string {
	for i := range len(s) {
		if s[i]-'A' < 26 {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				b[j] = ascii.Lower(b[j])
			}
			return string(b)
		}
	}
	return s
}
