package mime_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// parsed returns the tree of a message.
func parsed(t testing.TB, message string) *mime.Entity {
	e, err := mime.ParseBytes([]byte(message), nil)
	require.NoError(t, err)
	return e
}

func downgraded(t testing.TB, message string, opts *mime.WriteOptions) string {
	var b bytes.Buffer
	require.NoError(t, mime.Downgrade(&b, parsed(t, message), opts))
	return b.String()
}

func TestDowngrade(t *testing.T) {
	gr := "Viele Gr\u00fc\u00dfe aus der Stadt am Fluss"
	enc := "Viele Gr=C3=BC=C3=9Fe aus der Stadt am Fluss"
	tests := []struct {
		name, in, want string
		opts           *mime.WriteOptions
	}{
		{"nothing to do", "Subject: x\r\n\r\nHello\r\n", "Subject: x\r\n\r\nHello\r\n", nil},
		{"line ends", "Subject: x\n\nHello\nyou", "Subject: x\r\n\r\nHello\r\nyou\r\n", nil},
		{"6152-3 text", "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nTo: x\r\n\r\n" + gr + "\r\n",
			"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\nTo: x\r\n\r\n" + enc + "\r\n", nil},
		{"6152-3 allowed", "Content-Transfer-Encoding: 8bit\r\n\r\n" + gr + "\r\n", "Content-Transfer-Encoding: 8bit\r\n\r\n" + gr + "\r\n", &mime.WriteOptions{EightBit: true}},
		{"6152-3 allowed, not labelled", "Subject: x\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" + gr + "\r\n", "Subject: x\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + gr + "\r\n", &mime.WriteOptions{EightBit: true}},
		{"mail from before MIME", "Subject: x\n\n" + gr + "\n", "Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + enc + "\r\n", nil},
		{"2045-6.4 label that is too much", "Content-Transfer-Encoding: binary\r\n\r\nHello\r\n", "Content-Transfer-Encoding: 7bit\r\n\r\nHello\r\n", nil},
		{"2045-6.2 binary is octets", "MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\nHello, you there,\n\x00 and you", "MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHello, you there,=0A=00 and you=\r\n", nil},
		{"encoded, and broken", "MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nä=3D\r\n", "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nw6Q9DQo=\r\n", nil},
		{"uuencoded, and text around it", "MIME-Version: 1.0\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n" + gr + "\r\nbegin 644 x\r\n#0V%T\r\nend\r\n",
			"MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + enc + "\r\nbegin 644 x\r\n#0V%T\r\nend\r\n", nil},
		{"multipart, boundary that no encoding makes",
			"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_b\"\nContent-Transfer-Encoding: 8bit\n\npreämble\n--=_b\n\n" + gr + "\n--=_b \nContent-Type: text/html\n\n<p>\n--=_b--\nepi",
			"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\nContent-Transfer-Encoding: 7bit\r\n\r\npre??mble\r\n--=_b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + enc + "\r\n--=_b \r\nContent-Type: text/html\r\n\r\n<p>\r\n--=_b--\r\nepi\r\n", nil},
		{"multipart, boundary that an encoding could make",
			"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + gr + "\r\n--b--\r\n",
			"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\nVmllbGUgR3LDvMOfZSBhdXMgZGVyIFN0YWR0IGFtIEZsdXNz\r\n\r\n--b--\r\n", nil},
		{"message in a message",
			"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: y\r\n\r\n" + gr,
			"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nSubject: y\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + enc + "\r\n", nil},
		{"3156-5 fit for a signature", "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\nFrom x \r\n--=_b\t\r\n\r\nHello you there, \r\n--=_b--\r\n",
			"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n?rom x\r\n--=_b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHello you there,=20\r\n--=_b--\r\n", &mime.WriteOptions{Signable: true}},
		{"6532-3 UTF-8 allowed", "Subject: ä\r\n\r\nx\r\n", "Subject: ä\r\n\r\nx\r\n", &mime.WriteOptions{UTF8: true}},
		{"5322-2.1.1 a long line of the header", "Subject: " + strings.Repeat("x ", 600) + "\r\n\r\nx\r\n", "Subject: " + strings.Repeat("x ", 34) + "x" + strings.Repeat("\r\n"+strings.Repeat(" x", 39), 14) + "\r\n" + strings.Repeat(" x", 19) + "\r\n\r\nx\r\n", nil},
		{"5322-2.2 octets of no header", "Subject: a\x00b\rc\r\n\r\nx\r\n", "Subject: a?b?c\r\n\r\nx\r\n", nil},
		{"a preamble in one line", "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("x", 3000) + "\r\n--b\r\n\r\n--b--", "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("x", 998) + "\r\n--b\r\n\r\n--b--\r\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := downgraded(t, tt.in, tt.opts)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, got, downgraded(t, got, tt.opts), "a second time changes nothing")
		})
	}
}

func TestDowngradeErrors(t *testing.T) {
	err := mime.Downgrade(io.Discard, parsed(t, "Subject: ä\r\n\r\nx\r\n"), nil)
	assert.ErrorIs(t, err, mime.ErrEightBit, "RFC 6531 §3.6")
	err = mime.Downgrade(io.Discard, parsed(t, "Subject: "+strings.Repeat("x", 999)+"\r\n\r\nx\r\n"), nil)
	assert.ErrorIs(t, err, mime.ErrLongWord)
	err = mime.Downgrade(failingWriter{}, parsed(t, "Subject: x\r\n\r\nx\r\n"), nil)
	assert.ErrorIs(t, err, io.ErrShortWrite)
	bad := errors.New("bad disk")
	message := "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + strings.Repeat("Hello\r\n", 20_000) + "--b--\r\n"
	for _, from := range []int64{0, 50, 60, 100_000} {
		src := &failingAt{ReaderAt: strings.NewReader(message), from: int64(len(message))}
		e, err := mime.Parse(src, int64(len(message)), nil)
		require.NoError(t, err)
		src.from, src.err = from, bad
		assert.ErrorIs(t, mime.Downgrade(io.Discard, e, nil), bad)
	}
}

// failingAt fails where it is read from an offset on.
type failingAt struct {
	io.ReaderAt
	from int64
	err  error
}

func (f *failingAt) ReadAt(p []byte, at int64) (int, error) {
	if f.err != nil && at+int64(len(p)) > f.from {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(p, at)
}

// A line in 8bit that quoted-printable would break before a text that is the
// delimiter must not become one: the part would end there.
func TestDowngradeSmuggling(t *testing.T) {
	for _, boundary := range []string{"b", "=3D", "b=", strings.Repeat("b", 60) + "="} {
		line := strings.Repeat("x", 75) + "--" + boundary
		in := "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary + "\r\n\r\n" + "ä ---\r\n" + line + "\r\nSubject: smuggled\r\n\r\n--" + strings.TrimRight(boundary, "=") + strings.Repeat("x", 80) + "\r\n--" + boundary + "--\r\n"
		e := parsed(t, downgraded(t, in, nil))
		n := 0
		for part := range e.Children() {
			n++
			body, err := io.ReadAll(part.Body())
			require.NoError(t, err)
			assert.Contains(t, string(body), line)
		}
		assert.Equal(t, 1, n, boundary)
	}
}

func TestEmbed(t *testing.T) {
	tests := []struct {
		name, in string
		opts     mime.WriteOptions
		shape    string
		want     string // what the part decodes to, in part
	}{
		{"2046-5.2.1 as it is", "Subject: x\n\nHello\n", mime.WriteOptions{}, "message/rfc822", "Subject: x\r\n\r\nHello\r\n"},
		{"2046-5.2.1 the message of a part", "Content-Type: message/rfc822\n\nSubject: x\n\nHello\n", mime.WriteOptions{}, "message/rfc822", "Subject: x\r\n\r\nHello\r\n"},
		{"8bit", "Subject: x\nMIME-Version: 1.0\n\nViele Gr\u00fc\u00dfe aus der Stadt am Fluss\n", mime.WriteOptions{}, "message/rfc822", "Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nViele Gr=C3=BC"},
		{"6152 8bit allowed", "Subject: x\nMIME-Version: 1.0\n\nViele Gr\u00fc\u00dfe\n", mime.WriteOptions{EightBit: true}, "message/rfc822 8bit", "Subject: x\r\nMIME-Version: 1.0\r\n\r\nViele Gr\u00fc\u00dfe"},
		{"6152 8bit allowed, lone CR", "Subject: x\nMIME-Version: 1.0\n\nViele Gr\u00fc\u00dfe, sagte er,\raus der Stadt am Fluss\n", mime.WriteOptions{EightBit: true}, "message/rfc822 8bit", "Content-Transfer-Encoding: quoted-printable\r\n\r\nViele Gr=C3=BC=C3=9Fe, sagte er,=0Daus"},
		{"3156-5", "Subject: x\nMIME-Version: 1.0\n\nHello you there \n", mime.WriteOptions{Signable: true}, "message/rfc822", "Content-Transfer-Encoding: quoted-printable\r\n\r\nHello you there=20\r\n"},
		{"6532-3.7 UTF-8 in the header", "Subject: \u00e4\n\nHello\n", mime.WriteOptions{}, "message/global base64", "Subject: \u00e4\r\n\r\nHello\r\n"},
		{"6532-3.7 UTF-8 in the header, allowed", "Subject: \u00e4\n\nHello\n", mime.WriteOptions{UTF8: true, EightBit: true}, "message/global 8bit", "Subject: \u00e4\r\n\r\nHello\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMessage(t)
			m.Options = tt.opts
			m.Text("See below.\n")
			m.Embed(parsed(t, tt.in))
			got := peerRead(t, written(t, m))
			assert.Equal(t, tt.shape, got.parts[1].shape())
			assert.Contains(t, got.parts[1].body, tt.want)
		})
	}
}

// FuzzDowngrade downgrades anything. What comes out is lines of ASCII with the
// same structure, and each leaf decodes to the same text.
func FuzzDowngrade(f *testing.F) {
	for _, seed := range []string{
		"Subject: x\r\n\r\nä\r\n",
		"Content-Type: multipart/mixed; boundary=b\n\nä\n--b\n\nä\n--b\nContent-Type: message/rfc822\n\nx\n\n\xff\n--b--\nepi",
		"Content-Type: multipart/digest; boundary=\"=_b\"\n\n--=_b\n\n\n" + strings.Repeat("ä", 600) + "\x00\n--=_b",
		"Content-Transfer-Encoding: 8bit\n\n\rä\r",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		e, err := mime.ParseBytes(in, nil)
		require.NoError(t, err)
		var b bytes.Buffer
		if err := mime.Downgrade(&b, e, nil); err != nil {
			require.True(t, errors.Is(err, mime.ErrEightBit) || errors.Is(err, mime.ErrLongWord), "%v", err)
			return
		}
		out := b.Bytes()
		for _, c := range out {
			require.True(t, c < 0x80 && c != 0, "octet %x", c)
		}
		require.NotRegexp(t, "[^\r]\n|\r[^\n]", string(out))
		require.LessOrEqual(t, longestLine(out), 998)
		again, err := mime.ParseBytes(out, nil)
		require.NoError(t, err)
		if want, ok := outline(t, e); ok {
			got, ok := outline(t, again)
			require.True(t, !ok || slices.Equal(want, got), "%q is not %q", got, want)
		}
		var b2 bytes.Buffer
		require.NoError(t, mime.Downgrade(&b2, again, nil))
		require.Equal(t, string(out), b2.String())

		chunked, err := mime.Parse(iotestReaderAt{in}, int64(len(in)), nil)
		require.NoError(t, err)
		b2.Reset()
		require.NoError(t, mime.Downgrade(&b2, chunked, nil))
		require.Equal(t, string(out), b2.String())
	})
}

// outline returns the types of the entities and what the leaves decode to, a line
// end at their end apart. It is not ok if it may change: where a multipart or
// message is encoded, of which the beginning decides whether it is one, and with
// uuencode, which is in no RFC.
func outline(t testing.TB, e *mime.Entity) (lines []string, ok bool) {
	for depth, part := range e.Walk() {
		media, encoding := part.MediaType(), part.TransferEncoding()
		composite := media.Type == "multipart" || media.Type == "message"
		if composite && encoding >= mime.EncodingQuotedPrintable || encoding == mime.EncodingUU {
			return nil, false
		}
		line := strings.Repeat(" ", depth) + media.Type + "/" + media.Subtype
		if part.Kind() == mime.KindLeaf {
			body, err := io.ReadAll(part.Body())
			require.NoError(t, err)
			text := string(body)
			if encoding != mime.EncodingBinary {
				text = strings.ReplaceAll(text, "\r\n", "\n")
			}
			line += ": " + strings.TrimSuffix(text, "\n")
		}
		lines = append(lines, line)
	}
	return lines, true
}

// iotestReaderAt reads as bytes.Reader does, and says io.EOF with the last octet.
type iotestReaderAt struct{ b []byte }

func (r iotestReaderAt) ReadAt(p []byte, at int64) (int, error) {
	if at >= int64(len(r.b)) {
		return 0, io.EOF
	}
	n := copy(p, r.b[at:])
	if at+int64(n) == int64(len(r.b)) {
		return n, io.EOF
	}
	return n, nil
}

// Nor must it become the delimiter of a multipart further out, though the one around
// it has a boundary that no encoding makes.
func TestDowngradeSmugglingOut(t *testing.T) {
	line := strings.Repeat("x", 75) + "--b"
	in := "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=\"=_c\"\r\n\r\n--=_c\r\n\r\nä ---\r\n" + line + "\r\nSubject: smuggled\r\n\r\n" + strings.Repeat("word ", 20) + "\r\n--=_c--\r\n--b--\r\n"
	want, _ := outline(t, parsed(t, in))
	got, _ := outline(t, parsed(t, downgraded(t, in, nil)))
	assert.Equal(t, want, got)
}
