package dns_test

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

var zoneName = dns.MustName("Example.org")

func soaOf(serial uint32) dns.RR {
	return dns.RR{Name: dns.MustName("example.org"), Class: dns.ClassIN, TTL: 60, Data: &dns.SOA{
		MName: dns.MustName("ns.example.org"), RName: dns.MustName("hostmaster.example.org"), Serial: serial,
	}}
}

func addressOf(name string) dns.RR {
	return dns.RR{Name: dns.MustName(name), Class: dns.ClassIN, TTL: 60, Data: &dns.A{Addr: netip.MustParseAddr("192.0.2.1")}}
}

// transferOf is a message of a transfer with those records.
func transferOf(rrs ...dns.RR) func(m *dns.Message) {
	return func(m *dns.Message) { m.Answer = rrs }
}

// further is a message of a transfer but the first, without a question.
func further(rrs ...dns.RR) func(m *dns.Message) {
	return func(m *dns.Message) { m.Question, m.Answer = nil, rrs }
}

// TestTransfer: the rules of RFC 5936 §2.2, each broken once.
func TestTransfer(t *testing.T) {
	soa, a, b := soaOf(1), addressOf("a.example.org"), addressOf("b.example.org")
	type messages = []func(m *dns.Message)
	tests := []struct {
		name     string
		messages messages
		records  int
		err      string
	}{
		{"5936-2.2 one message", messages{transferOf(soa, a, b, soa)}, 4, ""},
		{"5936-2.2 a record a message", messages{transferOf(soa), transferOf(a), further(b), further(soa)}, 4, ""},
		{"5936-2.2 an empty zone", messages{transferOf(soa, soa)}, 2, ""},
		{"5936-2.2.1 a message with another ID is dropped", messages{transferOf(soa, a),
			func(m *dns.Message) { m.ID, m.Answer = m.ID+1, []dns.RR{b} }, transferOf(b, soa)}, 4, ""},
		{"5936-3.1 a record outside the zone is left out", messages{transferOf(soa, a, addressOf("www.example.com"), b, soa)}, 4, ""},
		{"5936-2.3 the connection ends before the second SOA", messages{transferOf(soa, a)}, 2, "unexpected EOF"},
		{"5936-2.3 the connection ends before a message", nil, 0, "unexpected EOF"},
		{"5936-2.2 it does not begin with the SOA", messages{transferOf(a, soa)}, 0, "first record other than the zone's SOA"},
		{"5936-2.2 the SOA of another zone", messages{transferOf(dns.RR{Name: dns.MustName("example.com"), Class: dns.ClassIN, Data: soa.Data})}, 0, "first record other than the zone's SOA"},
		{"5936-2.2 the zone changed meanwhile", messages{transferOf(soa, a, soaOf(2))}, 2, "second SOA other than the first"},
		{"5936-2.2 an SOA within", messages{transferOf(soa, dns.RR{Name: a.Name, Class: dns.ClassIN, Data: soa.Data})}, 1, "second SOA other than the first"},
		{"5936-2.2 a record behind the second SOA", messages{transferOf(soa, soa, a)}, 1, "record behind the second SOA"},
		{"5936-2.2 a message without records", messages{transferOf(soa), transferOf()}, 1, "message without records"},
		{"5936-2.2.2 another question", messages{func(m *dns.Message) {
			m.Question[0].Name, m.Answer = dns.MustName("example.com"), []dns.RR{soa, soa}
		}}, 0, "question"},
		{"5936-2.2.2 no question in the first message", messages{further(soa, soa)}, 0, "count of questions"},
		{"5936-2.2.2 two questions", messages{func(m *dns.Message) { m.Question = append(m.Question, m.Question[0]) }}, 0, "count of questions"},
		{"5936-2.2.1 truncated", messages{func(m *dns.Message) { m.Truncated = true }}, 0, "TC"},
		{"5936-2.2.1 another opcode", messages{func(m *dns.Message) { m.Opcode = dns.OpcodeNotify }}, 0, "opcode"},
		{"5936-2.2 an error", messages{func(m *dns.Message) {
			m.RCode, m.EDNS = dns.RCodeRefused, &dns.EDNS{UDPSize: 1232}
			m.EDNS.AddExtendedError(dns.ExtendedError{Code: dns.EDEProhibited, Text: "not you"})
		}}, 0, `dns: answer REFUSED: 18 (Prohibited): "not you"`},
		{"5936-2.2 an error later", messages{transferOf(soa), func(m *dns.Message) { m.RCode, m.Answer = dns.RCodeServFail, nil }}, 1, "SERVFAIL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				l.tcp(func(_ int, c *dns.Conn) {
					q, _ := c.ReadMessage()
					q = append([]byte(nil), q...)
					for _, change := range tt.messages {
						c.WriteMessage(answer(q, change))
					}
				})
				var how dns.Transferred
				records, err := collect(l.client().Transfer(t.Context(), server53, zoneName, &how))
				assert.Len(t, records, tt.records)
				assert.Equal(t, tt.records, how.Records)
				if tt.err == "" {
					require.NoError(t, err)
					assert.Equal(t, len(tt.messages), how.Messages)
					assert.Positive(t, how.Octets)
					return
				}
				assert.ErrorContains(t, err, tt.err)
				var at *dns.ServerError
				assert.ErrorAs(t, err, &at)
			})
		})
	}
}

