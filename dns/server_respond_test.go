package dns_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/golden"
)

// echo answers each question with 192.0.2.1.
var echo = dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
	w.SetAuthoritative(true)
	w.AddOctets(dns.SectionAnswer, q.Name(), q.Class, dns.TypeA, 60, []byte{192, 0, 2, 1})
})

var udpOrigin = dns.Origin{Peer: netip.MustParseAddrPort("192.0.2.9:5353"), Local: netip.MustParseAddrPort("192.0.2.53:53")}

// The query for www.Example.org A that the rows change.
const (
	queryHead = "\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	optHead   = "\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01"
	asked     = "\x03www\x07Example\x03org\x00\x00\x01\x00\x01"
	opt       = "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
)

func respond(s *dns.Server, request string, from dns.Origin) string {
	return string(s.AppendResponse(context.Background(), nil, []byte(request), from))
}

// What the server answers by itself, octet for octet.
func TestServerReplies(t *testing.T) {
	const answer = "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"
	const optReply = "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
	formErr := "\x00\x07\x81\x01\x00\x00\x00\x00\x00\x00\x00\x00"
	formErr1 := "\x00\x07\x81\x01\x00\x01\x00\x00\x00\x00\x00\x00"
	s := &dns.Server{Handler: echo}
	for _, test := range []struct{ name, in, want string }{
		{"a query; the question keeps its case", queryHead + asked, "\x00\x07\x85\x00\x00\x01\x00\x01\x00\x00\x00\x00" + asked + answer},
		{"6891-6.2.4 OPT is answered with OPT", optHead + asked + opt, "\x00\x07\x85\x00\x00\x01\x00\x01\x00\x00\x00\x01" + asked + answer + optReply},
		{"3225-3 DO is copied", optHead + asked + "\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00", "\x00\x07\x85\x00\x00\x01\x00\x01\x00\x00\x00\x01" + asked + answer + "\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00"},
		{"1035-4.1.1 CD is copied, AD and Z are not", "\x00\x07\x01\x70\x00\x01\x00\x00\x00\x00\x00\x00" + asked, "\x00\x07\x85\x10\x00\x01\x00\x01\x00\x00\x00\x00" + asked + answer},
		{"6891-6.1.1 unknown options are ignored", optHead + asked + "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x06\xff\xf0\x00\x02ab", "\x00\x07\x85\x00\x00\x01\x00\x01\x00\x00\x00\x01" + asked + answer + optReply},

		{"nothing", "", ""},
		{"11 octets", queryHead[:11], ""},
		{"a response", "\x00\x07\x81\x00\x00\x01\x00\x00\x00\x00\x00\x00" + asked, ""},
		{"3425-3 IQUERY", "\x00\x07\x09\x00\x00\x00\x00\x01\x00\x00\x00\x00", "\x00\x07\x89\x04\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"8490-5.1.1 DSO", "\x00\x07\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\x00\x07\xb0\x04\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"1035-4.1.1 opcode 15", "\x00\x07\x78\x00\x00\x00\x00\x00\x00\x00\x00\x00junk", "\x00\x07\xf8\x04\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"1996-3 NOTIFY", "\x00\x07\x20\x00\x00\x01\x00\x00\x00\x00\x00\x00" + asked, "\x00\x07\xa0\x04\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"9619-4 two questions", "\x00\x07\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00" + asked + asked, formErr},
		{"9619-4 none", "\x00\x07\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00", formErr},
		{"header alone", queryHead, formErr},
		{"question cut", queryHead + asked[:20], formErr},
		{"1035-4.1.4 pointer to the header in the question", queryHead + "\x01a\xc0\x00\x00\x01\x00\x01", formErr},
		{"1035-4.1.4 pointer in the question", queryHead + "\x01a\xc0\x02\x00\x01\x00\x01", formErr},
		{"octets behind the message", queryHead + asked + "x", formErr1 + asked},
		{"counts beyond the octets", "\x00\x07\x01\x00\x00\x01\xff\xff\xff\xff\xff\xff" + asked, formErr},
		{"6891-6.1.1 OPT as a type", queryHead + asked[:17] + "\x00\x29\x00\x01", "\x00\x07\x81\x01\x00\x01\x00\x00\x00\x00\x00\x00" + asked[:17] + "\x00\x29\x00\x01"},
		{"8945-4.2 TSIG as a type", queryHead + asked[:17] + "\x00\xfa\x00\x01", "\x00\x07\x81\x01\x00\x01\x00\x00\x00\x00\x00\x00" + asked[:17] + "\x00\xfa\x00\x01"},
		{"2930-2 TKEY as a type", queryHead + asked[:17] + "\x00\xf9\x00\x01", "\x00\x07\x81\x01\x00\x01\x00\x00\x00\x00\x00\x00" + asked[:17] + "\x00\xf9\x00\x01"},
		{"6891-6.1.1 two OPT", "\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x02" + asked + opt + opt, formErr1 + asked},
		{"6891-6.1.2 owner of OPT", optHead + asked + "\x01a" + opt, formErr1 + asked},
		{"6891-6.1.1 OPT in the answer", "\x00\x07\x01\x00\x00\x01\x00\x01\x00\x00\x00\x00" + asked + opt, formErr1 + asked},
		{"6891-6.1.2 option cut", optHead + asked + "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x05\xff\xf0\x00\x02a", formErr1 + asked},
		{"6891-6.1.3 version 1", optHead + asked + "\x00\x00\x29\x04\xd0\x00\x01\x00\x00\x00\x00", "\x00\x07\x81\x00\x00\x01\x00\x00\x00\x00\x00\x01" + asked + "\x00\x00\x29\x04\xd0\x01\x00\x00\x00\x00\x00"},
		{"6891-6.1.3 version 1, its data of another form", optHead + asked + "\x00\x00\x29\x04\xd0\x00\x01\x00\x00\x00\x01x", "\x00\x07\x81\x00\x00\x01\x00\x00\x00\x00\x00\x01" + asked + "\x00\x00\x29\x04\xd0\x01\x00\x00\x00\x00\x00"},
		{"8945-5.1 TSIG before the end", "\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x02" + asked + "\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x00" + opt, formErr1 + asked},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, respond(s, test.in, udpOrigin))
		})
	}
	from := udpOrigin
	respond(s, queryHead+asked[:17]+"\x00\x29\x00\x01", from)
	m, err := dns.ParseMessage([]byte(respond(s, "\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x0c\x00\x0a\x00\x08aaaaaaaa", from)), nil)
	require.NoError(t, err)
	assert.Equal(t, dns.RCodeNoError, m.RCode, "nothing is left of a question before")
	from.Peer = netip.AddrPortFrom(from.Peer.Addr(), 0)
	assert.Empty(t, respond(s, queryHead+asked, from), "port 0")
	assert.Equal(t, "\x00\x07\x81\x05\x00\x01\x00\x00\x00\x00\x00\x00"+asked, respond(new(dns.Server), queryHead+asked, udpOrigin), "no handler")
}

