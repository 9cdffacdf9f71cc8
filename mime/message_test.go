package mime_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	stdmime "mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// newMessage returns a message with the fields that each must have.
func newMessage(t testing.TB) *mime.Message {
	m := new(mime.Message)
	for _, f := range [][2]string{
		{"From", "Alice <alice@example.org>"},
		{"To", "bob@example.net"},
		{"Subject", "That document"},
		{"Date", "Wed, 13 Nov 2002 19:55:47 -0000"},
		{"Message-ID", "<1@example.org>"},
	} {
		require.NoError(t, m.Header.Add(f[0], f[1]))
	}
	return m
}

// written returns the message as it is written.
func written(t testing.TB, m *mime.Message) string {
	var b bytes.Buffer
	n, err := m.WriteTo(&b)
	require.NoError(t, err)
	require.EqualValues(t, b.Len(), n)
	return b.String()
}

// peerPart is an entity as the library reads it.
type peerPart struct {
	kind, encoding string
	header         map[string][]string
	body           string // decoded
	parts          []*peerPart
}

// peerRead reads a message by net/mail, mime/multipart and their kin.
func peerRead(t testing.TB, message string) *peerPart {
	m, err := mail.ReadMessage(strings.NewReader(message))
	require.NoError(t, err)
	return peerEntity(t, m.Header, m.Body)
}

func peerEntity(t testing.TB, header map[string][]string, body io.Reader) *peerPart {
	p := &peerPart{header: header, encoding: mail.Header(header).Get("Content-Transfer-Encoding")}
	kind, params, err := stdmime.ParseMediaType(mail.Header(header).Get("Content-Type"))
	require.NoError(t, err)
	p.kind = kind
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, params["boundary"])
		for {
			part, err := r.NextRawPart()
			if err == io.EOF {
				return p
			}
			require.NoError(t, err)
			p.parts = append(p.parts, peerEntity(t, part.Header, part))
		}
	}
	switch p.encoding {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(body)
	require.NoError(t, err)
	p.body = string(b)
	return p
}

// shape returns the structure as types with encodings.
func (p *peerPart) shape() string {
	s := p.kind
	if p.encoding != "7bit" {
		s += " " + p.encoding
	}
	if p.parts == nil {
		return s
	}
	var inner []string
	for _, part := range p.parts {
		inner = append(inner, part.shape())
	}
	return s + "(" + strings.Join(inner, ", ") + ")"
}

func TestMessageNesting(t *testing.T) {
	type build = func(*mime.Message)
	text := func(m *mime.Message) { m.Text("Hello\n") }
	html := func(m *mime.Message) { m.HTML("<p>Hello\n") }
	picture := func(m *mime.Message) { m.Inline("logo@x", "image/png", strings.NewReader("\x89PNG\r\n\x1a\n")) }
	file := func(m *mime.Message) {
		m.Attach("a.pdf", "application/pdf", strings.NewReader("%PDF-1.7\n\xff\xff\xff"))
	}
	tests := []struct {
		name  string
		build []build
		want  string
	}{
		{"nothing", nil, "text/plain"},
		{"text", []build{text}, "text/plain"},
		{"HTML", []build{html}, "text/html"},
		{"2046-5.1.4 both", []build{html, text}, "multipart/alternative(text/plain, text/html)"},
		{"2387 picture", []build{html, picture}, "multipart/related(text/html, image/png base64)"},
		{"picture without HTML", []build{text, picture}, "multipart/mixed(text/plain, image/png base64)"},
		{"2046-5.1.3 attachment", []build{text, file}, "multipart/mixed(text/plain, application/pdf base64)"},
		{"attachment alone", []build{file}, "multipart/mixed(application/pdf base64)"},
		{"everything", []build{file, picture, text, html, file},
			"multipart/mixed(multipart/alternative(text/plain, multipart/related(text/html, image/png base64)), application/pdf base64, application/pdf base64)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMessage(t)
			for _, b := range tt.build {
				b(m)
			}
			message := written(t, m)
			got := peerRead(t, message)
			assert.Equal(t, tt.want, got.shape())
			assert.Equal(t, []string{"1.0"}, got.header["Mime-Version"])
			assert.True(t, strings.HasSuffix(message, "\r\n"))
			assert.NotRegexp(t, "[^\r]\n|\r[^\n]", message, "CRLF alone ends lines")
		})
	}
}

