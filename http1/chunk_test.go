package http1_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net/http/httputil"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// readChunked takes a whole chunked body in pieces of that many octets, and
// returns the content and how many octets it was.
func readChunked(r *http1.ChunkReader, in string, piece int) (content string, used int, err error) {
	var got []byte
	have := 0
	for {
		data, n, err := r.Next([]byte(in[used:have]), math.MaxInt)
		used += n
		got = append(got, data...)
		switch {
		case err == io.EOF:
			return string(got), used, nil
		case err == http1.ErrIncomplete && have == len(in):
			return string(got), used, io.ErrUnexpectedEOF
		case err == http1.ErrIncomplete:
			have = min(len(in), have+piece)
		case err != nil:
			return string(got), used, err
		}
	}
}

func TestChunked(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want string // the content
		what string // of the error
	}{
		{"9112-7.1 one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc", ""},
		{"9112-7.1 several", "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", "abcd", ""},
		{"9112-7.1 none", "0\r\n\r\n", "", ""},
		{"9112-7.1 what follows is not looked at", "0\r\n\r\nGET", "", ""},
		{"9112-7.1 the last chunk is of any number of zeros", "00000000000000000000\r\n\r\n", "", ""},
		{"9112-7.1 both cases of digits, and zeros before", "00000000000000000000aA\r\n" + strings.Repeat("x", 0xaa) + "\r\n0\r\n\r\n", strings.Repeat("x", 0xaa), ""},
		{"9112-7.1 CRLF in the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", ""},
		{"9112-7.1.1 extensions", "1;a;b=c ; d = \"e\\\"\r;\"\r\nx\r\n0;f=g\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1.1 extensions", "1;a;b=c ; d = \"e\\\";\"\r\nx\r\n0;f=g\r\n\r\n", "x", ""},
		{"9112-7.1.1 empty value in quotes", "1;a=\"\"\r\nx\r\n0\r\n\r\n", "x", ""},
		{"9112-7.1.2 trailers", "1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n", "x", ""},

		{"9112-7.1 no size", "\r\nabc\r\n0\r\n\r\n", "", "chunk-size"},
		{"9112-7.1 sign", "+3\r\nabc\r\n0\r\n\r\n", "", "chunk-size"},
		{"9112-7.1 minus", "-3\r\nabc\r\n0\r\n\r\n", "", "chunk-size"},
		{"9112-7.1 0x", "0x3\r\nabc\r\n0\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1 underscore", "1_0\r\nabc\r\n0\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1 space before the size", " 3\r\nabc\r\n0\r\n\r\n", "", "chunk-size"},
		{"9112-7.1 space behind the size", "3 \r\nabc\r\n0\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1 2^63", "8000000000000000\r\n", "", "chunk-size"},
		{"9112-7.1 more than 16 digits", "10000000000000000\r\n", "", "chunk-size"},
		{"9112-7.1 LF behind the size", "3\nabc\r\n0\r\n\r\n", "", "chunk line"},
		{"9112-7.1 CR in the line", "3\r;a\r\nabc\r\n0\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1 data longer than its size", "2\r\nabc\r\n0\r\n\r\n", "ab", "chunk-data"},
		{"9112-7.1 LF behind the data", "3\r\nabc\n0\r\n\r\n", "abc", "chunk-data"},
		{"9112-7.1 CR and no LF behind the data", "3\r\nabc\rx0\r\n\r\n", "abc", "chunk-data"},
		{"9112-7.1.1 no name", "3;\r\nabc\r\n0\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1.1 no value", "3;a=\r\nabc\r\n0\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1.1 no semicolon", "3 a\r\nabc\r\n0\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1.1 NUL", "3;a\x00\r\nabc\r\n0\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1.1 NUL in quotes", "3;a=\"\x00\"\r\nabc\r\n0\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1.1 quote without end", "3;a=\"b\r\nabc\r\n0\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1.1 backslash at the end", "3;a=\"b\\\r\nabc\r\n0\r\n\r\n", "", "chunk-ext"},
		{"9112-7.1.1 LF in an extension", "3;a\nabc\r\n0\r\n\r\n", "", "chunk line"},
		{"9112-7.1.2 LF behind a trailer", "0\r\nA: b\n\r\n", "", "line"},
		{"9112-7.1.2 LF behind the trailers", "0\r\nA: b\r\n\n", "", "line"},
		{"9112-7.1.2 space before the colon", "0\r\nA : b\r\n\r\n", "", "field name"},
		{"9112-7.1.2 folded", "0\r\nA: b\r\n c\r\n\r\n", "", "field line"},
		{"9112-8 cut in the line", "3", "", "EOF"},
		{"9112-8 cut in the data", "3\r\nab", "ab", "EOF"},
		{"9112-8 cut behind the data", "3\r\nabc\r", "abc", "EOF"},
		{"9112-8 cut before the last line", "3\r\nabc\r\n", "abc", "EOF"},
		{"9112-8 cut in the trailers", "0\r\nA: b\r\n", "", "EOF"},
		{"9112-8 cut before the end", "0\r\n", "", "EOF"},
		{"9112-8 cut in the end", "0\r\n\r", "", "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, piece := range []int{len(tt.in), 1, 2, 3} {
				var r http1.ChunkReader
				got, used, err := readChunked(&r, tt.in, piece)
				assert.Equal(t, tt.want, got)
				if tt.what == "" {
					require.NoError(t, err)
					assert.Equal(t, strings.TrimSuffix(tt.in, "GET"), tt.in[:used])
					continue
				}
				if assert.Error(t, err); tt.what == "EOF" {
					assert.Equal(t, io.ErrUnexpectedEOF, err)
					continue
				}
				perr, ok := errors.AsType[*http1.ParseError](err)
				require.True(t, ok, "%T %v", err, err)
				assert.Contains(t, perr.What, tt.what+":")
				assert.Equal(t, http1.StatusBadRequest, perr.Reply)
				assert.ErrorIs(t, err, http1.ErrFraming)
			}
		})
	}
}

