package resolver

import (
	"encoding/binary"

	"applayer/dns"
)

// recordHead is what stands before the RDATA of a record in the cache, behind
// its owner: type and length. Class and TTL are those of the entry.
const recordHead = 4

// appendRecords appends records as the cache holds them: uncompressed. What
// cannot be written is left out.
func appendRecords(dst []byte, rrs []dns.RR) []byte {
	for i := range rrs {
		rr := &rrs[i]
		start := len(dst)
		dst = rr.Name.AppendWire(dst)
		dst = binary.BigEndian.AppendUint16(dst, uint16(rr.Type()))
		dst = append(dst, 0, 0)
		at := len(dst)
		d, err := dns.AppendRData(dst, rr.Data, nil)
		if err != nil || len(d)-at > 1<<16-1 {
			dst = dst[:start]
			continue
		}
		dst = d
		binary.BigEndian.PutUint16(dst[at-2:], uint16(len(dst)-at))
	}
	return dst
}

// parseRecords reads what appendRecords wrote; all get that class and TTL. It
// stops where the octets are none of ours.
func parseRecords(b []byte, class dns.Class, ttl uint32) (rrs []dns.RR) {
	for off := 0; off < len(b); {
		name, next, err := dns.ParseNameAt(b, off)
		if err != nil || len(b)-next < recordHead {
			return rrs
		}
		t := dns.Type(binary.BigEndian.Uint16(b[next:]))
		n := int(binary.BigEndian.Uint16(b[next+2:]))
		off = next + recordHead
		d, err := dns.ParseRData(t, b, off, n, nil)
		if err != nil {
			return rrs
		}
		off += n
		rrs = append(rrs, dns.RR{Name: name, Class: class, TTL: ttl, Data: d})
	}
	return rrs
}
