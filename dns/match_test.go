package dns_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/golden"
)

// TestMatcher: what answers a query, and what does not. TestClientIgnores has
// the plain cases, over the wire.
func TestMatcher(t *testing.T) {
	with := question()
	with.EDNS = &dns.EDNS{}
	require.NoError(t, with.EDNS.SetCookie(dns.Cookie{Client: [8]byte{1}}))
	tests := []struct {
		name       string
		query      *dns.Message
		datagram   bool // a cookie and the question are wanted
		reply      func(q []byte) []byte
		ok, stream bool
	}{
		{"7873-5.3 a cookie is not there, and never was", with, false, func(q []byte) []byte { return answer(q, nil) }, true, false},
		{"7873-5.3 a cookie is not there, and was before", with, true, func(q []byte) []byte { return answer(q, nil) }, false, true},
		{"7873-5.3 our cookie comes back", with, true, func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.EDNS.SetCookie(dns.Cookie{Client: [8]byte{1}, Server: []byte("8 octets")}) })
		}, true, false},
		{"7873-5.3 only the first option counts", with, true, func(q []byte) []byte {
			return answer(q, func(m *dns.Message) {
				m.EDNS.Options = []dns.Option{{Code: dns.OptionCookie, Data: []byte("not ours")}, {Code: dns.OptionCookie, Data: []byte{1, 0, 0, 0, 0, 0, 0, 0}}}
			})
		}, false, false},
		{"7766-5 truncated, without what would follow", with, true, func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.Truncated, m.Answer, m.EDNS = true, nil, nil })
		}, true, false},
		{"7766-5 truncated in the middle of a record", with, true, func(q []byte) []byte {
			b := answer(q, func(m *dns.Message) { m.Truncated = true })
			return b[:40]
		}, true, false},
		{"1035-4.1.3 the options cannot be found", with, false, func(q []byte) []byte { return answer(q, nil)[:40] }, false, false},
		{"6891-7 FORMERR, the header alone", with, false, func(q []byte) []byte { return bare(q, dns.RCodeFormErr) }, true, false},
		{"5452-9.1 FORMERR, the header alone, over UDP", with, true, func(q []byte) []byte { return bare(q, dns.RCodeFormErr) }, false, true},
		{"5452-9.1 REFUSED, the header alone, over UDP", question(), true, func(q []byte) []byte { return bare(q, dns.RCodeRefused) }, false, true},
		{"5452-9.1 NOERROR, the header alone", with, false, func(q []byte) []byte { return bare(q, dns.RCodeNoError) }, false, false},
		{"5452-9.1 NXDOMAIN, the header alone", with, false, func(q []byte) []byte { return bare(q, dns.RCodeNXDomain) }, false, false},
		{"5452-9.1 FORMERR with records, but no question", with, false, func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.RCode, m.Question = dns.RCodeFormErr, nil })
		}, false, false},
		{"7873-5.4 no question was asked, over UDP", &dns.Message{EDNS: with.EDNS}, true, func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.EDNS.SetCookie(dns.Cookie{Client: [8]byte{1}, Server: []byte("8 octets")}) })
		}, true, false},
		{"7873-5.4 no question was asked", &dns.Message{EDNS: with.EDNS}, false, func(q []byte) []byte { return answer(q, nil) }, true, false},
		{"7873-5.4 and one is answered", &dns.Message{EDNS: with.EDNS}, false, func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.Question = []dns.Question{exampleA} })
		}, false, false},
		{"4343-4.1 another case, which was not mixed", question(), false, func(q []byte) []byte {
			return answer(q, func(m *dns.Message) { m.Question[0].Name = dns.MustName("WWW.example.ORG") })
		}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := dns.AppendMessage(nil, tt.query)
			require.NoError(t, err)
			m, err := dns.NewMatcher(q)
			require.NoError(t, err)
			m.WantCookie, m.WantQuestion = tt.datagram, tt.datagram
			err = m.Accept(tt.reply(q))
			if tt.ok {
				assert.NoError(t, err)
				return
			}
			var mismatch *dns.MismatchError
			require.ErrorAs(t, err, &mismatch)
			assert.Equal(t, tt.stream, mismatch.AskStream)
			assert.Contains(t, err.Error(), "dns: no answer to the query: ")
		})
	}
}

// TestNewMatcher: what is no query, and what the Matcher keeps of one.
func TestNewMatcher(t *testing.T) {
	q, err := dns.AppendMessage(nil, &dns.Message{Header: dns.Header{ID: 7}, Question: question().Question, EDNS: &dns.EDNS{}})
	require.NoError(t, err)
	m, err := dns.NewMatcher(q)
	require.NoError(t, err)
	assert.Equal(t, exampleA, m.Question())
	assert.Equal(t, uint16(7), m.ID())
	for n := range q {
		_, err := dns.NewMatcher(q[:n])
		var e *dns.ParseError
		require.ErrorAs(t, err, &e, "%d octets", n)
	}
	reply := answer(slices.Clone(q), nil)
	clear(q)
	assert.NoError(t, m.Accept(reply), "it keeps nothing of the octets")
	two, err := dns.AppendMessage(nil, &dns.Message{Question: []dns.Question{exampleA, exampleA}})
	require.NoError(t, err)
	_, err = dns.NewMatcher(two)
	assert.ErrorIs(t, err, dns.ErrCount)
	assert.Zero(t, testing.AllocsPerRun(100, func() { m.Accept(reply) }))
}

// FuzzMatcher: no message is accepted that does not have the query's ID and
// question; what is accepted stays so whatever stands behind it.
func FuzzMatcher(f *testing.F) {
	var asked []byte
	for m := range golden.Messages(f, captures) {
		if m.FromClient {
			asked = m.Data
		} else {
			f.Add(asked, m.Data)
		}
	}
	q, err := dns.AppendMessage(nil, question())
	require.NoError(f, err)
	f.Add(q, answer(q, nil))
	f.Add(q, bare(q, dns.RCodeFormErr))
	f.Fuzz(func(t *testing.T, query, reply []byte) {
		m, err := dns.NewMatcher(query)
		if err != nil {
			return
		}
		if m.Accept(reply) != nil {
			return
		}
		h, n, err := dns.ParseHeader(reply)
		require.NoError(t, err)
		assert.Equal(t, m.ID(), h.ID)
		assert.True(t, h.Response)
		if n.Question == 1 {
			name, off, err := dns.ParseNameAt(reply, dns.HeaderSize)
			require.NoError(t, err)
			require.True(t, name.Equal(m.Question().Name))
			assert.Equal(t, uint16(m.Question().Type), uint16(reply[off])<<8|uint16(reply[off+1]))
		}
		if !h.Truncated { // an option that was cut might become whole, and wrong
			assert.NoError(t, m.Accept(append(slices.Clone(reply), 0xff)))
		}
	})
}
