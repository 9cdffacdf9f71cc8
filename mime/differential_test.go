package mime_test

import (
	"bytes"
	"encoding/base64"
	"io"
	library "mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// libraryLeaves are the leaves of a message as net/mail and mime/multipart read
// them: type, size and checksum each. An error is what it refuses.
func libraryLeaves(octets []byte) (lines []string, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(octets))
	if err != nil {
		return nil, err
	}
	return libraryBody(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
}

func libraryBody(contentType, encoding string, body io.Reader) ([]string, error) {
	if contentType == "" {
		contentType = "text/plain"
	}
	media, params, err := library.ParseMediaType(contentType)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(media, "multipart/") {
		return libraryParts(media, multipart.NewReader(body, params["boundary"]))
	}
	switch strings.ToLower(encoding) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if media == "message/rfc822" {
		return libraryLeaves(b)
	}
	return []string{leafLine("", media, "", b)}, nil
}

func libraryParts(media string, r *multipart.Reader) (lines []string, err error) {
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		contentType := p.Header.Get("Content-Type")
		if contentType == "" && media == "multipart/digest" {
			contentType = "message/rfc822"
		}
		more, err := libraryBody(contentType, p.Header.Get("Content-Transfer-Encoding"), p)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
}

// plainLeaves are ours without path and name.
func plainLeaves(t *testing.T, octets []byte) (lines []string) {
	t.Helper()
	e, err := mime.ParseBytes(octets, nil)
	require.NoError(t, err)
	for _, e := range e.Walk() {
		if e.Kind() != mime.KindLeaf {
			continue
		}
		b, err := io.ReadAll(e.Body())
		require.NoError(t, err)
		lines = append(lines, leafLine("", e.MediaType().Name(), "", b))
	}
	return lines
}

// libraryDiffers lists what net/mail, mime/multipart and mime/quotedprintable
// take and read otherwise, each with who is right and the section.
var libraryDiffers = map[string]string{
	"2045-5.2 no subtype":                              "the library makes a media type of \"text\"; RFC 2045 §5.2 recommends text/plain",
	"2046-5.1.1 boundary of 2,000 octets":              "the library takes any length; RFC 2046 §5.1.1 allows 70, and we take 1024",
	"2046-5.1.1 boundary with a space at its end":      "the library takes the space; RFC 2046 §5.1.1 forbids it, as it cannot be told from padding",
	"2045-6.1 encoding with a semicolon":               "the library knows the bare word alone; RFC 7103 §7 has us take what can be known",
	"2045-6.1 encoding with a comment and in capitals": "the library leaves comments to its user; RFC 5322 §3.2.2 allows them in structured fields",
	"perl-mimetools.eml":                               "the library knows no uuencode; RFC 2045 §6.3 leaves x-tokens to agreement",
	"2045-6 uuencode as an encoding":                   "as perl-mimetools.eml (RFC 2045 §6.3)",
	"2045-6 uuencode that does not end":                "as perl-mimetools.eml (RFC 2045 §6.3)",
	"CVE-2023-24536 parts beyond the limit":            "the library reads any number of parts; MaxParts is a choice of ours, and what is beyond is one part",
	"3629-6 byte order mark before the header":         "the library takes the mark into a field's name; it is no ftext (RFC 5322 §3.6.8), so the first line is text",
}

// What the library reads, we read alike, but for the list. It refuses much that
// we read.
func TestDifferentialMessages(t *testing.T) {
	messages := map[string][]byte{}
	for _, file := range slices.Concat(messageFiles(t, "testdata/golden"), messageFiles(t, "testdata/rfc")) {
		octets, err := os.ReadFile(file)
		require.NoError(t, err)
		messages[filepath.Base(file)] = octets
	}
	for _, d := range damagedMessages {
		messages[d.name] = []byte(d.in)
	}
	refused := 0
	for name, octets := range messages {
		theirs, err := libraryLeaves(octets)
		if err != nil {
			refused++
			continue
		}
		if why, ok := libraryDiffers[name]; ok {
			assert.NotEqual(t, theirs, plainLeaves(t, octets), "%s: they agree: %s", name, why)
			continue
		}
		assert.Equal(t, theirs, plainLeaves(t, octets), name)
	}
	assert.Less(t, refused, len(messages)*2/3, "most messages are compared")
	for name := range libraryDiffers {
		assert.Contains(t, messages, name)
	}
}

// What the library's decoder of quoted-printable takes without an error, ours
// decodes to the same octets, but for CR that ends no line: the library drops it
// at a line's end, and we drop no octet (RFC 2045 §6.7 has no rule for it).
func FuzzDifferentialQP(f *testing.F) {
	for _, d := range damagedBodies {
		f.Add([]byte(d.in))
	}
	f.Add([]byte("a=\r\nb=3D \r\nc"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if bytes.Count(in, []byte("\r")) != bytes.Count(in, []byte("\r\n")) {
			return
		}
		theirs, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(in)))
		if err != nil {
			return
		}
		ours, err := io.ReadAll(mime.NewQPReader(bytes.NewReader(in)))
		require.NoError(t, err)
		assert.Equal(t, string(theirs), string(ours), "%q", in)
	})
}

