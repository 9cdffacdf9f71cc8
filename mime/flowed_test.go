package mime_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func readFlowed(t *testing.T, in string, delSp bool) (all []mime.Paragraph) {
	f := mime.NewFlowedReader(strings.NewReader(in), delSp)
	for {
		p, err := f.Next()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

func TestFlowedReader(t *testing.T) {
	type p = mime.Paragraph
	tests := []struct {
		name, in string
		delSp    bool
		want     []p
	}{
		{"3676-4.7 paragraphs", "`Take some more tea,' the March Hare said to Alice, very \r\nearnestly.\r\n\r\n`I've had nothing yet,' Alice replied in an offended tone, `so \r\nI can't take more.'\r\n", false, []p{
			{Text: "`Take some more tea,' the March Hare said to Alice, very earnestly."}, {},
			{Text: "`I've had nothing yet,' Alice replied in an offended tone, `so I can't take more.'"},
		}},
		{"3676-4.7 quotes", ">>>Take some more tea.\r\n>>I've had nothing yet, so I can't take more.\r\n>You mean you can't take LESS, it's very easy to take \r\n>MORE than nothing.\r\n", false, []p{
			{Quote: 3, Text: "Take some more tea."}, {Quote: 2, Text: "I've had nothing yet, so I can't take more."},
			{Quote: 1, Text: "You mean you can't take LESS, it's very easy to take MORE than nothing."},
		}},
		{"3676-4.1 DelSp", "日本 \r\n語\r\nan \r\nd\r\n", true, []p{{Text: "日本語"}, {Text: "and"}}},
		{"3676-4.1 a line of spaces is flowed", "  \r\na\r\n", false, []p{{Text: " a"}}},
		{"3676-4.1 a stuffed empty line is fixed", " \r\na\r\n", false, []p{{}, {Text: "a"}}},
		{"3676-4.1 the end of the text ends a paragraph", "a \r\n", false, []p{{Text: "a "}}},
		{"3676-4.1 no line end", "a", false, []p{{Text: "a"}}},
		{"3676-4.3 signature", "bye \r\n-- \r\nme\r\n", false, []p{{Text: "bye "}, {Text: "-- "}, {Text: "me"}}},
		{"3676-4.3 signature at the end", "-- ", true, []p{{Text: "-- "}}},
		{"3676-4.3 quoted signature", "> -- \r\n>-- \n> me\r\n", false, []p{{Quote: 1, Text: "-- "}, {Quote: 1, Text: "-- "}, {Quote: 1, Text: "me"}}},
		{"3676-4.3 stuffed and not quoted is none", " -- \r\nme\r\n", false, []p{{Text: "-- me"}}},
		{"3676-4.3 longer than the separator", "-- x\r\n-- \rx\r\n", false, []p{{Text: "-- x"}, {Text: "-- \rx"}}},
		{"3676-4.4 stuffing", "  a\r\n >b\r\n From c\r\n", false, []p{{Text: " a"}, {Text: ">b"}, {Text: "From c"}}},
		{"3676-4.5 a mark behind a space is text", "> > Exit, Stage Left\r\n>>Exit\r\n>> Exit\r\n", false, []p{
			{Quote: 1, Text: "> Exit, Stage Left"}, {Quote: 2, Text: "Exit"}, {Quote: 2, Text: "Exit"}}},
		{"3676-4.5 quote depth wins", "> a \r\n> b \r\n>> c \r\n>> d\r\n", false, []p{{Quote: 1, Text: "a b "}, {Quote: 2, Text: "c d"}}},
		{"marks alone", ">>\r\n>", false, []p{{Quote: 2}, {Quote: 1}}},
		{"lone LF", "a \nb\n", false, []p{{Text: "a b"}}},
		{"nothing", "", false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, readFlowed(t, tt.in, tt.delSp))
		})
	}
}

