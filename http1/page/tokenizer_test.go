package page_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/page"
)

// tags writes the tags of in as one would write them, one a line.
func tags(in io.Reader, lim *page.Limits) (out []string, err error) {
	t := page.NewTokenizer(in, lim)
	for {
		tag, err := t.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		var b strings.Builder
		b.WriteByte('<')
		if tag.End {
			b.WriteByte('/')
		}
		b.WriteString(tag.Name)
		for _, a := range tag.Attrs {
			fmt.Fprintf(&b, " %s=%q", a.Name, a.Value)
		}
		if tag.SelfClosing {
			b.WriteByte('/')
		}
		b.WriteByte('>')
		out = append(out, b.String())
	}
}

var tokenizerCases = []struct {
	name, in string
	want     []string
}{
	{"tags and text", "<p>Hello <b>world</b>!</p>", []string{"<p>", "<b>", "</b>", "</p>"}},
	{"nothing", "", nil},
	{"text alone", "1 < 2 && 3 > 2", nil},
	{"case of names", "<IMG SRC=A.PNG>", []string{`<img src="A.PNG">`}},
	{"any quoting", `<img a="1 '2" b='3 "4' c=5 d e="" f=''>`, []string{`<img a="1 '2" b="3 \"4" c="5" d="" e="" f="">`}},
	{"spaces around the equals sign", "<img src \n=\t'a' alt= b>", []string{`<img src="a" alt="b">`}},
	{"no space between attributes", `<img a="1"b='2'c>`, []string{`<img a="1" b="2" c="">`}},
	{"slashes between attributes", `<img/a=1/b/c="2"/>`, []string{`<img a="1/b/c=\"2\"/">`}},
	{"slashes between quoted attributes", `<img/a="1"/b/c="2"/>`, []string{`<img a="1" b="" c="2"/>`}},
	{"unquoted up to the end of the tag", "<a href=/x/>", []string{`<a href="/x/">`}},
	{"unquoted with odd octets", "<a href=a\"b'c<d=e`f>", []string{"<a href=\"a\\\"b'c<d=e`f\">"}},
	{"no value", "<a href=>x", []string{`<a href="">`}},
	{"equals sign first", "<a =b=c>", []string{`<a =b="c">`}},
	{"a greater-than sign in quotes", `<img alt="a>b" src='c>d'>`, []string{`<img alt="a>b" src="c>d">`}},
	{"the first of a name counts", "<a x=1 X=2 y x=3>", []string{`<a x="1" y="">`}},
	{"self-closing", "<br/><br /><br / >", []string{"<br/>", "<br/>", "<br>"}},
	{"end tag with attributes", "</p a=1>", []string{`</p a="1">`}},
	{"no tags", "< p></ p></><3<>", nil},
	{"tag behind a less-than sign", "<<p>", []string{"<p>"}},
	{"less-than sign in a name", "<a<b>", []string{"<a<b>"}},
	{"cut tags are none", "<p><img src=x", []string{"<p>"}},
	{"cut in a name", "<p><im", []string{"<p>"}},
	{"cut behind a name", "<p><img a ", []string{"<p>"}},
	{"cut before a value", "<p><img a= ", []string{"<p>"}},
	{"cut in quotes", `<p><img a="`, []string{"<p>"}},
	{"cut end tag", "<p></", []string{"<p>"}},
	{"cut end tag with a name", "<p></p", []string{"<p>"}},
	{"cut at the very start", "<p><", []string{"<p>"}},
	{"doctype and instruction", `<!DOCTYPE html "a>b"><?xml version="1.0"?><p>`, []string{"<p>"}},
	{"comment", "<!-- <img src=x> --><p>", []string{"<p>"}},
	{"comment with dashes", "<!-- - -- > --x> ---><p>", []string{"<p>"}},
	{"comment with no content", "<!----><p>", []string{"<p>"}},
	{"comment that ends at once", "<!--><p><!---><q>", []string{"<p>", "<q>"}},
	{"comment that ends in a bang", "<!-- x --!><p>", []string{"<p>"}},
	{"a bang at its start does not end it", "<!--!><img>--><p>", []string{"<p>"}},
	{"dashes behind a bang", "<!-- --!- ><img>--><p>", []string{"<p>"}},
	{"a bang and two dashes end it", "<!-- --!--><p>", []string{"<p>"}},
	{"comment without end", "<p><!-- <img>", []string{"<p>"}},
	{"no CDATA in HTML", "<![CDATA[<img>]]><p>", []string{"<p>"}},
	{"CDATA in svg", "<svg><![CDATA[<img>]]]>]><rect/></svg><![CDATA[<img><p>", []string{"<svg>", "<rect/>", "</svg>", "<p>"}},
	{"CDATA without end", "<svg><![CDATA[<img>]>", []string{"<svg>"}},
	{"script", `<script>if (a<b) "<img>" </scripty> </script ><p>`, []string{"<script>", "</script>", "<p>"}},
	{"script, case and attributes of its end", "<SCRIPT src=a>x</Script\nb=1><p>", []string{`<script src="a">`, `</script b="1">`, "<p>"}},
	{"script in a comment in a script", "<script><!-- <script> </script> <img> --></script><p>", []string{"<script>", "</script>", "<p>"}},
	{"end of a script within such a comment", "<script><!-- x </script><p>", []string{"<script>", "</script>", "<p>"}},
	{"end of the inner script, then the outer", "<script><!-- <script> </script> </script><p>", []string{"<script>", "</script>", "<p>"}},
	{"a comment that is empty", "<script><!--></script><p>", []string{"<script>", "</script>", "<p>"}},
	{"a tag that begins like one", "<script><!-- <scripts> </script><p>", []string{"<script>", "</script>", "<p>"}},
	{"script without end", "<script><img>", []string{"<script>"}},
	{"script with a comment without end", "<script><!-- <img>", []string{"<script>"}},
	{"style, title, textarea", "<style><img></style><title><img></title><textarea><img></textarea><p>", []string{"<style>", "</style>", "<title>", "</title>", "<textarea>", "</textarea>", "<p>"}},
	{"raw text is ended by its own tag", "<style></script></style><p>", []string{"<style>", "</style>", "<p>"}},
	{"raw text cut in its end tag", "<style></style", []string{"<style>"}},
	{"raw text cut in its end tag's attributes", "<style></style ", []string{"<style>"}},
	{"iframe and noembed", "<iframe src=a><img></iframe><noembed><img></noembed>", []string{`<iframe src="a">`, "</iframe>", "<noembed>", "</noembed>"}},
	{"noscript is read", "<noscript><img></noscript>", []string{"<noscript>", "<img>", "</noscript>"}},
	{"plaintext has no end", "<plaintext></plaintext><img>", []string{"<plaintext>"}},
	{"style in svg is no raw text", "<svg><style><a/></style></svg><style><a/></style>", []string{"<svg>", "<style>", "<a/>", "</style>", "</svg>", "<style>", "</style>"}},
	{"svg that is closed at once", "<svg/><style><a></style>", []string{"<svg/>", "<style>", "</style>"}},
	{"svg that is never closed", "<svg><p><style><a></style>", []string{"<svg>", "<p>", "<style>", "</style>"}},
	{"references in values", `<a b="&lt;&amp;&gt;&quot;&apos;" c=&#65;&#x42;&#X43;&#68>`, []string{`<a b="<&>\"'" c="ABCD">`}},
	{"an address is left alone", `<a href="?a=1&copy=2&amp=3&lt4&amp;b=5&x">`, []string{`<a href="?a=1&copy=2&amp=3&lt4&b=5&x">`}},
	{"names with and without semicolon", `<a b="&copy &copy; &notit; &semi; &euro; &euro x&amp">`, []string{`<a b="© © &notit; ; € &euro x&">`}},
	{"no references", `<a b="& && &; &# &#; &#x; &nosuch; &ö;">`, []string{`<a b="& && &; &# &#; &#x; &nosuch; &ö;">`}},
	{"numbers of no character", `<a b="&#0;&#xD800;&#x110000;&#99999999999999999999;&#128;">`, []string{`<a b="` + "����€" + `">`}},
	{"names that are too long", `<a b="&` + strings.Repeat("a", 100) + `;">`, []string{`<a b="&` + strings.Repeat("a", 100) + `;">`}},
}

