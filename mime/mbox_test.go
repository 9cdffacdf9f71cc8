package mime_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// readMbox reads a file whole.
func readMbox(t *testing.T, r io.Reader, opts *mime.MboxOptions) (texts []string, froms []mime.MboxFrom) {
	for m, err := range mime.NewMboxReader(r, opts).Messages() {
		require.NoError(t, err)
		b, err := io.ReadAll(m)
		require.NoError(t, err)
		texts, froms = append(texts, string(b)), append(froms, m.From)
	}
	return texts, froms
}

const (
	sep1 = "From a@a.example Fri Jul  8 12:08:34 2011\n"
	sep2 = "From b@a.example Sat Jul  9 12:08:34 2011\n"
)

func TestMboxReader(t *testing.T) {
	length := &mime.MboxOptions{ContentLength: true}
	tests := []struct {
		name, in string
		opts     *mime.MboxOptions
		want     []string
	}{
		{"4155-A two messages", sep1 + "A: 1\n\nx\n\n" + sep2 + "A: 2\n\ny\n\n", nil, []string{"A: 1\n\nx\n", "A: 2\n\ny\n"}},
		{"CRLF", strings.ReplaceAll(sep1+"A: 1\n\nx\n\n"+sep2+"A: 2\n\ny\n\n", "\n", "\r\n"), nil, []string{"A: 1\r\n\r\nx\r\n", "A: 2\r\n\r\ny\r\n"}},
		{"empty lines at the end of a message are kept", sep1 + "A: 1\n\n\n\n\n" + sep2 + "\n", nil, []string{"A: 1\n\n\n\n", ""}},
		{"empty lines before the first", "\n\r\n" + sep1 + "A: 1\n\n", nil, []string{"A: 1\n"}},
		{"no line end at the end", sep1 + "A: 1\n\nx", nil, []string{"A: 1\n\nx"}},
		{"no empty line before a separator makes it text", sep1 + "A: 1\n\nx\n" + sep2 + "y\n", nil, []string{"A: 1\n\nx\n" + sep2 + "y\n"}},
		{"a separator without a date is text", sep1 + "A: 1\n\nFrom here on\n", nil, []string{"A: 1\n\nFrom here on\n"}},
		{"the first may have no date", "From here\nA: 1\n\n", nil, []string{"A: 1\n"}},
		{"the first may be long", "From " + strings.Repeat("x", 200_000) + "\nA: 1\n\n", nil, []string{"A: 1\n"}},
		{"mboxrd", sep1 + ">From x\n>>From y\n>Fromage\n> From\n", nil, []string{"From x\n>From y\n>Fromage\n> From\n"}},
		{"mboxo", sep1 + ">From x\n>>From y\n", &mime.MboxOptions{Quoting: mime.MboxO}, []string{"From x\n>>From y\n"}},
		{"no quotes", sep1 + ">From x\n", &mime.MboxOptions{Quoting: mime.MboxNone}, []string{">From x\n"}},
		{"a line of more than 64 kB", sep1 + "\n" + strings.Repeat("x", 150_000) + "\n\n" + sep2, nil, []string{"\n" + strings.Repeat("x", 150_000) + "\n", ""}},
		{"a piece of a line is no separator", sep1 + "\n" + strings.Repeat("x", 64<<10) + sep2, nil, []string{"\n" + strings.Repeat("x", 64<<10) + sep2}},
		{"Content-Length is not asked for", sep1 + "Content-Length: 48\n\na\n\n" + sep2 + "bc\n\n" + sep2, nil, []string{"Content-Length: 48\n\na\n", "bc\n", ""}},
		{"Content-Length", sep1 + "content-LENGTH: 48\n\na\n\n" + sep2 + "bc\n\n" + sep2, length, []string{"content-LENGTH: 48\n\na\n\n" + sep2 + "bc\n", ""}},
		{"Content-Length without an empty line", sep1 + "Content-Length: 2\n\na\n" + sep2, length, []string{"Content-Length: 2\n\na\n", ""}},
		{"Content-Length of nothing", sep1 + "Content-Length: 0\n\n" + sep2, length, []string{"Content-Length: 0\n", ""}},
		{"Content-Length to the end", sep1 + "Content-Length: 47\n\na\n\n" + sep2 + "bc\n\n", length, []string{"Content-Length: 47\n\na\n\n" + sep2 + "bc\n"}},
		{"Content-Length that is wrong", sep1 + "Content-Length: 5\n\na\n\n" + sep2 + "bc\n\n", length, []string{"Content-Length: 5\n\na\n", "bc\n"}},
		{"Content-Length behind the end", sep1 + "Content-Length: 500\n\na\n\n" + sep2 + "bc\n\n", length, []string{"Content-Length: 500\n\na\n", "bc\n"}},
		{"Content-Length that is none", sep1 + "Content-Length: x\n\na\n\n" + sep2 + "bc\n\n", length, []string{"Content-Length: x\n\na\n", "bc\n"}},
		{"nothing", "", nil, nil},
		{"empty lines alone", "\n\n", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := readMbox(t, strings.NewReader(tt.in), tt.opts)
			assert.Equal(t, tt.want, got)
			got, _ = readMbox(t, iotest.OneByteReader(strings.NewReader(tt.in)), tt.opts)
			assert.Equal(t, tt.want, got, "one octet at a time, not to be read elsewhere")
		})
	}
}

