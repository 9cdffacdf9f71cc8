package boundary_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/boundary"
)

// newSet opens multiparts with these boundaries. One that begins with "!" had
// its last delimiter.
func newSet(t testing.TB, boundaries ...string) *boundary.Set {
	s := new(boundary.Set)
	for _, b := range boundaries {
		name, closed := strings.CutPrefix(b, "!")
		require.NoError(t, s.Push([]byte(name)))
		if closed {
			s.Close()
		}
	}
	return s
}

func TestSetPush(t *testing.T) {
	var s boundary.Set
	for _, good := range []string{"b", "----next part", "a\tb", "ä", "\xff", "b ", strings.Repeat("a", 1024) + " "} {
		assert.NoError(t, s.Push([]byte(good)), "%q", good)
	}
	assert.Equal(t, 7, s.Len())
	for _, bad := range []string{"", " \t", "a\r\nb", "a\nb", strings.Repeat("a", 1025)} {
		assert.ErrorIs(t, s.Push([]byte(bad)), boundary.ErrBoundary, "%q", bad)
	}
	s.Pop()
	assert.Equal(t, 6, s.Len())
	s.Reset()
	assert.Zero(t, s.Len())
}

func TestSetFind(t *testing.T) {
	const none = -1 // as open: it is incomplete
	hit := func(content, end, open int, last bool, lines, bare int) boundary.Hit {
		return boundary.Hit{Match: boundary.Match{Content: content, End: end, Last: last}, Open: open, Lines: lines, Bare: bare}
	}
	tests := []struct {
		name, open, in string
		fresh, eof     bool
		want           boundary.Hit
	}{
		{"2046-5.1.1 delimiter behind content", "b", "a\r\nbc\r\n--b\r\nx", false, false, hit(5, 12, 0, false, 1, 0)},
		{"2046-5.1.1 close-delimiter, padded", "b", "abc\r\n--b-- \t\r\nx", false, false, hit(3, 14, 0, true, 0, 0)},
		{"2046-5.1.1 fresh", "b", "--b\r\n", true, false, hit(0, 5, 0, false, 0, 0)},
		{"2046-5.1.2 an enclosing one", "a,b", "x\n--a\n", false, false, hit(1, 6, 0, false, 0, 0)},
		{"2046-5.1.2 the innermost of two alike", "b,b", "x\n--b\n", false, false, hit(1, 6, 1, false, 0, 0)},
		{"one alike that is closed comes last", "b,!b", "x\n--b\n", false, false, hit(1, 6, 0, false, 0, 0)},
		{"of two closed, the innermost", "!b,!b", "x\n--b\n", false, false, hit(1, 6, 1, false, 0, 0)},
		{"closed, and nobody else's", "a,!b", "x\n--b--\n", false, false, hit(1, 8, 1, true, 0, 0)},
		{"prefixes of one another", "b,bb,bbb", "x\n--bb\n", false, false, hit(1, 7, 1, false, 0, 0)},
		{"prefixes, closed", "b,b--", "x\n--b--\n", false, false, hit(1, 8, 1, false, 0, 0)},
		{"any octet", "\x80 =/", "x\n--\x80 =/\n", false, false, hit(1, 9, 0, false, 0, 0)},
		{"LF alone and CRLF mixed", "b", "a\nb\r\nc\n--b\r\n", false, false, hit(6, 12, 0, false, 2, 1)},
		{"a longer line is content", "b", "\n--bc\n--b\n", false, false, hit(5, 10, 0, false, 1, 1)},
		{"one hyphen is content", "b", "\n--b-\n--b\n", false, false, hit(5, 10, 0, false, 1, 1)},
		{"too much padding is content", "b", "\n--b" + strings.Repeat(" ", 999) + "\n--b\n", false, false, hit(1003, 1008, 0, false, 1, 1)},
		{"as much padding as a line has", "b", "\n--b" + strings.Repeat(" ", 998) + "\n--b\n", false, false, hit(0, 1003, 0, false, 0, 0)},
		{"nothing open", "", "a\r\n--b\r\n", true, false, hit(8, 0, none, false, 2, 0)},
		{"nothing open, CR held", "", "a\r", true, false, hit(1, 0, none, false, 0, 0)},
		{"nothing open, at the end", "", "a\n\r", true, true, hit(3, 0, none, false, 1, 1)},
		{"held: CR", "b", "a\r", false, false, hit(1, 0, none, false, 0, 0)},
		{"held: CRLF", "b", "a\n\r\n", false, false, hit(2, 0, none, false, 1, 1)},
		{"held: hyphen", "b", "a\r\n-", false, false, hit(1, 0, none, false, 0, 0)},
		{"held: two hyphens", "b", "a\r\n--", false, false, hit(1, 0, none, false, 0, 0)},
		{"held: begun", "a,bcd", "a\r\n--bc", false, false, hit(1, 0, none, false, 0, 0)},
		{"held: all", "b", "a\r\n--b--", false, false, hit(1, 0, none, false, 0, 0)},
		{"held: fresh", "b", "", true, false, hit(0, 0, none, false, 0, 0)},
		{"let go: cannot become one", "b", "a\r\n--c", false, false, hit(6, 0, none, false, 1, 0)},
		{"let go: nor this", "b", "a\r\n-c", false, false, hit(5, 0, none, false, 1, 0)},
		{"end: no line end", "b", "a\r\n--b", false, true, hit(1, 6, 0, false, 0, 0)},
		{"end: half a line end", "b", "a\r\n--b-- \r", false, true, hit(1, 10, 0, true, 0, 0)},
		{"end: one hyphen", "b", "a\r\n--b-", false, true, hit(7, 0, none, false, 1, 0)},
		{"end: a hyphen of its own", "b-", "a\r\n--b-", false, true, hit(1, 7, 0, false, 0, 0)},
		{"end: content", "b", "a\r\n", false, true, hit(3, 0, none, false, 1, 0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSet(t, strings.FieldsFunc(tt.open, func(r rune) bool { return r == ',' })...)
			h, err := s.Find([]byte(tt.in), tt.fresh, tt.eof)
			if tt.want.Open == none {
				assert.ErrorIs(t, err, boundary.ErrIncomplete)
				h.Open, h.End = none, 0
			} else {
				assert.NoError(t, err)
			}
			assert.Equal(t, tt.want, h)
		})
	}
}

