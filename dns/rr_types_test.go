package dns_test

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// rdataOf reads RDATA of the type that T is.
func rdataOf[T dns.RData](t *testing.T, line string) T {
	t.Helper()
	rr, err := dns.ParseRR(". " + line)
	require.NoError(t, err)
	require.IsType(t, *new(T), rr.Data)
	return rr.Data.(T)
}

func TestTypeBitmap(t *testing.T) {
	types := []dns.Type{dns.TypeA, dns.TypeMX, dns.TypeRRSIG, dns.TypeNSEC, 255, 256, 1234, 65535}
	b := dns.NewTypeBitmap(1234, dns.TypeMX, 65535, 255, 256, dns.TypeNSEC, dns.TypeA, dns.TypeRRSIG, dns.TypeA)
	assert.Equal(t, types, slices.Collect(b.All()))
	assert.Equal(t, "A MX RRSIG NSEC ANY URI TYPE1234 TYPE65535", b.String())
	for i := range 1 << 16 {
		typ := dns.Type(i)
		assert.Equal(t, slices.Contains(types, typ), b.Has(typ), typ)
	}
	for typ := range b.All() {
		assert.Equal(t, dns.TypeA, typ)
		break
	}
	assert.True(t, b == dns.NewTypeBitmap(types...))
	assert.False(t, b.IsEmpty())
	assert.True(t, dns.TypeBitmap{}.IsEmpty())
	assert.Equal(t, dns.TypeBitmap{}, dns.NewTypeBitmap())
	assert.Equal(t, []dns.Type{7, 1}, func() []dns.Type { s := []dns.Type{7, 1}; dns.NewTypeBitmap(s...); return s }())
}

// The keys of RFC 4034 §5.4, RFC 4509 §2.3, RFC 6605 §6 and RFC 8080 §6, whose
// tags stand in the DS records beside them.
func TestKeyTag(t *testing.T) {
	for _, tt := range []struct {
		key string
		tag uint16
	}{
		{"256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==", 60485},
		{"257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==", 55648},
		{"257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40", 10771},
		{"257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", 3613},
		{"257 3 1 AQIDBAU=", 0x0304},
		{"257 3 1 AQI=", 0},
	} {
		key := rdataOf[*dns.DNSKEY](t, "DNSKEY "+tt.key)
		assert.Equal(t, tt.tag, key.KeyTag(), tt.key)
	}
}

// RFC 8078 §4 writes the records that ask for no DS with a single zero.
func TestDelete(t *testing.T) {
	for _, text := range []string{"0 0 0 0", "0 0 0 00"} {
		cds := rdataOf[*dns.CDS](t, "CDS "+text)
		assert.True(t, cds.IsDelete())
		assert.Equal(t, []byte{0}, cds.Digest)
	}
	for _, text := range []string{"0 3 0 0", "0 3 0 AA=="} {
		key := rdataOf[*dns.CDNSKEY](t, "CDNSKEY "+text)
		assert.True(t, key.IsDelete())
		assert.Equal(t, []byte{0}, key.PublicKey)
	}
	assert.False(t, rdataOf[*dns.CDS](t, "CDS 1 8 9 ab").IsDelete())
	assert.False(t, rdataOf[*dns.CDNSKEY](t, "CDNSKEY 257 3 8 AQID").IsDelete())
}

func TestAlgorithm(t *testing.T) {
	assert.Equal(t, "ECDSAP256SHA256", dns.AlgorithmECDSAP256SHA256.String())
	assert.Equal(t, "4", dns.Algorithm(4).String())
	// The registry's names and BIND's are one algorithm.
	for _, name := range []string{"RSASHA1-NSEC3-SHA1", "nsec3rsasha1", "7"} {
		assert.Equal(t, dns.AlgorithmRSASHA1NSEC3SHA1, rdataOf[*dns.DS](t, "DS 1 "+name+" 9 ab").Algorithm)
	}
	for typ, size := range map[dns.DigestType]int{0: 0, dns.DigestSHA1: 20, dns.DigestSHA256: 32, dns.DigestGOST: 32, dns.DigestSHA384: 48, 5: 0} {
		assert.Equal(t, size, typ.Size())
	}
}

