package boundary_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/boundary"
)

func TestNewDelimiter(t *testing.T) {
	for _, good := range []string{"b", "simple boundary", "gc0pJq0M:08jU534c0p", "----next part", "=_{1}*", strings.Repeat("a", 70)} {
		_, err := boundary.NewDelimiter(good)
		assert.NoError(t, err, good)
	}
	for _, bad := range []string{"", "b ", "a\tb", "a\r\nb", "a\x00b", "ä", "\x7f", strings.Repeat("a", 71)} {
		_, err := boundary.NewDelimiter(bad)
		assert.ErrorIs(t, err, boundary.ErrBoundary, "%q", bad)
	}
}

func TestFind(t *testing.T) {
	const incomplete = -1 // as End
	tests := []struct {
		name, in     string
		fresh, eof   bool
		content, end int
		last         bool
	}{
		{"2046-5.1.1 delimiter behind content", "abc\r\n--b\r\nx", false, false, 3, 10, false},
		{"2046-5.1.1 close-delimiter", "abc\r\n--b--\r\nx", false, false, 3, 12, true},
		{"2046-5.1.1 transport padding", "abc\r\n--b \t \r\nx", false, false, 3, 13, false},
		{"2046-5.1.1 padding behind the last", "abc\r\n--b-- \r\n", false, false, 3, 13, true},
		{"2046-5.1.1 only one line end belongs to it", "abc\r\n\r\n--b\r\n", false, false, 5, 12, false},
		{"fresh: no line end before it", "--b\r\nx", true, false, 0, 5, false},
		{"not fresh: a line end before it", "--b\r\nx", false, false, 6, incomplete, false},
		{"inside a line", "abc--b\r\n", false, false, 6, incomplete, false},
		{"a longer line is content", "a\r\n--bc\r\n\r\n--b\r\n", false, false, 9, 16, false},
		{"a longer line is content, fresh", "--bc\r\n--b\r\n", true, false, 4, 11, false},
		{"one hyphen is content", "a\r\n--b-c\r\n--b\r\n", false, false, 8, 15, false},
		{"something behind the last is content", "a\r\n--b--c\r\n--b\r\n", false, false, 9, 16, false},
		{"bare LF before it", "a\n--b\r\n--", false, false, 5, incomplete, false},
		{"bare LF behind it", "a\r\n--b\nxy", false, false, 9, incomplete, false},
		{"bare CR behind it", "a\r\n--b\rxy", false, false, 9, incomplete, false},
		{"nothing", "", false, false, 0, incomplete, false},
		{"nothing, fresh", "", true, false, 0, incomplete, false},
		{"held: CR", "abc\r", false, false, 3, incomplete, false},
		{"held: CRLF", "abc\r\n", false, false, 3, incomplete, false},
		{"held: hyphens", "abc\r\n--", false, false, 3, incomplete, false},
		{"held: all but what follows", "abc\r\n--b", false, false, 3, incomplete, false},
		{"held: one hyphen behind", "abc\r\n--b-", false, false, 3, incomplete, false},
		{"held: no line end", "abc\r\n--b--", false, false, 3, incomplete, false},
		{"held: half a line end", "abc\r\n--b \r", false, false, 3, incomplete, false},
		{"held: fresh", "--", true, false, 0, incomplete, false},
		{"let go: cannot become one", "abc\r\n-x", false, false, 7, incomplete, false},
		{"eof: the last needs no line end", "abc\r\n--b--", false, true, 3, 10, true},
		{"eof: nor all of it", "abc\r\n--b-- \r", false, true, 3, 12, true},
		{"eof: another does", "abc\r\n--b", false, true, 8, incomplete, false},
		{"eof: one hyphen", "abc\r\n--b-", false, true, 9, incomplete, false},
		{"eof: fresh", "--b--", true, true, 0, 5, true},
		{"eof: fresh, not the last", "--b", true, true, 3, incomplete, false},
		{"eof: all is content", "abc\r\n", false, true, 5, incomplete, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := boundary.NewDelimiter("b")
			require.NoError(t, err)
			m, err := d.Find([]byte(tt.in), tt.fresh, tt.eof)
			assert.Equal(t, tt.content, m.Content, "content")
			if tt.end == incomplete {
				assert.ErrorIs(t, err, boundary.ErrIncomplete)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.end, m.End, "end")
			assert.Equal(t, tt.last, m.Last, "last")
		})
	}
}

func TestFindBareLF(t *testing.T) {
	d, err := boundary.NewDelimiter("b")
	require.NoError(t, err)
	d.BareLF = true
	for in, want := range map[string]boundary.Match{
		"abc\n--b\nx":      {Content: 3, End: 8},
		"abc\r\n--b\r\nx":  {Content: 3, End: 10},
		"abc\n--b--\nx":    {Content: 3, End: 10, Last: true},
		"abc\n--b \t\r\nx": {Content: 3, End: 11},
	} {
		m, err := d.Find([]byte(in), false, false)
		require.NoError(t, err, "%q", in)
		assert.Equal(t, want, m, "%q", in)
	}
}

func TestFindPadding(t *testing.T) {
	d, err := boundary.NewDelimiter("b")
	require.NoError(t, err)
	m, err := d.Find([]byte("a\r\n--b"+strings.Repeat(" ", 256)+"\r\n"), false, false)
	require.NoError(t, err)
	assert.Equal(t, boundary.Match{Content: 1, End: 264}, m)
	m, err = d.Find([]byte("a\r\n--b"+strings.Repeat(" ", 257)+"\r\n"), false, false)
	require.ErrorIs(t, err, boundary.ErrPadding)
	assert.Equal(t, 1, m.Content)
}
