package http1_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

func TestParseRange(t *testing.T) {
	const most = math.MaxInt64
	for _, tt := range []struct {
		name, in string
		want     []http1.RangeSpec // nil: refused
	}{
		{"9110-14.1.2 first 500", "bytes=0-499", []http1.RangeSpec{{0, 499}}},
		{"9110-14.1.2 last 500", "bytes=-500", []http1.RangeSpec{{-1, 500}}},
		{"9110-14.1.2 open", "bytes=9500-", []http1.RangeSpec{{9500, -1}}},
		{"9110-14.1.2 first and last", "bytes=0-0,-1", []http1.RangeSpec{{0, 0}, {-1, 1}}},
		{"9110-14.1.2 three with spaces", "bytes= 0-999, 4500-5499, -1000", []http1.RangeSpec{{0, 999}, {4500, 5499}, {-1, 1000}}},
		{"9110-14.1 unit in capitals", "BYTES=1-2", []http1.RangeSpec{{1, 2}}},
		{"9110-5.6.1 empty members", "bytes=,1-2,\t,3-", []http1.RangeSpec{{1, 2}, {3, -1}}},
		{"9110-14.1.2 suffix of none", "bytes=-0", []http1.RangeSpec{{-1, 0}}},
		{"9110-14.1.2 numbers beyond int64", "bytes=9223372036854775808-99999999999999999999", []http1.RangeSpec{{most, most}}},
		{"9110-14.1.2 leading zeros", "bytes=007-0010", []http1.RangeSpec{{7, 10}}},
		{"9110-14.1 other unit", "items=0-1", nil},
		{"9110-14.1 no unit", "0-1", nil},
		{"9110-14.1 space before the equals sign", "bytes =0-1", nil},
		{"9110-14.1.1 empty set", "bytes=", nil},
		{"9110-14.1.1 empty members alone", "bytes=, ,", nil},
		{"9110-14.1.1 last before first", "bytes=5-4", nil},
		{"9110-14.1.1 one bad spoils all", "bytes=0-1,x", nil},
		{"9110-14.1.1 dash alone", "bytes=-", nil},
		{"9110-14.1.1 no dash", "bytes=5", nil},
		{"9110-14.1.1 two dashes", "bytes=1-2-3", nil},
		{"9110-14.1.1 sign", "bytes=+1-2", nil},
		{"9110-14.1.1 negative suffix", "bytes=--1", nil},
		{"9110-14.1.1 space within", "bytes=1 -2", nil},
		{"9110-14.1.1 hexadecimal", "bytes=0x1-2", nil},
		{"2011-3192 more than 1024", "bytes=" + strings.Repeat("0-,", 1025), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := http1.ParseRange(tt.in)
			assert.Equal(t, tt.want, got)
			if tt.want == nil {
				require.Error(t, err)
				requireTyped(t, err)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestAppendRange(t *testing.T) {
	b, err := http1.AppendRange([]byte("x"), http1.RangeSpec{First: 0, Last: 9}, http1.RangeSpec{First: 20, Last: -1}, http1.RangeSpec{First: -1, Last: 5})
	require.NoError(t, err)
	assert.Equal(t, "xbytes=0-9,20-,-5", string(b))
	for _, specs := range [][]http1.RangeSpec{
		nil, {{-1, -1}}, {{5, 4}}, {{-2, 3}}, {{3, -2}}, make([]http1.RangeSpec, 1025),
	} {
		b, err := http1.AppendRange([]byte("x"), specs...)
		requireTyped(t, err)
		assert.Equal(t, "x", string(b))
	}
}

func TestSelectRanges(t *testing.T) {
	const ok, partial, not = http1.StatusOK, http1.StatusPartialContent, http1.StatusRangeNotSatisfiable
	for _, tt := range []struct {
		name, in string
		size     int64
		limit    int
		want     []http1.ByteRange
		status   int
	}{
		{"9110-14.1.2 first 500", "bytes=0-499", 10000, 0, []http1.ByteRange{{0, 499}}, partial},
		{"9110-14.1.2 last 500", "bytes=-500", 10000, 0, []http1.ByteRange{{9500, 9999}}, partial},
		{"9110-14.1.2 open", "bytes=9500-", 10000, 0, []http1.ByteRange{{9500, 9999}}, partial},
		{"9110-14.1.2 beyond the end", "bytes=9500-20000", 10000, 0, []http1.ByteRange{{9500, 9999}}, partial},
		{"9110-14.1.2 first and last", "bytes=0-0,-1", 10000, 0, []http1.ByteRange{{0, 0}, {9999, 9999}}, partial},
		{"9110-14.1.2 suffix longer than all", "bytes=-20000", 10000, 0, []http1.ByteRange{{0, 9999}}, partial},
		{"9110-14.1.2 touching", "bytes=500-600,601-999", 10000, 0, []http1.ByteRange{{500, 999}}, partial},
		{"9110-14.1.2 overlapping", "bytes=500-700,601-999", 10000, 0, []http1.ByteRange{{500, 999}}, partial},
		{"9110-15.3.7.2 order of the field", "bytes=50-59,0-9,70-79,5-12", 100, 0, []http1.ByteRange{{50, 59}, {0, 12}, {70, 79}}, partial},
		{"9110-15.3.7.2 one in another", "bytes=0-50,10-20", 100, 0, []http1.ByteRange{{0, 50}}, partial},
		{"9110-14.2 one satisfiable is enough", "bytes=200-,5-6", 100, 0, []http1.ByteRange{{5, 6}}, partial},
		{"9110-15.5.17 beyond the end", "bytes=100-", 100, 0, nil, not},
		{"9110-15.5.17 none satisfiable", "bytes=100-,200-300,-0", 100, 0, nil, not},
		{"9110-15.5.17 number beyond int64", "bytes=9223372036854775808-", math.MaxInt64, 0, nil, not},
		{"9110-14.1.2 the largest there is", "bytes=-9223372036854775807", math.MaxInt64, 0, []http1.ByteRange{{0, math.MaxInt64 - 1}}, partial},
		{"9110-14.2 nothing there", "bytes=0-", 0, 0, nil, ok},
		{"9110-14.2 nothing there, suffix", "bytes=-1", 0, 0, nil, ok},
		{"2011-3192 more than the whole", "bytes=0-,0-", 100, 0, nil, ok},
		{"2011-3192 exactly the whole", "bytes=0-49,50-99", 100, 0, []http1.ByteRange{{0, 99}}, partial},
		{"2011-3192 sixteen parts", "bytes=" + spread(16), 1000, 0, sixteen(), partial},
		{"2011-3192 seventeen parts", "bytes=" + spread(17), 1000, 0, nil, ok},
		{"2011-3192 seventeen that become one", "bytes=0-1" + strings.Repeat(",0-1", 16), 1000, 0, []http1.ByteRange{{0, 1}}, partial},
		{"2011-3192 own limit", "bytes=0-0,2-2", 1000, 1, nil, ok},
		{"2011-3192 limit beyond what fits", "bytes=" + spread(17), 1000, 17, append(sixteen(), http1.ByteRange{First: 32, Last: 32}), partial},
	} {
		t.Run(tt.name, func(t *testing.T) {
			specs, err := http1.ParseRange(tt.in)
			require.NoError(t, err)
			parts, status := http1.SelectRanges(specs, tt.size, tt.limit)
			assert.Equal(t, tt.want, parts)
			assert.Equal(t, tt.status, status)
		})
	}
	specs, err := http1.ParseRange("bytes=" + spread(200))
	require.NoError(t, err)
	parts, status := http1.SelectRanges(specs, 1000, -1)
	assert.Len(t, parts, 200, "a negative limit is none")
	assert.Equal(t, partial, status)
}

// spread asks for n single octets, every other one.
func spread(n int) string {
	b, err := http1.AppendRange(nil, spreadSpecs(n)...)
	if err != nil {
		panic(err)
	}
	return strings.TrimPrefix(string(b), "bytes=")
}

func spreadSpecs(n int) (specs []http1.RangeSpec) {
	for i := range int64(n) {
		specs = append(specs, http1.RangeSpec{First: 2 * i, Last: 2 * i})
	}
	return specs
}

func sixteen() (parts []http1.ByteRange) {
	for i := range int64(16) {
		parts = append(parts, http1.ByteRange{First: 2 * i, Last: 2 * i})
	}
	return parts
}

// What is selected holds exactly the octets that were asked for, each once.
func TestSelectRangesCover(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const size = 40
	for range 2000 {
		var specs []http1.RangeSpec
		for range 1 + random.IntN(5) {
			first := random.Int64N(size + 5)
			switch random.IntN(3) {
			case 0:
				specs = append(specs, http1.RangeSpec{First: first, Last: first + random.Int64N(8)})
			case 1:
				specs = append(specs, http1.RangeSpec{First: first, Last: -1})
			case 2:
				specs = append(specs, http1.RangeSpec{First: -1, Last: random.Int64N(8)})
			}
		}
		checkSelection(t, specs, size)
	}
}

// checkSelection compares SelectRanges with marking octets one by one.
func checkSelection(t *testing.T, specs []http1.RangeSpec, size int64) {
	t.Helper()
	var want, got [64]bool
	asked := int64(0)
	for i := range size {
		for _, s := range specs {
			if s.First < 0 && i >= size-s.Last || s.First >= 0 && i >= s.First && (s.Last < 0 || i <= s.Last) {
				want[i] = true
				asked++
			}
		}
	}
	parts, status := http1.SelectRanges(specs, size, 0)
	switch {
	case asked == 0:
		require.Equal(t, http1.StatusRangeNotSatisfiable, status, "%v", specs)
	case asked > size:
		require.Equal(t, http1.StatusOK, status, "%v", specs)
		return
	case len(parts) > 0:
		require.Equal(t, http1.StatusPartialContent, status, "%v", specs)
	default: // more than sixteen
		require.Equal(t, http1.StatusOK, status, "%v", specs)
		require.Greater(t, len(specs), 16)
		return
	}
	for _, p := range parts {
		for i := p.First; i <= p.Last; i++ {
			require.False(t, got[i], "octet %d twice: %v", i, specs)
			got[i] = true
		}
	}
	require.Equal(t, want, got, "%v", specs)
}

func TestParseContentRange(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     http1.ContentRange
		ok       bool
	}{
		{"9110-14.4 first 500", "bytes 0-499/1234", http1.ContentRange{First: 0, Last: 499, Size: 1234}, true},
		{"9110-14.4 last 500", "bytes 734-1233/1234", http1.ContentRange{First: 734, Last: 1233, Size: 1234}, true},
		{"9110-14.4 length unknown", "bytes 42-1233/*", http1.ContentRange{First: 42, Last: 1233, Size: -1}, true},
		{"9110-14.4 unsatisfied", "bytes */1234", http1.ContentRange{First: -1, Last: -1, Size: 1234}, true},
		{"9110-14.4 unit in capitals", "Bytes 0-0/1", http1.ContentRange{First: 0, Last: 0, Size: 1}, true},
		{"9110-14.4 last before first", "bytes 5-4/10", http1.ContentRange{}, false},
		{"9110-14.4 length at last", "bytes 0-10/10", http1.ContentRange{}, false},
		{"9110-14.4 neither", "bytes */*", http1.ContentRange{}, false},
		{"9110-14.4 other unit", "items 0-1/2", http1.ContentRange{}, false},
		{"9110-14.4 equals sign", "bytes=0-1/2", http1.ContentRange{}, false},
		{"9110-14.4 no length", "bytes 0-1", http1.ContentRange{}, false},
		{"9110-14.4 open", "bytes 0-/2", http1.ContentRange{}, false},
		{"9110-14.4 suffix", "bytes -1/2", http1.ContentRange{}, false},
		{"9110-14.4 two spaces", "bytes  0-1/2", http1.ContentRange{}, false},
		{"9110-14.4 octets behind", "bytes 0-1/2x", http1.ContentRange{}, false},
		{"9110-14.4 sign", "bytes 0-+1/2", http1.ContentRange{}, false},
		{"9110-14.4 beyond int64", "bytes 0-1/9223372036854775808", http1.ContentRange{}, false},
		{"9110-14.4 last place that cannot be counted", "bytes 0-9223372036854775807/*", http1.ContentRange{}, false},
		{"9110-14.4 nothing", "", http1.ContentRange{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := http1.ParseContentRange(tt.in)
			assert.Equal(t, tt.want, got)
			if !tt.ok {
				requireTyped(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, strings.ToLower(tt.in), got.String())
		})
	}
	assert.EqualValues(t, 500, http1.ContentRange{First: 0, Last: 499, Size: 1234}.Len())
	assert.EqualValues(t, 0, http1.ContentRange{First: -1, Last: -1, Size: 1234}.Len())
	for _, c := range []http1.ContentRange{
		{First: 1, Last: 0, Size: -1}, {First: -1, Last: -1, Size: -1}, {First: 0, Last: 1, Size: 1},
		{First: -1, Last: 0, Size: 1}, {First: 0, Last: 0, Size: -2},
	} {
		b, err := c.AppendText([]byte("x"))
		requireTyped(t, err)
		assert.Equal(t, "x", string(b))
	}
}

// FuzzParseRange: what is taken is written back to the same, and what is
// selected from 40 octets is what marking them one by one gives.
func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"bytes=0-499", "bytes=-5,3-9", "bytes=0-,0-,0-", "bytes=99999999999999999999-", "items=1-2", "bytes=5-4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		specs, err := http1.ParseRange(s)
		if err != nil {
			requireTyped(t, err)
			return
		}
		b, err := http1.AppendRange(nil, specs...)
		require.NoError(t, err)
		again, err := http1.ParseRange(string(b))
		require.NoError(t, err)
		require.Equal(t, specs, again)
		checkSelection(t, specs, 40)
	})
}

// FuzzParseContentRange: what is taken is written back to the same.
func FuzzParseContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-499/1234", "bytes 42-1233/*", "bytes */1234", "bytes 5-4/1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := http1.ParseContentRange(s)
		if err != nil {
			requireTyped(t, err)
			return
		}
		b, err := c.AppendText(nil)
		require.NoError(t, err)
		again, err := http1.ParseContentRange(string(b))
		require.NoError(t, err)
		require.Equal(t, c, again)
		require.Equal(t, c.Satisfied(), c.Len() > 0)
	})
}

func BenchmarkSelectRanges(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		specs, _ := http1.ParseRange("bytes=0-499")
		if parts, _ := http1.SelectRanges(specs, 1234, 0); len(parts) != 1 {
			b.Fatal(parts)
		}
	}
}
