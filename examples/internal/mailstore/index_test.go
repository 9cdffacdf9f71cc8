package mailstore_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailstore"
)

func TestIndexReads(t *testing.T) {
	b := mailstore.Records()
	x, size, err := mailstore.ParseIndex(t, b)
	require.NoError(t, err)
	assert.Equal(t, int64(len(b)), size)
	assert.Equal(t, mailstore.Index{
		Validity: 1763787057, Next: 9, ModSeq: 9, Forgotten: 1, Octets: 99,
		UIDs: []uint32{3},
		Rows: []string{"3 4 T 99 by hand 100% [home]"},
		Gone: []mailstore.Range{{First: 1, Last: 2}, {First: 4, Last: 4}, {First: 5, Last: 7}},
	}, x)
	for line := range bytes.Lines(b) {
		got, ok := mailstore.Canonical(bytes.TrimSuffix(line, []byte("\n")))
		assert.True(t, ok, "%s", line)
		assert.Equal(t, string(line), got)
	}
}

// Cut anywhere, an index says what its whole lines say: nothing is taken for damage
// that a crash can leave, but for a head that is not whole.
func TestIndexCutAnywhere(t *testing.T) {
	b := mailstore.Records()
	head := bytes.IndexByte(b, '\n') + 1
	for n := range len(b) + 1 {
		for _, tail := range []string{"", "\x00\x00\x00"} {
			cut := append(bytes.Clone(b[:n]), tail...)
			whole := bytes.LastIndexByte(b[:n], '\n') + 1
			got, size, err := mailstore.ParseIndex(t, cut)
			if n < head {
				require.Equal(t, len(cut) > 0, err != nil, "%q", cut)
				continue
			}
			require.NoError(t, err, "%q", cut)
			require.Equal(t, int64(whole), size)
			want, _, err := mailstore.ParseIndex(t, b[:whole])
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

// A bit that is flipped anywhere is found: as damage, or, in the last line end, as a
// tail that is to be cut.
func TestIndexFlippedBits(t *testing.T) {
	b := mailstore.Records()
	lastLine := bytes.LastIndexByte(b[:len(b)-1], '\n') + 1
	for i := range len(b) * 8 {
		bad := bytes.Clone(b)
		bad[i/8] ^= 1 << (i % 8)
		_, size, err := mailstore.ParseIndex(t, bad)
		if i/8 == len(b)-1 {
			require.NoError(t, err)
			require.Equal(t, int64(lastLine), size)
			continue
		}
		damage, ok := errors.AsType[*mailstore.ParseError](err)
		require.True(t, ok, "bit %d: %v", i, err)
		line := bytes.LastIndexByte(b[:i/8], '\n') + 1
		assert.GreaterOrEqual(t, damage.Offset, int64(line))
		assert.LessOrEqual(t, damage.Offset, int64(len(b)))
	}
}

func TestIndexDamage(t *testing.T) {
	head := mailstore.Line("H 1 7")
	one := mailstore.Line("+ 1 1 - 3 x")
	for _, tt := range []struct{ name, in, want string }{
		{"no head", one, "no head at byte 0"},
		{"no head before what is next", mailstore.Line("N 1 1 1"), "next UID or mod-sequence"},
		{"two heads", head + head, "a second head at byte 15"},
		{"another version", mailstore.Line("H 2 7"), "version in a line with a good checksum"},
		{"no UIDVALIDITY", mailstore.Line("H 1 0"), "UID"},
		{"line without a checksum", "H 1 7\n", "line too short"},
		{"empty line", head + "\n", "line too short"},
		{"checksum in capitals", "H 1 7 " + strings.ToUpper(head[6:14]) + "\n", "no checksum"},
		{"kind", head + mailstore.Line("? 1"), "kind"},
		{"long kind", head + mailstore.Line("++ 1"), "kind"},
		{"UID again", head + one + one, "UID not higher"},
		{"UID 0", head + mailstore.Line("+ 0 1 - 3 x"), "UID"},
		{"UID too high", head + mailstore.Line("+ 4294967296 1 - 3 x"), "UID"},
		{"last UID", head + mailstore.Line("+ 4294967295 1 - 3 x"), mailstore.ErrFull.Error()},
		{"zero in front", head + mailstore.Line("+ 01 1 - 3 x"), "UID"},
		{"mod-sequence", head + mailstore.Line("+ 1 9223372036854775808 - 3 x"), "number"},
		{"flags not in order", head + mailstore.Line("+ 1 1 SF 3 x"), "flags"},
		{"no flags", head + mailstore.Line("+ 1 1 * 3 x"), "flags"},
		{"flag twice", head + mailstore.Line("+ 1 1 SS 3 x"), "flags"},
		{"flag that is none", head + mailstore.Line("+ 1 1 1 3 x"), "flags"},
		{"size", head + mailstore.Line("+ 1 1 - -2 x"), "size"},
		{"base with a slash", head + mailstore.Line("+ 1 1 - 3 ../x"), "base"},
		{"base with a dot", head + mailstore.Line("+ 1 1 - 3 .x"), "base"},
		{"base with flags", head + mailstore.Line("+ 1 1 - 3 x:2,S"), "base"},
		{"base with an escape", head + mailstore.Line("+ 1 1 - 3 x%41"), "base"},
		{"keyword", head + mailstore.Line("+ 1 1 - 3 x a(b"), "keyword"},
		{"space at the end", head + mailstore.Line("+ 1 1 - 3 x "), "word"},
		{"a word too many", head + mailstore.Line("z 1 2 3"), "in a line with a good checksum"},
		{"a word too few", head + mailstore.Line("z 1"), "word"},
		{"size of nothing", head + mailstore.Line("z 1 2"), "not there"},
		{"change of nothing", head + mailstore.Line("= 1 2 -"), "not there"},
		{"range", head + one + mailstore.Line("- 2 1:1"), "range"},
		{"range backwards", head + one + mailstore.Line("- 2 3:2"), "range"},
		{"ranges not in order", head + one + mailstore.Line("- 2 2,1"), "range"},
		{"empty range", head + one + mailstore.Line("- 2 1,"), "range"},
		{"gone and never there", head + one + mailstore.Line("- 2 1:2"), "never given"},
		{"next lower", head + one + mailstore.Line("N 1 2 0"), "lower"},
		{"line too long", head + strings.Repeat("x", 200<<10), "line too long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := mailstore.ParseIndex(t, []byte(tt.in))
			require.ErrorContains(t, err, tt.want)
			assert.ErrorContains(t, err, "mailstore: index: ")
			_, ok := errors.AsType[*mailstore.ParseError](err)
			assert.True(t, ok)
		})
	}
	_, err := mailstore.ReadIndex(iotest.ErrReader(io.ErrClosedPipe))
	assert.ErrorIs(t, err, io.ErrClosedPipe)
}

func TestIndexKeywords(t *testing.T) {
	b := mailstore.Line("H 1 7")
	var all []string
	for i := range 64 {
		all = append(all, "k"+strings.Repeat("x", i))
	}
	b += mailstore.Line("+ 1 1 - 3 x " + strings.Join(all, " "))
	_, _, err := mailstore.ParseIndex(t, []byte(b))
	require.NoError(t, err)
	_, _, err = mailstore.ParseIndex(t, []byte(b+mailstore.Line("+ 2 2 - 3 y more")))
	require.ErrorIs(t, err, mailstore.ErrKeyword)
	x, _, err := mailstore.ParseIndex(t, []byte(b+mailstore.Line("= 1 2 - kx kxx")+mailstore.Line("+ 2 2 - 3 y more kx")))
	require.NoError(t, err, "one that no message has any more gives its place")
	assert.Equal(t, []string{"1 2 - 3 x [kx kxx]", "2 2 - 3 y [kx more]"}, x.Rows)
}

// What has gone longest ago is forgotten, and that it is is remembered.
func TestIndexForgets(t *testing.T) {
	var b strings.Builder
	b.WriteString(mailstore.Line("H 1 7") + mailstore.Line("N 100000 1 0"))
	for i := 1; i < 5000; i++ {
		n := itoa(i)
		b.WriteString(mailstore.Line("- " + n + " " + itoa(2*i)))
	}
	x, _, err := mailstore.ParseIndex(t, []byte(b.String()))
	require.NoError(t, err)
	assert.Equal(t, uint64(2049), x.Forgotten)
	assert.Len(t, x.Gone, 4999-2049)
	assert.Equal(t, mailstore.Range{First: 4100, Last: 4100}, x.Gone[0])
}

// FuzzIndex reads indexes: the good part of any is read again as the same, what is
// rewritten says the same, and lines have one form. A line that is damaged by the
// fuzzer is given a good checksum, so that more than checksums is looked at.
func FuzzIndex(f *testing.F) {
	f.Add(mailstore.Records())
	f.Add(mailstore.Records()[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(b []byte) {
			x, size, err := mailstore.ParseIndex(t, b)
			require.LessOrEqual(t, size, int64(len(b)))
			if err != nil {
				return
			}
			again, all, err := mailstore.ParseIndex(t, b[:size])
			require.NoError(t, err)
			require.Equal(t, size, all)
			require.Equal(t, x, again)
		}
		check(b)
		var good []byte
		for line := range bytes.Lines(b) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			if got, ok := mailstore.Canonical(line); ok {
				require.Equal(t, string(line)+"\n", got)
			}
			if n := len(line) - 9; n >= 0 {
				good = append(good, mailstore.Line(string(line[:n]))...)
			}
		}
		for line := range bytes.Lines(good) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			if got, ok := mailstore.Canonical(line); ok {
				require.Equal(t, string(line)+"\n", got)
			}
		}
		check(good)
	})
}