func TestMessageFields(t *testing.T) {
	m := newMessage(t)
	m.HTML(`<img src="cid:logo@x">`)
	m.Inline("logo@x", "image/png", strings.NewReader("\x89PNG"))
	a := m.Attach("Größe \"x\".txt", "text/plain; charset=utf-8", strings.NewReader("x\r\n"))
	require.NoError(t, a.Header.Add("Content-Description", "sizes"))
	require.NoError(t, m.Header.Add("Bcc", "carol@example.org"))
	require.NoError(t, m.Header.Add("Content-Type", "text/wrong"))
	message := written(t, m)
	assert.True(t, strings.HasPrefix(message, "From: Alice <alice@example.org>\r\nTo: bob@example.net\r\nSubject: That document\r\nDate: Wed, 13 Nov 2002 19:55:47 -0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;"), message)
	assert.NotContains(t, message, "carol")
	got := peerRead(t, message)
	related := got.parts[0]
	_, params, err := stdmime.ParseMediaType(related.header["Content-Type"][0])
	require.NoError(t, err)
	assert.Equal(t, "text/html", params["type"], "RFC 2387 §3.1")
	assert.Equal(t, []string{"<logo@x>"}, related.parts[1].header["Content-Id"])
	assert.Equal(t, []string{"inline"}, related.parts[1].header["Content-Disposition"])
	disposition, params, err := stdmime.ParseMediaType(got.parts[1].header["Content-Disposition"][0])
	require.NoError(t, err)
	assert.Equal(t, "attachment", disposition)
	assert.Equal(t, "Größe \"x\".txt", params["filename"])
	assert.Equal(t, []string{"sizes"}, got.parts[1].header["Content-Description"])
}

func TestMessageBoundary(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		m := newMessage(t)
		m.Text("x")
		m.HTML("y")
		got := peerRead(t, written(t, m))
		_, params, err := stdmime.ParseMediaType(got.header["Content-Type"][0])
		require.NoError(t, err)
		b := params["boundary"]
		assert.Contains(t, b, "=_", "RFC 2045 §6.7")
		assert.GreaterOrEqual(t, len(b), len("=_")+26, "130 bits in letters of five")
		assert.False(t, seen[b])
		seen[b] = true
	}
}

func TestMessageEncoding(t *testing.T) {
	long := strings.Repeat("A line of text that is ASCII.\r\n", 3000)
	tests := []struct {
		name, kind, in string
		opts           mime.WriteOptions
		want           string
	}{
		{"2045-2.7 lines of ASCII", "text/plain", "Hello\r\n", mime.WriteOptions{}, "7bit"},
		{"2045-2.7 no text, but lines", "application/json", "{}\r\n", mime.WriteOptions{}, "7bit"},
		{"2045-2.7 a line of 998", "text/plain", strings.Repeat("x", 998) + "\r\ny", mime.WriteOptions{}, "7bit"},
		{"2045-2.7 a line of 999", "text/plain", "y\r\n" + strings.Repeat("x", 999) + "\r\n", mime.WriteOptions{}, "quoted-printable"},
		{"2045-2.7 a last line of 999", "text/plain", strings.Repeat("x", 999), mime.WriteOptions{}, "quoted-printable"},
		{"2045-2.7 NUL", "text/plain", "Hello, here is\x00 one\r\n", mime.WriteOptions{}, "quoted-printable"},
		{"2045-2.7 lone CR", "text/plain", "Hello, here is\r one\r\n", mime.WriteOptions{}, "quoted-printable"},
		{"2045-2.7 CR at the end", "text/plain", "Hello, here is one\r", mime.WriteOptions{}, "quoted-printable"},
		{"LF has to arrive as LF", "text/plain", "Hello\nyou\n", mime.WriteOptions{}, "base64"},
		{"LF in what is no text", "application/json", "{\"hello\": \"world\"}\n", mime.WriteOptions{}, "quoted-printable"},
		{"some letters beyond ASCII", "text/plain", "Viele Gr\u00fc\u00dfe aus der Stadt am Fluss\r\n", mime.WriteOptions{}, "quoted-printable"},
		{"many letters beyond ASCII", "text/plain", "Съешь же ещё\r\n", mime.WriteOptions{}, "base64"},
		{"6152 8bit allowed", "text/plain", "Съешь же ещё\r\n", mime.WriteOptions{EightBit: true}, "8bit"},
		{"6152 8bit allowed and not needed", "text/plain", "Hello\r\n", mime.WriteOptions{EightBit: true}, "7bit"},
		{"6152 8bit allowed, long line", "text/plain", strings.Repeat("é", 500), mime.WriteOptions{EightBit: true}, "base64"},
		{"longer than what is looked at", "text/plain", long, mime.WriteOptions{}, "base64"},
		{"as long as what is looked at", "text/plain", long[:64<<10-1], mime.WriteOptions{}, "7bit"},
		{"3156-5 blank at the end of a line", "text/plain", "Hello \r\n", mime.WriteOptions{Signable: true}, "quoted-printable"},
		{"3156-5 blank at the end", "text/plain", "Hello there ", mime.WriteOptions{Signable: true}, "quoted-printable"},
		{"3156-5 From at the front", "text/plain", "x\r\nFrom me\r\n", mime.WriteOptions{Signable: true}, "quoted-printable"},
		{"3156-5 nothing special", "text/plain", "From: me\r\n From me\r\n", mime.WriteOptions{Signable: true}, "7bit"},
		{"3156-5 8bit all the same", "text/plain", "Viele Gr\u00fc\u00dfe aus der Stadt am Fluss\r\n", mime.WriteOptions{Signable: true, EightBit: true}, "quoted-printable"},
		{"nothing", "text/plain", "", mime.WriteOptions{}, "7bit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in)), iotest.DataErrReader(strings.NewReader(tt.in))} {
				m := newMessage(t)
				m.Options = tt.opts
				m.Attach("", tt.kind, src)
				got := peerRead(t, written(t, m)).parts[0]
				assert.Equal(t, tt.want, got.encoding)
				assert.Equal(t, tt.in, got.body, "each octet arrives")
			}
		})
	}
}

