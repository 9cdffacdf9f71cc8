package mime_test

import (
	"crypto/md5"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// readField reads the one field of a header leniently and strictly and returns
// what the first has found.
func readField[X any](t *testing.T, field string, get func(h *mime.Header) (X, error)) (x X, strict error) {
	t.Helper()
	h := parse(t, field+"\r\n\r\n")
	x, err := get(&h)
	require.NoError(t, err)
	h, _, _, err = mime.ParseHeader([]byte(field+"\r\n\r\n"), &mime.Options{Strict: true})
	require.NoError(t, err)
	_, strict = get(&h)
	return x, strict
}

func TestMIMEVersion(t *testing.T) {
	for in, want := range map[string]string{
		"1.0": "1.0", "1.0 (produced by MetaSend Vx.x)": "1.0", "(produced by MetaSend Vx.x) 1.0": "1.0", "1.(produced by MetaSend Vx.x)0": "1.0",
	} {
		v, err := readField(t, "MIME-Version: "+in, (*mime.Header).MIMEVersion)
		assert.Equal(t, want, v, in)
		assert.NoError(t, err, in)
	}
	for in, want := range map[string]string{"2.0": "2.0", "1": "", "": "", "1.0 x": "1.0", "1.": "", "x": ""} {
		v, err := readField(t, "MIME-Version: "+in, (*mime.Header).MIMEVersion)
		assert.Equal(t, want, v, in)
		assert.Error(t, err, in)
	}
}

func TestLanguages(t *testing.T) {
	tests := []struct {
		in   string
		want []string
		ok   bool
	}{
		{"en-scouse", []string{"en-scouse"}, true},
		{"en, fr (This is a dictionary)", []string{"en", "fr"}, true},
		{"(a)da(b),\r\n\tde", []string{"da", "de"}, true},
		{"en fr, de", []string{"en", "de"}, false},
		{"en,, de", []string{"en", "de"}, false},
		{"en;q=1, ä, de", []string{"en", "de"}, false},
		{"", nil, false},
	}
	for _, tt := range tests {
		tags, err := readField(t, "Content-Language: "+tt.in, (*mime.Header).Languages)
		assert.Equal(t, tt.want, tags, tt.in)
		assert.Equal(t, tt.ok, err == nil, tt.in)
	}
	var h mime.Header
	require.NoError(t, h.SetLanguages("en", "fr-CA"))
	assert.Equal(t, "en, fr-CA", h.Get("Content-Language"))
	assert.Error(t, h.SetLanguages("en fr"))
	assert.ErrorIs(t, h.SetLanguages("en\n"), mime.ErrHeaderInjection)
	require.NoError(t, h.SetLanguages())
	assert.Zero(t, h.Len())
}

func TestMD5(t *testing.T) {
	// The example of RFC 1864 §2.
	sum, err := readField(t, "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==", (*mime.Header).MD5)
	assert.NoError(t, err)
	assert.Equal(t, "Check Integrity!", string(sum[:]))
	for _, in := range []string{"", "Q2hlY2s=", "Q2hlY2sgSW50ZWdyaXR5IQ", "*"} {
		sum, err := readField(t, "Content-MD5: "+in, (*mime.Header).MD5)
		assert.Zero(t, sum, in)
		assert.Error(t, err, in)
	}
	_, err = readField(t, "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ== x", (*mime.Header).MD5)
	assert.Error(t, err)
	var h mime.Header
	want := md5.Sum([]byte("body"))
	require.NoError(t, h.SetMD5(want))
	sum, err = h.MD5()
	require.NoError(t, err)
	assert.Equal(t, want, sum)
}

func TestLocation(t *testing.T) {
	tests := []struct {
		in, want string
		ok       bool
	}{
		{"http://www.example/a(b)?c=d", "http://www.example/a(b)?c=d", true},
		{"(comment) fiction1/fiction2", "fiction1/fiction2", true},
		{"http://www.example/\r\n  long/\r\n  longer", "http://www.example/long/longer", true},
		{"=?us-ascii?Q?http=3A//www.example/?=\r\n =?us-ascii?Q?long?=", "http://www.example/long", true},
		{`"http://www.example/"`, "http://www.example/", false},
		{"", "", false},
		{"a<b", "a<b", false},
	}
	for _, tt := range tests {
		uri, err := readField(t, "Content-Location: "+tt.in, (*mime.Header).Location)
		assert.Equal(t, tt.want, uri, tt.in)
		assert.Equal(t, tt.ok, err == nil, tt.in)
	}
	uri, err := readField(t, "Content-Base: http://a.example/", (*mime.Header).Base)
	assert.Equal(t, "http://a.example/", uri)
	assert.NoError(t, err)
	var h mime.Header
	require.NoError(t, h.SetLocation("a/b"))
	assert.Equal(t, "a/b", h.Get("Content-Location"))
	assert.Error(t, h.SetLocation("a b"))
	assert.Error(t, h.SetLocation(""))
	assert.ErrorIs(t, h.SetLocation("a\r\nb"), mime.ErrHeaderInjection)
}

func TestContentID(t *testing.T) {
	id, err := readField(t, "Content-ID: <part1@a.example>", (*mime.Header).ContentID)
	assert.Equal(t, "part1@a.example", id)
	assert.NoError(t, err)
	id, err = readField(t, "Content-ID: part1", (*mime.Header).ContentID)
	assert.Equal(t, "part1", id)
	assert.Error(t, err)
	var h mime.Header
	require.NoError(t, h.SetContentID("part1@a.example"))
	assert.Equal(t, "<part1@a.example>", h.Get("Content-ID"))
	assert.Error(t, h.SetContentID("a b"))
}

func TestEncoding(t *testing.T) {
	tests := []struct {
		in, want string
		ok       bool
	}{
		{"BASE64", "base64", true},
		{"(a) Quoted-Printable (b)", "quoted-printable", true},
		{"x-own", "x-own", true},
		{"", "7bit", false},
		{"8bit;", "8bit", false},
		{"7 bit", "7", false},
	}
	for _, tt := range tests {
		name, err := readField(t, "Content-Transfer-Encoding: "+tt.in, (*mime.Header).Encoding)
		assert.Equal(t, tt.want, name, tt.in)
		assert.Equal(t, tt.ok, err == nil, tt.in)
	}
	var h mime.Header
	name, err := h.Encoding()
	require.NoError(t, err)
	assert.Equal(t, "7bit", name)
	require.NoError(t, h.SetEncoding("base64"))
	assert.Equal(t, "base64", h.Get("content-transfer-encoding"))
	assert.Error(t, h.SetEncoding("a b"))
	assert.ErrorIs(t, h.SetEncoding("a\r\nb"), mime.ErrHeaderInjection)
}

func TestMissingFields(t *testing.T) {
	var h mime.Header
	for name, get := range map[string]func() error{
		"MIME-Version":     func() error { _, err := h.MIMEVersion(); return err },
		"Content-Language": func() error { _, err := h.Languages(); return err },
		"Content-MD5":      func() error { _, err := h.MD5(); return err },
		"Content-Location": func() error { _, err := h.Location(); return err },
		"Content-Base":     func() error { _, err := h.Base(); return err },
		"Content-ID":       func() error { _, err := h.ContentID(); return err },
		"Auto-Submitted":   func() error { _, err := h.AutoSubmitted(); return err },
	} {
		assert.ErrorIs(t, get(), mime.ErrNoField, name)
	}
	m, err := h.ContentType()
	require.NoError(t, err)
	assert.Equal(t, "text/plain; charset=us-ascii", m.String())
	d, err := h.Disposition()
	require.NoError(t, err)
	assert.Zero(t, d)
	s, err := h.Text("Subject")
	require.NoError(t, err)
	assert.Zero(t, s)
	received, err := h.Received()
	require.NoError(t, err)
	assert.Empty(t, received)
}

func TestHeaderContent(t *testing.T) {
	h := parse(t, "Content-Type: Text/HTML;\r\n charset=\"utf-8\"\r\nContent-Disposition: attachment; filename=a.html\r\nSubject: \r\n =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\r\n")
	m, err := h.ContentType()
	require.NoError(t, err)
	assert.Equal(t, "text/html", m.Name())
	assert.Equal(t, "utf-8", m.Get("charset"))
	d, err := h.Disposition()
	require.NoError(t, err)
	assert.Equal(t, "a.html", d.Filename())
	s, err := h.Text("Subject")
	require.NoError(t, err)
	assert.Equal(t, "grüße", s)

	m.Subtype = "plain"
	require.NoError(t, h.SetContentType(m))
	d.Type = "inline"
	require.NoError(t, h.SetDisposition(d))
	assert.Equal(t, []string{"text/plain; charset=utf-8"}, h.Values("Content-Type"))
	assert.Equal(t, []string{"inline; filename=a.html"}, h.Values("Content-Disposition"))
	assert.Error(t, h.SetContentType(mime.MediaType{}))
	err = h.SetDisposition(mime.Disposition{})
	var e *mime.ParseError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "Content-Disposition", e.Field)
}

