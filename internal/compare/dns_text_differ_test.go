package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	miekg "github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// What we print, miekg/dns reads as the same octets; what it prints of them, we
// do.
func FuzzDNSTextAgainstMiekg(f *testing.F) {
	files, err := filepath.Glob("../../dns/testdata/rr/*.txt")
	require.NoError(f, err)
	for _, file := range files {
		typ, err := dns.ParseType(strings.TrimSuffix(filepath.Base(file), ".txt"))
		require.NoError(f, err)
		b, err := os.ReadFile(file)
		require.NoError(f, err)
		for line := range strings.Lines(string(b)) {
			if digits, ok := strings.CutPrefix(strings.TrimSpace(line), "wire "); ok && len(digits) < 1<<10 {
				wire, err := hex.DecodeString(digits)
				require.NoError(f, err)
				f.Add(uint16(typ), wire)
			}
		}
	}
	f.Fuzz(func(t *testing.T, typ uint16, wire []byte) {
		d, err := dns.ParseRData(dns.Type(typ), wire, 0, len(wire), nil)
		if err != nil {
			return
		}
		rr := dns.RR{Name: dns.MustName("a.example"), Class: dns.ClassIN, TTL: 5, Data: d}
		want, err := dns.AppendRData(nil, d, nil)
		require.NoError(t, err)
		if len(want) > 1<<15 {
			return
		}
		text := rr.String()
		if knownTextDifference(d, text) {
			return
		}
		theirs, err := miekg.NewRR(text)
		require.NoError(t, err, text)
		require.NotNil(t, theirs, text)
		got, err := rdataOf(theirs)
		require.NoError(t, err, text)
		require.Equal(t, string(want), string(got), text)

		unpacked, _, err := miekg.UnpackRR(onWire(rr, want), 0)
		require.NoError(t, err, text)
		printed := unpacked.String()
		ours, err := dns.ParseRR(printed)
		require.NoError(t, err, "%s: %s", text, printed)
		back, err := dns.AppendRData(nil, ours.Data, nil)
		require.NoError(t, err)
		require.Equal(t, string(want), string(back), "%s: %s", text, printed)
	})
}

// knownTextDifference tells the data of which miekg/dns has no text, or another
// than BIND, which prints what we print:
//   - AMTRELAY whose D bit is set, which it packs without the relay (RFC 8777
//     §4.2.2); of relays that are not known, which it drops
//   - APL with bits behind the prefix, which RFC 3123 does not forbid
//   - GPOS and X25 in quotes, which it does not undo (RFC 1035 §5.1)
//   - ISDN without a subaddress, to which it adds one (RFC 1183 §3.2)
//   - NID and L64, of which it wants all digits
//   - NXT, whose bitmap it takes for that of NSEC (RFC 2535 §5.2)
//   - types 0 and 65535, which it prints as None and Reserved, and does not read;
//     so SIG of a message (RFC 2931 §3)
//   - SVCB with key65535, which it refuses: the RFC reserves it (RFC 9460 §14.3.2)
//   - URI and CAA of more than 255 octets, which are no character-strings
//     (RFC 7553 §4.4, RFC 8659 §4.1); the backslash in a CAA
//   - NSEC3 with a hash of other than 20 octets, which it takes for 20
//   - CERT with algorithms 6 and 7, which it prints by names that it does not read
//   - types that we take for unknown, and it does not
//   - types that it does not know, in bitmaps too, or prints as comments
func knownTextDifference(d dns.RData, text string) bool {
	switch d := d.(type) {
	case *dns.AMTRELAY, *dns.GPOS, *dns.X25, *dns.NID, *dns.L64, *dns.NXT, *dns.SIG,
		*dns.DSYNC, *dns.NSAP, *dns.NULL, *dns.OPT, *dns.TKEY, *dns.TSIG, *dns.WALLET, *dns.WKS:
		return true
	case *dns.Unknown:
		_, known := miekg.TypeToRR[uint16(d.RRType)]
		return known
	case *dns.CERT:
		return d.Algorithm == dns.AlgorithmDSANSEC3SHA1 || d.Algorithm == dns.AlgorithmRSASHA1NSEC3SHA1
	case *dns.NSEC3:
		return len(d.NextHashed) != 20
	case *dns.URI:
		return len(d.Target) > 255
	case *dns.CAA:
		return len(d.Value) > 255 || strings.Contains(d.Value, `\`)
	case *dns.ISDN:
		return !d.HasSubaddress
	case *dns.APL:
		for _, i := range d.Items {
			if p, ok := i.Range(); !ok || p.Masked() != p {
				return true
			}
		}
	}
	for word := range strings.FieldsSeq(text) {
		typ, err := dns.ParseType(word)
		if _, known := miekg.StringToType[word]; err == nil && !known && typ.String() == word && !strings.HasPrefix(word, "TYPE") {
			return true
		}
	}
	return strings.Contains(text, "TYPE0") || strings.Contains(text, "TYPE65535") || strings.Contains(text, "key65535")
}

// rdataOf packs the data of a record.
func rdataOf(rr miekg.RR) ([]byte, error) {
	b := make([]byte, 1<<17)
	n, err := miekg.PackRR(rr, b, 0, nil, false)
	if err != nil {
		return nil, err
	}
	return b[len("\x01a\x07example\x00")+10 : n], nil
}

// onWire is a record as a message has it.
func onWire(rr dns.RR, rdata []byte) []byte {
	b := rr.Name.AppendWire(nil)
	t := rr.Type()
	b = append(b, byte(t>>8), byte(t), 0, 1, 0, 0, 0, 5, byte(len(rdata)>>8), byte(len(rdata)))
	return append(b, rdata...)
}