func TestMessageText(t *testing.T) {
	tests := []struct {
		name, in, charset, encoding, want string
	}{
		{"ASCII", "Hello\nyou\n", "us-ascii", "7bit", "Hello\r\nyou\r\n"},
		{"no line end", "Hello", "us-ascii", "7bit", "Hello\r\n"},
		{"beyond ASCII", "Gr\u00fc\u00dfe von allen an alle dort\n", "utf-8", "quoted-printable", "Gr\u00fc\u00dfe von allen an alle dort\r\n"},
		{"no UTF-8", "Gr\xfce von allen an alle, wie immer\n", "utf-8", "quoted-printable", "Gr\ufffde von allen an alle, wie immer\r\n"},
		{"long", strings.Repeat("0123456789\n", 10_000), "us-ascii", "quoted-printable", strings.Repeat("0123456789\r\n", 10_000)},
		{"long lines", strings.Repeat("x", 100_000), "us-ascii", "quoted-printable", strings.Repeat("x", 100_000) + "\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMessage(t)
			m.Text(tt.in)
			for range 2 { // text can be written again
				got := peerRead(t, written(t, m))
				assert.Equal(t, []string{"text/plain; charset=" + tt.charset}, got.header["Content-Type"])
				assert.Equal(t, tt.encoding, got.encoding)
				assert.Equal(t, tt.want, got.body)
			}
		})
	}
}

func TestMessageErrors(t *testing.T) {
	bad := errors.New("bad disk")
	tests := []struct {
		name  string
		build func(*mime.Message)
		want  error
	}{
		{"5322-3.6 no From", func(m *mime.Message) { m.Header.Del("From") }, nil},
		{"5322-2.2 not ASCII", func(m *mime.Message) { require.NoError(t, m.Header.Set("Subject", "Gr\u00fc\u00dfe")) }, mime.ErrEightBit},
		{"name of a file", func(m *mime.Message) { m.Attach("a\r\nBcc: x@y", "", strings.NewReader("")) }, mime.ErrHeaderInjection},
		{"media type", func(m *mime.Message) { m.Attach("", "text/plain\r\nBcc: x@y", strings.NewReader("")) }, nil},
		{"no media type", func(m *mime.Message) { m.Attach("", "text", strings.NewReader("")) }, nil},
		{"2045-6.4 composite", func(m *mime.Message) { m.Attach("", "message/rfc822", strings.NewReader("")) }, nil},
		{"2392-2 identifier", func(m *mime.Message) { m.Inline("a>\r\nBcc: x@y", "image/png", strings.NewReader("")) }, mime.ErrHeaderInjection},
		{"2392-2 no identifier", func(m *mime.Message) { m.Inline("", "image/png", strings.NewReader("")) }, nil},
		{"2046-5.2 message to be encoded", func(m *mime.Message) { m.Attach("", "message/delivery-status", strings.NewReader("ä\r\n")) }, mime.ErrNotLines},
		{"8bit that is not allowed", func(m *mime.Message) { m.Attach("", "", strings.NewReader("ä")).Encoding = mime.Encoding8Bit }, mime.ErrEightBit},
		{"7bit that is none", func(m *mime.Message) { m.Attach("", "", strings.NewReader("ä")).Encoding = mime.Encoding7Bit }, mime.ErrNotLines},
		{"front of the content", func(m *mime.Message) { m.Attach("", "", iotest.ErrReader(bad)) }, bad},
		{"rest of the content", func(m *mime.Message) {
			m.Attach("", "", io.MultiReader(strings.NewReader(strings.Repeat("x", 100_000)), iotest.ErrReader(bad)))
		}, bad},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMessage(t)
			tt.build(m)
			_, err := m.WriteTo(io.Discard)
			require.Error(t, err)
			if tt.want != nil {
				assert.ErrorIs(t, err, tt.want)
			} else {
				assert.IsType(t, new(mime.ParseError), err)
			}
		})
	}

	m := newMessage(t)
	m.Attach("", "", strings.NewReader("x"))
	written(t, m)
	_, err := m.WriteTo(io.Discard)
	assert.ErrorIs(t, err, mime.ErrClosed, "attachments are read once")

	_, err = newMessage(t).WriteTo(failingWriter{})
	assert.ErrorIs(t, err, io.ErrShortWrite)
}

