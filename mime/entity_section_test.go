package mime_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// complexMessage has the form of the example of RFC 9051 §6.4.5.1.
const complexMessage = "From: a@example.org\r\nSubject: outer\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=b0\r\n\r\npreamble\r\n" +
	"--b0\r\nContent-Type: text/plain\r\n\r\none\r\n" +
	"--b0\r\nContent-Type: application/octet-stream\r\n\r\ntwo\r\n" +
	"--b0\r\nContent-Type: message/rfc822\r\nContent-ID: <3@x>\r\n\r\n" +
	"Subject: three\r\nTo: b@example.org\r\nContent-Type: multipart/mixed; boundary=b3\r\n\r\n" +
	"--b3\r\n\r\nthree one\r\n" +
	"--b3\r\nContent-Type: application/octet-stream\r\n\r\nthree two\r\n--b3--\r\n" +
	"\r\n--b0\r\nContent-Type: multipart/mixed; boundary=b4\r\n\r\n" +
	"--b4\r\nContent-Type: image/gif\r\n\r\nfour one\r\n" +
	"--b4\r\nContent-Type: message/rfc822\r\n\r\nSubject: four two\r\n\r\ntext of four two\r\n" +
	"--b4--\r\n" +
	"--b0--\r\nepilogue\r\n"

func TestEntitySection(t *testing.T) {
	whole := complexMessage
	header, text, _ := strings.Cut(whole, "\r\n\r\n")
	header += "\r\n\r\n"
	three := whole[strings.Index(whole, "Subject: three"):strings.Index(whole, "\r\n\r\n--b0\r\nContent-Type: multipart/mixed; boundary=b4")] + "\r\n"
	threeHeader, threeText, _ := strings.Cut(three, "\r\n\r\n")
	tests := []struct{ section, want string }{
		{"", whole},
		{"HEADER", header},
		{"TEXT", text},
		{"1", "one"},
		{"1.MIME", "Content-Type: text/plain\r\n\r\n"},
		{"2", "two"},
		{"3", three},
		{"3.MIME", "Content-Type: message/rfc822\r\nContent-ID: <3@x>\r\n\r\n"},
		{"3.HEADER", threeHeader + "\r\n\r\n"},
		{"3.TEXT", threeText},
		{"3.1", "three one"},
		{"3.1.MIME", "\r\n"},
		{"3.2", "three two"},
		{"4.1", "four one"},
		{"4.1.MIME", "Content-Type: image/gif\r\n\r\n"},
		{"4.2", "Subject: four two\r\n\r\ntext of four two"},
		{"4.2.HEADER", "Subject: four two\r\n\r\n"},
		{"4.2.TEXT", "text of four two"},
		{"4.2.1", "text of four two"},
		{"4.2.1.MIME", "Subject: four two\r\n\r\n"},
		{"HEADER.FIELDS (subject FROM x)", "From: a@example.org\r\nSubject: outer\r\n\r\n"},
		{"HEADER.FIELDS.NOT (Content-Type subject)", "From: a@example.org\r\nMIME-Version: 1.0\r\n\r\n"},
		{"3.HEADER.FIELDS (To)", "To: b@example.org\r\n\r\n"},
		{"4.2.HEADER.FIELDS.NOT (subject)", "\r\n"},
	}
	for _, wire := range []bool{false, true} {
		message := whole
		if wire {
			message = strings.ReplaceAll(whole, "\r\n", "\n")
		}
		e, err := mime.Parse(strings.NewReader(message), int64(len(message)), &mime.Options{Wire: wire})
		require.NoError(t, err)
		require.Empty(t, e.Defects())
		for _, tt := range tests {
			t.Run(tt.section, func(t *testing.T) {
				s, err := mime.ParseSection(tt.section)
				require.NoError(t, err)
				o, err := e.Section(s)
				require.NoError(t, err)
				got, err := io.ReadAll(o.Reader())
				require.NoError(t, err)
				assert.Equal(t, tt.want, string(got))
				assert.Equal(t, int64(len(tt.want)), o.Size())
			})
		}
		for _, none := range []string{"5", "1.1", "1.2", "2.HEADER", "1.TEXT", "4.HEADER", "3.3", "4.2.2", "4.2.1.1", "4.HEADER.FIELDS (a)"} {
			s, err := mime.ParseSection(none)
			require.NoError(t, err)
			_, err = e.Section(s)
			assert.ErrorIs(t, err, mime.ErrNoSection, none)
		}
		_, err = e.Section(mime.Section{Part: []int{0}})
		assert.ErrorIs(t, err, mime.ErrNoSection)
		_, err = e.Section(mime.Section{Of: mime.OfMIME})
		assert.ErrorIs(t, err, mime.ErrNoSection, "RFC 9051 §6.4.5.1: MIME needs a part")
		_, err = e.Section(mime.Section{Of: 9})
		assert.ErrorIs(t, err, mime.ErrNoSection)
	}
}

