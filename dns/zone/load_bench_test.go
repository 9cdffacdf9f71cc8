package zone_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"applayer/dns"
	"applayer/dns/zone"
)

// million is a master file of that many hosts with an address each, in order or
// not.
func million(n int, sorted bool) []byte {
	var b bytes.Buffer
	b.WriteString("$TTL 3600\n@ SOA ns admin 1 7200 900 1209600 300\n@ NS ns\nns A 192.0.2.1\n")
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if !sorted {
		r := rand.New(rand.NewPCG(1, 2))
		r.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	for _, i := range order {
		fmt.Fprintf(&b, "host%07d A 10.%d.%d.%d\n", i, i>>16&255, i>>8&255, i&255)
	}
	return b.Bytes()
}

func BenchmarkLoad(b *testing.B) {
	for _, in := range []struct {
		name, origin string
		text         func() []byte // one at a time: what is live decides how often garbage is collected
	}{
		{"sorted", "example.org", func() []byte { return million(200_000, true) }},
		{"shuffled", "example.org", func() []byte { return million(200_000, false) }},
		{"mixed", "example", func() []byte { return bigZone(20_000) }},
		{"small", "example", func() []byte { return bigZone(5_000) }},
	} {
		b.Run(in.name, func(b *testing.B) {
			text := in.text()
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := zone.Load(bytes.NewReader(text), &zone.ReaderOptions{Origin: dns.MustName(in.origin)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBuild is the part of loading that is not reading.
func BenchmarkBuild(b *testing.B) {
	var rrs []dns.RR
	for rr, err := range zone.NewReader(bytes.NewReader(bigZone(20_000)), &zone.ReaderOptions{Origin: dns.MustName("example")}).All() {
		if err != nil {
			b.Fatal(err)
		}
		rrs = append(rrs, rr)
	}
	b.ReportAllocs()
	for b.Loop() {
		builder := zone.NewBuilder(dns.MustName("example"))
		for _, rr := range rrs {
			if err := builder.Add(rr); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := builder.Zone(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rrs)), "ns/record")
}
