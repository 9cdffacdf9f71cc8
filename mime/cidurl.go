package mime

import (
	"strings"

	"applayer/internal/ascii"
)

// PartURL names a message or a part of one by its identifiers, as the URLs of
// RFC 2392 do: "cid:part1@example.org" in HTML is a part of the same message,
// "mid:1234@example.org/part1@example.org" one of another. Identifiers are
// without brackets, as those of [Header.ContentID] and [Header.MessageID].
type PartURL struct {
	// MessageID is that of the message, "" for the one that the URL is in.
	MessageID string
	// ContentID is that of the part, "" for a whole message.
	ContentID string
}

// ParsePartURL reads a URL of the scheme cid or mid. The error is a
// [*ParseError] for any other.
func ParsePartURL(url string) (PartURL, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	var u PartURL
	switch {
	case ascii.EqualFold(scheme, "cid"):
		u.ContentID = identifierOf(rest)
	case ascii.EqualFold(scheme, "mid"):
		message, part, _ := strings.Cut(rest, "/")
		u.MessageID, u.ContentID = identifierOf(message), identifierOf(part)
	}
	if u == (PartURL{}) || rest == "" {
		return PartURL{}, &ParseError{What: "URL of a part", Ref: "RFC 2392 §2"}
	}
	return u, nil
}

// identifierOf returns what a part of a URL stands for. Percent signs without two
// digits stand for themselves.
func identifierOf(s string) string {
	b, bad := appendPercentDecoded(nil, s)
	if bad {
		return s
	}
	return string(b)
}

// String returns the URL. What a URL cannot hold is written with percent signs.
func (u PartURL) String() string {
	if u.MessageID == "" {
		return "cid:" + string(appendIdentifier(nil, u.ContentID))
	}
	b := appendIdentifier([]byte("mid:"), u.MessageID)
	if u.ContentID != "" {
		b = appendIdentifier(append(b, '/'), u.ContentID)
	}
	return string(b)
}

// isIdentifier is the class of octets of an identifier that stand as they are in
// a URL: unreserved ones, and those that RFC 2392 §2 shows.
var isIdentifier = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("-._~@!$&'*+=,;"))

func appendIdentifier(dst []byte, id string) []byte {
	for i := range len(id) {
		if c := id[i]; isIdentifier.Has(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}