func TestAutoSubmitted(t *testing.T) {
	a, err := readField(t, "Auto-Submitted: (bye) Auto-Replied; owner-email=\"a@b\"", (*mime.Header).AutoSubmitted)
	assert.NoError(t, err)
	assert.Equal(t, "auto-replied", a.Keyword)
	assert.Equal(t, "a@b", a.Get("owner-email"))
	assert.True(t, a.Automatic())
	a, err = readField(t, "Auto-Submitted: no", (*mime.Header).AutoSubmitted)
	assert.NoError(t, err)
	assert.False(t, a.Automatic())
	a, err = readField(t, "Auto-Submitted: ;x=y", (*mime.Header).AutoSubmitted)
	assert.Error(t, err)
	assert.False(t, a.Automatic())
	assert.Equal(t, "y", a.Get("x"))
	var h mime.Header
	require.NoError(t, h.SetAutoSubmitted(mime.AutoSubmitted{Keyword: "auto-generated", Params: mime.Params{{Name: "x", Value: "y"}}}))
	assert.Equal(t, "auto-generated; x=y", h.Get("Auto-Submitted"))
	assert.Error(t, h.SetAutoSubmitted(mime.AutoSubmitted{}))
}

func FuzzAutoSubmitted(f *testing.F) {
	f.Add("auto-replied; owner-email=\"a@b\" (x)")
	f.Fuzz(func(t *testing.T, s string) {
		a, defects, err := mime.ParseAutoSubmitted(s, nil)
		require.NoError(t, err)
		_, _, err = mime.ParseAutoSubmitted(s, &mime.Options{Strict: true})
		require.Equal(t, len(defects) > 0, err != nil)
		b, err := a.AppendText(nil)
		if err != nil {
			return
		}
		again, _, err := mime.ParseAutoSubmitted(string(b), nil)
		require.NoError(t, err)
		require.Equal(t, a.Keyword, again.Keyword)
		require.Len(t, again.Params, len(a.Params))
	})
}