func TestMboxReaderContentLengthFar(t *testing.T) {
	body := strings.Repeat("x\n", 50_000) + "\n" + sep2 + "y\n"
	in := "skipped" + sep1 + "Content-Length: 100045\n\n" + body + "\n" + sep2 + "A: 2\n\n"
	require.Len(t, body, 100_045)
	opts := &mime.MboxOptions{ContentLength: true}
	r := strings.NewReader(in)
	_, err := r.Seek(7, io.SeekStart)
	require.NoError(t, err)
	got, _ := readMbox(t, r, opts)
	require.Len(t, got, 2, "a file is looked into")
	assert.True(t, strings.HasSuffix(got[0], body))
	got, _ = readMbox(t, io.MultiReader(strings.NewReader(in[7:])), opts)
	assert.Len(t, got, 3, "a stream is not")
}

func TestMboxReaderErrors(t *testing.T) {
	_, err := mime.NewMboxReader(strings.NewReader("\nSubject: x\n"), nil).Next()
	var parse *mime.ParseError
	require.ErrorAs(t, err, &parse)
	assert.Equal(t, int64(1), parse.Offset)

	broken := errors.New("broken")
	for _, in := range []string{"", sep1, sep1 + "A: 1\n\n"} {
		r := mime.NewMboxReader(io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), nil)
		for m, err := range r.Messages() {
			if err == nil {
				_, err = io.ReadAll(m)
			}
			require.ErrorIs(t, err, broken)
		}
		_, err = r.Next()
		require.ErrorIs(t, err, broken)
	}
}

func TestMboxReaderOffsets(t *testing.T) {
	r := mime.NewMboxReader(strings.NewReader("\n"+sep1+"A: 1\n\n"+sep2), nil)
	m, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, int64(1), m.Offset)
	m, err = r.Next() // what is left of the first is passed over
	require.NoError(t, err)
	assert.Equal(t, int64(1+len(sep1)+6), m.Offset)
	assert.Equal(t, "b@a.example", m.From.Sender)
	_, err = r.Next()
	require.ErrorIs(t, err, io.EOF)
	n, err := m.Read(nil)
	assert.Zero(t, n)
	assert.NoError(t, err)
}