// FuzzSet cuts content into chunks, finds in it what a search over the whole
// finds, and what one Delimiter finds where one is open.
func FuzzSet(f *testing.F) {
	f.Add([]byte("a\r\n--b\r\nx\n--c--\r\n--bc\r\n--b--"), "b", "c", uint8(1))
	f.Add([]byte("--b\n--b \n\r\n--bb\n--b-\r"), "b", "b", uint8(2))
	f.Fuzz(func(t *testing.T, in []byte, one, two string, step uint8) {
		s := new(boundary.Set)
		for _, b := range []string{one, two} {
			if len(b) > 8 || s.Push([]byte(b)) != nil {
				return
			}
		}
		whole := delimiters(t, s, in, len(in)+1)
		require.Equal(t, whole, delimiters(t, s, in, int(step)%5+1), "chunks make no difference")

		d, err := boundary.NewDelimiter(one)
		if err != nil || one != two {
			return
		}
		d.BareLF = true
		h, _ := s.Find(in, true, false)
		m, err := d.Find(in, true, false)
		if err == boundary.ErrPadding {
			return
		}
		require.Equal(t, m.Content, h.Content)
		require.Equal(t, m.Last, h.Last)
		if err == nil {
			require.Equal(t, m.End, h.End)
		}
	})
}

// delimiters lists all delimiters, and at last what is content behind them, as
// found when step octets come at a time. Content and End count from the start.
func delimiters(t *testing.T, s *boundary.Set, in []byte, step int) (found []boundary.Hit) {
	at, have, fresh := 0, 0, true
	var run boundary.Hit
	for {
		eof := have == len(in)
		h, err := s.Find(in[at:have], fresh, eof)
		require.Equal(t, bytes.Count(in[at:at+h.Content], []byte("\n")), h.Lines)
		require.LessOrEqual(t, h.Bare, h.Lines)
		run.Content = at + h.Content
		run.Lines += h.Lines
		run.Bare += h.Bare
		if err == nil {
			run.End, run.Last, run.Open = at+h.End, h.Last, h.Open
			found = append(found, run)
			at, fresh, run = run.End, true, boundary.Hit{}
			continue
		}
		require.Equal(t, boundary.ErrIncomplete, err)
		if eof {
			return append(found, run)
		}
		fresh = fresh && h.Content == 0
		at = run.Content
		have = min(len(in), have+step)
	}
}
