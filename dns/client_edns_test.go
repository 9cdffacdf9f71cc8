package dns_test

import (
	"bytes"
	"crypto/tls"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/testkit"
)

// bare is a header with an RCODE, as old servers answer what they can't read.
func bare(q []byte, rcode dns.RCode) []byte {
	h, _, _ := dns.ParseHeader(q)
	return dns.AppendHeader(nil, dns.Header{ID: h.ID, Response: true, RCode: rcode}, dns.Counts{})
}

func optOf(q []byte) *dns.EDNS {
	m, err := dns.ParseMessage(q, nil)
	if err != nil {
		panic(err)
	}
	return m.EDNS
}

// TestClientEDNSFallback: EDNS is left out when the server proves that it can't
// read it (RFC 6891 §6.2.2), and not otherwise.
func TestClientEDNSFallback(t *testing.T) {
	tests := []struct {
		name   string
		answer func(q []byte) []byte // to a query with EDNS
		change func(c *dns.Client, m *dns.Message)
		bare   bool // that is without the question
		sent   int
		rcode  dns.RCode
	}{
		{"6891-7 FORMERR, the header alone", func(q []byte) []byte { return bare(q, dns.RCodeFormErr) }, nil, true, 2, dns.RCodeNoError},
		{"6891-6.2.2 NOTIMP", func(q []byte) []byte { return bare(q, dns.RCodeNotImp) }, nil, true, 2, dns.RCodeNoError},
		{"6891-6.2.2 FORMERR with the question", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.RCode, m.EDNS, m.Answer = dns.RCodeFormErr, nil, nil })
		}, nil, false, 2, dns.RCodeNoError},
		{"6891-6.2.2 FORMERR with OPT is about something else", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.RCode, m.Answer = dns.RCodeFormErr, nil })
		}, nil, false, 1, dns.RCodeFormErr},
		{"6891-6.2.2 SERVFAIL", func(q []byte) []byte { return bare(q, dns.RCodeServFail) }, nil, true, 1, dns.RCodeServFail},
		{"6891-6.2.2 REFUSED", func(q []byte) []byte { return bare(q, dns.RCodeRefused) }, nil, true, 1, dns.RCodeRefused},
		{"the caller's own EDNS stays", func(q []byte) []byte { return bare(q, dns.RCodeFormErr) },
			func(_ *dns.Client, m *dns.Message) { m.EDNS = &dns.EDNS{} }, true, 1, dns.RCodeFormErr},
		{"6891-6.1.3 BADVERS is an answer", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.RCode, m.Answer = dns.RCodeBadVers, nil })
		}, nil, false, 1, dns.RCodeBadVers},
		{"no EDNS, no fallback", nil, func(c *dns.Client, _ *dns.Message) { c.NoEDNS = true }, false, 1, dns.RCodeNoError},
	}
	for _, tt := range tests {
		for _, network := range []string{dns.NetworkUDP, dns.NetworkTCP} {
			t.Run(network+" "+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t)
					reply := func(q []byte) []byte {
						if optOf(q) != nil {
							return tt.answer(q)
						}
						return answer(q, nil)
					}
					l.udp(func(q []byte) [][]byte { return one(reply(q)) })
					l.tcp(func(_ int, c *dns.Conn) {
						for {
							q, err := c.ReadMessage()
							if err != nil || c.WriteMessage(reply(q)) != nil {
								return
							}
						}
					})
					c, m := l.client(), question()
					c.Network = network
					if tt.change != nil {
						tt.change(c, m)
					}
					got, how, err := c.Exchange(t.Context(), server53, m)
					require.NoError(t, err)
					assert.Equal(t, tt.rcode, got.RCode)
					sent, last := tt.sent, network
					if tt.bare && network == dns.NetworkUDP {
						// Over UDP it is not believed (RFC 5452 §9.1).
						sent, last = sent+1, dns.NetworkTCP
					}
					assert.Equal(t, sent, how.Sent)
					assert.Equal(t, last, how.Network)
				})
			})
		}
	}
	t.Run("6891-6.2.2 silence is no proof", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t)
			var plain atomic.Int32
			l.udp(func(q []byte) [][]byte {
				if optOf(q) == nil {
					plain.Add(1)
				}
				return nil
			})
			_, _, err := l.client().Exchange(t.Context(), server53, question())
			require.Error(t, err)
			assert.Zero(t, plain.Load())
		})
	})
}

