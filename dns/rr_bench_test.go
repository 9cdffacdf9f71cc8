package dns_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// What each of the steps costs for a type: reading its first vector from the
// wire, writing it to the wire, and to text.
func BenchmarkRData(b *testing.B) {
	some := without("A AAAA MX SOA TXT SRV DS DNSKEY RRSIG NSEC NSEC3 HTTPS CAA LOC")
	for _, v := range readVectors(b) {
		if !some(v.typ) {
			continue
		}
		wire := v.good[0].wire
		d, err := dns.ParseRData(v.typ, wire, 0, len(wire), nil)
		require.NoError(b, err)
		b.Run("parse/"+v.typ.String(), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(wire)))
			for b.Loop() {
				if _, err := dns.ParseRData(v.typ, wire, 0, len(wire), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, form := range []struct {
			name   string
			append func([]byte, dns.RData) ([]byte, error)
		}{
			{"append", func(dst []byte, d dns.RData) ([]byte, error) { return dns.AppendRData(dst, d, nil) }},
			{"print", dns.AppendRDataText},
		} {
			b.Run(form.name+"/"+v.typ.String(), func(b *testing.B) {
				b.ReportAllocs()
				dst, err := form.append(nil, d)
				require.NoError(b, err)
				b.SetBytes(int64(len(dst)))
				for b.Loop() {
					if dst, err = form.append(dst[:0], d); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