func TestParseMboxFrom(t *testing.T) {
	at := func(zone int) time.Time {
		return time.Date(2011, 7, 8, 12, 8, 34, 0, time.FixedZone("", zone*3600))
	}
	tests := []struct {
		name, in, sender string
		date             time.Time
	}{
		{"4155-A", "From a@a.example Fri Jul  8 12:08:34 2011\n", "a@a.example", at(0)},
		{"a day of two digits", "From a@a.example Fri Jul 08 12:08:34 2011", "a@a.example", at(0)},
		{"no seconds", "From a Fri Jul 8 12:08 2011", "a", at(0).Add(-34 * time.Second)},
		{"zone before the year", "From a Fri Jul  8 12:08:34 PDT 2011\r\n", "a", at(-7)},
		{"zone behind the year", "From a Fri Jul  8 12:08:34 2011 +0200", "a", at(2)},
		{"zone in the west", "From a Fri Jul  8 12:08:34 -0330 2011", "a", at(0).Add(210 * time.Minute)},
		{"two zones", "From a Fri Jul  8 12:08:34 CET 2011 +0100", "a", at(1)},
		{"all zones of RFC 5322 §4.3", "From a Fri Jul  8 12:08:34 2011 EST", "a", at(-5)},
		{"a zone that is not known", "From a Fri Jul  8 12:08:34 2011 XYZ", "a", at(0)},
		{"no sender", "From  Fri Jul  8 12:08:34 2011", "", at(0)},
		{"Mozilla", "From - Fri Jul  8 12:08:34 2011", "-", at(0)},
		{"a sender with blanks", `From "a b"@a.example fri JUL  8 12:08:34 2011`, `"a b"@a.example`, at(0)},
		{"a sender with a date", "From Sat Jul x  Fri Jul  8 12:08:34 2011", "Sat Jul x", at(0)},
		{"UUCP", "From a Fri Jul  8 12:08:34 2011 remote from b", "a", at(0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := mime.ParseMboxFrom(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.sender, got.Sender)
			assert.True(t, tt.date.Equal(got.Date), "%v", got.Date)
		})
	}
	for _, in := range []string{
		"", "From", "from a Fri Jul  8 12:08:34 2011", "From a", "From Fri", "From a Fri Jul", "From a Fri Jul 8 12:08:34",
		"From a Fri Jul 32 12:08:34 2011", "From a Fri Jul 8 24:08:34 2011", "From a Fri Jul 8 12:60:34 2011",
		"From a Fri Jul 8 12:08:61 2011", "From a Fri Jul 8 12 2011", "From a Fri Jul 8 12:08:34 11", "From a Friday Jul 8 12:08:34 2011",
		"From a Fri July 8 12:08:34 2011", "From a Fri Jul 8 12:08:34 2011 we met", "From a Fri Jul 8 12:08:34 2011 +2400",
		"From a Fri Jul 8 +1:08:34 2011", "From a Fri Jul 8 12:08:34 UTC", "From " + strings.Repeat("a", 1000) + " Fri Jul 8 12:08:34 2011",
	} {
		_, err := mime.ParseMboxFrom(in)
		var parse *mime.ParseError
		assert.ErrorAs(t, err, &parse, in)
	}
}

func TestMboxWriter(t *testing.T) {
	date := time.Date(2011, 7, 8, 14, 8, 34, 0, time.FixedZone("", 7200))
	tests := []struct {
		name, in string
		quoting  mime.MboxQuoting
		want     string
	}{
		{"4155-A an empty line at the end", "A: 1\n\nx\n", 0, "A: 1\n\nx\n\n"},
		{"4155-A LF", "A: 1\r\n\r\nx\ry\r\r\n", 0, "A: 1\n\nx\ry\r\n\n"},
		{"a line end at the end", "A: 1\n\nx", 0, "A: 1\n\nx\n\n"},
		{"CR at the end", "x\r", 0, "x\r\n\n"},
		{"nothing", "", 0, "\n"},
		{"mboxrd", "From x\n>From y\n>Fro\nFrom", 0, ">From x\n>>From y\n>Fro\nFrom\n\n"},
		{"mboxo", "From x\n>From y\n", mime.MboxO, ">From x\n>From y\n\n"},
		{"no quotes", "From x\n", mime.MboxNone, "From x\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			w := mime.NewMboxWriter(&b, &mime.MboxOptions{Quoting: tt.quoting})
			for range 2 {
				require.NoError(t, w.Begin(mime.MboxFrom{Sender: "a@a.example", Date: date}))
				_, err := io.Copy(w, iotest.OneByteReader(strings.NewReader(tt.in)))
				require.NoError(t, err)
			}
			require.NoError(t, w.Close())
			require.NoError(t, w.Close())
			assert.Equal(t, sep1+tt.want+sep1+tt.want, b.String())
		})
	}
}

