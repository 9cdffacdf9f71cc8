package dns_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// withOptions is the query with an OPT record that holds options.
func withOptions(options string) string {
	return optHead + asked + "\x00\x00\x29\x10\x00\x00\x00\x00\x00" + string([]byte{byte(len(options) >> 8), byte(len(options))}) + options
}

func origin(kind dns.TransportKind) dns.Origin {
	o := udpOrigin
	o.Transport = kind
	return o
}

// What the server makes of the options that it knows.
func TestServerOptions(t *testing.T) {
	const long = "\x00\x0a\x00\x29aaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	s := &dns.Server{NSID: "ns7", NoCookies: true, Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
		if p, ok := q.Subnet(); ok {
			w.SetSubnetScope(p.Bits() + 4)
		}
	})}
	for _, test := range []struct {
		name  string
		kind  dns.TransportKind
		in    string
		rcode dns.RCode
		want  string // options
	}{
		{"5001-2.2 NSID", dns.TransportUDP, "\x00\x03\x00\x00", 0, "\x00\x03\x00\x03ns7"},
		{"NSID twice is answered once", dns.TransportUDP, "\x00\x03\x00\x00\x00\x03\x00\x00", 0, "\x00\x03\x00\x03ns7"},
		{"7828-3.3.1 keepalive over UDP is ignored", dns.TransportUDP, "\x00\x0b\x00\x00", 0, ""},
		{"7828-3.3.1 whatever it says", dns.TransportUDP, "\x00\x0b\x00\x01x", 0, ""},
		{"7828-3.3.2 keepalive over TCP", dns.TransportTCP, "\x00\x0b\x00\x00", 0, "\x00\x0b\x00\x02\x00\x64"},
		{"7828-3.1 keepalive with a time", dns.TransportTCP, "\x00\x0b\x00\x02\x00\x01", dns.RCodeFormErr, "\x00\x0b\x00\x02\x00\x64"},
		{"7830-6 padding over TCP is not answered", dns.TransportTCP, "\x00\x0c\x00\x02\x00\x00", 0, ""},
		{"7871-7.2.1 client subnet", dns.TransportUDP, "\x00\x08\x00\x06\x00\x01\x10\x00\xc0\x00", 0, "\x00\x08\x00\x06\x00\x01\x10\x14\xc0\x00"},
		{"7871-6 a scope has no more bits than the address", dns.TransportUDP, "\x00\x08\x00\x08\x00\x01\x20\x00\xc0\x00\x02\x01", 0, "\x00\x08\x00\x08\x00\x01\x20\x20\xc0\x00\x02\x01"},
		{"7871-6 scope in a query", dns.TransportUDP, "\x00\x08\x00\x06\x00\x01\x10\x08\xc0\x00", dns.RCodeFormErr, ""},
		{"7871-6 family", dns.TransportUDP, "\x00\x08\x00\x06\x00\x03\x10\x00\xc0\x00", dns.RCodeFormErr, ""},
		{"7871-6 bits behind the prefix", dns.TransportUDP, "\x00\x08\x00\x06\x00\x01\x0f\x00\xc0\x01", dns.RCodeFormErr, ""},
		{"7871-6 octets too few", dns.TransportUDP, "\x00\x08\x00\x05\x00\x01\x10\x00\xc0", dns.RCodeFormErr, ""},
		{"7873-5.2.2 cookie of 7 octets", dns.TransportUDP, "\x00\x0a\x00\x07aaaaaaa", dns.RCodeFormErr, ""},
		{"7873-5.2.2 cookie of 9 octets", dns.TransportUDP, "\x00\x0a\x00\x09aaaaaaaab", dns.RCodeFormErr, ""},
		{"7873-5.2.2 cookie of 15 octets", dns.TransportUDP, "\x00\x0a\x00\x0faaaaaaaabbbbbbb", dns.RCodeFormErr, ""},
		{"7873-5.2.2 cookie of 41 octets", dns.TransportUDP, long, dns.RCodeFormErr, ""},
		{"cookies off", dns.TransportUDP, "\x00\x0a\x00\x08aaaaaaaa", 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := respond(s, withOptions(test.in), origin(test.kind))
			m, err := dns.ParseMessage([]byte(out), nil)
			require.NoError(t, err)
			assert.Equal(t, test.rcode, m.RCode)
			require.NotNil(t, m.EDNS)
			assert.True(t, strings.HasSuffix(out, string([]byte{byte(len(test.want) >> 8), byte(len(test.want))})+test.want), "%q", out)
		})
	}
}

// RFC 8467 §4.1: answers over TLS are padded to whole blocks of 468 octets, for
// clients that pad.
func TestServerPads(t *testing.T) {
	n := 0
	s := &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
		for i := range n {
			w.Add(dns.SectionAnswer, a("www.Example.org", byte(i)))
		}
	})}
	for n = range 70 {
		out := respond(s, withOptions("\x00\x0c\x00\x00"), origin(dns.TransportTLS))
		assert.Zero(t, len(out)%468, "%d records: %d octets", n, len(out))
		_, err := dns.ParseMessage([]byte(out), nil)
		require.NoError(t, err)
	}
	assert.NotZero(t, len(respond(s, withOptions(""), origin(dns.TransportTLS)))%468, "it did not ask")
}