func TestChunkedPadded(t *testing.T) {
	r := http1.ChunkReader{Padded: true}
	got, _, err := readChunked(&r, "3   \r\nabc\r\n0 \t\r\n\r\n", 1)
	require.NoError(t, err)
	assert.Equal(t, "abc", got)
}

func TestChunkExtensionAndTrailers(t *testing.T) {
	var exts []string
	r := http1.ChunkReader{Extension: func(b []byte) { exts = append(exts, string(b)) }}
	_, _, err := readChunked(&r, "3;a=b\r\nabc\r\n1\r\nd\r\n0;c\r\nA: b\r\na: c\r\n\r\n", 1)
	require.NoError(t, err)
	assert.Equal(t, []string{";a=b", ";c"}, exts)
	assert.Equal(t, http1.NewHeader("A", "b", "a", "c"), r.Trailer)
}

func TestChunkLimits(t *testing.T) {
	one := "1;" + strings.Repeat("a", 1000) + "\r\nx\r\n"
	tests := []struct {
		name  string
		in    string
		lim   http1.Limits
		limit string
		reply int
	}{
		{"a line of 4 KiB", "1;" + strings.Repeat("a", 4096-4) + "\r\nx\r\n0\r\n\r\n", http1.Limits{}, "", 0},
		{"a longer line", "1;" + strings.Repeat("a", 4096-3) + "\r\nx\r\n0\r\n\r\n", http1.Limits{}, "MaxChunkLine", 413},
		{"a line without end", strings.Repeat("0", 4097), http1.Limits{}, "MaxChunkLine", 413},
		{"a longer line without limit", "1;" + strings.Repeat("a", 9000) + "\r\nx\r\n0\r\n\r\n", http1.Limits{MaxChunkLine: -1}, "", 0},
		{"CVE-2023-39326 extensions on each octet", strings.Repeat(one, 18), http1.Limits{}, "MaxChunkOverhead", 413},
		{"CVE-2023-39326 without limit", strings.Repeat(one, 18) + "0\r\n\r\n", http1.Limits{MaxChunkOverhead: -1}, "", 0},
		{"many chunks of one octet", strings.Repeat("1\r\nx\r\n", 30000) + "0\r\n\r\n", http1.Limits{}, "", 0},
		{"endless trailers", "0\r\n" + strings.Repeat("A: b\r\n", 20000), http1.Limits{}, "MaxFieldSection", 431},
		{"too many trailers", "0\r\n" + strings.Repeat("A: b\r\n", 257) + "\r\n", http1.Limits{}, "MaxFields", 431},
		{"a long trailer", "0\r\nA: " + strings.Repeat("b", 33000) + "\r\n\r\n", http1.Limits{}, "MaxField", 431},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := http1.ChunkReader{Limits: tt.lim}
			_, _, err := readChunked(&r, tt.in, 777)
			if tt.limit == "" {
				require.NoError(t, err)
				return
			}
			lerr, ok := errors.AsType[*http1.LimitError](err)
			require.True(t, ok, "%T %v", err, err)
			assert.Equal(t, tt.limit, lerr.Name)
			assert.Equal(t, tt.reply, lerr.Reply)
		})
	}
}