// What the library's base64 decoder takes, ours decodes to the same octets.
func FuzzDifferentialBase64(f *testing.F) {
	for _, d := range damagedBodies {
		f.Add([]byte(d.in))
	}
	f.Add([]byte("QUJD\r\nQQ==\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		theirs, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(in)))
		if err != nil {
			return
		}
		ours, err := io.ReadAll(mime.NewBase64Reader(bytes.NewReader(in)))
		require.NoError(t, err)
		assert.Equal(t, theirs, ours, "%q", in)
	})
}

// What net/mail takes as a list of addresses, we take as the same addresses.
func FuzzDifferentialAddress(f *testing.F) {
	for _, d := range damagedAddresses {
		f.Add(strings.TrimSpace(strings.TrimPrefix(d.in, "To: ")))
	}
	f.Add(`"Joe Q. Public" <joe@x.example>, A Group:Ed <c@a.test>,joe@where.test;`)
	f.Fuzz(func(t *testing.T, in string) {
		if strings.ContainsAny(in, "\r\n\x00") {
			return // a value of a field has no line end but for folding
		}
		theirs, err := mail.ParseAddressList(in)
		if err != nil {
			return
		}
		ours, _, err := mime.ParseAddressList(in, nil)
		require.NoError(t, err, "%q", in)
		var want, got []string
		for _, a := range theirs {
			want = append(want, a.Address)
		}
		for m := range ours.Mailboxes() {
			got = append(got, m.Local+"@"+m.Domain)
		}
		assert.Equal(t, want, got, "%q", in)
	})
}

// What the library takes as a media type, we take alike. Left out are types
// without subtype (RFC 2045 §5.2), RFC 2231, of which it knows two charsets, and
// octets beyond ASCII and encoded words, which it leaves as they are.
func FuzzDifferentialMediaType(f *testing.F) {
	for _, d := range slices.Concat(damagedTypes, damagedParams) {
		_, value, _ := strings.Cut(d.in, ": ")
		f.Add(strings.TrimSpace(value))
	}
	f.Add(`multipart/mixed; boundary="----next part"; charset=utf-8`)
	f.Fuzz(func(t *testing.T, in string) {
		media, params, err := library.ParseMediaType(in)
		if err != nil || !strings.Contains(media, "/") || strings.ContainsAny(in, "*\r\n\x00") || strings.Contains(in, "=?") || !isASCII(in) {
			return
		}
		ours, _, err := mime.ParseMediaType(in, nil)
		require.NoError(t, err)
		assert.Equal(t, media, ours.Name(), "%q", in)
		for name, value := range params {
			assert.Equal(t, value, ours.Get(name), "%s in %q", name, in)
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// numericZone is the end of a date whose zone is a number.
var numericZone = regexp.MustCompile(`[+-]\d{4}$`)

// What net/mail takes as a date, we take as the same point in time, but for
// zones with names: the library takes their times for UTC's, EST too
// (RFC 5322 §4.3 gives their offsets).
func FuzzDifferentialDate(f *testing.F) {
	for _, d := range damagedHeaders {
		if value, ok := strings.CutPrefix(d.in, "Date: "); ok {
			f.Add(strings.TrimSpace(value))
		}
	}
	f.Add("Fri, 21 Nov 1997 09:55:06 -0600")
	f.Fuzz(func(t *testing.T, in string) {
		theirs, err := mail.ParseDate(in)
		if !numericZone.MatchString(in) {
			return
		}
		if err != nil {
			return
		}
		ours, _, err := mime.ParseDate(in, nil)
		require.NoError(t, err, "%q", in)
		assert.Equal(t, theirs.UTC(), ours.UTC(), "%q", in)
	})
}