func TestServerCookies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The secret, the client and its cookie of RFC 9018 §A.1, and
		// the time of its making.
		secret := dns.CookieSecret(unhex(t, "e5e973e5a6b2a43f48e7dc849e37bfcf"))
		time.Sleep(time.Until(time.Unix(1559731985, 0)))
		const client = "\x24\x64\xc4\xab\xcf\x10\xc9\x57"
		const ours = "\x01\x00\x00\x00\x5c\xf7\x9f\x11\x1f\x81\x30\xc3\xee\xe2\x94\x80"
		from := udpOrigin
		from.Peer = netip.MustParseAddrPort("198.51.100.100:5353")
		proven := false
		s := &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) { proven = q.AddressProven() })}
		s.SetCookies(&dns.CookieSecrets{Current: secret})
		strict := &dns.Server{Handler: s.Handler, RequireCookies: true}
		strict.SetCookies(&dns.CookieSecrets{Current: secret})
		noQuestion := func(cookie string) string {
			return "\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00" + string([]byte{byte(len(cookie) + 4)}) + "\x00\x0a\x00" + string([]byte{byte(len(cookie))}) + cookie
		}
		option := func(cookie string) string {
			return withOptions("\x00\x0a\x00" + string([]byte{byte(len(cookie))}) + cookie)
		}
		for _, test := range []struct {
			name   string
			server *dns.Server
			in     string
			rcode  dns.RCode
			proven bool
		}{
			{"7873-5.2.3 a client's alone", s, option(client), dns.RCodeNoError, false},
			{"7873-5.2.4 not ours", s, option(client + "\x01\x00\x00\x00\x5c\xf7\x9f\x11\x00\x00\x00\x00\x00\x00\x00\x00"), dns.RCodeNoError, false},
			{"7873-5.2.5 ours", s, option(client + ours), dns.RCodeNoError, true},
			{"required: 7873-5.2.3 a client's alone", strict, option(client), dns.RCodeBadCookie, false},
			{"required: ours", strict, option(client + ours), dns.RCodeNoError, true},
			{"7873-5.4 no question", s, noQuestion(client), dns.RCodeNoError, false},
			{"7873-5.4 no question, ours", s, noQuestion(client + ours), dns.RCodeNoError, false},
			{"7873-5.4 no question, not ours", s, noQuestion(client + "12345678"), dns.RCodeBadCookie, false},
		} {
			proven = false
			m, err := dns.ParseMessage([]byte(respond(test.server, test.in, from)), nil)
			require.NoError(t, err, test.name)
			assert.Equal(t, test.rcode, m.RCode, test.name)
			require.NotNil(t, m.EDNS, test.name)
			assert.Equal(t, []dns.Option{{Code: 10, Data: []byte(client + ours)}}, m.EDNS.Options, test.name)
			assert.Equal(t, test.proven, proven, test.name)
		}
		strictTCP := from
		strictTCP.Transport = dns.TransportTCP
		m, err := dns.ParseMessage([]byte(respond(strict, option(client), strictTCP)), nil)
		require.NoError(t, err)
		assert.Equal(t, dns.RCodeNoError, m.RCode, "7873-5.2.3 TCP proves the address, too")

		// Rollover: the old secret is still good, and a new cookie comes.
		s.SetCookies(&dns.CookieSecrets{Current: dns.CookieSecret{1}, Previous: &secret})
		m, err = dns.ParseMessage([]byte(respond(s, option(client+ours), from)), nil)
		require.NoError(t, err)
		assert.True(t, proven)
		assert.NotEqual(t, client+ours, string(m.EDNS.Options[0].Data))

		none := &dns.Server{NoCookies: true}
		assert.Equal(t, "\x00\x07\x80\x01", respond(none, noQuestion(client), from)[:4], "9619-4 without cookies")
	})
}

// Options that the server must answer leave room for records; what cannot have
// room is left out, and the limit holds.
func TestServerOptionsKeepTheLimit(t *testing.T) {
	s := &dns.Server{NSID: strings.Repeat("n", 400), Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
		w.SetSubnetScope(0)
		for i := range 100 {
			w.Add(dns.SectionAnswer, text("www.Example.org", strings.Repeat("x", i)))
		}
		w.EDE(1, strings.Repeat("y", 300))
	})}
	for _, size := range []string{"\x02\x00", "\x02\x80", "\x04\x00", "\xff\xff"} {
		options := "\x00\x03\x00\x00\x00\x0a\x00\x08aaaaaaaa\x00\x08\x00\x06\x00\x01\x10\x00\xc0\x00"
		in := optHead + asked + "\x00\x00\x29" + size + "\x00\x00\x00\x00\x00" + string([]byte{byte(len(options))}) + options
		out := respond(s, in, udpOrigin)
		assert.LessOrEqual(t, len(out), min(int(size[0])<<8|int(size[1]), 1232))
		m, err := dns.ParseMessage([]byte(out), nil)
		require.NoError(t, err)
		_, ok := m.EDNS.Cookie()
		assert.True(t, ok)
	}
}

func TestServerStatsAndQueryLog(t *testing.T) {
	var log bytes.Buffer
	s := &dns.Server{Handler: echo, QueryLog: slog.New(slog.NewTextHandler(&log, nil))}
	respond(s, queryHead+asked, udpOrigin)
	respond(s, queryHead+asked, origin(dns.TransportTCP))
	respond(s, queryHead, udpOrigin)
	respond(s, "", udpOrigin)
	stats := s.Stats()
	assert.Equal(t, [3]int64{2, 1, 0}, stats.Queries)
	assert.Equal(t, int64(2), stats.Answers[dns.RCodeNoError])
	assert.Equal(t, int64(1), stats.Answers[dns.RCodeFormErr])
	assert.Equal(t, int64(1), stats.Ignored)
	lines := strings.Split(log.String(), "\n")
	require.Len(t, lines, 4)
	assert.Contains(t, lines[1], "msg=query peer=192.0.2.9:5353 proto=tcp id=7 name=www.Example.org. class=IN type=A rcode=NOERROR bytes=49 dur=")
	assert.Contains(t, lines[2], "proto=udp id=7 rcode=FORMERR bytes=12 dur=")
}