func TestMboxWriterErrors(t *testing.T) {
	broken := errors.New("broken")
	w := mime.NewMboxWriter(brokenWriter{broken}, nil)
	_, err := w.Write([]byte("x"))
	require.Error(t, err)
	require.ErrorIs(t, w.Begin(mime.MboxFrom{Sender: "a\nb"}), mime.ErrHeaderInjection)
	require.Error(t, w.Begin(mime.MboxFrom{Date: time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC)}))
	date := time.Date(2011, 7, 8, 0, 0, 0, 0, time.UTC)
	require.ErrorIs(t, w.Begin(mime.MboxFrom{Date: date}), broken)
	_, err = w.Write([]byte("x"))
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, w.Begin(mime.MboxFrom{Date: date}), broken)
}

// FuzzMbox checks that what is written is read again, and that reading does not
// depend on the cuts.
func FuzzMbox(f *testing.F) {
	f.Add([]byte("A: 1\r\n\r\nFrom x\n>From y\n\n"+sep2+"\n"), []byte(""), false)
	f.Add([]byte(sep1+"Content-Length: 48\n\na\n\n"+sep2+"bc\n\n"+sep2), []byte("\r"), true)
	f.Fuzz(func(t *testing.T, a, b []byte, length bool) {
		var file bytes.Buffer
		w := mime.NewMboxWriter(&file, nil)
		var want []string
		for _, text := range [][]byte{a, b} {
			require.NoError(t, w.Begin(mime.MboxFrom{Sender: "a@a.example", Date: time.Date(2011, 7, 8, 0, 0, 0, 0, time.UTC)}))
			_, err := w.Write(text)
			require.NoError(t, err)
			s := strings.ReplaceAll(string(text), "\r\n", "\n")
			if s != "" && !strings.HasSuffix(s, "\n") {
				s += "\n"
			}
			want = append(want, s)
		}
		require.NoError(t, w.Close())
		got, _ := readMbox(t, &file, nil)
		if !strings.Contains(string(a)+string(b), "\r") {
			require.Equal(t, want, got)
		}
		require.Len(t, got, 2)

		opts := &mime.MboxOptions{ContentLength: length}
		in := append([]byte(sep1), a...)
		whole, froms := readMbox(t, bytes.NewReader(in), opts)
		cut, froms2 := readMbox(t, iotest.OneByteReader(bytes.NewReader(in)), opts)
		if len(in) < 60<<10 || !length {
			require.Equal(t, whole, cut)
			require.Equal(t, froms, froms2)
		}
		size := 0
		for _, m := range whole {
			size += len(m)
		}
		require.LessOrEqual(t, size, len(in))
	})
}

// FuzzParseMboxFrom checks that a separator that was read is written as one of the
// same meaning.
func FuzzParseMboxFrom(f *testing.F) {
	f.Add(sep1)
	f.Add("From a Fri Jul  8 12:08 PDT 2011 remote from b")
	f.Fuzz(func(t *testing.T, line string) {
		from, err := mime.ParseMboxFrom(line)
		if err != nil || strings.ContainsAny(from.Sender, "\r\n\x00") || from.Sender == "" || from.Date.UTC().Year() > 9999 {
			return
		}
		var b bytes.Buffer
		w := mime.NewMboxWriter(&b, nil)
		if err := w.Begin(from); err != nil {
			require.Greater(t, len(line), 900)
			return
		}
		again, err := mime.ParseMboxFrom(b.String())
		require.NoError(t, err)
		require.Equal(t, from.Sender, again.Sender)
		require.True(t, from.Date.Equal(again.Date))
	})
}

func BenchmarkMboxReader(b *testing.B) {
	message := sep1 + "Subject: x\n\n" + strings.Repeat(strings.Repeat("abcdefghij", 7)+"\n", 1000) + "\n"
	in := []byte(strings.Repeat(message, 20))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for m, err := range mime.NewMboxReader(bytes.NewReader(in), nil).Messages() {
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, m); err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 20 {
			b.Fatal(n)
		}
	}
}