func TestQuery(t *testing.T) {
	request := []byte(optHead + asked + "\x00\x00\x29\x10\x00\x00\x00\x80\x00\x00\x06\xff\xf0\x00\x02ab")
	called := false
	s := &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
		called = true
		assert.Equal(t, uint16(7), q.Header.ID)
		assert.True(t, q.Header.RecursionDesired)
		assert.Equal(t, "\x03www\x07Example\x03org\x00", string(q.WireName()))
		assert.Equal(t, "\x03www\x07example\x03org\x00", string(q.CanonicalName()))
		assert.Equal(t, dns.Question{Name: dns.MustName("www.Example.org"), Type: dns.TypeA, Class: dns.ClassIN}, q.Question())
		assert.Equal(t, &dns.EDNS{UDPSize: 4096, DNSSECOK: true, Options: []dns.Option{{Code: 0xfff0, Data: []byte("ab")}}}, q.EDNS())
		assert.True(t, q.DNSSECOK())
		assert.Equal(t, request, q.Raw())
		assert.Equal(t, udpOrigin.Peer, q.Peer())
		assert.Equal(t, udpOrigin.Local, q.Local())
		assert.Equal(t, dns.TransportUDP, q.Transport())
		assert.Nil(t, q.TLS())
		assert.Equal(t, 1232, w.Limit())
		assert.Error(t, w.Send(), "not detached")
	})}
	s.AppendResponse(t.Context(), nil, request, udpOrigin)
	assert.True(t, called)
}

func TestResponderLimit(t *testing.T) {
	limit := 0
	h := dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) { limit = w.Limit() })
	size := func(n byte, m byte) string {
		return optHead + asked + "\x00\x00\x29" + string([]byte{n, m}) + "\x00\x00\x00\x00\x00\x00"
	}
	tcp := udpOrigin
	tcp.Transport = dns.TransportTCP
	for _, test := range []struct {
		name   string
		server int
		in     string
		from   dns.Origin
		want   int
	}{
		{"1035-4.2.1 without OPT", 4096, queryHead + asked, udpOrigin, 512},
		{"6891-6.2.3 less than 512", 0, size(0, 100), udpOrigin, 512},
		{"what the client takes", 0, size(3, 0), udpOrigin, 768},
		{"the default bounds it", 0, size(0x10, 0), udpOrigin, 1232},
		{"configured", 4096, size(0x10, 0), udpOrigin, 4096},
		{"no more than IPv4 carries", 1 << 20, size(0xff, 0xff), udpOrigin, 65507},
		{"a server's least", 100, size(0x10, 0), udpOrigin, 512},
		{"over TCP", 0, size(0, 100), tcp, 65535},
		{"over TCP without OPT", 0, queryHead + asked, tcp, 65535},
	} {
		t.Run(test.name, func(t *testing.T) {
			respond(&dns.Server{Handler: h, UDPSize: test.server}, test.in, test.from)
			assert.Equal(t, test.want, limit)
		})
	}
}