// TestClientEDNSSent: what of the caller's EDNS is sent, and what is added.
func TestClientEDNSSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.udp(func(q []byte) [][]byte { return one(answer(q, nil)) })
		l.tcp(answerAll)
		c := l.client()
		c.UDPSize = 1400
		m := question()
		m.EDNS = &dns.EDNS{DNSSECOK: true}
		m.EDNS.RequestKeepalive()
		m.EDNS.SetNSID(nil)
		before := slices.Clone(m.EDNS.Options)
		_, how, err := c.Exchange(t.Context(), server53, m)
		require.NoError(t, err)
		sent := optOf(how.Query)
		assert.Equal(t, uint16(1400), sent.UDPSize)
		assert.True(t, sent.DNSSECOK)
		_, ok := sent.Option(dns.OptionKeepalive)
		assert.False(t, ok, "RFC 7828 §3.2.1: not over UDP")
		_, ok = sent.NSID()
		assert.True(t, ok)
		assert.Equal(t, before, m.EDNS.Options, "the message stays as it was")
		assert.Zero(t, m.EDNS.UDPSize)

		c.Network = dns.NetworkTCP
		_, how, err = c.Exchange(t.Context(), server53, m)
		require.NoError(t, err)
		_, ok = optOf(how.Query).Option(dns.OptionKeepalive)
		assert.True(t, ok)

		own := dns.Cookie{Client: [8]byte{1, 2, 3}}
		m.EDNS = &dns.EDNS{UDPSize: 4096}
		require.NoError(t, m.EDNS.SetCookie(own))
		_, how, err = c.Exchange(t.Context(), server53, m)
		require.NoError(t, err)
		sent = optOf(how.Query)
		got, _ := sent.Cookie()
		assert.Equal(t, own, got)
		assert.Equal(t, uint16(4096), sent.UDPSize)

		c.NoCookies = true
		_, how, err = c.Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.Empty(t, optOf(how.Query).Options)
	})
}

// cookieServer answers with a cookie of its own: what the client said, and
// eight octets.
type cookieServer struct {
	own     atomic.Pointer[string]
	refuse  atomic.Bool // BADCOOKIE without the right one
	none    atomic.Bool // no cookie at all
	clients chan dns.Cookie
}

func (s *cookieServer) answer(q []byte) []byte {
	return answer(q, func(m *dns.Message) {
		c, ok := optOf(q).Cookie()
		if !ok || s.none.Load() {
			return
		}
		s.clients <- c
		good := string(c.Server) == *s.own.Load()
		c.Server = []byte(*s.own.Load())
		m.EDNS.SetCookie(c)
		if s.refuse.Load() && !good {
			m.RCode, m.Answer = dns.RCodeBadCookie, nil
		}
	})
}

func newCookieServer(l *lab) *cookieServer {
	s := &cookieServer{clients: make(chan dns.Cookie, 10)}
	first := "server01"
	s.own.Store(&first)
	l.udp(func(q []byte) [][]byte { return one(s.answer(q)) })
	l.tcp(func(_ int, c *dns.Conn) {
		for {
			q, err := c.ReadMessage()
			if err != nil || c.WriteMessage(s.answer(q)) != nil {
				return
			}
		}
	})
	return s
}

// TestClientCookies: a server's cookie is sent back to it, with the client's
// that it came for.
func TestClientCookies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		s := newCookieServer(l)
		c := l.client()
		ask := func() *dns.Exchanged {
			_, how, err := c.Exchange(t.Context(), server53, question())
			require.NoError(t, err)
			return how
		}
		ask()
		first := <-s.clients
		assert.Empty(t, first.Server)
		ask()
		second := <-s.clients
		assert.Equal(t, first.Client, second.Client)
		assert.Equal(t, "server01", string(second.Server))

		// RFC 7873 §5.3: BADCOOKIE brings the new one, with which the query
		// is sent again.
		s.refuse.Store(true)
		other := "server-cookie-02"
		s.own.Store(&other)
		how := ask()
		assert.Equal(t, 2, how.Sent)
		assert.Equal(t, dns.NetworkUDP, how.Network)
		<-s.clients
		assert.Equal(t, other, string((<-s.clients).Server))

		// RFC 9018 §3: a cookie is not for ever.
		time.Sleep(25 * time.Hour)
		s.refuse.Store(false)
		ask()
		third := <-s.clients
		assert.NotEqual(t, first.Client, third.Client)
		assert.Empty(t, third.Server)

		// RFC 7873 §5.3: from a server that sent cookies an answer without
		// one is not believed, unless it comes over a stream.
		s.none.Store(true)
		how = ask()
		assert.Equal(t, dns.NetworkTCP, how.Network)
		how = ask()
		_, has := optOf(how.Query).Cookie()
		assert.False(t, has, "RFC 9018 §3: none for a while")
		assert.Equal(t, dns.NetworkUDP, how.Network)
		s.none.Store(false)
		time.Sleep(5 * time.Minute)
		ask()
		assert.NotEqual(t, third.Client, (<-s.clients).Client, "RFC 9018 §3: and then another")
	})
}

