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

func TestHTMLText(t *testing.T) {
	links := &mime.HTMLOptions{Links: true}
	tests := []struct {
		name, in string
		opts     *mime.HTMLOptions
		want     string
	}{
		{"tags are dropped", "<html><body>Hello, <b>World</b>!</body></html>", nil, "Hello, World!\n"},
		{"white space is one space", " a\r\n\t b  <i> c</i> ", nil, "a b c\n"},
		{"paragraphs", "<p>a<p>b</p>\n<div>c</div>d", nil, "a\n\nb\n\nc\nd\n"},
		{"line ends", "a<br>b<BR/><br />c<br><br><br><br>d", nil, "a\nb\n\nc\n\nd\n"},
		{"headings", "<h1>a</h1>b", nil, "a\n\nb\n"},
		{"lists", "<ul><li>a<li>b</ul>c", nil, "* a\n* b\nc\n"},
		{"tables", "<table><tr><td>a</td><td>b</td></tr><tr><th>c</th><th>d</th></tr></table>", nil, "a b\nc d\n"},
		{"rule", "a<hr>b", nil, "a\n---\nb\n"},
		{"block quote", "a<blockquote>b<br>c<blockquote>d</blockquote></blockquote>e", nil, "a\n\n> b\n> c\n\n>> d\n\ne\n"},
		{"pre", "<pre>a  b\n\tc\n\n\nd</pre>e  f", nil, "a  b\n\tc\n\n\nd\n\ne f\n"},
		{"pre with a line end at its end", "<pre>\na\n</pre>b", nil, "a\n\nb\n"},
		{"scripts, styles and titles are left out", "a<script>if (a<b) '</p>'</script><STYLE>p{}</style ><title>t</title>b", nil, "ab\n"},
		{"the end tag of another does not end a script", "a<script></scripty></scrip</script/>b", nil, "ab\n"},
		{"a script without an end", "a<script>b", nil, "a\n"},
		{"comments", "a<!-- <p> -- > -->b<!-->c<!--->d<!-- --!>e<!---- x --->f", nil, "abcdef\n"},
		{"conditional comments", "<!--[if mso]>x<![endif]--><![if !mso]>a<![endif]>", nil, "a\n"},
		{"declarations", "<!DOCTYPE html><?xml?>a</ x>b</>c<!-x>d", nil, "abcd\n"},
		{"character references", "&lt;b&gt; &amp;amp; &eacute;&#233;&#xE9; &copy &nosuch; & &", nil, "<b> &amp; ééé © &nosuch; & &\n"},
		{"a reference that is too long", "&" + strings.Repeat("a", 50) + ";", nil, "&" + strings.Repeat("a", 50) + ";\n"},
		{"a tag behind a reference that is too long", "&" + strings.Repeat("a", 32) + "<script>x</script>", nil, "&" + strings.Repeat("a", 32) + "\n"},
		{"a reference at the end", "&amp", nil, "&\n"},
		{"NUL and escape are left out", "a\x00b\x1b[0m&#27;&#7;\x7f", nil, "ab[0m\n"},
		{"less than", "1 < 2 <3 << 4 <", nil, "1 < 2 <3 << 4\n"},
		{"alternative text", `<img src=x alt="a &amp; b"><img alt=c><IMG ALT='d'>`, nil, "a & bcd\n"},
		{"attributes", `<p a b=">" c='>' d=e/f title = "x" alt>a<p/x>b`, nil, "a\n\nb\n"},
		{"the first of two attributes", `<img alt=a alt=b>`, nil, "a\n"},
		{"links are not shown", `<a href="http://a.example/">b</a>`, nil, "b\n"},
		{"links", `<a href="http://a.example/?a&amp;b">the bank</a>.`, links, "the bank <http://a.example/?a&b>.\n"},
		{"a link that is its text", `<a href="http://a.example/">http://a.example</a> <a href=mailto:b@a.example>b@a.example</a>`, links, "http://a.example b@a.example\n"},
		{"links that lead nowhere", `<a href="#a">a</a><a href="javascript:alert(1)">b</a><a name=c>c</a>`, links, "abc\n"},
		{"links without an end", `<a href=HTTP://a.example>a<a href=tel:1>b`, links, "a <HTTP://a.example>b <tel:1>\n"},
		{"a link with a line end", "<a href='http://a.example/\nTo: x'>b</a>", links, "b <http://a.example/To: x>\n"},
		{"a value that is too long", `<img alt="` + strings.Repeat("x", 5000) + `">a`, nil, "a\n"},
		{"a name that is too long", "<" + strings.Repeat("b", 5000) + " " + strings.Repeat("c", 5000) + ">a", nil, "a\n"},
		{"a tag without an end", "a<b c='", nil, "a\n"},
		{"nothing", "<p></p>", nil, ""},
		{"UTF-8 is kept", "<p>grüße", nil, "grüße\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, mime.HTMLText(tt.in, tt.opts))
		})
	}
	broken := errors.New("broken")
	_, err := io.ReadAll(mime.NewHTMLReader(iotest.ErrReader(broken), nil))
	require.ErrorIs(t, err, broken)
}

// FuzzHTMLReader checks that the text does not depend on the cuts, that no control
// character comes through, and that it is not much longer than what it is of.
func FuzzHTMLReader(f *testing.F) {
	f.Add([]byte("<p>a<blockquote>b&amp;<a href='http://a.example'>c</a><!-- d --><script>e</script>"), true)
	f.Add([]byte("<pre>\n<li></pre>&#10;&#x7f;<![if]><hr"), false)
	f.Fuzz(func(t *testing.T, in []byte, links bool) {
		opts := &mime.HTMLOptions{Links: links}
		whole := mime.HTMLText(string(in), opts)
		cut, err := io.ReadAll(iotest.OneByteReader(mime.NewHTMLReader(iotest.OneByteReader(bytes.NewReader(in)), opts)))
		require.NoError(t, err)
		require.Equal(t, whole, string(cut))
		require.Equal(t, -1, strings.IndexFunc(whole, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7F }))
		require.LessOrEqual(t, len(whole), 30*len(in)+30)
	})
}

func TestAppendPreview(t *testing.T) {
	tests := []struct {
		name, in string
		n        int
		want     string
	}{
		{"white space is one space", "\r\n Hello,\r\n\r\n\tWorld!\u00a0\u2003x \r\n", 200, "Hello, World! x"},
		{"characters, not octets", "grüße und küsse", 5, "grüße"},
		{"no space at the end", "ab cd", 3, "ab"},
		{"quotes are left out", "> old\r\nnew\r\n>> older\r\nnewer > x", 200, "new newer > x"},
		{"the signature is left out", "text\r\n-- \r\nme", 200, "text"},
		{"dashes are none", "text\r\n-- x\r\n--\r\n", 200, "text -- x --"},
		{"invisible characters are left out", "a\u200b\u034f\u202eb\ufeff\xff\x1bc", 200, "abc"},
		{"nothing", "", 200, ""},
		{"no characters", "abc", 0, ""},
		{"a long line", strings.Repeat(" ", 50000) + "a", 3, "a"},
		{"behind the window", strings.Repeat(" ", 70000) + "a", 3, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := mime.AppendPreview(nil, strings.NewReader(tt.in), tt.n)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
		})
	}
	broken := errors.New("broken")
	got, err := mime.AppendPreview([]byte("x"), io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken)), 9)
	require.ErrorIs(t, err, broken)
	assert.Equal(t, "xa", string(got))
}
