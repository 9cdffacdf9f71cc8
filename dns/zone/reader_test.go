package zone_test

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

// records reads a whole file; each record is a line, its tabs blanks.
func records(in string, opts *zone.ReaderOptions) (lines []string, err error) {
	for rr, err := range zone.NewReader(strings.NewReader(in), opts).All() {
		if err != nil {
			return lines, err
		}
		lines = append(lines, strings.ReplaceAll(rr.String(), "\t", " "))
	}
	return lines, nil
}

func TestReader(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"empty file", "", nil},
		{"comments and blank lines", "; a\n\n \t\n;b", nil},
		{"1035-5.1 blank owner", "a 5 A 192.0.2.1\n A 192.0.2.2\n", []string{"a.e. 5 IN A 192.0.2.1", "a.e. 5 IN A 192.0.2.2"}},
		{"1035-5.1 last line without an end", "a 5 A 192.0.2.1", []string{"a.e. 5 IN A 192.0.2.1"}},
		{"1035-5.1 TTL and class in either order", "a 5 IN A 192.0.2.1\na IN 6 A 192.0.2.2\n", []string{"a.e. 5 IN A 192.0.2.1", "a.e. 6 IN A 192.0.2.2"}},
		{"1035-5.1 owner that is a type, a class or a number", "a 5 A 192.0.2.1\nIN IN A 192.0.2.1\n5 A 192.0.2.1\n", []string{
			"a.e. 5 IN A 192.0.2.1", "IN.e. 5 IN A 192.0.2.1", "5.e. 5 IN A 192.0.2.1",
		}},
		{"1035-5.1 origin", "@ 5 NS @\na.b NS c.\n$ORIGIN d\n@ NS a\n$ORIGIN f.\n@ NS a\n", []string{
			"e. 5 IN NS e.", "a.b.e. 5 IN NS c.", "d.e. 5 IN NS a.d.e.", "f. 5 IN NS a.f.",
		}},
		{"1035-5.1 origin changes, owner does not", "a 5 A 192.0.2.1\n$ORIGIN f.\n A 192.0.2.2\na A 192.0.2.3\n", []string{
			"a.e. 5 IN A 192.0.2.1", "a.e. 5 IN A 192.0.2.2", "a.f. 5 IN A 192.0.2.3",
		}},
		{"1035-5.1 parentheses", "a 5 SOA ( b c ; (\n1 2 3\n 4 5 )\n", []string{"a.e. 5 IN SOA b.e. c.e. 1 2 3 4 5"}},
		{"1035-5.1 escapes", `a\.b\@\065\; 5 TXT a\ b "c;\"d" \000` + "\n", []string{`a\.b\@A\;.e. 5 IN TXT "a b" "c;\"d" "\000"`}},
		{"1035-5.1 escaped dollar sign", `\$ttl 5 A 192.0.2.1`, []string{`\$ttl.e. 5 IN A 192.0.2.1`}},
		{"1035-5.1 at sign in quotes or with a backslash is a name", `\@ 5 A 192.0.2.1`, []string{`\@.e. 5 IN A 192.0.2.1`}},
		{"1035-5.1 last TTL", "a 5 A 192.0.2.1\nb A 192.0.2.1\nc 6 A 192.0.2.1\nd A 192.0.2.1\n", []string{
			"a.e. 5 IN A 192.0.2.1", "b.e. 5 IN A 192.0.2.1", "c.e. 6 IN A 192.0.2.1", "d.e. 6 IN A 192.0.2.1",
		}},
		{"2308-4 $TTL stands before the last TTL", "$ttl 1h\na 5 A 192.0.2.1\nb A 192.0.2.1\n$TTL 1d\nc A 192.0.2.1\n", []string{
			"a.e. 5 IN A 192.0.2.1", "b.e. 3600 IN A 192.0.2.1", "c.e. 86400 IN A 192.0.2.1",
		}},
		{"2308-4 minimum of the SOA", "@ SOA a b 1 2 3 4 300\n NS a\nc 5 NS a\nd NS a\n", []string{
			"e. 300 IN SOA a.e. b.e. 1 2 3 4 300", "e. 300 IN NS a.e.", "c.e. 5 IN NS a.e.", "d.e. 300 IN NS a.e.",
		}},
		{"2308-4 not the minimum where the SOA has a TTL", "@ 60 SOA a b 1 2 3 4 300\n NS a\n", []string{
			"e. 60 IN SOA a.e. b.e. 1 2 3 4 300", "e. 60 IN NS a.e.",
		}},
		{"3597-5 unknown type and class", `a 5 CLASS1 TYPE65280 \# 2 00 ff` + "\n", []string{`a.e. 5 IN TYPE65280 \# 2 00FF`}},
		{"CRLF", "a 5 A 192.0.2.1\r\n A 192.0.2.2\r\n", []string{"a.e. 5 IN A 192.0.2.1", "a.e. 5 IN A 192.0.2.2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := records(tt.in, &zone.ReaderOptions{Origin: dns.MustName("e.")})
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestReaderErrors(t *testing.T) {
	for _, tt := range []struct {
		name, in     string
		line, column int
		err          error
	}{
		{"1035-5.1 unknown directive", "\n$DATE x\n", 2, 1, dns.ErrSyntax},
		{"1035-5.1 $ORIGIN without a name", "$ORIGIN\n", 1, 1, dns.ErrSyntax},
		{"1035-5.1 $ORIGIN with two names", "$ORIGIN a b\n", 1, 1, dns.ErrSyntax},
		{"1035-5.1 $ORIGIN that is no name", "$ORIGIN a..b\n", 1, 11, dns.ErrLabel},
		{"2308-4 $TTL without a time", "$TTL ; 5\n", 1, 1, dns.ErrSyntax},
		{"2308-4 $TTL that is no time", "$TTL 5x\n", 1, 6, dns.ErrSyntax},
		{"2181-8 TTL too long", "$TTL 2147483648\n", 1, 6, dns.ErrSyntax},
		{"2308-4 no TTL", "a A 192.0.2.1\n", 1, 3, dns.ErrSyntax},
		{"1035-5.1 no owner", " 5 A 192.0.2.1\n", 1, 1, dns.ErrSyntax},
		{"1035-5.1 owner that is no name", "a 5 A 192.0.2.1\n\nb..c A 192.0.2.1\n", 3, 3, dns.ErrLabel},
		{"1035-5.1 type is missing", "a 5 IN\n", 1, 5, dns.ErrSyntax},
		{"1035-5.1 unknown type", "a 5 IN NONESUCH x\n", 1, 8, dns.ErrSyntax},
		{"1035-5.2 another class", "a 5 CH A 192.0.2.1\n", 1, 8, dns.ErrSyntax},
		{"6895-3.1 type of questions", "a 5 ANY\n", 1, 5, dns.ErrSyntax},
		{"6895-3.1 type of messages", `a 5 OPT \# 0` + "\n", 1, 5, dns.ErrSyntax},
		{"1035-5.1 bad data", "a 5 MX 10 (\n b..c )\n", 2, 4, dns.ErrLabel},
		{"1035-5.1 no data", "a 5 A\n", 1, 5, dns.ErrSyntax},
		{"1035-5.1 more data", "a 5 A 192.0.2.1\na 5 A 192.0.2.1 x\n", 2, 7, dns.ErrSyntax},
		{"1035-5.1 parenthesis not closed", "a 5 A ( 192.0.2.1\nb 5 A 192.0.2.1\n", 1, 7, io.ErrUnexpectedEOF},
		{"1035-5.1 parenthesis not open", "a 5 A 192.0.2.1 )\n", 1, 17, dns.ErrSyntax},
		{"1035-5.1 quotes not closed", "a 5 TXT \"b\n", 1, 9, dns.ErrSyntax},
		{"1035-5.1 quotes not closed at the end", `a 5 TXT "b`, 1, 9, dns.ErrSyntax},
		{"1035-5.1 backslash at the end", `a 5 TXT b\`, 1, 10, dns.ErrSyntax},
		{"3597-5 length that is not that of the data", "a 5 TYPE65280 \\# 2 00\n", 1, 20, dns.ErrSyntax},
		{"3597-5 known type whose octets are wrong", "a 5 A \\# 3 000000\n", 1, 7, dns.ErrRDLength},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := zone.NewReader(strings.NewReader(tt.in), &zone.ReaderOptions{Origin: dns.MustName("e."), File: "e.zone"})
			var err error
			for err == nil {
				_, err = r.Next()
			}
			var pe *zone.ParseError
			require.ErrorAs(t, err, &pe)
			assert.ErrorIs(t, err, tt.err)
			assert.Equal(t, "e.zone", pe.File)
			assert.Equal(t, []int{tt.line, tt.column}, []int{pe.Line, pe.Column}, "%v", err)
			lines := strings.SplitAfter(tt.in, "\n")
			assert.Equal(t, len(strings.Join(lines[:tt.line-1], ""))+tt.column-1, int(pe.Offset))
			_, again := r.Next()
			assert.Equal(t, err, again, "an error ends the reading")
		})
	}
}

func TestReaderErrorText(t *testing.T) {
	_, err := records("a 5 A 192.0.2.1\nb 5 NONESUCH x\n", &zone.ReaderOptions{Origin: dns.MustName("e."), File: "e.zone"})
	assert.EqualError(t, err, `zone: e.zone:2:5: type "NONESUCH": syntax (RFC 1035 §5.1)`)
	_, err = records("a 5 A 192.0.2.1\n", nil)
	assert.EqualError(t, err, `zone: 1:1: relative name "a" without an origin: syntax (RFC 1035 §5.1)`)
	_, err = records("$GENERATE 1-70000 a$ 5 A 192.0.2.1\n", nil)
	assert.EqualError(t, err, `zone: 1:11: dns: limit MaxGenerate of 65536 reached`)
}

func TestReaderLimits(t *testing.T) {
	long := strings.Repeat("a", 70000)
	octets := `a 5 TYPE65280 \# 65501` + strings.Repeat(" "+strings.Repeat("0", 1000), 131) + " 00 "
	for _, tt := range []struct {
		name, in string
		limits   zone.Limits
		want     string // the limit; "" for none
	}{
		{"long word", "a 5 TXT " + long, zone.Limits{}, "MaxToken"},
		{"long comment", "a 5 TXT b;" + long, zone.Limits{}, ""},
		{"long entry", "a 5 TXT b ;" + strings.Repeat("c", 1<<20), zone.Limits{}, "MaxEntry"},
		{"entry of lines", "a 5 TXT (" + strings.Repeat("b\n", 1<<19), zone.Limits{}, "MaxEntry"},
		{"another limit of entries", "a 5 A 192.0.2.1 ;" + long, zone.Limits{MaxEntry: 100}, "MaxEntry"},
		{"no limit of entries", "a 5 TXT b ;" + strings.Repeat("c", 3<<20), zone.Limits{MaxEntry: -1}, ""},
		{"long RDATA in many words", octets, zone.Limits{}, ""},
		{"long RDATA", "a 5 TXT" + strings.Repeat(" "+strings.Repeat("b", 255), 255) + " " + strings.Repeat("b", 254), zone.Limits{}, ""},
		{"RDATA too long", "a 5 TXT" + strings.Repeat(" "+strings.Repeat("b", 255), 256), zone.Limits{}, "MaxRData"},
		{"RDATA too long where no limit is", "a 5 TXT" + strings.Repeat(" "+strings.Repeat("b", 255), 256), zone.Limits{MaxRData: -1}, "MaxRData"},
		{"another limit of RDATA", "a 5 TXT b c d", zone.Limits{MaxRData: 5}, "MaxRData"},
		{"RDATA that just fits", "a 5 TXT b c d", zone.Limits{MaxRData: 6}, ""},
		{"records generated", "$GENERATE 1-65536 a$ 5 A 192.0.2.1", zone.Limits{}, ""},
		{"too many records generated", "$GENERATE 0-65536 a$ 5 A 192.0.2.1", zone.Limits{}, "MaxGenerate"},
		{"no limit of records generated", "$GENERATE 0-65536 a$ 5 A 192.0.2.1", zone.Limits{MaxGenerate: -1}, ""},
		{"too many records generated in all", strings.Repeat("$GENERATE 1-5 a$ 5 A 192.0.2.1\n", 3), zone.Limits{MaxGenerated: 14}, "MaxGenerated"},
		{"records generated in all", strings.Repeat("$GENERATE 1-5 a$ 5 A 192.0.2.1\n", 3), zone.Limits{MaxGenerated: 15}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := records(tt.in, &zone.ReaderOptions{Origin: dns.MustName("e."), Limits: &tt.limits})
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			var le *dns.LimitError
			require.ErrorAs(t, err, &le)
			assert.Equal(t, tt.want, le.Name)
			assert.ErrorAs(t, err, new(*zone.ParseError))
		})
	}
}

// However the file comes, the records are the same.
func TestReaderChunks(t *testing.T) {
	in := "$TTL 5\n" + strings.Repeat("a TXT ( \"b\" ; c\n \\; )\n b A 192.0.2.1\n", 500)
	opts := &zone.ReaderOptions{Origin: dns.MustName("e.")}
	want, err := records(strings.ReplaceAll(in, " b A", "b A"), opts)
	require.NoError(t, err)
	require.Len(t, want, 1000)
	for name, r := range map[string]func(io.Reader) io.Reader{
		"one byte": iotest.OneByteReader, "half": iotest.HalfReader, "EOF with the data": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for rr, err := range zone.NewReader(r(strings.NewReader(strings.ReplaceAll(in, " b A", "b A"))), opts).All() {
				require.NoError(t, err)
				got = append(got, strings.ReplaceAll(rr.String(), "\t", " "))
			}
			assert.Equal(t, want, got)
		})
	}
}

func TestReaderReadErrors(t *testing.T) {
	broken := errors.New("broken")
	r := zone.NewReader(io.MultiReader(strings.NewReader("a. 5 A 192.0.2.1\nb."), iotest.ErrReader(broken)), &zone.ReaderOptions{File: "e.zone"})
	_, err := r.Next()
	require.NoError(t, err)
	_, err = r.Next()
	assert.ErrorIs(t, err, broken)
	assert.EqualError(t, err, "zone: e.zone:2: broken")
	_, err = zone.NewReader(silent{}, nil).Next()
	assert.ErrorIs(t, err, io.ErrNoProgress)
}

// silent reads nothing, and says nothing.
type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

func TestReaderPosition(t *testing.T) {
	files := fstest.MapFS{"x": {Data: []byte("\n\nc A 192.0.2.1\n")}}
	r := zone.NewReader(strings.NewReader("$TTL 5\n\na A (\n 192.0.2.1 )\nb A 192.0.2.1\n$INCLUDE x\n$GENERATE 1-2 d$ A 192.0.2.1\n"),
		&zone.ReaderOptions{Origin: dns.MustName("e."), File: "e.zone", FS: files})
	type place struct {
		file string
		line int
	}
	var got []place
	for {
		_, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		file, line := r.Position()
		got = append(got, place{file, line})
	}
	assert.Equal(t, []place{{"e.zone", 3}, {"e.zone", 5}, {"x", 3}, {"e.zone", 7}, {"e.zone", 7}}, got)
}

func TestReaderAllStops(t *testing.T) {
	r := zone.NewReader(strings.NewReader("a. 5 A 192.0.2.1\nb. A 192.0.2.1\n"), nil)
	for rr, err := range r.All() {
		require.NoError(t, err)
		assert.Equal(t, "a.", rr.Name.String())
		break
	}
	_, err := r.Next()
	assert.ErrorIs(t, err, fs.ErrClosed)
}

func TestReaderClass(t *testing.T) {
	got, err := records("version.bind 5 TXT \"none\"\n", &zone.ReaderOptions{Origin: dns.Root, Class: dns.ClassCH})
	require.NoError(t, err)
	assert.Equal(t, []string{`version.bind. 5 CH TXT "none"`}, got)
}

func TestReaderKeepsNothingOfTheBuffer(t *testing.T) {
	in := strings.Repeat("a.b.c.d 5 TXT \"text of some length\"\nx 5 TYPE65280 \\# 4 01020304\n", 5000)
	var rrs []dns.RR
	for rr, err := range zone.NewReader(iotest.HalfReader(strings.NewReader(in)), &zone.ReaderOptions{Origin: dns.MustName("e.")}).All() {
		require.NoError(t, err)
		rrs = append(rrs, rr)
	}
	require.Len(t, rrs, 10000)
	for pair := range slices.Chunk(rrs, 2) {
		assert.Equal(t, rrs[0], pair[0])
		assert.Equal(t, rrs[1], pair[1])
	}
}
