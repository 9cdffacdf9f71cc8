package mime_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestParams(t *testing.T) {
	const sections, extended = mime.DefectParamSections, mime.DefectExtendedValue
	tests := []struct {
		name, in string
		want     []string
		defects  []mime.DefectCode
	}{
		{"2183-3", "; filename=genome.jpeg;\r\n  modification-date=\"Wed, 12 Feb 1997 16:29:51 -0500\"",
			[]string{"filename", "genome.jpeg", "modification-date", "Wed, 12 Feb 1997 16:29:51 -0500"}, nil},
		{"2231-3", "; access-type=URL;\r\n URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
			[]string{"access-type", "URL", "url", "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"}, nil},
		{"2231-4", "; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", []string{"title", "This is ***fun***"}, nil},
		{"2231-4.1", "; title*0*=us-ascii'en'This%20is%20even%20more%20;\r\n title*1*=%2A%2A%2Afun%2A%2A%2A%20;\r\n title*2=\"isn't it!\"",
			[]string{"title", "This is even more ***fun*** isn't it!"}, nil},
		{"2231-3 any order", `; x*2="c d"; y=1; x*0=a; x*1=b`, []string{"x", "abc d", "y", "1"}, nil},
		{"2231-3 ten and two", "; x*10=k; x*9=j; x*8=i; x*7=h; x*6=g; x*5=f; x*4=e; x*3=d; x*2=c; x*1=b; x*0=a", []string{"x", "abcdefghijk"}, nil},
		{"2231-4.1 a character cut between sections", "; x*0*=utf-8''%C3; x*1*=%B6", []string{"x", "ö"}, nil},
		{"2231-4 no charset", "; x*=''%C3%B6", []string{"x", "ö"}, nil},
		{"2231-4 no charset and no UTF-8", "; x*=''%F6", []string{"x", "ö"}, []mime.DefectCode{mime.DefectUnlabelled8Bit}},
		{"2231-4 iso-8859-15", "; x*=iso-8859-15''%A4", []string{"x", "€"}, nil},
		{"2231-4 utf-16 in sections", "; x*0*=utf-16be''%00%F6%00; x*1*=a", []string{"x", "öa"}, nil},
		{"2231-4 an apostrophe in the value", "; x*=utf-8''it's", []string{"x", "it's"}, nil},
		{"2231-4.1 later sections are encoded", "; x*0=a; x*1*=%C3%B6", []string{"x", "aö"}, nil},
		{"x* before x", "; x=plain; x*=utf-8''%C3%B6", []string{"x", "ö"}, nil},
		{"x* before sections", "; x*0=a; x*=utf-8''%C3%B6; x*1=b", []string{"x", "ö"}, nil},
		{"sections before x", "; x=plain; x*0=a; x*1=b", []string{"x", "ab"}, nil},
		{"x before sections without a first", "; x=plain; x*1=b", []string{"x", "plain"}, []mime.DefectCode{sections}},

		{"2231-3 a gap", "; x*0=a; x*2=c", []string{"x", "ac"}, []mime.DefectCode{sections}},
		{"2231-3 no first", "; x*1=a; x*2=c", []string{"x", "ac"}, []mime.DefectCode{sections}},
		{"2231-3 leading zeros", "; x*00=a; x*01=b", []string{"x", "ab"}, []mime.DefectCode{sections, sections}},
		{"2231-3 a section twice", "; x*0=a; x*1=b; x*1=c; x*2=d", []string{"x", "abd"}, []mime.DefectCode{mime.DefectDuplicateParameter}},
		{"2231-3 no number", "; x*a=b; x*0x=c; *=d; *0=e", []string{"x*a", "b", "x*0x", "c", "*", "d", "*0", "e"}, []mime.DefectCode{sections, sections, sections, sections}},
		{"2231-3 a number too large", "; x*1000000=b", []string{"x*1000000", "b"}, []mime.DefectCode{sections}},
		{"2231-4 twice", "; x*=utf-8''a; x*=utf-8''b", []string{"x", "a"}, []mime.DefectCode{mime.DefectDuplicateParameter}},
		{"2231-4.1 no marks", "; x*=a%20b", []string{"x", "a b"}, []mime.DefectCode{extended}},
		{"2231-4.1 one mark", "; x*=utf-8'a%20b", []string{"x", "utf-8'a b"}, []mime.DefectCode{extended}},
		{"2231-7 no digits", "; x*=utf-8''100%; y*=''%zz%4", []string{"x", "100%", "y", "%zz%4"}, []mime.DefectCode{extended, extended}},
		{"2231-7 quoted", `; x*="utf-8''%C3%B6"`, []string{"x", "ö"}, []mime.DefectCode{extended}},
		{"unknown charset", "; x*=x-what''%C3%B6", []string{"x", "ö"}, []mime.DefectCode{mime.DefectUnknownCharset}},

		{"2047-5 encoded word in a file name", `; filename="=?utf-8?Q?=C3=B6?=\x"; name==?utf-8?Q?=C3=A4?=`, []string{"filename", "öx", "name", "ä"},
			[]mime.DefectCode{mime.DefectUnquotedValue, mime.DefectEncodedParameter, mime.DefectEncodedWordPlace, mime.DefectEncodedParameter}},
		{"2047-5 encoded words in sections", `; filename*0="=?utf-8?Q?=C3"; filename*1="=B6?="`, []string{"filename", "ö"}, []mime.DefectCode{mime.DefectEncodedParameter}},
		{"2047-5 encoded word elsewhere", `; x="=?utf-8?Q?=C3=B6?="`, []string{"x", "=?utf-8?Q?=C3=B6?="}, []mime.DefectCode{mime.DefectEncodedParameter}},

		{"5322-4.1 line ends and NUL", "; x=\"a\rb\"; y*=utf-8''%0D%0A%C3%B6; boundary=\"a\rb\"", []string{"x", "a b", "y", "  ö", "boundary", "a\rb"},
			[]mime.DefectCode{mime.DefectControlCharacter, mime.DefectControlCharacter}},

		{"a path of Windows", `; filename="C:\dir\new.txt"`, []string{"filename", `C:\dir\new.txt`}, nil},
		{"a path on another machine", `; filename="\\srv\dir\new.txt"`, []string{"filename", `\\srv\dir\new.txt`}, nil},
		{"a path with quoted pairs", `; filename="C:\\dir\\new.txt"`, []string{"filename", `C:\dir\new.txt`}, nil},
		{"5322-3.2.1 quoted pairs are no path", `; filename="a\b\"c"`, []string{"filename", `ab"c`}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, defects, err := mime.ParseDisposition("attachment"+tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, "attachment", d.Type)
			assert.Equal(t, tt.want, pairs(d.Params))
			assert.Equal(t, tt.defects, codes(defects))

			_, _, err = mime.ParseDisposition("attachment"+tt.in, &mime.Options{Strict: true})
			assert.Equal(t, len(tt.defects) > 0, err != nil, "strict: %v", err)
		})
	}
}

