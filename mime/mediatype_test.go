package mime_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// pairs returns parameters as names and values in turn.
func pairs(p mime.Params) (list []string) {
	for _, q := range p {
		list = append(list, q.Name, q.Value)
	}
	return list
}

func TestParseMediaType(t *testing.T) {
	tests := []struct {
		name, in, want string
		params         []string
		defects        []mime.DefectCode
	}{
		{"2045-5.1 no parameters", "text/plain", "text/plain", nil, nil},
		{"2045-5.1 a comment", "text/plain; charset=us-ascii (Plain text)", "text/plain", []string{"charset", "us-ascii"}, nil},
		{"2045-5.1 quotes are not part of the value", `text/plain; charset="us-ascii"`, "text/plain", []string{"charset", "us-ascii"}, nil},
		{"2045-5.1 case", "TEXT/Html; CHARSET=UTF-8", "text/html", []string{"charset", "UTF-8"}, nil},
		{"2045-5.1 comments and folding everywhere", "(a) text (b) /\r\n\tplain(c);(d) charset (e) = (f) x (g) ;\r\n y=(h)\"z\"(i)", "text/plain", []string{"charset", "x", "y", "z"}, nil},
		{"5322-3.2.4 quoted pairs and folding", "a/b; x=\"a\\\"b\r\n \\\\c\"", "a/b", []string{"x", `a"b \c`}, nil},
		{"5322-3.2.4 an empty quoted string", `a/b; x=""`, "a/b", []string{"x", ""}, nil},

		{"2045-5.2 empty", "", "text/plain", nil, []mime.DefectCode{mime.DefectBadMediaType}},
		{"2045-5.2 no subtype", "text; charset=utf-8", "text/plain", []string{"charset", "utf-8"}, []mime.DefectCode{mime.DefectBadMediaType}},
		{"2045-5.2 empty subtype", "image/; x=y", "text/plain", []string{"x", "y"}, []mime.DefectCode{mime.DefectBadMediaType}},
		{"2045-5.2 no type", "/html", "text/plain", nil, []mime.DefectCode{mime.DefectBadMediaType}},
		{"2045-5.2 no type, but a parameter", "charset=utf-8; x=y", "text/plain", []string{"charset", "utf-8", "x", "y"}, []mime.DefectCode{mime.DefectBadMediaType, mime.DefectMissingSemicolon}},
		{"text behind the type", "text/html, text/plain; charset=utf-8", "text/html", []string{"charset", "utf-8"}, []mime.DefectCode{mime.DefectTextBehindType}},
		{"a third name", "text/html/x", "text/html", nil, []mime.DefectCode{mime.DefectTextBehindType}},

		{"semicolon last", "text/html; charset=utf-8;", "text/html", []string{"charset", "utf-8"}, []mime.DefectCode{mime.DefectEmptyParameter}},
		{"two semicolons", "text/html;; charset=utf-8", "text/html", []string{"charset", "utf-8"}, []mime.DefectCode{mime.DefectEmptyParameter}},
		{"no semicolon", "text/html charset=utf-8 format=flowed", "text/html", []string{"charset", "utf-8", "format", "flowed"}, []mime.DefectCode{mime.DefectMissingSemicolon, mime.DefectMissingSemicolon}},
		{"no semicolon behind quotes", `text/html; charset="utf-8" x=y`, "text/html", []string{"charset", "utf-8", "x", "y"}, []mime.DefectCode{mime.DefectMissingSemicolon}},
		{"no equals sign", "text/html; utf-8; x=y", "text/html", []string{"x", "y"}, []mime.DefectCode{mime.DefectBadParameter}},
		{"no name", "text/html; =utf-8; x=y", "text/html", []string{"x", "y"}, []mime.DefectCode{mime.DefectBadParameter}},
		{"no value", "text/html; charset=; x=y", "text/html", []string{"charset", "", "x", "y"}, []mime.DefectCode{mime.DefectMissingValue}},
		{"no value at the end", "text/html; charset= ", "text/html", []string{"charset", ""}, []mime.DefectCode{mime.DefectMissingValue}},
		{"a value with an equals sign", "text/html; charset= x=y", "text/html", []string{"charset", "x=y"}, []mime.DefectCode{mime.DefectUnquotedValue}},
		{"the first of two counts", "text/html; charset=a; Charset=b", "text/html", []string{"charset", "a"}, []mime.DefectCode{mime.DefectDuplicateParameter}},

		{"boundary with tspecials", "multipart/mixed; boundary=----=_Part/1?2; x=y", "multipart/mixed", []string{"boundary", "----=_Part/1?2", "x", "y"}, []mime.DefectCode{mime.DefectUnquotedValue}},
		{"boundary with a space", "multipart/mixed; boundary=----next part; x=y", "multipart/mixed", []string{"boundary", "----next part", "x", "y"}, []mime.DefectCode{mime.DefectUnquotedValue}},
		{"boundary with a space and an equals sign", "multipart/mixed; boundary=next part=1", "multipart/mixed", []string{"boundary", "next part=1"}, []mime.DefectCode{mime.DefectUnquotedValue}},
		{"boundary without semicolon behind it", "multipart/mixed; boundary=a   b  charset=utf-8", "multipart/mixed", []string{"boundary", "a   b", "charset", "utf-8"}, []mime.DefectCode{mime.DefectUnquotedValue, mime.DefectMissingSemicolon}},
		{"boundary over a fold", "multipart/mixed; boundary=a\r\n b", "multipart/mixed", []string{"boundary", "a b"}, []mime.DefectCode{mime.DefectUnquotedValue}},
		{"boundary of octets that are no text", "multipart/mixed; boundary=\"\xff\"", "multipart/mixed", []string{"boundary", "\xff"}, nil},
		{"2231-3 boundary in sections", "multipart/mixed; boundary*0=\"a b\"; boundary*1=c", "multipart/mixed", []string{"boundary", "a bc"}, nil},
		{"2231-4 boundary with a charset", "multipart/mixed; boundary=a; boundary*=us-ascii''b", "multipart/mixed", []string{"boundary", "b"}, nil},
		{"boundary twice", "multipart/mixed; boundary=a; boundary=b", "multipart/mixed", []string{"boundary", "a"}, []mime.DefectCode{mime.DefectDuplicateParameter}},
		{"type with a slash", "multipart/related; type=text/html; x=y", "multipart/related", []string{"type", "text/html", "x", "y"}, []mime.DefectCode{mime.DefectUnquotedValue}},
		{"type with a slash and text", "multipart/related; type=text/html y z; x=y", "multipart/related", []string{"type", "text/html", "x", "y"}, []mime.DefectCode{mime.DefectUnquotedValue, mime.DefectTextBehindValue}},
		{"a comment that is none", "application/pdf; name=report (1).pdf", "application/pdf", []string{"name", "report (1).pdf"}, []mime.DefectCode{mime.DefectUnquotedValue}},
		{"quotes within quotes", `a/b; name="a "b" c"; x=y`, "a/b", []string{"name", "a ", "x", "y"}, []mime.DefectCode{mime.DefectTextBehindValue}},
		{"unclosed quotes", `a/b; name="a;b.txt; x=y`, "a/b", []string{"name", "a;b.txt", "x", "y"}, []mime.DefectCode{mime.DefectUnclosedQuote}},
		{"unclosed quotes at the end", `multipart/mixed; boundary="abc`, "multipart/mixed", []string{"boundary", "abc"}, []mime.DefectCode{mime.DefectUnclosedQuote}},
		{"unclosed comment", "text/plain (x; charset=utf-8", "text/plain", []string{"charset", "utf-8"}, []mime.DefectCode{mime.DefectUnclosedComment}},

		{"apostrophes", "a/b; name='a; b.txt'; x='y' (c)", "a/b", []string{"name", "a; b.txt", "x", "y"}, []mime.DefectCode{mime.DefectWrongQuotes, mime.DefectWrongQuotes}},
		{"an apostrophe alone", "a/b; name='tis; x=y", "a/b", []string{"name", "'tis", "x", "y"}, nil},
		{"an apostrophe and another parameter", "a/b; name='tis; x=y'", "a/b", []string{"name", "'tis", "x", "y'"}, nil},
		{"typographic quotes in UTF-8", "text/plain; charset=“utf-8”; name=„Joe’s file“", "text/plain", []string{"charset", "utf-8", "name", "Joe’s file"}, []mime.DefectCode{mime.DefectWrongQuotes, mime.DefectWrongQuotes}},
		{"guillemets", "text/plain; name=«a b»", "text/plain", []string{"name", "a b"}, []mime.DefectCode{mime.DefectWrongQuotes}},
		{"typographic quotes in windows-1252", "text/plain; charset=\x93utf-8\x94", "text/plain", []string{"charset", "utf-8"}, []mime.DefectCode{mime.DefectWrongQuotes}},
		{"typographic quotes unclosed", "text/plain; charset=“utf-8; x=y", "text/plain", []string{"charset", "“utf-8", "x", "y"}, []mime.DefectCode{mime.DefectUnquotedValue}},

		{"6532-3.2 UTF-8 in quotes", `a/b; name="größe"`, "a/b", []string{"name", "größe"}, nil},
		{"7103-7.7 other octets", "a/b; name=\"gr\xf6\xdfe\"", "a/b", []string{"name", "größe"}, []mime.DefectCode{mime.DefectUnlabelled8Bit}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, defects, err := mime.ParseMediaType(tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, m.Name())
			assert.Equal(t, tt.params, pairs(m.Params))
			assert.Equal(t, tt.defects, codes(defects))

			_, _, err = mime.ParseMediaType(tt.in, &mime.Options{Strict: true})
			assert.Equal(t, len(tt.defects) > 0, err != nil, "strict: %v", err)

			scanned, boundary, has := mime.ScanContentType([]byte(tt.in))
			assert.Equal(t, tt.want, strings.ToLower(cmp.Or(strings.Trim(scanned, "/"), "text/plain")))
			want, ok := m.Lookup("boundary")
			assert.Equal(t, want.Value, boundary)
			assert.Equal(t, ok, has)
		})
	}
}

