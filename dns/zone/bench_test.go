package zone_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

// bigZone is a zone of so many hosts as a registry or a hoster has them: each
// with two addresses, mail, and a delegation every third.
func bigZone(hosts int) []byte {
	var b bytes.Buffer
	b.WriteString("$ORIGIN example.\n$TTL 3600\n@ SOA ns1 hostmaster 2024010100 7200 3600 1209600 300\n NS ns1\n NS ns2\nns1 A 192.0.2.1\nns2 A 192.0.2.2\n")
	for i := range hosts {
		fmt.Fprintf(&b, "host%d\tIN\tA\t10.%d.%d.%d\n", i, i>>16&255, i>>8&255, i&255)
		fmt.Fprintf(&b, "\t\tIN\tAAAA\t2001:db8:%x::%x\n", i>>16, i&0xffff)
		fmt.Fprintf(&b, "\t600\tIN\tMX\t10 mail%d.example.\n", i)
		fmt.Fprintf(&b, "\t\tTXT\t\"v=spf1 mx -all\" ; mail\n")
		if i%3 == 0 {
			fmt.Fprintf(&b, "sub%d IN NS ns1.host%d.example.net.\nsub%d IN NS ns2.host%d.example.net.\n", i, i, i, i)
		}
	}
	return b.Bytes()
}

func readAll(tb testing.TB, in []byte) (n int) {
	tb.Helper()
	r := zone.NewReader(bytes.NewReader(in), &zone.ReaderOptions{Origin: dns.Root})
	for {
		_, err := r.Next()
		if err == io.EOF {
			return n
		}
		if err != nil {
			tb.Fatal(err)
		}
		n++
	}
}

func BenchmarkReader(b *testing.B) {
	in := bigZone(5000)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		records += readAll(b, in)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
}

func BenchmarkGenerate(b *testing.B) {
	in := []byte("$GENERATE 0-65535 h$ 5 CNAME a$.example.\n")
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		records += readAll(b, in)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
}

func BenchmarkWriter(b *testing.B) {
	var rrs []dns.RR
	for rr, err := range zone.NewReader(bytes.NewReader(bigZone(1000)), nil).All() {
		require.NoError(b, err)
		rrs = append(rrs, rr)
	}
	b.ReportAllocs()
	for b.Loop() {
		w := zone.NewWriter(io.Discard, nil)
		for _, rr := range rrs {
			if err := w.Write(rr); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	var rrs []dns.RR
	for rr, err := range zone.NewReader(bytes.NewReader(bigZone(5000)), nil).All() {
		require.NoError(b, err)
		rrs = append(rrs, rr)
	}
	origin := dns.MustName("example.")
	b.ReportAllocs()
	for b.Loop() {
		zone.Check(origin, rrs)
	}
}

// A record takes two allocations at most: its data, and its part of the pieces
// that names and texts are cut from.
func TestReaderAllocations(t *testing.T) {
	in := bigZone(2000)
	records := 0
	allocs := testing.AllocsPerRun(5, func() { records = readAll(t, in) })
	perRecord := allocs / float64(records)
	t.Logf("%.2f allocations a record", perRecord)
	if perRecord > 2 {
		t.Errorf("%.2f allocations a record, want 2 at most", perRecord)
	}
}