func TestTokenizer(t *testing.T) {
	for _, tt := range tokenizerCases {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tags(strings.NewReader(tt.in), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			got, err = tags(iotest.OneByteReader(strings.NewReader(tt.in)), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got, "octet by octet")
			// Far into a stream, where buffers end elsewhere.
			got, err = tags(io.MultiReader(strings.NewReader(strings.Repeat(" ", 4093)), strings.NewReader(tt.in)), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got, "behind much text")
		})
	}
}

func TestTokenizerOffsets(t *testing.T) {
	in := "ab<p>\n<!-- x --><script>y</script><!DOCTYPE><img\n></p>"
	tok := page.NewTokenizer(strings.NewReader(in), nil)
	for _, want := range []string{"<p", "<script>", "</script>", "<img", "</p"} {
		tag, err := tok.Next()
		require.NoError(t, err)
		assert.Equal(t, int64(strings.Index(in, want)), tag.Offset, want)
	}
	for range 2 {
		_, err := tok.Next()
		assert.Equal(t, io.EOF, err)
	}
}

func TestTokenizerErrors(t *testing.T) {
	broken := errors.New("broken")
	for _, in := range []string{"<p>text", "<p><img a", "<p><!--", "<p></", "<p><", "<p><script>", "<p><plaintext>", "<p><!"} {
		got, err := tags(io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), nil)
		require.ErrorIs(t, err, broken, in)
		assert.Equal(t, "<p>", got[0], in)
	}
}

