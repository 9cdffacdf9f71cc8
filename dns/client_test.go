package dns_test

import (
	"context"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

func TestClientUDP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.udp(func(q []byte) [][]byte { return one(answer(q, nil)) })
		m, how, err := l.client().Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.Equal(t, "www.Example.org.\t60\tIN\tA\t192.0.2.1", m.Answer[0].String())
		assert.Equal(t, dns.NetworkUDP, how.Network)
		assert.Equal(t, server53, how.Server)
		assert.Equal(t, 1, how.Sent)
		sent, err := dns.ParseMessage(how.Query, nil)
		require.NoError(t, err)
		assert.Equal(t, uint16(1232), sent.EDNS.UDPSize)
		cookie, ok := sent.EDNS.Cookie()
		assert.True(t, ok)
		assert.Empty(t, cookie.Server)
	})
}

func TestClientTruncated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.udp(func(q []byte) [][]byte { return one(truncated(q)) })
		l.tcp(answerAll)
		m, how, err := l.client().Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.Len(t, m.Answer, 1)
		assert.Equal(t, dns.NetworkTCP, how.Network)
		assert.Equal(t, 2, how.Sent)

		c := l.client()
		c.NoFallback = true
		m, how, err = c.Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.True(t, m.Truncated)
		assert.Equal(t, dns.NetworkUDP, how.Network)
	})
}

// What is truncated is not looked at, and need not even be whole records
// (RFC 2181 §9).
func TestClientTruncatedWithinRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.udp(func(q []byte) [][]byte {
			b := answer(q, func(m *dns.Message) { m.Truncated, m.EDNS = true, nil })
			return one(b[:len(b)-3])
		})
		l.tcp(answerAll)
		m, how, err := l.client().Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.Len(t, m.Answer, 1)
		assert.Equal(t, dns.NetworkTCP, how.Network)
		assert.Equal(t, 2, how.Sent)
	})
}

// TestClientIgnores: a message that does not answer the query may not end the
// wait for the one that does (CVE-2023-28452).
func TestClientIgnores(t *testing.T) {
	tests := []struct {
		name  string
		wrong func(q []byte) []byte
	}{
		{"5452-9.1 another ID", func(q []byte) []byte { return withID(answer(q, nil), uint16(q[0])<<8|uint16(q[1])+1) }},
		{"5452-9.1 another name", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.Question[0].Name = dns.MustName("www.example.com") })
		}},
		{"5452-9.1 a longer name", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.Question[0].Name, _ = m.Question[0].Name.Prepend("a") })
		}},
		{"5452-9.1 another type", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.Question[0].Type = dns.TypeAAAA })
		}},
		{"5452-9.1 another class", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.Question[0].Class = dns.ClassCH })
		}},
		{"5452-9.1 no question", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.Question = nil })
		}},
		{"5452-9.1 two questions", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.Question = append(m.Question, m.Question[0]) })
		}},
		{"1035-4.1.1 no response", func(q []byte) []byte { return slices.Clone(q) }},
		{"1035-4.1.1 another opcode", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.Opcode = dns.OpcodeNotify })
		}},
		{"1035-4.1.1 less than a header", func(q []byte) []byte { return q[:11] }},
		{"1035-4.1.1 nothing", func(q []byte) []byte { return []byte{} }},
		{"7873-5.3 another client cookie", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.EDNS.SetOption(dns.OptionCookie, []byte("nonsense")) })
		}},
		{"7873-5.3 a cookie of no length", func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.EDNS.SetOption(dns.OptionCookie, []byte("nine bytes"[:9])) })
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				l.udp(func(q []byte) [][]byte { return [][]byte{tt.wrong(q), answer(q, nil)} })
				m, how, err := l.client().Exchange(t.Context(), server53, question())
				require.NoError(t, err)
				assert.Equal(t, exampleA, m.Question[0])
				assert.Len(t, m.Answer, 1)
				assert.Equal(t, 1, how.Sent)
				assert.Equal(t, 1, how.Ignored)
			})
		})
	}
}

// TestClientForgery: the eighth message with a wrong ID changes to TCP.
func TestClientForgery(t *testing.T) {
	for forged, network := range map[int]string{7: dns.NetworkUDP, 8: dns.NetworkTCP} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t)
			l.udp(func(q []byte) (all [][]byte) {
				id := uint16(q[0])<<8 | uint16(q[1])
				for i := range forged {
					all = append(all, withID(answer(q, nil), id+1+uint16(i)))
				}
				return append(all, answer(q, nil))
			})
			l.tcp(answerAll)
			_, how, err := l.client().Exchange(t.Context(), server53, question())
			require.NoError(t, err)
			assert.Equal(t, network, how.Network, "%d forged", forged)
		})
	}
}

func TestClientTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var sent atomic.Int32
		l.udp(func([]byte) [][]byte { sent.Add(1); return nil })
		begin := time.Now()
		_, _, err := l.client().Exchange(t.Context(), server53, question())
		assert.Equal(t, 15*time.Second, time.Since(begin), "three tries of five seconds")
		assert.EqualValues(t, 3, sent.Load())
		var ne net.Error
		require.ErrorAs(t, err, &ne)
		assert.True(t, ne.Timeout())
		assert.ErrorContains(t, err, "dns: udp 192.0.2.53:53: ")

		begin = time.Now()
		_, _, err = l.client().Exchange(short(t, 7), server53, question())
		assert.Equal(t, 7*time.Second, time.Since(begin), "the context ends it")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// TestClientRetries: each try has an ID of its own; the answer to an earlier
// one is not taken for that of a later.
func TestClientRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var queries [][]byte
		l.udp(func(q []byte) [][]byte {
			queries = append(queries, slices.Clone(q))
			if len(queries) < 3 {
				return nil
			}
			return [][]byte{answer(queries[0], nil), answer(queries[1], nil), answer(q, nil)}
		})
		m, how, err := l.client().Exchange(t.Context(), server53, question())
		require.NoError(t, err)
		assert.Equal(t, 3, how.Sent)
		assert.Equal(t, how.Query[:2], queries[2][:2])
		assert.Equal(t, uint16(queries[2][0])<<8|uint16(queries[2][1]), m.ID)
		assert.NotEqual(t, queries[0][:2], queries[1][:2])
	})
}

// TestClientNobody: where nothing listens the tries are used up at once.
func TestClientNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, _, err := newLab(t).client().Exchange(t.Context(), server53, question())
		require.Error(t, err)
		assert.Zero(t, time.Since(begin))
	})
}