func TestFlowedReaderRead(t *testing.T) {
	b, err := io.ReadAll(mime.NewFlowedReader(strings.NewReader(">> a \r\n>> b\r\n\r\nc\r\n >d\r\n"), false))
	require.NoError(t, err)
	assert.Equal(t, ">> a b\n\nc\n >d\n", string(b))
	broken := errors.New("broken")
	for _, in := range []string{"", ">", "a", "a \r\n", "-- \r", "-- "} {
		f := mime.NewFlowedReader(io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), false)
		_, err = io.ReadAll(f)
		assert.ErrorIs(t, err, broken, "%q", in)
	}
}

// A paragraph without an end is not held: it comes in pieces.
func TestFlowedReaderPieces(t *testing.T) {
	for name, in := range map[string]string{
		"one line":   strings.Repeat("äb ", 100_000) + "\r\nend\r\n",
		"many lines": strings.Repeat("äb \r\n", 100_000) + "end\r\n",
		"CR":         strings.Repeat("\r", 100_000) + "\r\n",
	} {
		for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
			f := mime.NewFlowedReader(r, false)
			var b strings.Builder
			for {
				p, err := f.Next()
				require.NoError(t, err)
				require.LessOrEqual(t, len(p.Text), 80<<10)
				require.True(t, utf8.ValidString(p.Text))
				b.WriteString(p.Text)
				if !p.More {
					break
				}
			}
			want := strings.ReplaceAll(strings.TrimSuffix(in, "\r\n"), "\r\n", "")
			require.True(t, want == b.String(), name)
			_, err := f.Next()
			require.ErrorIs(t, err, io.EOF)
		}
	}
	in := "> " + strings.Repeat("ab ", 100_000) + "\r\n> end\r\n"
	b, err := io.ReadAll(mime.NewFlowedReader(strings.NewReader(in), false))
	require.NoError(t, err)
	assert.Equal(t, "> "+strings.Repeat("ab ", 100_000)+"end\n", string(b), "pieces are one line")
}

func TestAppendFlowed(t *testing.T) {
	tests := []struct {
		name, in string
		opts     *mime.FlowedOptions
		want     string
	}{
		{"a line that fits", "abc\n", nil, "abc\r\n"},
		{"3676-4.2 lines are broken behind a space", "`Take some more tea,' the March Hare said to Alice, very earnestly.\n", &mime.FlowedOptions{Width: 60},
			"`Take some more tea,' the March Hare said to Alice, very \r\nearnestly.\r\n"},
		{"3676-4.2 spaces before a line end are trimmed", "abc  \n  \n", nil, "abc\r\n\r\n"},
		{"3676-4.2 a word that is too long", "x " + strings.Repeat("a", 80) + " b", nil, "x \r\n" + strings.Repeat("a", 80) + " \r\nb\r\n"},
		{"3676-4.2 DelSp between characters", strings.Repeat("語", 40), &mime.FlowedOptions{Width: 30, DelSp: true},
			strings.Repeat("語", 28) + " \r\n" + strings.Repeat("語", 12) + "\r\n"},
		{"3676-4.2 DelSp between words", "aaaaaaaaaaaaaaaaaa bbbbbbbbb", &mime.FlowedOptions{Width: 20, DelSp: true}, "aaaaaaaaaaaaaaaaaa  \r\nbbbbbbbbb\r\n"},
		{"5322-2.1.1 DelSp within a word of 998", strings.Repeat("a", 1000), &mime.FlowedOptions{DelSp: true},
			strings.Repeat("a", 901) + " \r\n" + strings.Repeat("a", 99) + "\r\n"},
		{"3676-4.2 no line is made a separator", "-- " + strings.Repeat("a", 80) + " b", nil, "-- " + strings.Repeat("a", 80) + " \r\nb\r\n"},
		{"3676-4.3 signature", "bye\n-- \n> -- \n", nil, "bye\r\n-- \r\n> -- \r\n"},
		{"3676-4.4 stuffing", " a\nFrom b\nFromage\n", nil, "  a\r\n From b\r\nFromage\r\n"},
		{"3676-4.5 quotes", ">>a\n> > b\n>\n", nil, ">> a\r\n> > b\r\n>\r\n"},
		{"3676-4.5 every line is quoted", "> aaaaaaaaaaaaaaaaaa bbbbbbbbb", &mime.FlowedOptions{Width: 20}, "> aaaaaaaaaaaaaaaaaa \r\n> bbbbbbbbb\r\n"},
		{"line ends", "a\r\nb\nc", nil, "a\r\nb\r\nc\r\n"},
		{"a lone CR", "a\rb", nil, "a\r\nb\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, string(mime.AppendFlowed(nil, tt.in, tt.opts)))
			var b bytes.Buffer
			w := mime.NewFlowedWriter(&b, tt.opts)
			_, err := io.Copy(w, iotest.OneByteReader(strings.NewReader(tt.in)))
			require.NoError(t, err)
			require.NoError(t, w.Close())
			assert.Equal(t, tt.want, b.String())
		})
	}
	assert.Equal(t, ">a\r\n>b\r\n", strings.ReplaceAll(string(mime.AppendParagraph(nil, mime.Paragraph{Quote: 1, Text: "a\r\nb"}, nil)), " ", ""))
	assert.Equal(t, " >a\r\n", string(mime.AppendParagraph(nil, mime.Paragraph{Text: ">a"}, nil)), "an unquoted mark is stuffed (RFC 3676 §4.4)")

	deep := mime.AppendParagraph(nil, mime.Paragraph{Quote: 1 << 20, Text: strings.Repeat("ab ", 1<<18)}, nil)
	assert.Less(t, len(deep), 4<<20, "marks are not multiplied without bound")

	broken := errors.New("broken")
	w := mime.NewFlowedWriter(brokenWriter{broken}, nil)
	_, err := w.Write([]byte("a\nb"))
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, w.Close(), broken)
	require.NoError(t, w.Close())
}