func TestParamCharset(t *testing.T) {
	d, _, err := mime.ParseDisposition("a; x*0*=Us-Ascii'en-US'b", nil)
	require.NoError(t, err)
	p, ok := d.Lookup("X")
	assert.True(t, ok)
	assert.Equal(t, mime.Param{Name: "x", Value: "b", Charset: "Us-Ascii", Language: "en-US"}, p)
	_, ok = d.Lookup("y")
	assert.False(t, ok)
}

func TestParamsRaw(t *testing.T) {
	got := mime.ParseParamsRaw("; x=\"\xff\"; name=\"=?utf-8?Q?=C3=B6?=\"; y*0*=utf-8''%C3; y*1*=%B6")
	assert.Equal(t, []string{"x", "\xff", "name", "=?utf-8?Q?=C3=B6?=", "y", "ö"}, pairs(got))
}

func TestParamsAppendText(t *testing.T) {
	long := strings.Repeat("abcdefghi ", 12)
	tests := []struct {
		name, param, value, want string
	}{
		{"2183-2 token", "x", "a-b.c", "; x=a-b.c"},
		{"2183-2 quoted", "x", `a "b" \c;`, `; x="a \"b\" \\c;"`},
		{"empty", "x", "", `; x=""`},
		{"an apostrophe", "x", "o'neil", `; x="o'neil"`},
		{"marks of RFC 2231", "x", "100%*", `; x="100%*"`},
		{"2231-4 not ASCII", "filename", "größe 100%.txt", "; filename*=utf-8''gr%C3%B6%C3%9Fe%20100%25.txt"},
		{"2231-4 a control character", "x", "a\tb", "; x*=us-ascii''a%09b"},
		{"2047-5 looks encoded", "filename", "=?utf-8?Q?a?=", "; filename*=us-ascii''%3D%3Futf-8%3FQ%3Fa%3F%3D"},
		{"2231-3 long", "x", long, `; x*0="` + long[:68] + `"; x*1="` + long[68:] + `"`},
		{"2231-3 a long token", "x", strings.Repeat("\\", 79), `; x*0="` + strings.Repeat(`\\`, 34) + `"; x*1="` + strings.Repeat(`\\`, 34) + `"; x*2="` + strings.Repeat(`\\`, 11) + `"`},
		{"2231-4.1 long and not ASCII", "filename", strings.Repeat("ö", 20),
			"; filename*0*=utf-8''" + strings.Repeat("%C3%B6", 9) + "; filename*1*=" + strings.Repeat("%C3%B6", 10) + "; filename*2*=%C3%B6"},
		{"2046-5.1.1 a long boundary is one", "boundary", strings.Repeat("a", 90), "; boundary=" + strings.Repeat("a", 90)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := mime.Disposition{Type: "attachment"}
			d.Set(tt.param, tt.value)
			b, err := d.AppendText(nil)
			require.NoError(t, err)
			assert.Equal(t, "attachment"+tt.want, string(b))
			back, defects, err := mime.ParseDisposition(string(b), nil)
			require.NoError(t, err)
			assert.Empty(t, defects)
			assert.Equal(t, pairs(d.Params), pairs(back.Params))
			for part := range strings.SplitSeq(string(b), "; ") {
				assert.LessOrEqual(t, len(" "+part+";"), 103)
			}
		})
	}

	p := mime.Params{{Name: "title", Value: "fun", Language: "en-us"}}
	b, err := p.AppendText(nil)
	require.NoError(t, err)
	assert.Equal(t, "; title*=us-ascii'en-us'fun", string(b))
}