// Times are dates from 1970 to 2106, or numbers of seconds (RFC 4034 §3.2).
func TestSignatureTimes(t *testing.T) {
	for _, tt := range []struct {
		text string
		want uint32
		ok   bool
	}{
		{"19700101000000", 0, true},
		{"20040509183619", 1084127779, true},
		{"21060207062815", 1<<32 - 1, true},
		{"4294967295", 1<<32 - 1, true},
		{"0", 0, true},
		{"21060207062816", 0, false},
		{"19691231235959", 0, false},
		{"20240230000000", 0, false},
		{"20240228240000", 0, false},
		{"2024022823595.", 0, false},
		{"4294967296", 0, false},
		{`"20040509183619"`, 0, false},
	} {
		rr, err := dns.ParseRR(". RRSIG A 8 0 0 " + tt.text + " 0 1 . AQID")
		if !tt.ok {
			require.ErrorIs(t, err, dns.ErrSyntax, tt.text)
			continue
		}
		require.NoError(t, err, tt.text)
		assert.Equal(t, tt.want, rr.Data.(*dns.RRSIG).Expiration, tt.text)
	}
}

func TestSVCBParams(t *testing.T) {
	d := rdataOf[*dns.HTTPS](t, `HTTPS 1 . ipv6hint=2001:db8::1 port=8443 mandatory=port,alpn alpn="h2,f\\,o" ipv4hint=192.0.2.1,192.0.2.2 dohpath=/q{?dns} ohttp key9=`)
	assert.Equal(t, []dns.SvcParamKey{dns.SvcALPN, dns.SvcPort}, d.Mandatory())
	assert.Equal(t, []string{"h2", "f,o"}, d.ALPN())
	port, ok := d.Port()
	assert.True(t, ok)
	assert.Equal(t, uint16(8443), port)
	assert.Equal(t, []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("2001:db8::1")}, d.Hints())
	path, ok := d.Param(dns.SvcDoHPath)
	assert.True(t, ok)
	assert.Equal(t, "/q{?dns}", string(path))
	_, ok = d.Param(dns.SvcECH)
	assert.False(t, ok)
	text, err := dns.AppendRDataText(nil, d)
	require.NoError(t, err)
	assert.Equal(t, `1 . mandatory=alpn,port alpn="h2,f\\,o" port=8443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 dohpath="/q{?dns}" ohttp key9`, string(text))

	_, ok = rdataOf[*dns.SVCB](t, "SVCB 0 a.").Port()
	assert.False(t, ok)
	assert.Equal(t, "key65535", dns.SvcParamKey(65535).String())
	assert.Equal(t, `port="x"`, dns.SvcParam{Key: dns.SvcPort, Value: []byte("x")}.String())
}

// A record whose parameters contradict each other is passed on, in a form that
// is read back (RFC 9460 §4.3).
func TestSVCBInconsistent(t *testing.T) {
	for _, wire := range []string{
		"\x00\x01\x00\x00\x00\x00\x02\x00\x03", // mandatory port without one
		"\x00\x01\x00\x00\x02\x00\x00",         // no-default-alpn without alpn
	} {
		d, err := dns.ParseRData(dns.TypeSVCB, []byte(wire), 0, len(wire), nil)
		require.NoError(t, err)
		text, err := dns.AppendRDataText(nil, d)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(text), `\# `), "%s", text)
		again, err := scanRData(dns.TypeSVCB, string(text))
		require.NoError(t, err)
		assert.Equal(t, d, again)
	}
}

func TestDoHPath(t *testing.T) {
	for path, ok := range map[string]bool{
		"/dns-query{?dns}": true, "/{dns}": true, "/a{?x,dns*}": true, "/{x}{&dns:3}": true,
		"/dns": false, "{?dns}": false, "/{?dnsx}": false, "/{?dns": false, "/{}": false, "/\\255{?dns}": false, "": false,
	} {
		_, err := dns.ParseSvcParam("dohpath=" + path)
		assert.Equal(t, ok, err == nil, path)
	}
	// As octets, any value may stand there.
	p, err := dns.ParseSvcParam("key7=/dns")
	require.NoError(t, err)
	assert.Equal(t, `key7="/dns"`, p.String())
}