func TestTokenizerLimits(t *testing.T) {
	lim := &page.Limits{MaxTag: 10, MaxAttrs: 2}
	for in, want := range map[string]string{
		"<img ab=12345>":                              `<img ab="12345">`,
		"<img ab=123456>":                             "<img>",
		"<img ab='123456' c=1>":                       `<img c="1">`,
		"<img abcdefgh=1 c=1>":                        `<img c="1">`,
		"<abcdefghij>":                                "<abcdefghij>",
		"<abcdefghijk x=1>":                           `< x="1">`,
		"<p a=1 b=2 c=3>":                             `<p a="1" b="2">`,
		"<img data=" + strings.Repeat("x", 1e6) + ">": "<img>",
	} {
		got, err := tags(strings.NewReader(in), lim)
		require.NoError(t, err)
		assert.Equal(t, []string{want}, got, in[:min(len(in), 30)])
	}
	none := &page.Limits{MaxTag: -1, MaxAttrs: -1}
	got, err := tags(strings.NewReader("<img src="+strings.Repeat("x", 1e5)+strings.Repeat(" a b", 200)+" c>"), none)
	require.NoError(t, err)
	assert.Len(t, got[0], len(`<img src="" a="" b="" c="">`)+1e5)
}

// endless gives the same text again and again.
type endless struct {
	text string
	left int
}

func (e *endless) Read(b []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n+len(e.text) <= len(b) {
		n += copy(b[n:], e.text)
	}
	e.left -= n
	return n, nil
}

// TestTokenizerMemory reads 1 MiB of what a hostile page may hold, within
// little memory.
func TestTokenizerMemory(t *testing.T) {
	for name, in := range map[string][2]string{
		"text":            {"", "x"},
		"comment":         {"<!--", "- -"},
		"script":          {"<script>", "<!-- <script> "},
		"name":            {"<", "name"},
		"value":           {"<img src='", "data:"},
		"attributes":      {"<img ", "a b c "},
		"many attributes": {"<img ", "aa=b\x00 "},
		"raw text":        {"<title>", "</titl"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := tags(io.MultiReader(strings.NewReader(in[0]), &endless{in[1], 1 << 20}), nil)
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(512<<10))
		})
	}
}

// FuzzTokenizer: the way the stream is cut makes no difference, limits are
// kept, and tags that are written out are read as the same.
func FuzzTokenizer(f *testing.F) {
	for _, tt := range tokenizerCases {
		f.Add([]byte(tt.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		lim := &page.Limits{MaxTag: 40, MaxAttrs: 4}
		whole, err := tags(bytes.NewReader(in), lim)
		require.NoError(t, err)
		pieces, err := tags(iotest.OneByteReader(bytes.NewReader(in)), lim)
		require.NoError(t, err)
		require.Equal(t, whole, pieces)

		tok := page.NewTokenizer(bytes.NewReader(in), lim)
		for last := int64(-1); ; {
			tag, err := tok.Next()
			if err == io.EOF {
				return
			}
			require.NoError(t, err)
			require.Greater(t, tag.Offset, last)
			last = tag.Offset
			require.Equal(t, byte('<'), in[tag.Offset])
			require.LessOrEqual(t, len(tag.Attrs), 4)
			kept := len(tag.Name)
			var out strings.Builder
			out.WriteString("<")
			if tag.End {
				out.WriteString("/")
			}
			out.WriteString(tag.Name)
			for _, a := range tag.Attrs {
				kept += len(a.Name)
				out.WriteString(" " + a.Name + `="` + strings.NewReplacer("&", "&amp;", `"`, "&quot;").Replace(a.Value) + `"`)
			}
			require.LessOrEqual(t, kept, 40)
			if tag.Name == "" {
				continue // it was too long
			}
			again, err := page.NewTokenizer(strings.NewReader(out.String()+">"), nil).Next()
			require.NoError(t, err)
			require.Equal(t, tag.Name, again.Name)
			require.Equal(t, tag.End, again.End)
			require.Equal(t, fmt.Sprintf("%q", tag.Attrs), fmt.Sprintf("%q", again.Attrs))
		}
	})
}

func BenchmarkTokenizer(b *testing.B) {
	in := "<!DOCTYPE html><html><head><title>A page</title><link rel=stylesheet href=a.css></head><body>" +
		strings.Repeat("<p class=\"x\">Some text, and an <a href=\"/y?a=1&amp;b=2\">anchor</a>.</p>\n<img src=\"a.jpg\" alt=''>\n", 200) + "</body></html>"
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		for t := page.NewTokenizer(strings.NewReader(in), nil); ; {
			if _, err := t.Next(); err != nil {
				break
			}
		}
	}
}