func TestResponder(t *testing.T) {
	body := func(t *testing.T, handler dns.HandlerFunc, request string) *dns.Message {
		out := respond(&dns.Server{Handler: handler}, request, udpOrigin)
		m, err := dns.ParseMessage([]byte(out), nil)
		require.NoError(t, err)
		return m
	}
	t.Run("message", func(t *testing.T) {
		m := body(t, func(_ context.Context, w *dns.Responder, q *dns.Query) {
			require.NoError(t, w.Message(&dns.Message{
				Header: dns.Header{RecursionAvailable: true, AuthenticData: true, RCode: dns.RCodeNXDomain},
				Answer: []dns.RR{a("www.example.org", 1)}, Authority: []dns.RR{a("ns.test", 2)}, Additional: []dns.RR{a("ns.test", 3)},
			}))
		}, queryHead+asked)
		assert.Equal(t, dns.Header{ID: 7, Response: true, RecursionDesired: true, RecursionAvailable: true, AuthenticData: true, RCode: dns.RCodeNXDomain}, m.Header)
		assert.Len(t, m.Answer, 1)
		assert.Len(t, m.Authority, 1)
		assert.Len(t, m.Additional, 1)
	})
	t.Run("setters", func(t *testing.T) {
		m := body(t, func(_ context.Context, w *dns.Responder, q *dns.Query) {
			assert.ErrorIs(t, w.Message(&dns.Message{Answer: []dns.RR{{}}}), dns.ErrLabel)
			w.SetTruncated(true)
			w.SetRecursionAvailable(true)
			w.SetAuthenticData(true)
			w.SetRCode(dns.RCodeNXDomain)
			assert.Equal(t, dns.RCodeNXDomain, w.RCode())
			assert.Equal(t, 512-len(queryHead+asked), w.Left())
			assert.Nil(t, q.EDNS())
			_, ok := q.Subnet()
			assert.False(t, ok)
		}, queryHead+asked)
		assert.Equal(t, dns.Header{ID: 7, Response: true, Truncated: true, RecursionDesired: true, RecursionAvailable: true, AuthenticData: true, RCode: dns.RCodeNXDomain}, m.Header)
	})
	t.Run("reset", func(t *testing.T) {
		m := body(t, func(_ context.Context, w *dns.Responder, q *dns.Query) {
			w.SetAuthoritative(true)
			w.Add(dns.SectionAnswer, a("x.test", 1))
			w.EDE(1, "no more")
			w.Reset()
			w.Add(dns.SectionAuthority, a("x.test", 2))
		}, optHead+asked+opt)
		assert.False(t, m.Authoritative)
		assert.Empty(t, m.Answer)
		assert.Equal(t, []dns.RR{a("x.test", 2)}, m.Authority)
		assert.Empty(t, m.EDNS.Options)
	})
	t.Run("8914-2 extended error", func(t *testing.T) {
		handler := func(_ context.Context, w *dns.Responder, q *dns.Query) {
			w.SetRCode(dns.RCodeServFail)
			w.EDE(dns.EDECode(22), "nobody home")
			w.EDE(0, strings.Repeat("x", 2000))
		}
		m := body(t, handler, optHead+asked+opt)
		assert.Equal(t, []dns.Option{{Code: 15, Data: []byte("\x00\x16nobody home")}, {Code: 15, Data: []byte{0, 0}}}, m.EDNS.Options)
		assert.False(t, m.Truncated)
		assert.Nil(t, body(t, handler, queryHead+asked).EDNS)
	})
	t.Run("6891-6.1.3 extended RCODE without EDNS", func(t *testing.T) {
		m := body(t, func(_ context.Context, w *dns.Responder, q *dns.Query) { w.SetRCode(dns.RCodeBadCookie) }, queryHead+asked)
		assert.Equal(t, dns.RCodeServFail, m.RCode)
	})
	t.Run("drop", func(t *testing.T) {
		drop := func(_ context.Context, w *dns.Responder, q *dns.Query) { w.Drop() }
		assert.Empty(t, respond(&dns.Server{Handler: dns.HandlerFunc(drop)}, queryHead+asked, udpOrigin))
	})
	t.Run("truncation", func(t *testing.T) {
		m := body(t, func(_ context.Context, w *dns.Responder, q *dns.Query) {
			for i := range 100 {
				w.Add(dns.SectionAnswer, a("www.example.org", byte(i)))
			}
			assert.True(t, w.Truncated())
		}, optHead+asked+opt)
		assert.True(t, m.Truncated)
		assert.Empty(t, m.Answer)
		assert.NotNil(t, m.EDNS)
	})
}

