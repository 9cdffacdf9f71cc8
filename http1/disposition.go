package http1

import (
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// Disposition is what Content-Disposition tells: whether content is to be
// shown or stored, and under which name (RFC 6266 §4).
type Disposition struct {
	// Type is a token in lower case. What is not "inline" is to be taken as
	// "attachment" (RFC 6266 §4.2).
	Type string
	// Filename is a name without folders, "" if there is none. When parsed it
	// is that of "filename*" before that of "filename" (RFC 6266 §4.3). It may
	// still be one that a system gives a meaning of its own.
	Filename string
	// Params are the other parameters.
	Params []Parameter
}

// ParseDisposition takes the value of a Content-Disposition field. Of a file
// name with folders the last part alone is taken, and "." and ".." are none,
// as they serve to write where nobody meant to (RFC 6266 §4.3). The error is a
// [*ParseError].
func ParseDisposition(s string) (Disposition, error) {
	s = trimOWS(s)
	end := 0
	for end < len(s) && isToken[s[end]] {
		end++
	}
	if end == 0 {
		return Disposition{}, malformed(0, "disposition: no type", "RFC 6266 §4.1")
	}
	params, err := parseParameters(s, end)
	if err != nil {
		return Disposition{}, err
	}
	d := Disposition{Type: strings.ToLower(s[:end])}
	extended := false
	for i, p := range params {
		if _, seen := parameter(params[:i], p.Name); seen {
			return Disposition{}, malformed(0, "disposition: parameter twice", "RFC 6266 §4.1")
		}
		switch p.Name {
		case "filename":
			if !extended {
				d.Filename = lastSegment(p.Value)
			}
		case "filename*":
			// One that cannot be decoded is passed over (RFC 8187 §3.2.1).
			if name, ok := parseExtValue(p.Value); ok {
				d.Filename, extended = lastSegment(name), true
			}
		default:
			d.Params = append(d.Params, p)
		}
	}
	return d, nil
}

// lastSegment returns the part of a path behind its last separator, of any
// system, "" if it is no name.
func lastSegment(s string) string {
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	if s == "." || s == ".." {
		return ""
	}
	return s
}

// parseExtValue takes ext-value: charset "'" [ language ] "'" value-chars,
// which are in UTF-8 or, from old senders, in ISO-8859-1 (RFC 8187 §3.2.1).
func parseExtValue(s string) (value string, ok bool) {
	charset, rest, ok1 := strings.Cut(s, "'")
	_, rest, ok2 := strings.Cut(rest, "'")
	if !ok1 || !ok2 {
		return "", false
	}
	b, ok := decodePercent(rest)
	switch {
	case !ok:
		return "", false
	case ascii.EqualFold(charset, "UTF-8"):
		value, ok = string(b), utf8.Valid(b)
	case ascii.EqualFold(charset, "ISO-8859-1"):
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		value = string(runes)
	default:
		return "", false
	}
	return value, ok && strings.IndexFunc(value, isControl) < 0
}

// isControl tells the control characters of Unicode, of which none is in a
// file name.
func isControl(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 }

// attrChars are those that an extended value has as they are (RFC 8187 §3.2.1).
var attrChars = table(tokenChars.Without(ascii.Chars("*'%")))

// decodePercent takes value-chars.
func decodePercent(s string) (b []byte, ok bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return nil, false
			}
			c = hexValue(s[i+1])<<4 | hexValue(s[i+2])
			i += 2
		case !attrChars[c]:
			return nil, false
		}
		b = append(b, c)
	}
	return b, true
}

// hexValue returns the value of a hexadecimal digit.
func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// AppendText appends the disposition as it is sent. A file name that is not of
// plain ASCII is sent twice: in UTF-8 as "filename*", and before it as
// "filename" with underscores for whoever does not know that
// (RFC 6266 §4.3). It is an [encoding.TextAppender]. What [ParseDisposition]
// would not give back is not written; dst is then returned as it was.
func (d *Disposition) AppendText(dst []byte) ([]byte, error) {
	if !IsToken(d.Type) {
		return dst, refused(0, "disposition: type is no token", "RFC 6266 §4.1")
	}
	b := append(dst, d.Type...)
	if d.Filename != "" {
		if !utf8.ValidString(d.Filename) || strings.IndexFunc(d.Filename, isControl) >= 0 || lastSegment(d.Filename) != d.Filename {
			return dst, refused(len(d.Type), "disposition: file name with a control character or a folder, or not in UTF-8", "RFC 6266 §4.3")
		}
		b = appendFilename(b, d.Filename)
	}
	for i, p := range d.Params {
		_, seen := parameter(d.Params[:i], p.Name)
		if seen || ascii.EqualFold(p.Name, "filename") || ascii.EqualFold(p.Name, "filename*") {
			return dst, refused(len(b)-len(dst), "disposition: parameter twice", "RFC 6266 §4.1")
		}
	}
	b, err := appendParameters(b, d.Params)
	if err != nil {
		return dst, rebase(err, len(dst))
	}
	return b, nil
}

// appendFilename appends the parameters of a file name. A percent sign is
// taken for an encoded octet by some who see it in "filename", and what a
// backslash or quote means there they do not agree on (RFC 6266 §D).
func appendFilename(dst []byte, name string) []byte {
	dst = append(dst, `; filename="`...)
	plain := true
	for _, r := range name {
		if r >= utf8.RuneSelf || r == '%' || r == '"' {
			plain = false
			r = '_'
		}
		dst = append(dst, byte(r))
	}
	dst = append(dst, '"')
	if plain {
		return dst
	}
	const digits = "0123456789ABCDEF"
	dst = append(dst, "; filename*=UTF-8''"...)
	for i := range len(name) {
		if c := name[i]; attrChars[c] {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}
