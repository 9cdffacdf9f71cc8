package dns

import (
	"applayer/internal/ascii"
)

// ParseName reads a name in its presentation form (RFC 1035 §5.1): labels with
// dots between them, "\." and the like for an octet taken as it is, "\DDD" for
// an octet by its decimal value; "." is the root. The dot at the end may be
// missing: every Name is absolute. Octets that do not print, and those outside
// ASCII, stand as \DDD; a name in another script is asked for by its A-labels
// (RFC 5890 §2.3.2.1). The error is a [*ParseError] with [ErrLabel] or
// [ErrNameTooLong].
func ParseName(s string) (Name, error) {
	var wire [MaxName]byte
	b, _, err := appendNameText(wire[:0], s)
	if err != nil {
		return Name{}, err
	}
	return Name{string(b)}, nil
}

// MustName is [ParseName] for names that are written in the program; it panics
// where s is none.
func MustName(s string) Name {
	n, err := ParseName(s)
	if err != nil {
		panic(err)
	}
	return n
}

// appendNameText appends the name's octets on the wire, the root's label
// included, and tells whether the text ended with a dot.
func appendNameText[T ~string | ~[]byte](dst []byte, s T) (_ []byte, absolute bool, err error) {
	if len(s) == 1 && s[0] == '.' {
		return append(dst, 0), true, nil
	}
	start := len(dst)
	label := start // where the length of the label stands
	dst = append(dst, 0)
	for i := 0; i < len(s); {
		at := i
		for i < len(s) && plainInName[s[i]] {
			i++
		}
		if i > at {
			room := max(0, min(MaxLabel+1-(len(dst)-label), MaxName-1-(len(dst)-start)))
			n := min(i-at, room)
			dst = append(dst, s[at:at+n]...)
			if dst[label] += byte(n); n < i-at {
				return dst, false, nameTextFull(at+n, len(dst)-label)
			}
			continue
		}
		c := s[i]
		i++
		switch c {
		case '.':
			if len(dst)-label == 1 {
				return dst, false, textError(at, "empty label", "RFC 1035 §3.1", ErrLabel)
			}
			if i == len(s) {
				absolute = true
				continue
			}
			label = len(dst)
			dst = append(dst, 0)
			continue
		case '\\':
			octet, n, ok := escape(s[i:])
			if !ok {
				return dst, false, textError(at, "escape in a name", "RFC 1035 §5.1", ErrLabel)
			}
			c, i = octet, i+n
		default:
			return dst, false, textError(at, "character that stands as \\DDD in a name", "RFC 4343 §2.1", ErrLabel)
		}
		if len(dst)-label > MaxLabel || len(dst)-start >= MaxName-1 {
			return dst, false, nameTextFull(at, len(dst)-label)
		}
		dst = append(dst, c)
		dst[label]++
	}
	if len(dst)-label == 1 {
		return dst, false, textError(len(s), "empty label", "RFC 1035 §3.1", ErrLabel)
	}
	return append(dst, 0), absolute, nil
}

// nameTextFull is the error for an octet that does not fit into its name any
// more, or not into its label, which has so many octets with its length.
func nameTextFull(at, label int) error {
	if label > MaxLabel {
		return textError(at, "label longer than 63 octets", "RFC 1035 §2.3.4", ErrLabel)
	}
	return textError(at, "name", "RFC 1035 §2.3.4", ErrNameTooLong)
}

// plainInName tells which octets of a name's text stand for themselves.
var plainInName = func() (plain [256]bool) {
	for c := '!'; c <= '~'; c++ {
		plain[c] = c != '.' && c != '\\'
	}
	return plain
}()

// escape reads what follows a backslash: three digits, or an octet that stands
// for itself (RFC 1035 §5.1). It tells how many octets it took.
func escape[T ~string | ~[]byte](s T) (octet byte, n int, ok bool) {
	switch {
	case len(s) == 0:
		return 0, 0, false
	case s[0] < '0' || s[0] > '9':
		return s[0], 1, true
	case len(s) < 3:
		return 0, 0, false
	}
	v, used, err := ascii.Decimal(s[:3], 255)
	return byte(v), used, err == nil && used == 3
}

func textError(at int, what, ref string, err error) *ParseError {
	return &ParseError{Offset: int64(at), What: what, Ref: ref, Err: err}
}

// String returns the name's presentation form with a dot at its end, so that
// [ParseName] reads the same octets; "" for the zero Name.
func (n Name) String() string {
	if n.IsRoot() {
		return "."
	}
	var b [MaxName]byte
	return string(n.appendText(b[:0]))
}

// AppendText appends what [Name.String] returns. The error is [ErrLabel] for
// the zero Name.
func (n Name) AppendText(dst []byte) ([]byte, error) {
	if !n.IsValid() {
		return dst, ErrLabel
	}
	return n.appendText(dst), nil
}

func (n Name) appendText(dst []byte) []byte {
	if n.IsRoot() {
		return append(dst, '.')
	}
	for i := 0; i < len(n.wire) && n.wire[i] != 0; {
		end := i + 1 + int(n.wire[i])
		for i++; i < end; i++ {
			dst = appendNameOctet(dst, n.wire[i])
		}
		dst = append(dst, '.')
	}
	return dst
}

// special are the characters that a master file gives another meaning
// (RFC 1035 §5.1).
var special = ascii.Chars(`.\"();@$`)

func appendNameOctet(dst []byte, c byte) []byte {
	switch {
	case c <= ' ' || c >= 0x7f:
		return appendDecimalEscape(dst, c)
	case special.Has(c):
		return append(dst, '\\', c)
	}
	return append(dst, c)
}

func appendDecimalEscape(dst []byte, c byte) []byte {
	return append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
}

// MarshalText returns what [Name.String] does, for encoding/json and the like.
func (n Name) MarshalText() ([]byte, error) { return n.AppendText(nil) }

// UnmarshalText reads what [ParseName] reads.
func (n *Name) UnmarshalText(b []byte) (err error) {
	*n, err = ParseName(string(b))
	return err
}