func TestServerSurvivesPanic(t *testing.T) {
	var log bytes.Buffer
	s := &dns.Server{Logger: slog.New(slog.NewTextHandler(&log, nil)), Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
		w.Add(dns.SectionAnswer, a("www.example.org", 1))
		panic("oh")
	})}
	assert.Equal(t, "\x00\x07\x81\x02\x00\x01\x00\x00\x00\x00\x00\x00"+asked, respond(s, queryHead+asked, udpOrigin))
	assert.Contains(t, log.String(), "www.Example.org. IN A")
	assert.Contains(t, log.String(), "peer=192.0.2.9:5353 proto=udp")
}

func TestDetach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		request := []byte(optHead + asked + "\x00\x00\x29\x10\x00\x00\x00\x80\x00\x00\x06\xff\xf0\x00\x02ab")
		release := make(chan struct{})
		var late *dns.Responder
		s := &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
			require.NoError(t, w.Add(dns.SectionAnswer, a("www.Example.org", 1)))
			own, handle := q.Detach()
			q.Detach() // changes nothing
			late = handle
			go func() {
				<-release
				assert.Equal(t, dns.MustName("www.Example.org"), own.Name())
				assert.Equal(t, []dns.Option{{Code: 0xfff0, Data: []byte("ab")}}, own.EDNS().Options)
				assert.NoError(t, handle.Add(dns.SectionAnswer, a("www.Example.org", 2)))
				assert.NoError(t, handle.Send())
				assert.Error(t, handle.Send(), "once")
			}()
		})}
		done := make(chan []byte)
		go func() { done <- s.AppendResponse(t.Context(), []byte("in front"), request, udpOrigin) }()
		synctest.Wait()
		clear(request) // the octets are the transport's again
		close(release)
		out := <-done
		m, err := dns.ParseMessage(out[len("in front"):], nil)
		require.NoError(t, err)
		assert.Equal(t, []dns.RR{a("www.Example.org", 1), a("www.Example.org", 2)}, m.Answer)
		assert.NotNil(t, m.EDNS)
		late.Reset()
		assert.Error(t, late.Send(), "it was sent")

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s.Handler = dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) { q.Detach() })
		assert.Empty(t, s.AppendResponse(ctx, nil, []byte(queryHead+asked), udpOrigin))
	})
}

// Whatever comes, what goes out can be parsed, keeps ID and limit, and is an
// answer; nothing panics.
func FuzzServerHandle(f *testing.F) {
	for m := range golden.Messages(f, captures) {
		if m.FromClient {
			f.Add(m.Data, byte(0))
		}
	}
	f.Add([]byte(queryHead+asked), byte(0))
	f.Add([]byte(optHead+asked+opt), byte(1))
	f.Add([]byte(response), byte(2))
	s := &dns.Server{NoCookies: true, Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
		for i := range q.CanonicalName()[0] {
			w.Add(dns.SectionAnswer, a("www.example.org", i))
			w.AddOctets(dns.SectionAuthority, q.Name(), q.Class, q.Type, 60, q.WireName())
		}
		w.EDE(1, string(q.WireName()))
		w.SetSubnetScope(24)
	})}
	f.Fuzz(func(t *testing.T, request []byte, kind byte) {
		from := udpOrigin
		from.Transport = dns.TransportKind(kind % 3)
		out := s.AppendResponse(t.Context(), nil, request, from)
		// Nothing of one request is left for the next.
		for _, before := range []string{withOptions("\x00\x0a\x00\x08aaaaaaaa"), queryHead + asked[:17] + "\x00\x29\x00\xff", "", response} {
			respond(s, before, udpOrigin)
			require.Equal(t, out, s.AppendResponse(t.Context(), nil, request, from))
		}
		if len(request) < dns.HeaderSize || request[2]&0x80 != 0 {
			require.Empty(t, out)
			return
		}
		h, counts, err := dns.ParseHeader(out)
		require.NoError(t, err)
		assert.Equal(t, request[:2], out[:2])
		assert.True(t, h.Response)
		var p dns.Parser
		p.Start(out)
		for p.Next() {
			_, err := p.Name()
			require.NoError(t, err)
		}
		require.NoError(t, p.Err())
		if counts.Question == 1 {
			assert.Equal(t, request[12:17], out[12:17])
		}
		if from.Transport == dns.TransportUDP {
			assert.LessOrEqual(t, len(out), 1232)
		}
	})
}
