package http1_test

import (
	"encoding"
	"mime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

var (
	_ encoding.TextAppender = (*http1.MediaType)(nil)
	_ encoding.TextAppender = (*http1.Disposition)(nil)
)

func TestParseMediaType(t *testing.T) {
	tests := []struct {
		name, in string
		want     http1.MediaType
		written  string // empty: refused
	}{
		{"9110-8.3.1 plain", "text/html", http1.MediaType{Type: "text", Subtype: "html"}, "text/html"},
		{"9110-8.3.1 the lecture's", "text/html; charset=ISO-8859-1",
			http1.MediaType{Type: "text", Subtype: "html", Params: []http1.Parameter{{"charset", "ISO-8859-1"}}}, "text/html; charset=ISO-8859-1"},
		{"9110-8.3.1 quoted, capitals, no space", `Text/HTML;Charset="utf-8"`,
			http1.MediaType{Type: "text", Subtype: "html", Params: []http1.Parameter{{"charset", "utf-8"}}}, "text/html; charset=utf-8"},
		{"9110-5.6.6 empty parameters", " a/b ; ;\t;c=d; ",
			http1.MediaType{Type: "a", Subtype: "b", Params: []http1.Parameter{{"c", "d"}}}, "a/b; c=d"},
		{"9110-5.6.4 quoted pairs", `a/b; c="x\"\\y;,"`,
			http1.MediaType{Type: "a", Subtype: "b", Params: []http1.Parameter{{"c", `x"\y;,`}}}, `a/b; c="x\"\\y;,"`},
		{"9110-5.6.4 empty quoted string", `a/b; c=""`,
			http1.MediaType{Type: "a", Subtype: "b", Params: []http1.Parameter{{"c", ""}}}, `a/b; c=""`},
		{"9110-5.6.4 obs-text", "a/b; c=\"\xe9\"",
			http1.MediaType{Type: "a", Subtype: "b", Params: []http1.Parameter{{"c", "\xe9"}}}, "a/b; c=\"\xe9\""},
		{"9110-8.3.1 one parameter twice", "a/b; c=1; c=2",
			http1.MediaType{Type: "a", Subtype: "b", Params: []http1.Parameter{{"c", "1"}, {"c", "2"}}}, "a/b; c=1; c=2"},

		{"9110-8.3.1 empty", "", http1.MediaType{}, ""},
		{"9110-8.3.1 no slash", "text", http1.MediaType{}, ""},
		{"9110-8.3.1 no subtype", "text/", http1.MediaType{}, ""},
		{"9110-8.3.1 no type", "/html", http1.MediaType{}, ""},
		{"9110-8.3.1 two slashes", "a/b/c", http1.MediaType{}, ""},
		{"9110-8.3.1 space around the slash", "a / b", http1.MediaType{}, ""},
		{"9110-8.3.1 comma", "a/b, c/d", http1.MediaType{}, ""},
		{"9110-5.6.6 no equals sign", "a/b; c", http1.MediaType{}, ""},
		{"9110-5.6.6 no name", "a/b; =c", http1.MediaType{}, ""},
		{"9110-5.6.6 no value", "a/b; c=", http1.MediaType{}, ""},
		{"9110-5.6.6 space before the equals sign", "a/b; c =d", http1.MediaType{}, ""},
		{"9110-5.6.6 space behind the equals sign", "a/b; c= d", http1.MediaType{}, ""},
		{"9110-5.6.6 no semicolon", "a/b; c=d e=f", http1.MediaType{}, ""},
		{"9110-5.6.4 no closing quote", `a/b; c="d`, http1.MediaType{}, ""},
		{"9110-5.6.4 backslash at the end", `a/b; c="d\`, http1.MediaType{}, ""},
		{"9110-5.6.4 escaped closing quote", `a/b; c="d\"`, http1.MediaType{}, ""},
		{"9110-5.6.4 octets behind the quote", `a/b; c="d"e`, http1.MediaType{}, ""},
		{"9110-5.6.4 control character", "a/b; c=\"\x01\"", http1.MediaType{}, ""},
		{"9110-5.6.4 escaped control character", "a/b; c=\"\\\x00\"", http1.MediaType{}, ""},
		{"5.6.6 a hundred and one parameters", "a/b" + strings.Repeat(";c=d", 101), http1.MediaType{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := http1.ParseMediaType(tt.in)
			if tt.written == "" {
				requireTyped(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.written, got.String())
		})
	}
}

func TestMediaTypeAsked(t *testing.T) {
	m, err := http1.ParseMediaType("text/html; charset=utf-8; charset=x")
	require.NoError(t, err)
	assert.True(t, m.Is("TEXT/html"))
	assert.False(t, m.Is("text/plain"))
	assert.False(t, m.Is("text"))
	assert.Equal(t, "utf-8", m.Param("Charset"))
	assert.Empty(t, m.Param("boundary"))
}

func TestMediaTypeRefuses(t *testing.T) {
	for name, m := range map[string]http1.MediaType{
		"no type":              {Subtype: "b"},
		"no subtype":           {Type: "a"},
		"CRLF in the subtype":  {Type: "a", Subtype: "b\r\nX: y"},
		"parameter's name":     {Type: "a", Subtype: "b", Params: []http1.Parameter{{"", "x"}}},
		"LF in a value":        {Type: "a", Subtype: "b", Params: []http1.Parameter{{"c", "d\ne"}}},
		"NUL in a later value": {Type: "a", Subtype: "b", Params: []http1.Parameter{{"c", "d"}, {"e", "\x00"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := m.AppendText([]byte("before"))
			require.Error(t, err)
			requireTyped(t, err)
			assert.Equal(t, "before", string(got))
			assert.Empty(t, m.String())
		})
	}
}

func TestDisposition(t *testing.T) {
	tests := []struct {
		name, in string
		want     http1.Disposition
		written  string
	}{
		{"6266-4.2 type alone", "Inline", http1.Disposition{Type: "inline"}, "inline"},
		{"6266-4.3 token", "attachment; filename=a.txt", http1.Disposition{Type: "attachment", Filename: "a.txt"}, `attachment; filename="a.txt"`},
		{"6266-4.3 quoted", `attachment; filename="a b.txt"`, http1.Disposition{Type: "attachment", Filename: "a b.txt"}, `attachment; filename="a b.txt"`},
		{"6266-4.3 both, extended last", `attachment; filename="EURO rates"; filename*=utf-8''%e2%82%ac%20rates`,
			http1.Disposition{Type: "attachment", Filename: "€ rates"}, `attachment; filename="_ rates"; filename*=UTF-8''%E2%82%AC%20rates`},
		{"6266-4.3 both, extended first", `attachment; filename*=UTF-8'en'%c3%a9; filename=e`,
			http1.Disposition{Type: "attachment", Filename: "é"}, `attachment; filename="_"; filename*=UTF-8''%C3%A9`},
		{"8187-3.2.3 ISO-8859-1", "attachment; filename*=iso-8859-1'en'%A3", http1.Disposition{Type: "attachment", Filename: "£"}, `attachment; filename="_"; filename*=UTF-8''%C2%A3`},
		{"6266-D percent sign", `attachment; filename="100%25.txt"`, http1.Disposition{Type: "attachment", Filename: "100%25.txt"}, `attachment; filename="100_25.txt"; filename*=UTF-8''100%2525.txt`},
		{"6266-4.3 quote in the name", `attachment; filename="a\"b"`, http1.Disposition{Type: "attachment", Filename: `a"b`}, `attachment; filename="a_b"; filename*=UTF-8''a%22b`},
		{"6266-4.3 folders", `attachment; filename="/etc/passwd"`, http1.Disposition{Type: "attachment", Filename: "passwd"}, `attachment; filename="passwd"`},
		{"6266-4.3 backslashes", `attachment; filename="C:\\x\\y.txt"`, http1.Disposition{Type: "attachment", Filename: "y.txt"}, `attachment; filename="y.txt"`},
		{"6266-4.3 folders, extended", `attachment; filename*=UTF-8''..%2f..%2fx`, http1.Disposition{Type: "attachment", Filename: "x"}, `attachment; filename="x"`},
		{"6266-4.3 two dots", `attachment; filename="a/.."`, http1.Disposition{Type: "attachment"}, "attachment"},
		{"6266-4.1 another parameter", "form-data; name=a; filename=b", http1.Disposition{Type: "form-data", Filename: "b", Params: []http1.Parameter{{"name", "a"}}}, `form-data; filename="b"; name=a`},
		{"8187-3.2.1 charset not known", "a; filename=b; filename*=koi8-r''c", http1.Disposition{Type: "a", Filename: "b"}, `a; filename="b"`},
		{"8187-3.2.1 no quotes", "a; filename=b; filename*=UTF-8c", http1.Disposition{Type: "a", Filename: "b"}, `a; filename="b"`},
		{"8187-3.2.1 bad percent sign", "a; filename=b; filename*=UTF-8''%4", http1.Disposition{Type: "a", Filename: "b"}, `a; filename="b"`},
		{"8187-3.2.1 no attr-char", "a; filename=b; filename*=UTF-8''*", http1.Disposition{Type: "a", Filename: "b"}, `a; filename="b"`},
		{"8187-3.2.1 not in UTF-8", "a; filename=b; filename*=UTF-8''%ff", http1.Disposition{Type: "a", Filename: "b"}, `a; filename="b"`},
		{"8187-3.2.1 control character", "a; filename=b; filename*=UTF-8''%00", http1.Disposition{Type: "a", Filename: "b"}, `a; filename="b"`},
		{"6266-4.1 empty", "", http1.Disposition{}, ""},
		{"6266-4.1 no type", "; filename=a", http1.Disposition{}, ""},
		{"6266-4.1 twice", "a; filename=b; filename=c", http1.Disposition{}, ""},
		{"6266-4.1 name without value", "a; filename", http1.Disposition{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := http1.ParseDisposition(tt.in)
			if tt.written == "" {
				require.Error(t, err)
				requireTyped(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			written, err := got.AppendText([]byte("before "))
			require.NoError(t, err)
			assert.Equal(t, "before "+tt.written, string(written))
		})
	}
	for name, d := range map[string]http1.Disposition{
		"no type":        {Filename: "a"},
		"folder":         {Type: "a", Filename: "b/c"},
		"two dots":       {Type: "a", Filename: ".."},
		"CRLF":           {Type: "a", Filename: "b\r\nc"},
		"not in UTF-8":   {Type: "a", Filename: "\xff"},
		"filename twice": {Type: "a", Params: []http1.Parameter{{"filename", "b"}}},
		"name twice":     {Type: "a", Params: []http1.Parameter{{"name", "b"}, {"NAME", "c"}}},
		"NUL":            {Type: "a", Params: []http1.Parameter{{"name", "\x00"}}},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			got, err := d.AppendText([]byte("before"))
			require.Error(t, err)
			requireTyped(t, err)
			assert.Equal(t, "before", string(got))
		})
	}
}

func TestWeighted(t *testing.T) {
	type pair struct {
		value  string
		weight int
	}
	h := http1.NewHeader(
		"Accept", `text/*;q=0.3, text/html ; Q=0.7 ,text/html;level=1, a/b;c=";q=0,";q=0.25;ext=1, */*;q=0.05`,
		"accept", `x/0;q=0, x/1;q=1.000, x/2;q=1., bad/1;q=1.001, bad/2;q=2, bad/3;q=0.1234, bad/4;q=, bad/5;q=-1, bad/6;q=0x, bad/9;q=0.x, bad/7;q=.5, bad/8;c="x`)
	var got []pair
	for value, weight := range h.Weighted("Accept") {
		got = append(got, pair{value, weight})
	}
	assert.Equal(t, []pair{
		{"text/*", 300}, {"text/html", 700}, {"text/html;level=1", 1000}, {`a/b;c=";q=0,"`, 250}, {"*/*", 50},
		{"x/0", 0}, {"x/1", 1000}, {"x/2", 1000},
	}, got)
	for range h.Weighted("Accept") {
		break
	}
}

func TestEncodingWeight(t *testing.T) {
	tests := []struct {
		name, accept   string
		gzip, identity int
	}{
		{"9110-12.5.3 gzip, deflate", "gzip, deflate", 1000, 1},
		{"9110-12.5.3 x-gzip is gzip", "x-gzip;q=0.5", 500, 1},
		{"9110-12.5.3 capitals", "GZIP", 1000, 1},
		{"9110-12.5.3 empty", "", 0, 1},
		{"9110-12.5.3 another", "br", 0, 1},
		{"9110-12.5.3 any", "*", 1000, 1000},
		{"9110-12.5.3 any but gzip", "*;q=0.5, gzip;q=0", 0, 500},
		{"9110-12.5.3 nothing else than gzip", "gzip, *;q=0", 1000, 0},
		{"9110-12.5.3 identity excluded", "gzip;q=0.001, identity;q=0", 1, 0},
		{"9110-12.5.3 identity first", "gzip;q=0.5, identity", 500, 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http1.NewHeader("Accept-Encoding", tt.accept)
			assert.Equal(t, tt.gzip, h.EncodingWeight("gzip"))
			assert.Equal(t, tt.identity, h.EncodingWeight("identity"))
		})
	}
	none := http1.Header{}
	assert.Zero(t, none.EncodingWeight("gzip"))
	assert.Equal(t, 1, none.EncodingWeight("identity"))
}

func TestIsTrailerField(t *testing.T) {
	for _, name := range []string{"ETag", "Server-Timing", "Digest", "Authentication-Info", "X"} {
		assert.True(t, http1.IsTrailerField(name), name)
	}
	for _, name := range []string{
		"Content-Length", "transfer-encoding", "HOST", "te", "Trailer", "Authorization", "Cookie", "Set-Cookie",
		"Content-Type", "Content-Encoding", "Content-Range", "If-None-Match", "Cache-Control", "Location", "Connection",
		"", "X Y", "X:",
	} {
		assert.False(t, http1.IsTrailerField(name), name)
	}
}

// FuzzParseMediaType: what is taken is written and taken again, and mime takes
// it for the same, where it takes it.
func FuzzParseMediaType(f *testing.F) {
	for _, s := range []string{"text/html; charset=utf-8", `a/b;c="d\"e";;f=g`, "A/B;C=D", "a/b; c=1; c=2", "a/b; c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := http1.ParseMediaType(s)
		if err != nil {
			requireTyped(t, err)
			return
		}
		written := m.String()
		again, err := http1.ParseMediaType(written)
		require.NoError(t, err)
		assert.Equal(t, m, again)
		assert.Equal(t, written, again.String())
		// mime decodes names with an asterisk, and leaves single backslashes in
		// quoted strings, as browsers write them for folders.
		kind, params, err := mime.ParseMediaType(s)
		if err != nil || strings.ContainsAny(s, `*\`) {
			return
		}
		assert.Equal(t, kind, m.Type+"/"+m.Subtype)
		for name, value := range params {
			assert.Equal(t, value, m.Param(name))
		}
	})
}

// FuzzParseParameters: parameters are those of a media type that has them.
func FuzzParseParameters(f *testing.F) {
	for _, s := range []string{"", ";", "; a=b", `;a="b;c" ; d=e`, " ; a=\"\\\"\"", "a=b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		params, err := http1.ParseParameters(s)
		if err != nil {
			requireTyped(t, err)
			return
		}
		m := http1.MediaType{Type: "a", Subtype: "b", Params: params}
		written, ok := strings.CutPrefix(m.String(), "a/b")
		require.True(t, ok, "%q", params)
		again, err := http1.ParseParameters(written)
		require.NoError(t, err)
		assert.Equal(t, params, again)
	})
}

// FuzzParseDisposition: a name that is written is the name that is read, and
// never a path.
func FuzzParseDisposition(f *testing.F) {
	f.Add(`attachment; filename="a b"; filename*=UTF-8''%e2%82%ac`, "€")
	f.Add(`attachment; filename="../x"`, "a\"%b")
	f.Add("inline", "..")
	f.Fuzz(func(t *testing.T, s, name string) {
		if d, err := http1.ParseDisposition(s); err == nil {
			assert.NotContains(t, d.Filename, "/")
			assert.NotContains(t, d.Filename, `\`)
			assert.NotEqual(t, "..", d.Filename)
			if written, err := d.AppendText(nil); err == nil {
				again, err := http1.ParseDisposition(string(written))
				require.NoError(t, err)
				assert.Equal(t, d, again)
			} else {
				requireTyped(t, err)
			}
		} else {
			requireTyped(t, err)
		}
		d := http1.Disposition{Type: "attachment", Filename: name}
		written, err := d.AppendText(nil)
		if err != nil {
			requireTyped(t, err)
			return
		}
		again, err := http1.ParseDisposition(string(written))
		require.NoError(t, err)
		assert.Equal(t, name, again.Filename)
	})
}