func TestMediaTypeStrict(t *testing.T) {
	_, _, err := mime.ParseMediaType("text/html; charset=a; charset=b", &mime.Options{Strict: true})
	var e *mime.ParseError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, &mime.ParseError{Offset: 22, What: "duplicate parameter", Ref: "RFC 2045 §5.1"}, e)
}

func TestMediaTypeLimits(t *testing.T) {
	in := "a/b" + strings.Repeat("; x=y", 3) + "; z=y"
	m, defects, err := mime.ParseMediaType(in, &mime.Options{Limits: mime.Limits{MaxParams: 2}})
	require.NoError(t, err)
	assert.Equal(t, []string{"x", "y"}, pairs(m.Params))
	assert.Equal(t, &mime.LimitError{Name: "MaxParams", Max: 2}, defects[len(defects)-1].Err)

	// Sections have a limit of their own.
	b := strings.Builder{}
	for i := range 600 {
		fmt.Fprintf(&b, "; x*%d=a", i)
	}
	m, defects, err = mime.ParseMediaType("a/b"+b.String()+"; boundary=z", nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"x", strings.Repeat("a", 512), "boundary", "z"}, pairs(m.Params))
	assert.Equal(t, &mime.LimitError{Name: "MaxParamSections", Max: 512}, defects[0].Err)
	assert.Len(t, defects, 1)
	_, boundary, _ := mime.ScanContentType([]byte("a/b" + b.String() + "; boundary=z"))
	assert.Equal(t, "z", boundary)

	_, _, has := mime.ScanContentType([]byte("a/b" + strings.Repeat("; x=y", 256) + "; boundary=z"))
	assert.False(t, has, "the scanner has the same limit")

	in = "a/b; x*0=a; x*1=b; x*2=c; x*3=d; y=z"
	m, defects, err = mime.ParseMediaType(in, &mime.Options{Limits: mime.Limits{MaxParamSections: 2}})
	require.NoError(t, err)
	assert.Equal(t, []string{"x", "ab", "y", "z"}, pairs(m.Params))
	assert.Equal(t, []mime.DefectCode{mime.DefectLimit}, codes(defects))

	// Names that fill a long list are found in it still.
	b.Reset()
	b.WriteString("a/b")
	for i := range 60 {
		b.WriteString("; x" + strings.Repeat("y", i%40) + "=z")
	}
	m, defects, err = mime.ParseMediaType(b.String(), nil)
	require.NoError(t, err)
	assert.Len(t, m.Params, 40)
	assert.Len(t, defects, 20)
}

