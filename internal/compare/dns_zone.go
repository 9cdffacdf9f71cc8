package main

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	codeberg "codeberg.org/miekg/dns"
	miekg "github.com/miekg/dns"

	"applayer/dns"
	"applayer/dns/zone"
)

// dnsZoneSubjects are what is done with a master file.
var dnsZoneSubjects = []subject{
	{name: "dns-zone-read", implementations: []implementation{
		{name: "applayer", bench: readZone}, {name: "miekg", bench: readZoneMiekg}, {name: "codeberg", bench: readZoneCodeberg},
	}},
	// Ours is the tree that is served, the peer's the records alone.
	{name: "dns-zone-load", implementations: []implementation{{name: "applayer", bench: buildZone}, {name: "miekg", bench: readZoneMiekg}}},
	{name: "dns-zone-memory", implementations: []implementation{{name: "applayer", bench: zoneMemory}}, unit: "B/record"},
}

const zoneHosts = 5000

// zoneRecords is how many records the zone has, zoneText its master file: hosts
// with addresses, mail, a text, and a delegation every third.
var zoneRecords, zoneText = func() (n int, _ []byte) {
	var b bytes.Buffer
	b.WriteString("$ORIGIN example.\n$TTL 3600\n@ IN SOA ns1 hostmaster 2024010100 7200 3600 1209600 300\n\tIN NS ns1\nns1 IN A 192.0.2.1\n")
	n = 3
	for i := range zoneHosts {
		fmt.Fprintf(&b, "host%d\tIN\tA\t10.%d.%d.%d\n", i, i>>16&255, i>>8&255, i&255)
		fmt.Fprintf(&b, "\t\tIN\tAAAA\t2001:db8:%x::%x\n", i>>16, i&0xffff)
		fmt.Fprintf(&b, "\t600\tIN\tMX\t10 mail%d.example.\n\t\tIN\tTXT\t\"v=spf1 mx -all\" ; mail\n", i)
		n += 4
		if i%3 == 0 {
			fmt.Fprintf(&b, "sub%d IN NS ns1.host%d.example.net.\nsub%d IN NS ns2.host%d.example.net.\n", i, i, i, i)
			n += 2
		}
	}
	return n, b.Bytes()
}()

// readWhole reads the zone again and again; each reading must give all records.
func readWhole(b *testing.B, read func(io.Reader) (int, error)) error {
	b.ReportAllocs()
	return each(b, len(zoneText), func() error {
		n, err := read(bytes.NewReader(zoneText))
		if err == nil && n != zoneRecords {
			err = fmt.Errorf("%d records of %d", n, zoneRecords)
		}
		return err
	})
}

func readZone(b *testing.B) error {
	return readWhole(b, func(r io.Reader) (n int, err error) {
		z := zone.NewReader(r, nil)
		for {
			switch _, err := z.Next(); err {
			case nil:
				n++
			case io.EOF:
				return n, nil
			default:
				return n, err
			}
		}
	})
}

func readZoneMiekg(b *testing.B) error {
	return readWhole(b, func(r io.Reader) (n int, err error) {
		z := miekg.NewZoneParser(r, "", "")
		for _, ok := z.Next(); ok; _, ok = z.Next() {
			n++
		}
		return n, z.Err()
	})
}

func readZoneCodeberg(b *testing.B) error {
	return readWhole(b, func(r io.Reader) (n int, err error) {
		z := codeberg.NewZoneParser(r, "", "")
		for _, ok := z.Next(); ok; _, ok = z.Next() {
			n++
		}
		return n, z.Err()
	})
}

// buildZone reads the zone and makes the tree that is served.
func buildZone(b *testing.B) error {
	return readWhole(b, func(r io.Reader) (int, error) {
		z, _, err := zone.Load(r, &zone.ReaderOptions{Origin: dns.MustName("example.")})
		if err != nil {
			return 0, err
		}
		return z.Len(), nil
	})
}

// zoneMemory is what a zone of a million records takes, each a host's address.
func zoneMemory(b *testing.B) error {
	const records = 1_000_000
	var text bytes.Buffer
	text.WriteString("$ORIGIN big.example.\n$TTL 3600\n@ SOA ns hostmaster 1 7200 3600 1209600 300\n NS ns.example.net.\n")
	for i := range records - 2 {
		fmt.Fprintf(&text, "host%d A 10.%d.%d.%d\n", i, i>>16&255, i>>8&255, i&255)
	}
	for range b.N {
		before := heapInUse()
		z, _, err := zone.Load(bytes.NewReader(text.Bytes()), &zone.ReaderOptions{Origin: dns.MustName("big.example.")})
		if err != nil {
			return err
		}
		b.ReportMetric(float64(heapInUse()-before)/records, "B/record")
		if z.Len() != records {
			return fmt.Errorf("%d records", z.Len())
		}
	}
	return nil
}

// heapInUse is how many octets live things take.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
