package zone_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

func parseRRs(t *testing.T, lines ...string) (rrs []dns.RR) {
	t.Helper()
	for _, s := range lines {
		rr, err := dns.ParseRR(s)
		require.NoError(t, err, s)
		rrs = append(rrs, rr)
	}
	return rrs
}

func write(t *testing.T, opts *zone.WriterOptions, rrs []dns.RR) string {
	t.Helper()
	var b bytes.Buffer
	w := zone.NewWriter(&b, opts)
	for _, rr := range rrs {
		require.NoError(t, w.Write(rr))
	}
	require.NoError(t, w.Flush())
	return b.String()
}

func TestWriter(t *testing.T) {
	rrs := parseRRs(t, "e. 60 NS a.e.", "a.e. 5 A 192.0.2.1", "a.e. 5 TXT b", "A.e. 5 TXT c", "a.E. 5 TXT d",
		`\@.e. 5 TXT "e f"`, `\$ttl.e. 5 TXT g`, "e. 5 TXT h", "other. 5 TXT i", "ee. 5 TXT j")
	for _, tt := range []struct {
		name string
		opts *zone.WriterOptions
		want string
	}{
		{"lines that stand for themselves", nil, "e. 60 IN NS a.e.\na.e. 5 IN A 192.0.2.1\na.e. 5 IN TXT \"b\"\nA.e. 5 IN TXT \"c\"\na.E. 5 IN TXT \"d\"\n" +
			"\\@.e. 5 IN TXT \"e f\"\n\\$ttl.e. 5 IN TXT \"g\"\ne. 5 IN TXT \"h\"\nother. 5 IN TXT \"i\"\nee. 5 IN TXT \"j\"\n"},
		{"relative to an origin", &zone.WriterOptions{Origin: dns.MustName("e.")}, "$ORIGIN e.\n@ 60 IN NS a.e.\na 5 IN A 192.0.2.1\n 5 IN TXT \"b\"\nA 5 IN TXT \"c\"\na.E. 5 IN TXT \"d\"\n" +
			"\\@ 5 IN TXT \"e f\"\n\\$ttl 5 IN TXT \"g\"\n@ 5 IN TXT \"h\"\nother. 5 IN TXT \"i\"\nee. 5 IN TXT \"j\"\n"},
		{"relative to the root", &zone.WriterOptions{Origin: dns.Root}, "$ORIGIN .\ne 60 IN NS a.e.\na.e 5 IN A 192.0.2.1\n 5 IN TXT \"b\"\nA.e 5 IN TXT \"c\"\na.E 5 IN TXT \"d\"\n" +
			"\\@.e 5 IN TXT \"e f\"\n\\$ttl.e 5 IN TXT \"g\"\ne 5 IN TXT \"h\"\nother 5 IN TXT \"i\"\nee 5 IN TXT \"j\"\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := write(t, tt.opts, rrs)
			assert.Equal(t, tt.want, strings.ReplaceAll(text, "\t", " "))
			var again []dns.RR
			for rr, err := range zone.NewReader(strings.NewReader(text), nil).All() {
				require.NoError(t, err)
				again = append(again, rr)
			}
			assert.Equal(t, rrs, again)
		})
	}
}

// The lines are those of named-compilezone -s full.
func TestWriterColumns(t *testing.T) {
	rrs := parseRRs(t, "e. 60 SOA a.e. b.e. 1 2 3 4 5", "m1.e. 5 MX 10 m1.e.", "m1.e. 123456789 TXT x",
		"a-name-of-more-than-forty-octets-in-all.e. 5 A 192.0.2.1", "a-name-of-more-than-forty-six-octets-in-all-of-it.e. 5 A 192.0.2.1")
	assert.Equal(t, ""+
		"e.\t\t\t\t\t      60 IN SOA\t\ta.e. b.e. 1 2 3 4 5\n"+
		"m1.e.\t\t\t\t\t      5\tIN MX\t\t10 m1.e.\n"+
		"m1.e.\t\t\t\t\t      123456789\tIN TXT\t\"x\"\n"+
		"a-name-of-more-than-forty-octets-in-all.e.    5\tIN A\t\t192.0.2.1\n"+
		"a-name-of-more-than-forty-six-octets-in-all-of-it.e. 5 IN A\t192.0.2.1\n",
		write(t, &zone.WriterOptions{Columns: true}, rrs))
}

func TestWriterRefuses(t *testing.T) {
	good := parseRRs(t, "a. 5 A 192.0.2.1")[0]
	with := func(change func(*dns.RR)) dns.RR {
		rr := good
		change(&rr)
		return rr
	}
	for name, rr := range map[string]dns.RR{
		"1035-5.2 another class":    with(func(rr *dns.RR) { rr.Class = dns.ClassCH }),
		"6895-3.1 type of messages": with(func(rr *dns.RR) { rr.Data = new(dns.OPT) }),
		"no data":                   with(func(rr *dns.RR) { rr.Data = nil }),
		"no name":                   with(func(rr *dns.RR) { rr.Name = dns.Name{} }),
		"2181-8 TTL too long":       with(func(rr *dns.RR) { rr.TTL = dns.MaxTTL + 1 }),
		"data that is none":         with(func(rr *dns.RR) { rr.Data = new(dns.A) }),
	} {
		t.Run(name, func(t *testing.T) {
			for _, opts := range []*zone.WriterOptions{nil, {Origin: dns.MustName("b.")}} {
				var b bytes.Buffer
				w := zone.NewWriter(&b, opts)
				require.Error(t, w.Write(rr))
				require.NoError(t, w.Write(good))
				require.NoError(t, w.Flush())
				assert.True(t, strings.HasSuffix(b.String(), good.String()+"\n"))
				assert.NotContains(t, strings.TrimSuffix(b.String(), good.String()+"\n"), "\t")
			}
		})
	}
}

func TestWriterErrors(t *testing.T) {
	broken := errors.New("broken")
	w := zone.NewWriter(failing{broken}, nil)
	rr := parseRRs(t, "a. 5 A 192.0.2.1")[0]
	require.NoError(t, w.Write(rr))
	assert.ErrorIs(t, w.Flush(), broken)
	assert.ErrorIs(t, w.Write(rr), broken)
	assert.ErrorIs(t, w.Flush(), broken)
}

type failing struct{ err error }

func (w failing) Write([]byte) (int, error) { return 0, w.err }
