package dns_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// TestTransportServerReadsNothing: a query that cannot be written waits no
// longer than its context, and neither do those behind it.
func TestTransportServerReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var once sync.Once
		l.tcp(func(n int, c *dns.Conn) {
			reads := false
			once.Do(func() { reads = true })
			if reads { // the first connection alone is deaf
				time.Sleep(time.Minute)
				return
			}
			answerAll(n, c)
		})
		tr := l.transport()
		defer tr.Close()
		large := question()
		large.EDNS = &dns.EDNS{}
		large.EDNS.SetPadding(60000)
		ask := func(id uint16, seconds int) error {
			q, err := dns.AppendMessage(nil, large)
			require.NoError(t, err)
			q = withID(q, id)
			m, err := dns.NewMatcher(q)
			require.NoError(t, err)
			_, err = tr.Exchange(short(t, seconds), dns.NetworkTCP, server53, q, m.Accept)
			return err
		}
		begin := time.Now()
		var wg sync.WaitGroup
		for i, seconds := range []int{5, 4, 3} {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond) // the third waits for its turn to write
				assert.Error(t, ask(uint16(i), seconds))
			})
		}
		wg.Wait()
		assert.LessOrEqual(t, time.Since(begin), 5*time.Second)
		assert.NoError(t, ask(7, 1), "on a new connection")
	})
}

// TestClientLocalFaults: what is our own fault is told at once, and sent
// nowhere.
func TestClientLocalFaults(t *testing.T) {
	tests := []struct {
		name   string
		change func(c *dns.Client, m *dns.Message)
		want   error
	}{
		{"no random octet for the ID", func(c *dns.Client, _ *dns.Message) { c.Rand = strings.NewReader("") }, io.EOF},
		{"none for the cookie", func(c *dns.Client, _ *dns.Message) { c.Rand = strings.NewReader("id") }, io.EOF},
		{"none for the case", func(c *dns.Client, _ *dns.Message) {
			c.MixCase, c.NoCookies, c.Rand = true, true, strings.NewReader("id")
		}, io.EOF},
		{"a question without a name", func(_ *dns.Client, m *dns.Message) { m.Question[0].Name = dns.Name{} }, dns.ErrLabel},
		{"two questions", func(_ *dns.Client, m *dns.Message) { m.Question = append(m.Question, exampleA) }, dns.ErrCount},
	}
	for _, tt := range tests {
		for _, network := range []string{dns.NetworkUDP, dns.NetworkTCP} {
			t.Run(network+" "+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t)
					l.udp(func([]byte) [][]byte { t.Error("a query was sent"); return nil })
					l.tcp(func(_ int, c *dns.Conn) {
						if _, err := c.ReadMessage(); err == nil && network == dns.NetworkTCP {
							t.Error("a query was sent")
						}
					})
					c, m := l.client(), question()
					c.Network = network
					tt.change(c, m)
					if tt.name == "none for the case" && network == dns.NetworkTCP {
						t.Skip("not mixed over TCP")
					}
					begin := time.Now()
					_, _, err := c.Exchange(t.Context(), server53, m)
					assert.ErrorIs(t, err, tt.want)
					assert.Zero(t, time.Since(begin))
				})
			})
		}
	}
}

// TestClientTSIG: a message that is signed is sent octet for octet.
func TestClientTSIG(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.udp(func(q []byte) [][]byte {
			return one(answer(q, func(m *dns.Message) { m.TSIG = nil }))
		})
		c := l.client()
		c.MixCase = true
		m := question()
		m.ID = 4711
		m.TSIG = &dns.TSIG{KeyName: dns.MustName("key"), Algorithm: dns.MustName("hmac-sha256"), OriginalID: 4711, MAC: []byte("signature")}
		want, err := dns.AppendMessage(nil, m)
		require.NoError(t, err)
		_, how, err := c.Exchange(t.Context(), server53, m)
		require.NoError(t, err)
		assert.Equal(t, want, how.Query)
	})
}

// TestClientNoTimeout: without a timeout of its own a try lasts as long as the
// context.
func TestClientNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.udp(func([]byte) [][]byte { return nil })
		c := l.client()
		c.Timeout, c.Tries = -1, 1
		begin := time.Now()
		_, _, err := c.Exchange(short(t, 3600), server53, question())
		assert.Error(t, err)
		assert.Equal(t, time.Hour, time.Since(begin))
	})
}

// TestClientManyServers: what is remembered of servers is bounded.
func TestClientManyServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		c := l.client()
		l.udp(func(q []byte) [][]byte { return one(answer(q, nil)) })
		// More servers than cookies are remembered; each is asked once.
		for i := range 5000 {
			server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 53)
			c.Tries = 1
			_, _, err := c.Exchange(t.Context(), server, question())
			require.Error(t, err)
		}
		assert.LessOrEqual(t, c.CookieCount(), 4096)
		_, _, err := c.Exchange(t.Context(), server53, question())
		assert.NoError(t, err)
	})
}

func TestProtocolError(t *testing.T) {
	e := &dns.ProtocolError{Remote: true, State: "Transfer", Event: "question", Ref: "RFC 5936 §2.2.2"}
	assert.Equal(t, "dns: peer: no question in state Transfer (RFC 5936 §2.2.2)", e.Error())
	var m dns.Machine
	err := m.Do(dns.EventAnswer)
	assert.EqualError(t, err, "dns: no Answer in state Ready (RFC 1035 §7)")
	_, ok := errors.AsType[*dns.ProtocolError](err)
	assert.True(t, ok)
	assert.Equal(t, "CookieVerdict(?)", dns.CookieVerdict(9).String())
}

// TestClientOtherSource: what comes from another address or port than was
// asked is not even seen, though its ID and question are right (RFC 5452 §9.1).
func TestClientOtherSource(t *testing.T) {
	listen := func(addr string) net.PacketConn {
		pc, err := net.ListenPacket("udp", addr)
		require.NoError(t, err)
		t.Cleanup(func() { pc.Close() })
		return pc
	}
	pc, otherPort := listen("127.0.0.1:0"), listen("127.0.0.1:0")
	forgers := []net.PacketConn{otherPort}
	if runtime.GOOS == "linux" { // all of 127.0.0.0/8 is ours
		forgers = append(forgers, listen("127.0.0.2:0"))
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 512)
		n, from, err := pc.ReadFrom(buf)
		if err != nil {
			return
		}
		forged := answer(buf[:n], func(m *dns.Message) { m.Answer[0].TTL = 666 })
		for _, f := range forgers {
			f.WriteTo(forged, from)
		}
		pc.WriteTo(answer(buf[:n], nil), from)
	})
	var c dns.Client
	defer c.Close()
	m, how, err := c.Exchange(t.Context(), netip.MustParseAddrPort(pc.LocalAddr().String()), question())
	require.NoError(t, err)
	assert.Equal(t, uint32(60), m.Answer[0].TTL)
	assert.Zero(t, how.Ignored)
	wg.Wait()
}
