package dns_test

import (
	"encoding/hex"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func secret(t *testing.T, s string) dns.CookieSecret { return dns.CookieSecret(unhex(t, s)) }

// TestCookieVectors are the dialogues of RFC 9018 §A.
func TestCookieVectors(t *testing.T) {
	const first, old = "e5e973e5a6b2a43f48e7dc849e37bfcf", "dd3bdf9344b678b185a6f5cb60fca715"
	tests := []struct {
		name              string
		current, previous string
		client            string
		at                int64
		query             string
		verdict           dns.CookieVerdict
		answer            string
	}{
		{"9018-A.1 learning a new server cookie", first, "", "198.51.100.100", 1559731985,
			"2464c4abcf10c957", dns.CookieNone, "2464c4abcf10c957010000005cf79f111f8130c3eee29480"},
		{"9018-A.2 the same client learning a renewed one", first, "", "198.51.100.100", 1559734385,
			"2464c4abcf10c957010000005cf79f111f8130c3eee29480", dns.CookieRenew, "2464c4abcf10c957010000005cf7a871d4a564a1442aca77"},
		// The text calls the cookie that is sent valid, which its hash is; but it
		// is 1 h 52 min old, and so refused by RFC 9018 §4.3.
		{"9018-A.3 another client, reserved octets set, too old", first, "", "203.0.113.203", 1559734700,
			"fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", dns.CookieBad, "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e"},
		{"9018-A.3 the cookie that it sent, in time", first, "", "203.0.113.203", 1559727985 + 60,
			"fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", dns.CookieGood, ""},
		{"9018-A.4 IPv6 with a rolled over secret", "445536bcd2513298075a5d379663c962", old, "2001:db8:220:1:59de:d0f4:8769:82b8", 1559741961,
			"22681ab97d52c298010000005cf7c57926556bd0934c72f8", dns.CookieRenew, "22681ab97d52c298010000005cf7c609a6bb79d16625507a"},
		{"9018-A.4 without the old secret", "445536bcd2513298075a5d379663c962", "", "2001:db8:220:1:59de:d0f4:8769:82b8", 1559741961,
			"22681ab97d52c298010000005cf7c57926556bd0934c72f8", dns.CookieBad, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &dns.CookieSecrets{Current: secret(t, tt.current)}
			if tt.previous != "" {
				previous := secret(t, tt.previous)
				s.Previous = &previous
			}
			c, err := dns.ParseCookie(unhex(t, tt.query))
			require.NoError(t, err)
			client, now := netip.MustParseAddr(tt.client), time.Unix(tt.at, 0)
			assert.Equal(t, tt.verdict, s.Check(c, client, now))
			if tt.answer != "" {
				assert.Equal(t, tt.answer, hex.EncodeToString(s.Append(nil, c.Client, client, now)))
			}
		})
	}
}

// TestCookieCheck: what a server's cookie is bound to.
func TestCookieCheck(t *testing.T) {
	s := &dns.CookieSecrets{Current: dns.CookieSecret{1, 2, 3}}
	client, addr, now := [8]byte{7}, netip.MustParseAddr("192.0.2.7"), time.Unix(1<<32-600, 0)
	c, err := dns.ParseCookie(s.Append(nil, client, addr, now))
	require.NoError(t, err)
	mapped := netip.MustParseAddr("::ffff:192.0.2.7")
	tests := []struct {
		name   string
		change func(c *dns.Cookie)
		addr   netip.Addr
		after  time.Duration
		want   dns.CookieVerdict
	}{
		{"7873-5.2.5 as it was sent", nil, addr, 0, dns.CookieGood},
		{"9018-4.4 an address of IPv4 in one of IPv6", nil, mapped, 0, dns.CookieGood},
		{"9018-4.3 half an hour", nil, addr, 30 * time.Minute, dns.CookieGood},
		{"9018-4.3 more than half an hour, and time has wrapped", nil, addr, 30*time.Minute + time.Second, dns.CookieRenew},
		{"9018-4.3 an hour", nil, addr, time.Hour, dns.CookieRenew},
		{"9018-4.3 more than an hour", nil, addr, time.Hour + time.Second, dns.CookieBad},
		{"9018-4.3 five minutes early", nil, addr, -5 * time.Minute, dns.CookieGood},
		{"9018-4.3 earlier", nil, addr, -5*time.Minute - time.Second, dns.CookieBad},
		{"9018-4.4 another address", nil, netip.MustParseAddr("192.0.2.8"), 0, dns.CookieBad},
		{"9018-4.4 another client cookie", func(c *dns.Cookie) { c.Client[0]++ }, addr, 0, dns.CookieBad},
		{"9018-4.1 another version", func(c *dns.Cookie) { c.Server[0] = 2 }, addr, 0, dns.CookieBad},
		{"9018-4.2 reserved octets are hashed", func(c *dns.Cookie) { c.Server[1] = 1 }, addr, 0, dns.CookieBad},
		{"9018-4.4 the hash", func(c *dns.Cookie) { c.Server[15] ^= 1 }, addr, 0, dns.CookieBad},
		{"9018-4.4 longer", func(c *dns.Cookie) { c.Server = append(c.Server, 0) }, addr, 0, dns.CookieBad},
		{"9018-4.4 shorter", func(c *dns.Cookie) { c.Server = c.Server[:8] }, addr, 0, dns.CookieBad},
		{"7873-5.2.3 none", func(c *dns.Cookie) { c.Server = nil }, addr, 0, dns.CookieNone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := dns.Cookie{Client: c.Client, Server: append([]byte(nil), c.Server...)}
			if tt.change != nil {
				tt.change(&got)
			}
			v := s.Check(got, tt.addr, now.Add(tt.after))
			assert.Equal(t, tt.want, v)
			assert.Equal(t, tt.want == dns.CookieGood || tt.want == dns.CookieRenew, v.Good())
		})
	}
	assert.Equal(t, "good", dns.CookieGood.String())
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		var b [24]byte
		s.Append(b[:0], client, addr, now)
		s.Check(c, addr, now)
	}), "no allocation for a query")
}

// TestSipHash: the vectors of the algorithm's authors, whose key and input
// count from 0.
func TestSipHash(t *testing.T) {
	var key [16]byte
	var in []byte
	for i := range key {
		key[i] = byte(i)
	}
	want := map[int]uint64{0: 0x726fdb47dd0e0e31, 1: 0x74f839c593dc67fd, 7: 0xab0200f58b01d137, 8: 0x93f5f5799a932462, 15: 0xa129ca6149be45e5}
	for n := range 16 {
		if h, ok := want[n]; ok {
			assert.Equal(t, h, dns.SipHash24(&key, in), "%d octets", n)
		}
		in = append(in, byte(n))
	}
}
