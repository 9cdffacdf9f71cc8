package dns_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"applayer/dns"
)

func TestParseResolvConf(t *testing.T) {
	servers := func(s ...string) (all []netip.AddrPort) {
		for _, a := range s {
			all = append(all, netip.AddrPortFrom(netip.MustParseAddr(a), 53))
		}
		return all
	}
	names := func(s ...string) (all []dns.Name) {
		for _, n := range s {
			all = append(all, dns.MustName(n))
		}
		return all
	}
	tests := []struct {
		name, in string
		want     dns.ResolvConf
	}{
		{"empty", "", dns.ResolvConf{Servers: servers("127.0.0.1"), Ndots: 1, Timeout: 5 * time.Second, Attempts: 2}},
		{"usual", "# made by hand\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch example.org example.com\noptions ndots:2 timeout:3 attempts:4 rotate\n",
			dns.ResolvConf{Servers: servers("192.0.2.53", "2001:db8::53"), Search: names("example.org", "example.com"), Ndots: 2, Timeout: 3 * time.Second, Attempts: 4}},
		{"no more than three servers", "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4",
			dns.ResolvConf{Servers: servers("192.0.2.1", "192.0.2.2", "192.0.2.3"), Ndots: 1, Timeout: 5 * time.Second, Attempts: 2}},
		{"the last of domain and search decides", "search a b\ndomain c\n", dns.ResolvConf{Servers: servers("127.0.0.1"), Search: names("c"), Ndots: 1, Timeout: 5 * time.Second, Attempts: 2}},
		{"bounds", "options ndots:99 timeout:99 attempts:99", dns.ResolvConf{Servers: servers("127.0.0.1"), Ndots: 15, Timeout: 30 * time.Second, Attempts: 5}},
		{"from below", "options ndots:0 timeout:0 attempts:0", dns.ResolvConf{Servers: servers("127.0.0.1"), Ndots: 0, Timeout: time.Second, Attempts: 1}},
		{"what makes no sense is passed over", "nameserver\nnameserver here\nnameserver 192.0.2.1#53\nlookup file\n;nameserver 192.0.2.9\noptions timeout:99999999999999999999 ndots:x\n\tnameserver fe80::1%eth0 # ours\r\n",
			dns.ResolvConf{Servers: servers("fe80::1%eth0"), Ndots: 1, Timeout: 5 * time.Second, Attempts: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, *dns.ParseResolvConf([]byte(tt.in)))
		})
	}
}

// FuzzResolvConf: whatever it says, there is somebody to ask, within bounds.
func FuzzResolvConf(f *testing.F) {
	f.Add("nameserver 192.0.2.53\nsearch example.org\noptions ndots:2")
	f.Fuzz(func(t *testing.T, s string) {
		r := dns.ParseResolvConf([]byte(s))
		assert.NotEmpty(t, r.Servers)
		assert.LessOrEqual(t, len(r.Servers), 3)
		assert.LessOrEqual(t, len(r.Search), 6)
		assert.True(t, r.Ndots >= 0 && r.Ndots <= 15 && r.Attempts >= 1 && r.Attempts <= 5)
		assert.True(t, r.Timeout >= time.Second && r.Timeout <= 30*time.Second)
		for _, n := range r.Search {
			assert.True(t, n.IsValid())
		}
		// A line that says nothing changes nothing.
		assert.Equal(t, r, dns.ParseResolvConf([]byte(s+"\n# nameserver 192.0.2.1\n")))
	})
}