func TestAppendChunkSize(t *testing.T) {
	for n, want := range map[int]string{0: "0", 1: "1", 0xf: "f", 0x10: "10", 0xabc: "abc", 0x12345678: "12345678", math.MaxInt32: "7fffffff"} {
		assert.Equal(t, "!"+want+"\r\n", string(http1.AppendChunkSize([]byte("!"), n)))
	}
}

func TestChunkAllocatesNothing(t *testing.T) {
	in := []byte(strings.Repeat("400;a=b\r\n"+strings.Repeat("x", 1024)+"\r\n", 10) + "0\r\n\r\n")
	var r http1.ChunkReader
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		r.Reset()
		for b := in; ; {
			_, n, err := r.Next(b, math.MaxInt)
			if b = b[n:]; err == io.EOF {
				return
			} else if err != nil {
				t.Error(err)
				return
			}
		}
	}))
}

// FuzzChunked: any cutting of the octets gives the same; what is taken is taken
// by net/http's reader with the same content, where it knows the rules; what
// net/http writes is taken.
func FuzzChunked(f *testing.F) {
	f.Add("3\r\nabc\r\n0\r\n\r\n", 1)
	f.Add("3;a=\"b\"\r\nabc\r\n00\r\nA: b\r\n\r\nGET", 2)
	f.Add("3 \r\nabc\n0\r\n\r\n", 5)
	f.Fuzz(func(t *testing.T, in string, piece int) {
		piece = 1 + int(uint(piece)%64)
		var whole, cut http1.ChunkReader
		got, used, err := readChunked(&whole, in, len(in))
		cutGot, cutUsed, cutErr := readChunked(&cut, in, piece)
		assert.Equal(t, got, cutGot)
		assert.Equal(t, used, cutUsed)
		assert.Equal(t, whole.Trailer, cut.Trailer)
		_, isParse := errors.AsType[*http1.ParseError](err)
		_, cutIsParse := errors.AsType[*http1.ParseError](cutErr)
		assert.Equal(t, isParse, cutIsParse)
		assert.Equal(t, err == nil, cutErr == nil)

		theirs, theirErr := io.ReadAll(httputil.NewChunkedReader(strings.NewReader(in)))
		if err == nil {
			require.NoError(t, theirErr)
			assert.Equal(t, string(theirs), got)
		}
		var b bytes.Buffer
		w := httputil.NewChunkedWriter(&b)
		for rest := []byte(in); len(rest) > 0; rest = rest[min(len(rest), piece):] {
			w.Write(rest[:min(len(rest), piece)])
		}
		w.Close()
		b.WriteString("\r\n")
		var again http1.ChunkReader
		got, _, err = readChunked(&again, b.String(), piece)
		require.NoError(t, err)
		assert.Equal(t, in, got)
	})
}