// A message without parts has one, and its MIME header is the message's.
func TestEntitySectionOfPlainMessages(t *testing.T) {
	tests := []struct{ name, message, section, want string }{
		{"9051-6.4.5.1 every message has a part 1", "A: 1\r\n\r\nbody\r\n", "1", "body\r\n"},
		{"9051-6.4.5.1 and its header", "A: 1\r\n\r\nbody\r\n", "1.MIME", "A: 1\r\n\r\n"},
		{"9051-6.4.5.1 a message that is a message", "Content-Type: message/rfc822\r\n\r\nB: 2\r\n\r\ninner", "1", "B: 2\r\n\r\ninner"},
		{"9051-6.4.5.1 and its part", "Content-Type: message/rfc822\r\n\r\nB: 2\r\n\r\ninner", "1.1", "inner"},
		{"9051-6.4.5.1 and its header", "Content-Type: message/rfc822\r\n\r\nB: 2\r\n\r\ninner", "1.HEADER", "B: 2\r\n\r\n"},
		{"9051-6.4.5 no blank line, none in the subset", "A: 1\r\nB: 2\r\n", "HEADER.FIELDS (B)", "B: 2\r\n"},
		{"no header", "just text\r\n", "HEADER", ""},
		{"no header, its text", "just text\r\n", "TEXT", "just text\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := mime.ParseBytes([]byte(tt.message), nil)
			require.NoError(t, err)
			s, err := mime.ParseSection(tt.section)
			require.NoError(t, err)
			o, err := e.Section(s)
			require.NoError(t, err)
			got, err := io.ReadAll(iotest.OneByteReader(o.Reader()))
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
		})
	}
}

// Any range of a section is that range of its octets, whatever was read before.
func TestOctetsRange(t *testing.T) {
	for _, message := range []string{complexMessage, strings.ReplaceAll(complexMessage, "\r\n", "\n"), "a: b\n\n\n\r\n\n\r\r\n\n"} {
		e, err := mime.ParseBytes([]byte(message), &mime.Options{Wire: true})
		require.NoError(t, err)
		o, err := e.Section(mime.Section{})
		require.NoError(t, err)
		whole, err := io.ReadAll(o.Reader())
		require.NoError(t, err)
		require.Equal(t, o.Size(), int64(len(whole)))
		require.Equal(t, bytes.Count(whole, []byte("\n")), bytes.Count(whole, []byte("\r\n")))
		for from := int64(0); from <= int64(len(whole))+2; from += 3 {
			for _, n := range []int64{0, 1, 7, 1 << 40} {
				got, err := io.ReadAll(iotest.OneByteReader(o.Range(from, n)))
				require.NoError(t, err)
				begin := min(from, int64(len(whole)))
				require.Equal(t, string(whole[begin:begin+min(n, int64(len(whole))-begin)]), string(got), "%d octets at %d", n, from)
			}
		}
		one, other := o.Range(0, 30), o.Range(5, 30)
		var a, b [10]byte
		for i := range 3 {
			_, err := io.ReadFull(one, a[:min(10, len(whole))])
			if err != nil {
				break
			}
			if _, err = io.ReadFull(other, b[:]); err != nil {
				break
			}
			assert.Equal(t, string(whole[10*i:10*i+10]), string(a[:]))
			assert.Equal(t, string(whole[5+10*i:5+10*i+10]), string(b[:]))
		}
	}
}

// readAtCounter counts what is read.
type readAtCounter struct {
	io.ReaderAt
	n int64
}

func (c *readAtCounter) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// Ranges one behind another read the source once.
func TestOctetsRangesAreLinear(t *testing.T) {
	message := "A: 1\n\n" + strings.Repeat("line\n", 40_000)
	source := &readAtCounter{ReaderAt: strings.NewReader(message)}
	e, err := mime.Parse(source, int64(len(message)), &mime.Options{Wire: true})
	require.NoError(t, err)
	o, err := e.Section(mime.Section{Of: mime.OfText})
	require.NoError(t, err)
	require.Equal(t, int64(6*40_000), o.Size())
	source.n = 0
	var all int64
	for at := int64(0); at < o.Size(); at += 1000 {
		n, err := io.Copy(io.Discard, o.Range(at, 1000))
		require.NoError(t, err)
		all += n
	}
	assert.Equal(t, o.Size(), all)
	assert.Less(t, source.n, int64(len(message))+8192)
}

// A source that was cut since the message was parsed is an error, not a shorter
// message.
func TestOctetsOfCutSource(t *testing.T) {
	message := "A: 1\n\n" + strings.Repeat("line\n", 100)
	source := &shrinking{Reader: strings.NewReader(message)}
	e, err := mime.Parse(source, int64(len(message)), &mime.Options{Wire: true})
	require.NoError(t, err)
	o, err := e.Section(mime.Section{})
	require.NoError(t, err)
	source.Reader = strings.NewReader(message[:50])
	_, err = io.ReadAll(o.Reader())
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = io.ReadAll(o.Range(300, 10))
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	source.Reader = strings.NewReader("A")
	_, err = e.Section(mime.Section{Of: mime.OfHeaderFields, Fields: []string{"A"}})
	assert.True(t, errors.Is(err, io.ErrUnexpectedEOF), "%v", err)
}

type shrinking struct{ *strings.Reader }
