package sockets_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets"
)

var (
	_ sockets.Resolver = sockets.HostTable(nil)
	_ sockets.Resolver = (*net.Resolver)(nil)
)

func TestHostTable(t *testing.T) {
	table := sockets.HostTable{
		"both.example":  addrs("192.0.2.1", "2001:db8::1", "192.0.2.2"),
		"Four.example.": addrs("192.0.2.4"),
		"mapped":        addrs("::ffff:192.0.2.5"),
	}
	tests := []struct {
		name, network, host string
		want                []netip.Addr
	}{
		{"both families in the order given", "ip", "both.example", addrs("192.0.2.1", "2001:db8::1", "192.0.2.2")},
		{"one family", "ip4", "both.example", addrs("192.0.2.1", "192.0.2.2")},
		{"the other", "ip6", "both.example", addrs("2001:db8::1")},
		{"4343-2 case and dot of the question", "ip", "BOTH.example.", addrs("192.0.2.1", "2001:db8::1", "192.0.2.2")},
		{"4343-2 case and dot of the table", "ip", "four.example", addrs("192.0.2.4")},
		{"family that it lacks", "ip6", "four.example", nil},
		{"IPv4 inside IPv6 is IPv4", "ip4", "mapped", addrs("::ffff:192.0.2.5")},
		{"and not IPv6", "ip6", "mapped", nil},
		{"name that it lacks", "ip", "none.example", nil},
		{"numeric host", "ip", "203.0.113.1", addrs("203.0.113.1")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := table.LookupNetIP(t.Context(), tt.network, tt.host)
			assert.Equal(t, tt.want, got)
			if tt.want != nil {
				require.NoError(t, err)
				return
			}
			notFound, ok := errors.AsType[*net.DNSError](err)
			require.True(t, ok, "%v", err)
			assert.True(t, notFound.IsNotFound)
			assert.Equal(t, tt.host, notFound.Name)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := table.LookupNetIP(ctx, "ip", "both.example")
	assert.ErrorIs(t, err, context.Canceled)
}

func addrs(texts ...string) []netip.Addr {
	var as []netip.Addr
	for _, s := range texts {
		as = append(as, netip.MustParseAddr(s))
	}
	return as
}

func ExampleHostTable() {
	table := sockets.HostTable{"gaia.cs.umass.edu": {netip.MustParseAddr("128.119.245.12")}}
	got, err := table.LookupNetIP(context.Background(), "ip", "GAIA.cs.umass.edu.")
	fmt.Println(got, err)
	// Output: [128.119.245.12] <nil>
}