func TestLOC(t *testing.T) {
	d := rdataOf[*dns.LOC](t, "LOC 42 30 S 71 15 0 W -24.5m 30m")
	lat, long := d.Degrees()
	assert.InDelta(t, -42.5, lat, 1e-9)
	assert.InDelta(t, -71.25, long, 1e-9)
	assert.InDelta(t, -24.5, d.Metres(), 1e-9)
	assert.Equal(t, uint8(0x33), d.Size)
	// A size of zero times a power of ten is told by no number of metres.
	d.Size = 0x05
	text, err := dns.AppendRDataText(nil, d)
	require.NoError(t, err)
	assert.Equal(t, `\# 16 0005161376E167C070B61EE000988CEE`, string(text))
}

func TestAPL(t *testing.T) {
	d := rdataOf[*dns.APL](t, "APL 1:192.168.32.0/21 !2:2001:db8::/32")
	var ranges []netip.Prefix
	for _, item := range d.Items {
		p, ok := item.Range()
		assert.True(t, ok)
		assert.Equal(t, item, dns.NewAPLItem(p, item.Negated))
		ranges = append(ranges, p)
	}
	assert.Equal(t, []netip.Prefix{netip.MustParsePrefix("192.168.32.0/21"), netip.MustParsePrefix("2001:db8::/32")}, ranges)
	assert.True(t, d.Items[1].Negated)

	d.Items = append(d.Items, dns.APLItem{Family: 3, Prefix: 200, Address: []byte{1}})
	_, ok := d.Items[2].Range()
	assert.False(t, ok)
	text, err := dns.AppendRDataText(nil, d)
	require.NoError(t, err)
	assert.Equal(t, `\# 20 00011503C0A8200002208420010DB80003C80101`, string(text))
	_, ok = dns.APLItem{Family: 1, Prefix: 33}.Range()
	assert.False(t, ok)
}

func TestWKS(t *testing.T) {
	d := rdataOf[*dns.WKS](t, "WKS 192.0.2.1 tcp smtp 80 domain")
	assert.Equal(t, []uint16{25, 53, 80}, slices.Collect(d.Ports()))
	for port := range d.Ports() {
		assert.Equal(t, uint16(25), port)
		break
	}
	// Octets of zero at the end are kept, and told.
	d.Bitmap = append(d.Bitmap, 0)
	text, err := dns.AppendRDataText(nil, d)
	require.NoError(t, err)
	assert.Equal(t, `\# 17 C000020106000000400000040000008000`, string(text))
}

