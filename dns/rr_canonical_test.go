package dns_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// The types whose names are in lower case in canonical form, without NSEC
// (RFC 4034 §6.2, RFC 6840 §5.1), and those of which names may be compressed
// (RFC 3597 §4).
var (
	lowerCased = without("NS MD MF CNAME SOA MB MG MR PTR MINFO MX RP AFSDB RT SIG PX NXT NAPTR KX SRV DNAME RRSIG")
	compressed = without("NS MD MF CNAME SOA MB MG MR PTR MINFO MX")
	// In message headers, not in zones: what has a canonical form is signed.
	unsigned = without("TKEY TSIG OPT")
)

func TestRDataCanonical(t *testing.T) {
	for _, v := range readVectors(t) {
		if unsigned(v.typ) {
			continue
		}
		changed := false
		for _, g := range v.good {
			d, err := dns.ParseRData(v.typ, g.wire, 0, len(g.wire), nil)
			require.NoError(t, err)
			canonical, err := dns.AppendCanonicalRData(nil, d)
			require.NoError(t, err)
			assert.True(t, bytes.EqualFold(g.wire, canonical), "%s %x", v.typ, canonical)
			changed = changed || !bytes.Equal(g.wire, canonical)
		}
		assert.Equal(t, lowerCased(v.typ), changed, v.typ)
	}
}

func TestRDataCompression(t *testing.T) {
	for _, v := range readVectors(t) {
		shorter := false
		for _, g := range v.good {
			d, err := dns.ParseRData(v.typ, g.wire, 0, len(g.wire), nil)
			require.NoError(t, err)
			var comp dns.Compressor
			comp.Reset(0)
			msg, err := dns.AppendRData(nil, d, &comp)
			require.NoError(t, err)
			first := len(msg)
			msg, err = dns.AppendRData(msg, d, &comp)
			require.NoError(t, err)
			shorter = shorter || len(msg)-first < len(g.wire)
			// Compressed or not, it is read as the same.
			again, err := dns.ParseRData(v.typ, msg, first, len(msg)-first, nil)
			require.NoError(t, err, "%s %x", v.typ, msg)
			assert.Equal(t, d, again)
		}
		assert.Equal(t, compressed(v.typ), shorter, v.typ)
	}
}

// Pointers are followed in the types that old senders compressed, and in no
// others (RFC 3597 §4).
func TestRDataPointers(t *testing.T) {
	const host = "\x04host\x00"
	for _, tt := range []struct {
		typ   dns.Type
		rdata string
		ok    bool
	}{
		{dns.TypeNS, "\xc0\x00", true},
		{dns.TypeRP, "\xc0\x00\xc0\x00", true},
		{dns.TypeSRV, "\x00\x01\x00\x02\x00\x03\xc0\x00", true},
		{dns.TypeNAPTR, "\x00\x01\x00\x02\x00\x00\x00\xc0\x00", true},
		{dns.TypeNXT, "\xc0\x00", true},
		{dns.TypeSIG, "\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\xc0\x00\x01", true},
		{dns.TypeRRSIG, "\x00\x01\x05\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\xc0\x00\x01", false},
		{dns.TypeNSEC, "\xc0\x00\x00\x01\x40", false},
		{dns.TypeSVCB, "\x00\x01\xc0\x00", false},
		{dns.TypeLP, "\x00\x01\xc0\x00", false},
		{dns.TypeHIP, "\x01\x02\x00\x01\x01\x01\xc0\x00", false},
		{dns.TypeIPSECKEY, "\x0a\x03\x00\xc0\x00", false},
	} {
		msg := []byte(host + tt.rdata)
		d, err := dns.ParseRData(tt.typ, msg, len(host), len(tt.rdata), nil)
		if !tt.ok {
			require.ErrorIs(t, err, dns.ErrPointer, tt.typ)
			continue
		}
		require.NoError(t, err, tt.typ)
		wire, err := dns.AppendRData(nil, d, nil)
		require.NoError(t, err)
		assert.Contains(t, string(wire), host, tt.typ)
	}
}