// TestClientBadCookies: a server that refuses the cookie that it has just sent
// is asked over TCP (RFC 7873 §5.3), and believed there.
func TestClientBadCookies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		bad := func(q []byte) []byte {
			return answer(q, func(m *dns.Message) {
				c, _ := optOf(q).Cookie()
				c.Server = []byte("never the same")
				m.EDNS.SetCookie(c)
				m.RCode, m.Answer = dns.RCodeBadCookie, nil
			})
		}
		l.udp(func(q []byte) [][]byte { return one(bad(q)) })
		l.tcp(func(_ int, c *dns.Conn) {
			for {
				q, err := c.ReadMessage()
				if err != nil || c.WriteMessage(bad(q)) != nil {
					return
				}
			}
		})
		m, how, err := l.client().Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.Equal(t, dns.RCodeBadCookie, m.RCode)
		assert.Equal(t, 3, how.Sent)
		assert.Equal(t, dns.NetworkTCP, how.Network)
	})
}

// TestClientCookieNewAddress: after a change of the client's address neither
// cookie is sent again (RFC 9018 §3).
func TestClientCookieNewAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		s := newCookieServer(l)
		c := l.client()
		var local atomic.Pointer[string]
		home := "198.51.100.1:0"
		local.Store(&home)
		dial := *c.Transport.Dialer
		dial.Connect = l.from(&local)
		c.Transport.Dialer = &dial
		for range 2 {
			_, _, err := c.Exchange(t.Context(), server53, question())
			require.NoError(t, err)
		}
		first, again := <-s.clients, <-s.clients
		assert.Equal(t, first.Client, again.Client)
		away := "203.0.113.9:0"
		local.Store(&away)
		_, _, err := c.Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		moved := <-s.clients
		assert.NotEqual(t, first.Client, moved.Client)
		assert.Empty(t, moved.Server)
	})
}

// TestClientMixCase: the case of the question is mixed, must come back, and is
// as the caller wrote it in the answer.
func TestClientMixCase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.udp(func(q []byte) [][]byte { return one(answer(q, nil)) })
		c := l.client()
		c.MixCase = true
		c.Rand = bytes.NewReader(bytes.Repeat([]byte{0xa5}, 1000))
		m, how, err := c.Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.Equal(t, "\x03wWw\x07ExAMpLe\x03OrG\x00", string(how.Query[12:12+len("\x03www\x07example\x03org\x00")]))
		assert.Equal(t, "www.Example.org.", m.Question[0].Name.String())
		assert.Equal(t, "www.Example.org.", m.Answer[0].Name.String())
	})
}

// TestClientCaseLost: a server that does not keep the case is asked over TCP,
// where the case does not matter.
func TestClientCaseLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		lower := func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.Question[0].Name = m.Question[0].Name.Canonical() })
		}
		l.udp(func(q []byte) [][]byte { return one(lower(q)) })
		l.tcp(func(_ int, c *dns.Conn) {
			q, _ := c.ReadMessage()
			c.WriteMessage(lower(q))
			c.ReadMessage()
		})
		c := l.client()
		_, how, err := c.Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.Equal(t, dns.NetworkUDP, how.Network, "not mixed, not compared")
		c.MixCase = true
		_, how, err = c.Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.Equal(t, dns.NetworkTCP, how.Network)
		assert.Equal(t, 2, how.Sent)
	})
}