func TestParamsAppendTextRefuses(t *testing.T) {
	tests := []struct {
		p       mime.Param
		what    string
		wantErr error
	}{
		{mime.Param{Name: "x", Value: "a\r\nBcc: b"}, "parameter value", mime.ErrHeaderInjection},
		{mime.Param{Name: "x", Value: "a\x00"}, "parameter value", mime.ErrHeaderInjection},
		{mime.Param{Name: "x\n", Value: "a"}, "parameter name", mime.ErrHeaderInjection},
		{mime.Param{Name: "", Value: "a"}, "parameter name", nil},
		{mime.Param{Name: "x*0", Value: "a"}, "parameter name", nil},
		{mime.Param{Name: "x y", Value: "a"}, "parameter name", nil},
		{mime.Param{Name: "x", Value: "\xff"}, "parameter value is not UTF-8", nil},
		{mime.Param{Name: "x", Value: "a", Language: "e'n"}, "parameter language", nil},
		{mime.Param{Name: "boundary", Value: "ö"}, "boundary", nil},
		{mime.Param{Name: "boundary", Value: strings.Repeat("a", 901)}, "boundary", nil},
	}
	for _, tt := range tests {
		_, err := mime.Params{tt.p}.AppendText(nil)
		var e *mime.ParseError
		require.ErrorAs(t, err, &e, "%q", tt.p)
		assert.Equal(t, tt.what, e.What)
		assert.Equal(t, tt.wantErr, e.Err)
		m := mime.MediaType{Type: "text", Subtype: "plain", Params: mime.Params{tt.p}}
		assert.Equal(t, "text/plain", m.String())
		assert.Equal(t, "inline", mime.Disposition{Type: "inline", Params: m.Params}.String())
	}
}

// TestParamsManyStarts reads values in which each octet could begin a search to
// the end: they would take hours if it did.
func TestParamsManyStarts(t *testing.T) {
	opts := &mime.Options{Limits: mime.Limits{MaxParams: -1, MaxParamSections: -1, MaxCommentDepth: -1}}
	for _, s := range []string{";", "\"", ";a=\"", ";a='", ";a=“", "(", ";a=(", ";a=b c", "; name=a b", " ", "'", ";a*0=b", ";a*=%", ";x=\"\\", ";=", "=", ";name==?a?q?", "‘;"} {
		in := "a/b; name=" + strings.Repeat(s, 1<<17/len(s))
		m, defects, err := mime.ParseMediaType(in, opts)
		require.NoError(t, err)
		assert.NotEmpty(t, m.Params)
		assert.LessOrEqual(t, len(defects), 100)
	}
}

// The end of a wrongly quoted value is not searched for again by each value
// behind it: in time that is quadratic, these take hours.
func TestParamsOfWrongQuotesAreLinear(t *testing.T) {
	for _, mark := range []string{"'", "\x93", "“"} {
		value := strings.Repeat("; a=1 b*0="+mark+"x c="+mark+"y z", 1<<17)
		m, defects, err := mime.ParseMediaType("text/plain"+value, nil)
		require.NoError(t, err)
		assert.Equal(t, "text", m.Type)
		assert.NotEmpty(t, defects)
		value = strings.Repeat(" b*0="+mark+"x", 1<<18)
		m, _, err = mime.ParseMediaType("text/plain;"+value, nil)
		require.NoError(t, err)
		assert.Len(t, m.Params, 1)
	}
}