// FuzzFlowed checks that paragraphs are the same when they were written and read,
// that reading does not depend on the cuts, and that no line is longer than it has
// to be.
func FuzzFlowed(f *testing.F) {
	f.Add(2, "`I've had nothing yet,' Alice replied in an offended tone, `so I can't take more.'", true, 40, []byte("> a \r\n>> b\n-- \r\n"))
	f.Add(0, "-- From >  a", false, 1, []byte(" -- \r\n  \r\n>"))
	f.Add(1, strings.Repeat("日本語", 30), true, 0, []byte("a \r\n-- \r\n"))
	f.Fuzz(func(t *testing.T, quote int, text string, delSp bool, width int, wire []byte) {
		whole := readFlowed(t, string(wire), delSp)
		cut := mime.NewFlowedReader(iotest.OneByteReader(bytes.NewReader(wire)), delSp)
		for _, want := range whole {
			got, err := cut.Next()
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		_, err := cut.Next()
		require.ErrorIs(t, err, io.EOF)

		if quote < 0 || quote > 50 || strings.ContainsAny(text, "\r\n") {
			return
		}
		b := mime.AppendParagraph(nil, mime.Paragraph{Quote: quote, Text: text}, &mime.FlowedOptions{DelSp: delSp, Width: width})
		got := readFlowed(t, string(b), delSp)
		if text != "-- " {
			text = strings.TrimRight(text, " ")
		}
		require.Equal(t, []mime.Paragraph{{Quote: quote, Text: text}}, got, "%q", b)
		for line := range strings.Lines(string(b)) {
			line = strings.TrimSuffix(strings.TrimRight(strings.TrimPrefix(line, strings.Repeat(">", quote)), " \r\n"), " ")
			line = strings.TrimLeft(line, " ")
			if utf8.RuneCountInString(line) > 78 {
				require.NotContains(t, strings.TrimPrefix(line, "-- "), " ", "a line that could be broken")
			}
		}
	})
}

// A quoted separator has a space behind its marks, which is no stuffing that makes
// it text (RFC 3676 §4.3, §4.5).
func TestFlowedQuotedSeparator(t *testing.T) {
	f := mime.NewFlowedReader(strings.NewReader("> a \r\n> -- \r\n> b\r\n"), false)
	for _, want := range []string{"a ", "-- ", "b"} {
		p, err := f.Next()
		require.NoError(t, err)
		assert.Equal(t, mime.Paragraph{Quote: 1, Text: want}, p)
	}
}