// collect takes all of a transfer.
func collect(seq func(func(dns.RR, error) bool)) (rrs []dns.RR, err error) {
	for rr, e := range seq {
		if e != nil {
			err = e
			continue
		}
		rrs = append(rrs, rr)
	}
	return rrs, err
}

// TestTransferLimits: time is for each message, octets for all.
func TestTransferLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.tcp(func(_ int, c *dns.Conn) {
			q, _ := c.ReadMessage()
			q = append([]byte(nil), q...)
			c.WriteMessage(answer(q, transferOf(soaOf(1))))
			for c.WriteMessage(answer(q, transferOf(addressOf("a.example.org")))) == nil {
				time.Sleep(4 * time.Second)
			}
		})
		c := l.client()
		c.MaxTransfer = 1000
		var how dns.Transferred
		records, err := collect(c.Transfer(t.Context(), server53, zoneName, &how))
		limit, ok := errors.AsType[*dns.LimitError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, dns.LimitError{Name: "MaxTransfer", Max: 1000}, *limit)
		assert.Equal(t, "dns: limit MaxTransfer of 1000 reached", limit.Error())
		assert.Greater(t, len(records), 10)
		assert.Greater(t, how.Duration, 40*time.Second)

		c.Timeout = 3 * time.Second
		begin := time.Now()
		_, err = collect(c.Transfer(t.Context(), server53, zoneName, nil))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 3*time.Second, time.Since(begin))

		c.Timeout, c.MaxTransfer = -1, -1
		_, err = collect(c.Transfer(short(t, 3600), server53, zoneName, nil))
		assert.ErrorIs(t, err, context.DeadlineExceeded)

		for range c.Transfer(t.Context(), server53, zoneName, nil) {
			break // and the connection ends
		}
	})
}

// TestTransferNoise: messages that are not ours end neither the time nor the
// octets.
func TestTransferNoise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.tcp(func(_ int, c *dns.Conn) {
			q, _ := c.ReadMessage()
			other := answer(q, func(m *dns.Message) { m.ID++ })
			for c.WriteMessage(other) == nil {
				time.Sleep(time.Second)
			}
		})
		begin := time.Now()
		_, err := collect(l.client().Transfer(t.Context(), server53, zoneName, nil))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 5*time.Second, time.Since(begin))
	})
}

// TestTransferFails: what ends a transfer before it begins, and within.
func TestTransferFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		_, err := collect(l.client().Transfer(t.Context(), server53, zoneName, nil))
		assert.ErrorContains(t, err, "refused")
		c := l.client()
		c.Rand = strings.NewReader("")
		_, err = collect(c.Transfer(t.Context(), server53, zoneName, nil))
		assert.ErrorIs(t, err, io.EOF)
		_, err = collect(l.client().Transfer(t.Context(), server53, dns.Name{}, nil))
		assert.ErrorIs(t, err, dns.ErrLabel)
		l.tcp(func(_ int, c *dns.Conn) {
			c.ReadMessage()
			c.WriteMessage([]byte("no message of the DNS"))
		})
		_, err = collect(l.client().Transfer(t.Context(), server53, zoneName, nil))
		var e *dns.ParseError
		assert.ErrorAs(t, err, &e)
	})
}

func TestReplyError(t *testing.T) {
	assert.True(t, (&dns.ReplyError{RCode: dns.RCodeServFail}).Temporary())
	assert.False(t, (&dns.ReplyError{RCode: dns.RCodeRefused}).Temporary())
	long := &dns.ReplyError{RCode: dns.RCodeRefused, Extended: []dns.ExtendedError{{Code: 99, Text: strings.Repeat("x", 10000)}}}
	assert.Less(t, len(long.Error()), 200)
}
