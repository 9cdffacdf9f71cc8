package mime

import (
	"encoding/base64"
	"strings"

	"applayer/internal/ascii"
)

// Fields of MIME that describe a body, other than its type and disposition.

// Defects of these fields.
const (
	// DefectMIMEVersion is another version than 1.0, or none that can be read.
	DefectMIMEVersion DefectCode = "mime-version"
	// DefectLanguage is a language that is no tag of RFC 3282.
	DefectLanguage DefectCode = "language-tag"
	// DefectMD5 is a checksum that is not 16 octets in base64.
	DefectMD5 DefectCode = "content-md5"
	// DefectURI is a reference in quotation marks or with octets that it cannot
	// have.
	DefectURI DefectCode = "content-location"
)

// MIMEVersion returns the version of MIME that the message says it keeps to,
// "1.0" (RFC 2045 §4), with comments taken off, or [ErrNoField]. A message
// without it is read as MIME all the same, as most senders that leave it out
// mean it (RFC 7103 §8.1).
func (h *Header) MIMEVersion() (string, error) {
	return firstValue(h, "MIME-Version", parseMIMEVersion)
}

func parseMIMEVersion(s string, o *Options, r *report) string {
	l := lexer{s: s, o: o, r: r}
	l.skipCFWS()
	from := l.at
	major := l.span(&ascii.Digit)
	l.skipCFWS()
	dot := l.take('.')
	l.skipCFWS()
	minor := l.span(&ascii.Digit)
	l.skipCFWS()
	version := major + "." + minor
	if !dot || !l.atEnd() || version != "1.0" {
		r.add(DefectMIMEVersion, from, "RFC 2045 §4")
	}
	if !dot || major == "" || minor == "" {
		return ""
	}
	return version
}

// Languages returns the tags of the languages that the body is in (RFC 3282 §2),
// or [ErrNoField].
func (h *Header) Languages() ([]string, error) {
	return firstValue(h, "Content-Language", parseLanguages)
}

// isLanguage is the class of octets in a tag (RFC 3282 §2, RFC 5646 §2.1).
var isLanguage = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("-"))

func parseLanguages(s string, o *Options, r *report) (tags []string) {
	l := lexer{s: s, o: o, r: r, stops: ","}
	for !r.failed() {
		l.skipCFWS()
		from := l.at
		if tag := l.span(&isLanguage); tag != "" {
			tags = append(tags, tag)
		}
		l.skipCFWS()
		if from == l.at || !l.atEnd() && l.peek() != ',' {
			r.add(DefectLanguage, from, "RFC 3282 §2")
			l.at = l.stopAt(l.at, ',')
		}
		if !l.take(',') {
			break
		}
	}
	return tags
}

// SetLanguages sets the tags of the languages that the body is in; none remove
// the field.
func (h *Header) SetLanguages(tags ...string) error {
	if len(tags) == 0 {
		h.Del("Content-Language")
		return nil
	}
	for _, tag := range tags {
		if tag == "" || ascii.Span(&isLanguage, tag) != len(tag) {
			return &ParseError{Field: "Content-Language", What: "language tag", Ref: "RFC 3282 §2", Err: injection(tag)}
		}
	}
	return h.Set("Content-Language", strings.Join(tags, ", "))
}

// MD5 returns the checksum of the body before transfer encoding (RFC 1864 §2),
// or [ErrNoField]. It tells of damage on the way, not of malice. It is zero where
// the field has none.
func (h *Header) MD5() ([16]byte, error) { return firstValue(h, "Content-MD5", parseMD5) }

func parseMD5(s string, o *Options, r *report) (sum [16]byte) {
	l := lexer{s: s, o: o, r: r}
	l.skipCFWS()
	from := l.at
	digest := l.span(&isBase64)
	l.skipCFWS()
	b, err := base64.StdEncoding.DecodeString(digest)
	if err != nil || len(b) != len(sum) {
		r.add(DefectMD5, from, "RFC 1864 §2")
		return sum
	}
	if !l.atEnd() {
		r.add(DefectMD5, l.at, "RFC 1864 §2")
	}
	return [16]byte(b)
}

// isBase64 is the class of octets in base64 (RFC 2045 §6.8).
var isBase64 = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("+/="))

// SetMD5 sets the checksum of the body before transfer encoding.
func (h *Header) SetMD5(sum [16]byte) error {
	return h.Set("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
}

// Location returns the reference by which other parts name this one
// (RFC 2557 §4.2), or [ErrNoField]. It may be relative; nothing is ever fetched
// from it.
func (h *Header) Location() (string, error) { return firstValue(h, "Content-Location", parseURI) }

// Base returns the reference that others in the part are relative to, which
// RFC 2110 §4.2 had and RFC 2557 did away with, or [ErrNoField].
func (h *Header) Base() (string, error) { return firstValue(h, "Content-Base", parseURI) }

// isURI is the class of octets in a reference (RFC 3986 §2). Those beyond ASCII
// are found too.
var isURI = ascii.Range(0x21, 0xff).Without(ascii.Chars("\"<>\\^`{|}\x7f"))

// parseURI takes a reference. Long ones are folded or written as encoded words,
// and the blanks of both are no part of them (RFC 2557 §4.4).
func parseURI(s string, o *Options, r *report) string {
	l := lexer{s: s, o: o, r: r}
	l.skipCFWS() // a reference does not begin with a parenthesis
	from := l.at
	uri := strings.Trim(s[from:], " \t\r\n")
	if n := len(uri); n > 1 && uri[0] == '"' && uri[n-1] == '"' {
		r.add(DefectURI, from, "RFC 2557 §4.2")
		uri = uri[1 : n-1]
	}
	uri = withoutBlanks(decodeText(uri, from, o, r))
	if ascii.Span(&isURI, uri) != len(uri) || uri == "" {
		r.add(DefectURI, from, "RFC 2557 §4.2")
	}
	return uri
}

// SetLocation sets the reference by which other parts name this one. One that is
// longer than a line is refused.
func (h *Header) SetLocation(uri string) error {
	if uri == "" || ascii.Span(&isURI, uri) != len(uri) {
		return &ParseError{Field: "Content-Location", What: "reference", Ref: "RFC 2557 §4.2", Err: injection(uri)}
	}
	return h.Set("Content-Location", uri)
}

// ContentID returns the identifier of the part (RFC 2045 §7) without its
// brackets, or [ErrNoField].
func (h *Header) ContentID() (string, error) {
	return firstValue(h, "Content-ID", parseMessageID)
}

// SetContentID sets the identifier of the part, which has no brackets.
func (h *Header) SetContentID(id string) error { return h.SetMessageIDs("Content-ID", id) }