func TestMessageDefaults(t *testing.T) {
	var m mime.Message
	require.NoError(t, m.Header.Add("From", "Alice <alice@[192.0.2.1]>"))
	got := peerRead(t, written(t, &m))
	date, err := mail.ParseDate(got.header["Date"][0])
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), date, time.Hour)
	assert.Regexp(t, `^<[A-Z2-7]{26}@localhost>$`, got.header["Message-Id"][0])
	require.NoError(t, m.Header.Set("From", "Alice <alice@example.org>"))
	assert.Regexp(t, `^<[A-Z2-7]{26}@example\.org>$`, peerRead(t, written(t, &m)).header["Message-Id"][0])
}

func TestMessageRecipients(t *testing.T) {
	m := newMessage(t)
	require.NoError(t, m.Header.Add("Cc", "Friends: c@x, BOB@example.net; d@x"))
	require.NoError(t, m.Header.Add("Bcc", "e@x, C@X, <>"))
	var got []string
	for _, r := range m.Recipients() {
		got = append(got, r.Addr())
	}
	assert.Equal(t, []string{"bob@example.net", "c@x", "d@x", "e@x"}, got)
}

// What is signed is the content and the fields that describe it
// (RFC 3156 §5, RFC 8551 §3.1.3).
func TestMessageWriteEntity(t *testing.T) {
	m := newMessage(t)
	m.Options = mime.WriteOptions{Signable: true, EightBit: true}
	m.Text("From the sea \n\u00e4 and so on and so on and so on and so on\n")
	var b bytes.Buffer
	_, err := m.WriteEntity(&b)
	require.NoError(t, err)
	assert.Equal(t, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=46rom the sea=20\r\n=C3=A4 and so on and so on and so on and so on\r\n", b.String())
}

// A file's own header may say another type than was given: the content arrives
// all the same.
func TestMessageAttachmentHeader(t *testing.T) {
	const content = "{\"lines\": \"that end\"}\nin LF alone\n"
	m := newMessage(t)
	a := m.Attach("x", "application/json", strings.NewReader(content))
	require.NoError(t, a.Header.Add("Content-Type", "text/x-json"))
	require.NoError(t, a.Header.Add("Content-Disposition", "inline"))
	require.NoError(t, a.Header.Add("Content-Transfer-Encoding", "7bit"))
	part := peerRead(t, written(t, m)).parts[0]
	assert.Equal(t, "text/x-json base64", part.shape())
	assert.Equal(t, []string{"inline"}, part.header["Content-Disposition"])
	assert.Equal(t, content, part.body)
}

// A multipart is as much as its parts are (RFC 2045 §6.4), binary too.
func TestMessageBinary(t *testing.T) {
	content := "\x00\n\xff\r\n--x\r"
	for _, opts := range []mime.WriteOptions{{Binary: true}, {Binary: true, EightBit: true}} {
		m := newMessage(t)
		m.Options = opts
		m.Text("x")
		m.Attach("a", "", strings.NewReader(content)).Encoding = mime.EncodingBinary
		e := parsed(t, written(t, m))
		assert.Equal(t, mime.EncodingBinary, e.TransferEncoding())
		var last *mime.Entity
		for part := range e.Children() {
			last = part
		}
		got, err := io.ReadAll(last.Body())
		require.NoError(t, err)
		assert.Equal(t, content, string(got))
	}
	m := newMessage(t)
	m.Attach("a", "", strings.NewReader(content)).Encoding = mime.EncodingBinary
	_, err := m.WriteTo(io.Discard)
	assert.ErrorIs(t, err, mime.ErrEightBit)
}

// A line end in a media type is no folding: a caller has no reason for it.
func TestMessageTypeInjection(t *testing.T) {
	for _, mediaType := range []string{"text/plain; x=\"a\r\nBcc: y\"", "text/plain;\r\n x=y", "text/plain\n", "text/plain; x=\"\x00\""} {
		m := newMessage(t)
		m.Attach("a", mediaType, strings.NewReader("x"))
		_, err := m.WriteTo(io.Discard)
		assert.ErrorIs(t, err, mime.ErrHeaderInjection, "%q", mediaType)
	}
}
