package stub_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/examples/internal/stub"
)

const zoneText = `$ORIGIN crepes.fr.
$TTL 300
@       SOA ns hostmaster 1 7200 1800 1209600 60
        NS  ns
        MX  10 mail
        MX  5  mx.example.org.
mail    A    192.0.2.1
        AAAA 2001:db8::1
shop    CNAME @
www     CNAME mail
silent  MX  0 .
text    TXT "no mail"
loop    CNAME pool
pool    CNAME loop
six     AAAA 2001:db8::6
sub     NS  ns.sub
ns.sub  A   192.0.2.53
`

// serve starts a name server that has the zone and fails at other names.
func serve(t *testing.T) *stub.Resolver {
	t.Helper()
	var b *zone.Builder
	for rr, err := range zone.NewReader(strings.NewReader(zoneText), nil).All() {
		require.NoError(t, err)
		if b == nil {
			b = zone.NewBuilder(rr.Name)
		}
		require.NoError(t, b.Add(rr))
	}
	z, err := b.Zone()
	require.NoError(t, err)
	var store zone.Store
	store.Publish(z)
	srv := &dns.Server{Handler: &zone.Handler{Store: &store}}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.ServeUDP(pc) // until Close
	}()
	client := &dns.Client{Tries: 1}
	t.Cleanup(func() {
		srv.Close()
		client.Close()
		<-served
	})
	return &stub.Resolver{Client: client, Server: pc.LocalAddr().(*net.UDPAddr).AddrPort()}
}

func TestLookupMX(t *testing.T) {
	r := serve(t)
	tests := []struct {
		name     string
		want     []*net.MX
		notFound bool
		isTemp   bool
	}{
		{"crepes.fr", []*net.MX{{Host: "mail.crepes.fr.", Pref: 10}, {Host: "mx.example.org.", Pref: 5}}, false, false},
		{"CREPES.fr.", []*net.MX{{Host: "mail.CREPES.fr.", Pref: 10}, {Host: "mx.example.org.", Pref: 5}}, false, false},
		{"shop.crepes.fr", []*net.MX{{Host: "mail.crepes.fr.", Pref: 10}, {Host: "mx.example.org.", Pref: 5}}, false, false},
		{"silent.crepes.fr", []*net.MX{{Host: ".", Pref: 0}}, false, false},
		{"text.crepes.fr", nil, true, false},
		{"none.crepes.fr", nil, true, false},
		{"loop.crepes.fr", nil, true, false},
		{"elsewhere.example", nil, false, true},
		{"x.sub.crepes.fr", nil, false, true},
		{strings.Repeat("a", 64) + ".fr", nil, true, false},
	}
	for _, tt := range tests {
		got, err := r.LookupMX(t.Context(), tt.name)
		check(t, tt.name, err, tt.notFound, tt.isTemp)
		assert.ElementsMatch(t, tt.want, got, tt.name)
	}
}

func check(t *testing.T, name string, err error, notFound, isTemp bool) {
	t.Helper()
	if !notFound && !isTemp {
		assert.NoError(t, err, name)
		return
	}
	dnsErr, ok := errors.AsType[*net.DNSError](err)
	if assert.True(t, ok, "%s: %v", name, err) {
		assert.Equal(t, notFound, dnsErr.IsNotFound, name)
		assert.Equal(t, isTemp, dnsErr.IsTemporary, name)
	}
}

func TestLookupHost(t *testing.T) {
	r := serve(t)
	tests := []struct {
		host     string
		want     []string
		notFound bool
		isTemp   bool
	}{
		{"mail.crepes.fr", []string{"192.0.2.1", "2001:db8::1"}, false, false},
		{"www.crepes.fr.", []string{"192.0.2.1", "2001:db8::1"}, false, false},
		{"six.crepes.fr", []string{"2001:db8::6"}, false, false},
		{"192.0.2.9", []string{"192.0.2.9"}, false, false},
		{"text.crepes.fr", nil, true, false},
		{"elsewhere.example", nil, false, true},
		{"x.sub.crepes.fr", nil, false, true},
	}
	for _, tt := range tests {
		got, err := r.LookupHost(t.Context(), tt.host)
		check(t, tt.host, err, tt.notFound, tt.isTemp)
		assert.Equal(t, tt.want, got, tt.host)
	}
}

func TestNobodyAnswers(t *testing.T) {
	r := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.LookupMX(ctx, "crepes.fr")
	check(t, "crepes.fr", err, false, true)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestParseServer(t *testing.T) {
	for s, want := range map[string]string{"192.0.2.1": "192.0.2.1:53", "::1": "[::1]:53", "192.0.2.1:8053": "192.0.2.1:8053", "[::1]:8053": "[::1]:8053"} {
		got, err := stub.ParseServer(s)
		require.NoError(t, err, s)
		assert.Equal(t, netip.MustParseAddrPort(want), got)
	}
	_, err := stub.ParseServer("ns.crepes.fr")
	assert.Error(t, err)
}
