package ftp

import "strings"

// Charset turns names into octets of a server's character set and back.
type Charset interface {
	// Encode returns the octets for a name. A name that the set cannot say is
	// an error.
	Encode(name string) (string, error)
	// Decode returns the name that octets are.
	Decode(octets string) string
}

// utf8Charset passes all as it is: RFC 2640 §2.2 wants UTF-8, and what is none
// must still be good for the command after the listing.
type utf8Charset struct{}

func (utf8Charset) Encode(name string) (string, error) { return name, nil }
func (utf8Charset) Decode(octets string) string        { return octets }

// Latin1 is the [Charset] ISO 8859-1, of servers older than UTF-8.
type Latin1 struct{}

// Encode returns an octet for each character up to U+00FF.
func (Latin1) Encode(name string) (string, error) {
	var b strings.Builder
	for i, r := range name {
		if r > 0xff {
			return "", &ParseError{Offset: int64(i), What: "pathname", Ref: "RFC 2640 §2.2", Err: ErrValue}
		}
		b.WriteByte(byte(r))
	}
	return b.String(), nil
}

// Decode returns a character for each octet.
func (Latin1) Decode(octets string) string {
	var b strings.Builder
	for i := range len(octets) {
		b.WriteRune(rune(octets[i]))
	}
	return b.String()
}