// What would be refused when it is read is refused when it is written, as text
// and on the wire.
func TestRDataRefusedToWrite(t *testing.T) {
	long := strings.Repeat("x", 256)
	many := make([]byte, 1<<16)
	name := dns.MustName("a.")
	for _, d := range []dns.RData{
		&dns.A{}, &dns.A{Addr: netip.IPv6Loopback()},
		&dns.AAAA{}, &dns.AAAA{Addr: netip.MustParseAddr("fe80::1%x")},
		&dns.NS{},
		&dns.TXT{}, &dns.TXT{Texts: []string{long}},
		&dns.DS{DigestType: dns.DigestSHA256, Digest: []byte{1}},
		&dns.DNSKEY{},
		&dns.RRSIG{SignerName: name},
		&dns.NSEC{NextName: name},
		&dns.NSEC3{}, &dns.NSEC3{NextHashed: many[:256]}, &dns.NSEC3{NextHashed: many[:1], Salt: many[:256]},
		&dns.NXT{NextName: name, Types: dns.NewTypeBitmap(128)},
		&dns.NXT{NextName: name, Types: dns.NewTypeBitmap(0)},
		&dns.CAA{}, &dns.CAA{Tag: "is-sue"}, &dns.CAA{Tag: long},
		&dns.URI{},
		&dns.X25{Address: "12"},
		&dns.GPOS{Longitude: "1", Latitude: "a", Altitude: "1"},
		&dns.LOC{Version: 1},
		&dns.LOC{Latitude: 1 << 31, Longitude: 1 << 31, Size: 0xa0},
		&dns.APL{Items: []dns.APLItem{{Family: 1, Prefix: 33}}},
		&dns.APL{Items: []dns.APLItem{{Family: 1, Prefix: 8, Address: []byte{10, 0}}}},
		&dns.APL{Items: []dns.APLItem{{Family: 9, Address: many[:127]}, {Family: 9, Address: many[:128]}}},
		&dns.HIP{}, &dns.HIP{HIT: many[:256], PublicKey: []byte{1}}, &dns.HIP{HIT: []byte{1}, PublicKey: many},
		&dns.IPSECKEY{GatewayType: 4}, &dns.IPSECKEY{Algorithm: 1}, &dns.IPSECKEY{GatewayType: dns.GatewayIPv4},
		&dns.AMTRELAY{RelayType: 128}, &dns.AMTRELAY{RelayType: dns.GatewayName},
		&dns.SVCB{Target: name, Params: []dns.SvcParam{{Key: 3, Value: []byte{1}}}},
		&dns.SVCB{Target: name, Params: []dns.SvcParam{{Key: 3, Value: []byte{0, 1}}, {Key: 3, Value: []byte{0, 1}}}},
		&dns.SVCB{Target: name, Params: []dns.SvcParam{{Key: 999, Value: many}}},
		&dns.TLSA{}, &dns.SSHFP{}, &dns.ZONEMD{}, &dns.CERT{}, &dns.OPENPGPKEY{}, &dns.DHCID{}, &dns.NSAP{}, &dns.EID{}, &dns.NIMLOC{},
		&dns.TKEY{},
	} {
		_, err := dns.AppendRData(nil, d, nil)
		require.Error(t, err, "%s %+v", d.Type(), d)
		var pe *dns.ParseError
		require.ErrorAs(t, err, &pe, "%s", d.Type())
		_, err = dns.AppendCanonicalRData(nil, d)
		require.Error(t, err, "%s %+v", d.Type(), d)
		if d.Type() == dns.TypeAMTRELAY || d.Type() == dns.TypeHIP {
			continue // whose limits are those of a wire form
		}
		_, err = dns.AppendRDataText(nil, d)
		require.Error(t, err, "%s %+v", d.Type(), d)
	}
}

// RDATA is not changed by being written: several goroutines may do it at once,
// and the race detector sees that they may.
func TestRDataIsWrittenByMany(t *testing.T) {
	for _, v := range readVectors(t) {
		d, err := dns.ParseRData(v.typ, v.good[0].wire, 0, len(v.good[0].wire), nil)
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				_, err := dns.AppendRDataText(nil, d)
				assert.NoError(t, err)
				_, err = dns.AppendRData(nil, d, nil)
				assert.NoError(t, err)
				_, err = dns.AppendCanonicalRData(nil, d)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
	}
}

// Another package's type has the field kinds of this one's.
type point struct {
	At    uint32
	Types dns.TypeBitmap
}

func (*point) Type() dns.Type { return 65280 }

func (d *point) Fields(c *dns.Codec) {
	c.Time(&d.At)
	if d.At == 0 {
		c.Fail("time", "RFC 4034 §3.2", dns.ErrValue)
	}
	c.TypeBitmap(&d.Types)
}

func TestPrivateType(t *testing.T) {
	types := dns.PrivateTypes{65280: {Mnemonic: "POINT", New: func() dns.RData { return new(point) }}}
	wire := []byte("\x00\x00\x00\x3c\x00\x01\x40")
	d, err := dns.ParseRData(65280, wire, 0, len(wire), types)
	require.NoError(t, err)
	assert.Equal(t, &point{60, dns.NewTypeBitmap(dns.TypeA)}, d)
	text, err := dns.AppendRDataText(nil, d)
	require.NoError(t, err)
	assert.Equal(t, "19700101000100 A", string(text))
	_, err = dns.ParseRData(65280, wire[:4:4], 0, 3, types)
	require.ErrorIs(t, err, dns.ErrRDLength)
	_, err = dns.ParseRData(65280, make([]byte, 4), 0, 4, types)
	require.ErrorIs(t, err, dns.ErrValue)
}
