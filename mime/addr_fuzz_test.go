package mime_test

import (
	"errors"
	library "mime"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// FuzzMediaType reads a media type, writes it and reads it again: the same comes
// back and nothing is wrong with it.
func FuzzMediaType(f *testing.F) {
	for _, s := range []string{
		"text/plain; charset=us-ascii (Plain text)",
		"multipart/mixed;\r\n\tboundary=\"----=_Part \\\"1\"; x='y'; boundary=z",
		"application/x-stuff; title*1*=%2A%2A%2Afun%2A%2A%2A%20;title*0*=us-ascii'en'This%20is%20even%20more%20; title*2=\"isn't it!\"",
		"message/external-body; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
		"a/b; name=“a; b”; filename=\"=?utf-8?B?w7Y=?=\"; x=\xff; y=a (b) c; z=\"",
		`a/b; name="C:\dir\new.txt"; x="\\srv\x"`,
	} {
		f.Add(s)
	}
	seedValues(f, func(value string) { f.Add(value) }, "Content-Type")
	f.Fuzz(func(t *testing.T, s string) {
		m, _, err := mime.ParseMediaType(s, nil)
		require.NoError(t, err)
		name, boundary, has := mime.ScanContentType([]byte(s))
		if name != "/" {
			assert.True(t, m.Is(name), "the scanner sees the same type: %q, %q", m.Name(), name)
		}
		p, ok := m.Lookup("boundary")
		assert.Equal(t, ok, has, "and the same boundary")
		assert.Equal(t, p.Value, boundary)

		again := roundTrip(t, m, func(s string) (mime.MediaType, []mime.Defect, error) { return mime.ParseMediaType(s, nil) })
		assert.Equal(t, m.Name(), again.Name())
		assert.Equal(t, pairs(m.Params), pairs(again.Params))
	})
}

// FuzzDisposition is the same for dispositions.
func FuzzDisposition(f *testing.F) {
	f.Add("attachment; filename=genome.jpeg;\r\n modification-date=\"Wed, 12 Feb 1997 16:29:51 -0500\";")
	f.Add("form-data; name=x; filename*0*=iso-8859-1''%F6; filename*1=\"%F6\"; filename*03=c")
	f.Add("filename=x")
	f.Fuzz(func(t *testing.T, s string) {
		d, _, err := mime.ParseDisposition(s, nil)
		require.NoError(t, err)
		again := roundTrip(t, d, func(s string) (mime.Disposition, []mime.Defect, error) { return mime.ParseDisposition(s, nil) })
		assert.Equal(t, d.Type, again.Type)
		assert.Equal(t, pairs(d.Params), pairs(again.Params))
	})
}

// FuzzEncodedWord reads text, writes it and reads it again.
func FuzzEncodedWord(f *testing.F) {
	for _, s := range []string{
		"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2*en?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
		"=?utf-8?Q?=C3?= =?utf-8?Q?=B6_a=zz?= b =?x-what?Q?b?= =?utf-8?Q?c",
		" gr\xf6\xdfe  =?utf-16?B?/v8A9g==?=(=?utf-8?Q?=0A?=)", "=?a?q?=?a?q?a?b=?a?q? ?",
	} {
		f.Add(s, false)
	}
	seedValues(f, func(value string) { f.Add(value, false) }, "Subject", "From", "To", "Cc")
	f.Fuzz(func(t *testing.T, s string, utf8 bool) {
		text, defects, err := mime.DecodeText(s, nil)
		require.NoError(t, err)
		_, _, err = mime.DecodeText(s, &mime.Options{Strict: true})
		assert.Equal(t, len(defects) > 0, err != nil)

		b, err := mime.AppendEncodedText(nil, text, &mime.WriteOptions{UTF8: utf8})
		if err != nil {
			require.ErrorIs(t, err, mime.ErrHeaderInjection, "%q", text)
			return
		}
		again, defects, err := mime.DecodeText(string(b), nil)
		require.NoError(t, err)
		assert.Equal(t, text, again)
		assert.Empty(t, defects, "%q", b)
		var h mime.Header
		require.NoError(t, h.Set("Subject", string(b)), "it can be folded")
	})
}

// FuzzAddress reads a list, writes it and reads it again: the same comes back.
// Where net/mail can read it too and there is nothing wrong with it, both see
// the same addresses.
func FuzzAddress(f *testing.F) {
	for _, tt := range addressTests {
		f.Add(tt.in, true)
	}
	seedValues(f, func(value string) { f.Add(value, true) }, addressFields...)
	f.Fuzz(func(t *testing.T, s string, utf8 bool) {
		l, defects, err := mime.ParseAddressList(s, nil)
		require.NoError(t, err)
		_, _, err = mime.ParseAddressList(s, &mime.Options{Strict: true})
		assert.Equal(t, len(defects) > 0, err != nil)
		if len(defects) == 0 {
			compareNetMail(t, s, l)
		}

		m, _, err := mime.ParseMailbox(s, nil)
		if assert.Equal(t, len(l) == 1 && !l[0].Group, err == nil) && err == nil {
			assert.Equal(t, l[0].Mailbox, m)
		}

		var kept mime.AddressList // those that can be written
		for _, a := range l {
			b, err := mime.AppendAddressList(nil, mime.AddressList{a}, &mime.WriteOptions{UTF8: utf8})
			if err != nil {
				var e *mime.ParseError
				require.ErrorAs(t, err, &e)
				assert.Contains(t, []string{"address", "address is not ASCII", "local part", "domain", "address too long"}, e.What, "%q", a)
				continue
			}
			var h mime.Header
			require.NoError(t, h.Set("To", string(b)), "it can be folded: %q", b)
			kept = append(kept, a)
		}
		b, err := mime.AppendAddressList(nil, kept, &mime.WriteOptions{UTF8: utf8})
		require.NoError(t, err)
		again, defects, err := mime.ParseAddressList(string(b), nil)
		require.NoError(t, err)
		assert.Equal(t, kept, again, "%q", b)
		for _, d := range defects {
			assert.Equal(t, mime.DefectNoDomain, d.Code, "%q", b)
		}
	})
}

// roundTrip writes a value that was read and reads it again, without a defect. A
// value that must not be written, as it has a line end in it, is its own.
func roundTrip[T interface{ AppendText([]byte) ([]byte, error) }](t *testing.T, v T, parse func(string) (T, []mime.Defect, error)) T {
	b, err := v.AppendText(nil)
	if err != nil {
		var e *mime.ParseError
		require.ErrorAs(t, err, &e)
		if !errors.Is(err, mime.ErrHeaderInjection) {
			assert.Contains(t, []string{"parameter name", "boundary", "parameter language", "disposition is no token"}, e.What)
		}
		return v
	}
	again, defects, err := parse(string(b))
	require.NoError(t, err)
	assert.Empty(t, defects, "%q", b)
	return again
}

// compareNetMail compares a list with what net/mail reads, where that reads it.
// It reads names otherwise in these cases, in which we are right:
//   - a comment behind brackets is no name to it, while one before them is
//     (RFC 5322 §3.4 gives it as a form of old programs);
//   - it puts a space between words that have none (RFC 5322 §3.2.5 has words
//     with nothing between them be a phrase, as in J."R");
//   - it leaves out an encoded word in a charset that it does not know, and
//     leaves one as it is that touches other text: both are defects here.
func compareNetMail(t *testing.T, s string, l mime.AddressList) {
	theirs, err := netmail.ParseAddressList(s)
	if err != nil {
		return
	}
	var got, want []string
	for m := range l.Mailboxes() {
		got = append(got, spaceless(m.Name)+" <"+m.Local+"@"+m.Domain+">")
	}
	for _, a := range theirs {
		want = append(want, spaceless(a.Name)+" <"+a.Address+">")
	}
	_, defects, err := mime.ParseAddressList(s, nil)
	require.NoError(t, err)
	_, wordErr := new(library.WordDecoder).DecodeHeader(s)
	if strings.Contains(s, "(") || wordErr != nil || strings.Contains(s, "=?") && len(defects) > 0 {
		for i := range min(len(got), len(want)) {
			got[i] = got[i][strings.LastIndexByte(got[i], '<'):]
			want[i] = want[i][strings.LastIndexByte(want[i], '<'):]
		}
	}
	assert.Equal(t, want, got, "%q", s)
}

func spaceless(s string) string { return strings.Join(strings.Fields(s), "") }
