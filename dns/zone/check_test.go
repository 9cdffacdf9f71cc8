package zone_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

// checked reads a zone e. that has an SOA and an NS record already, and checks
// it; problems are lines, warnings behind a W.
func checked(t *testing.T, in string) (rrs []dns.RR, problems []string) {
	t.Helper()
	for rr, err := range zone.NewReader(strings.NewReader("$TTL 5\n@ SOA ns b 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n"+in), &zone.ReaderOptions{Origin: dns.MustName("e.")}).All() {
		require.NoError(t, err)
		rrs = append(rrs, rr)
	}
	return check("e.", rrs)
}

func check(origin string, rrs []dns.RR) (_ []dns.RR, lines []string) {
	rrs, problems := zone.Check(dns.MustName(origin), rrs)
	for _, p := range problems {
		s := strings.TrimPrefix(p.Error(), "zone: ")
		if p.Warning {
			s = "W " + s
		}
		lines = append(lines, s)
	}
	return rrs, lines
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"plain", "", nil},
		{"1035-5.2 several SOA records", "@ SOA ns b 2 2 3 4 5\n", []string{"e. SOA: several SOA records (RFC 1035 §5.2)"}},
		{"1035-5.2 SOA record elsewhere", "a SOA ns b 2 2 3 4 5\n", []string{"a.e. SOA: SOA record that is not at the apex (RFC 1035 §5.2)"}},
		{"1035-5.2 out of the zone", "a.f. A 192.0.2.1\nxe. A 192.0.2.1\n. A 192.0.2.1\n", []string{
			".: out of the zone e. (RFC 1035 §5.2)", "a.f.: out of the zone e. (RFC 1035 §5.2)", "xe.: out of the zone e. (RFC 1035 §5.2)",
		}},
		{"2181-10.1 CNAME beside other data", "a CNAME b\nA TXT c\n", []string{"a.e. CNAME: beside other data (RFC 2181 §10.1)"}},
		{"2181-10.1 CNAME at the apex", "@ CNAME b\n", []string{"e. CNAME: beside other data (RFC 2181 §10.1)"}},
		{"2181-10.1 several CNAME records", "a CNAME b\na CNAME c\n", []string{"a.e. CNAME: several at one name (RFC 2181 §10.1)"}},
		{"4035-2.5 CNAME beside its signature", "a CNAME b\na RRSIG CNAME 13 2 5 20300101000000 20200101000000 1 e. AAAA\na NSEC b.e. CNAME RRSIG NSEC\n", nil},
		{"6672-2.4 several DNAME records", "a DNAME b\na DNAME c\n", []string{"a.e. DNAME: several at one name (RFC 6672 §2.4)"}},
		{"6672-2.4 data below a DNAME", "a DNAME b\nx.a A 192.0.2.1\ny.x.A DNAME b\nz.a A 192.0.2.1\na TXT c\nxa TXT d\n", []string{
			"x.a.e.: below the DNAME record of a.e. (RFC 6672 §2.4)",
			"y.x.A.e.: below the DNAME record of a.e. (RFC 6672 §2.4)",
			"z.a.e.: below the DNAME record of a.e. (RFC 6672 §2.4)",
		}},
		{"6672-2.4 CNAME beside a DNAME", "a DNAME b\na CNAME b\n", []string{"a.e. CNAME: beside other data (RFC 2181 §10.1)"}},
		{"2181-5 record that is there twice", "a A 192.0.2.1\na A 192.0.2.2\nA A 192.0.2.1\n", []string{"W A.e. A: record that is there twice (RFC 2181 §5)"}},
		{"2181-5 names in data that differ in case", "a MX 1 ns\na MX 1 NS\n", []string{"W a.e. MX: record that is there twice (RFC 2181 §5)"}},
		{"2181-5.2 TTLs that differ", "a 7 A 192.0.2.1\na 6 A 192.0.2.2\na 5 TXT b\n", []string{"W a.e. A: TTLs of a set that differ: the lowest counts (RFC 2181 §5.2)"}},
		{"1034-4.2.1 server without an address", "@ NS x\na NS y.a\nb NS z\nz TXT none\n", []string{
			"W e. NS: name server x.e. has no address (RFC 1034 §4.2.1)",
			"W a.e. NS: name server y.a.e. has no address (RFC 1034 §4.2.1)",
			"W b.e. NS: name server z.e. has no address (RFC 1034 §4.2.1)",
		}},
		{"1034-4.2.1 servers with addresses", "a NS y.a\ny.A AAAA 2001:db8::1\nb NS y.a\nc NS ns.f.\nd NS x.c\n", nil},
		{"1034-4.2.1 delegation to its own name", "a NS a\nb NS b\nb A 192.0.2.1\n", []string{"W a.e. NS: name server a.e. has no address (RFC 1034 §4.2.1)"}},
		{"4592-2.1 server whose address is a wildcard's", "a NS x.w\n*.w A 192.0.2.1\n", nil},
		{"2181-10.3 server that is an alias", "a NS b\nb CNAME c\nc A 192.0.2.1\n", []string{"W a.e. NS: name server b.e. is an alias (RFC 2181 §10.3)"}},
		{"1034-4.2.1 data below a delegation", "a NS ns\nx.a A 192.0.2.1\ny.a TXT b\nz.y.a NS c\nab TXT b\n", []string{
			"W y.a.e. TXT: below the delegation of a.e. (RFC 1034 §4.2.1)",
			"W z.y.a.e. NS: below the delegation of a.e. (RFC 1034 §4.2.1)",
			"W z.y.a.e. NS: name server c.e. has no address (RFC 1034 §4.2.1)",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := checked(t, tt.in)
			assert.Equal(t, tt.want, problems)
		})
	}
}