func TestMediaTypeIs(t *testing.T) {
	m := mime.MediaType{Type: "text", Subtype: "html"}
	assert.True(t, m.Is("TEXT/html"))
	assert.True(t, m.Is("text/*"))
	assert.False(t, m.Is("text/plain"))
	assert.False(t, m.Is("image/*"))
	assert.False(t, m.Is("text"))
}

func TestMediaTypeAppendText(t *testing.T) {
	m := mime.MediaType{Type: "text", Subtype: "plain"}
	m.Set("Charset", "utf-8")
	m.Set("name", `a "b"`)
	m.Set("charset", "us-ascii")
	assert.Equal(t, `text/plain; charset=us-ascii; name="a \"b\""`, m.String())
	m.Del("NAME")
	assert.Equal(t, "text/plain; charset=us-ascii", m.String())
	assert.Equal(t, "", m.Get("name"))

	for _, bad := range []mime.MediaType{{Type: "text"}, {Subtype: "plain"}, {Type: "te xt", Subtype: "plain"}, {Type: "text", Subtype: "pl/ain"}} {
		_, err := bad.AppendText(nil)
		assert.Error(t, err)
		assert.Equal(t, bad.Name(), bad.String())
	}
	_, err := mime.MediaType{Type: "text", Subtype: "plain\r\nBcc: x"}.AppendText(nil)
	assert.ErrorIs(t, err, mime.ErrHeaderInjection)
}