// TestClientSubnet: an answer for another subnet is not for us (RFC 7871 §7.3).
func TestClientSubnet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.udp(func(q []byte) (all [][]byte) {
			for _, data := range []string{
				"\x00\x01\x18\x10\xc0\x00\x03", // another address
				"\x00\x01\x17\x10\xc0\x00\x02", // another length
				"\x00\x02\x18\x10\xc0\x00\x02", // another family
				"\x00\x01\x18\x21\xc0\x00\x02", // malformed
				"\x00\x01\x18\x10\xc0\x00\x02",
			} {
				all = append(all, answer(q, func(m *dns.Message) {
					m.EDNS.SetOption(dns.OptionSubnet, []byte(data))
					m.Answer = nil
				}))
			}
			return all
		})
		m := question()
		m.EDNS = &dns.EDNS{}
		require.NoError(t, m.EDNS.SetSubnet(dns.Subnet{Prefix: prefix("192.0.2.0/24")}))
		got, how, err := l.client().Exchange(t.Context(), server53, m)
		require.NoError(t, err)
		assert.Equal(t, 4, how.Ignored)
		s, ok := got.EDNS.Subnet()
		assert.True(t, ok)
		assert.Equal(t, dns.Subnet{Prefix: prefix("192.0.2.0/24"), Scope: 16}, s)
	})
}

// TestClientTLS: over TLS the server is known by its certificate, and messages
// are padded (RFC 7858, RFC 8467 §4.1).
func TestClientTLS(t *testing.T) {
	server, trust := testkit.Certificate(t, "192.0.2.53")
	trust.ServerName = ""
	server.NextProtos = []string{"dot"}
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var conns, resumed atomic.Int32
		var proto atomic.Value
		l.tcp(func(_ int, c *dns.Conn) {
			conns.Add(1)
			tc := tlsServer(c, server)
			if err := tc.HandshakeContext(t.Context()); err != nil {
				return
			}
			proto.Store(tc.ConnectionState().NegotiatedProtocol)
			if tc.ConnectionState().DidResume {
				resumed.Add(1)
			}
			answerAll(0, dns.NewConn(tc))
		})
		c := l.client()
		c.Network = dns.NetworkTLS
		c.Transport.TLSConfig = trust
		for range 3 {
			_, how, err := c.Exchange(t.Context(), server53, question())
			require.NoError(t, err)
			assert.Equal(t, dns.NetworkTLS, how.Network)
			assert.Len(t, how.Query, 128)
		}
		assert.EqualValues(t, 1, conns.Load())
		assert.Equal(t, "dot", proto.Load())
		c.Transport.CloseIdle()
		synctest.Wait()
		_, _, err := c.Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.EqualValues(t, 2, conns.Load())
		assert.EqualValues(t, 1, resumed.Load())

		c.Transport = l.transport()
		defer c.Transport.Close()
		c.Tries = 1
		_, _, err = c.Exchange(t.Context(), server53, question())
		assert.ErrorContains(t, err, "certificate", "nobody vouches for it")
	})
}

// TestClientTLSOtherName: the certificate is to be for the address asked, or for
// the name that was given (RFC 8310 §8.1).
func TestClientTLSOtherName(t *testing.T) {
	for _, tt := range []struct{ name, holder, want, err string }{
		{"another address", "192.0.2.99", "", "192.0.2.53"},
		{"another name", "dns.example", "other.example", "other.example"},
		{"a name, and none is asked for", "dns.example", "", "192.0.2.53"},
		{"the name", "dns.example", "dns.example", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, trust := testkit.Certificate(t, tt.holder)
			trust.ServerName = tt.want
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				var asked atomic.Bool
				l.tcp(func(_ int, c *dns.Conn) {
					tc := tlsServer(c, server)
					if tc.HandshakeContext(t.Context()) == nil {
						q := dns.NewConn(tc)
						if b, err := q.ReadMessage(); err == nil {
							asked.Store(true)
							q.WriteMessage(answer(b, nil))
						}
					}
				})
				c := l.client()
				c.Network, c.Tries = dns.NetworkTLS, 1
				c.Transport.TLSConfig = trust
				_, _, err := c.Exchange(t.Context(), server53, question())
				if tt.err == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, tt.err)
				assert.ErrorAs(t, err, new(*tls.CertificateVerificationError))
				assert.False(t, asked.Load(), "nothing was asked")
			})
		})
	}
}

// TestClientBroken: an answer that cannot be read is none, and is asked for
// again.
func TestClientBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var n atomic.Int32
		l.udp(func(q []byte) [][]byte {
			b := answer(q, nil)
			if n.Add(1) < 3 {
				b[7] = 9 // answers that are not there
			}
			return one(b)
		})
		c := l.client()
		c.NoCookies = true
		_, how, err := c.Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.Equal(t, 3, how.Sent)
		n.Store(-10)
		_, _, err = c.Exchange(t.Context(), server53, question())
		var e *dns.ParseError
		assert.ErrorAs(t, err, &e)
	})
}