func TestCheckOfNothing(t *testing.T) {
	_, problems := check("e.", nil)
	want := []string{"e. SOA: no SOA record (RFC 1035 §5.2)", "e. NS: no name server (RFC 1034 §4.2.1)"}
	assert.Equal(t, want, problems)
	_, problems = check("e.", []dns.RR{{}})
	assert.Contains(t, problems, want[0])
	rrs := parseRRs(t, "e. 5 CH SOA a. b. 1 2 3 4 5", "e. 5 CH NS a.", "e. 5 IN TXT x")
	_, problems = check("e.", rrs)
	assert.Equal(t, []string{"e. TXT: class IN in a zone of class CH (RFC 1035 §5.2)"}, problems)
}

// The records come back without those that are there twice, each set with one
// TTL.
func TestCheckMerges(t *testing.T) {
	rrs, _ := checked(t, "a 7 A 192.0.2.2\na 6 A 192.0.2.1\nb 9 A 192.0.2.1\nA 4 A 192.0.2.2\n")
	var lines []string
	for _, rr := range rrs {
		lines = append(lines, strings.ReplaceAll(rr.String(), "\t", " "))
	}
	assert.Equal(t, []string{
		"e. 5 IN SOA ns.e. b.e. 1 2 3 4 5", "e. 5 IN NS ns.e.",
		"a.e. 4 IN A 192.0.2.1", "a.e. 4 IN A 192.0.2.2", "b.e. 9 IN A 192.0.2.1", "ns.e. 5 IN A 192.0.2.1",
	}, lines)
	again, problems := zone.Check(dns.MustName("e."), slices.Clone(rrs))
	assert.Empty(t, problems)
	assert.Equal(t, rrs, again)
}

func TestCheckBoundsItsReport(t *testing.T) {
	var in strings.Builder
	for i := range 2 * zone.MaxProblems {
		fmt.Fprintf(&in, "a%d.f. A 192.0.2.1\n", i)
	}
	_, problems := checked(t, in.String())
	assert.Len(t, problems, zone.MaxProblems)
}

func TestSort(t *testing.T) {
	want := []string{
		"e. 5 SOA a. b. 1 2 3 4 5", "e. 5 NS a.", "e. 5 A 192.0.2.1", "e. 5 A 192.0.2.2", `e. 5 TXT "a"`, `e. 5 TXT "b"`, `e. 5 TXT "aa"`,
		"e. 5 RRSIG TXT 13 1 5 20300101000000 20200101000000 1 e. AAAA", "e. 5 NSEC a.e. A",
		"a.e. 5 A 192.0.2.1", "x.a.e. 5 A 192.0.2.1", "Y.a.E. 5 A 192.0.2.1", "b.e. 5 A 192.0.2.1", "A.f. 5 A 192.0.2.1",
	}
	rrs := parseRRs(t, want...)
	for shift := range rrs {
		mixed := slices.Clone(rrs)
		mixed = append(mixed[shift:], mixed[:shift]...)
		slices.Reverse(mixed[:len(mixed)/2])
		zone.Sort(mixed)
		assert.Equal(t, rrs, mixed)
	}
}

// Many delegations to one host that has many addresses, or to hosts that are not
// there below an apex that has many records: what is looked at grows with the
// zone, not with its square.
func TestCheckLooksAtNoRecordTwice(t *testing.T) {
	const head = "@ 60 SOA ns admin 1 1 1 1 1\n@ 60 NS ns\n"
	for _, tt := range []struct{ name, many, cuts string }{
		{"a host with many addresses", "ns A 10.0.%d.%d\n", "d%d-%d NS ns\n"},
		{"an apex with many records", "@ TXT %d-%d\n", "d%d-%d NS gone\n"},
	} {
		allocations := func(n int) float64 {
			var b strings.Builder
			b.WriteString(head)
			for _, line := range []string{tt.many, tt.cuts} {
				for i := range n {
					fmt.Fprintf(&b, line, i>>8, i&255)
				}
			}
			return testing.AllocsPerRun(3, func() {
				_, _, err := zone.Load(strings.NewReader(b.String()), &zone.ReaderOptions{Origin: dns.MustName("example.org.")})
				require.NoError(t, err)
			})
		}
		assert.Less(t, allocations(1000), 6*allocations(250), tt.name)
	}
}
