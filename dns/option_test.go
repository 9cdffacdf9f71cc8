package dns_test

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// TestOptionCheck: each option's rules, in a query and in a response.
func TestOptionCheck(t *testing.T) {
	const always, never, inResponse = "query response", "", "response"
	tests := []struct {
		name string
		code dns.OptionCode
		data string
		ok   string
		ref  string
	}{
		{"6891-6.1.2 an option that nobody knows", 65001, "anything", always, ""},
		{"5001-2.1 NSID", dns.OptionNSID, "", always, ""},
		{"7873-5.2.2 a client cookie", dns.OptionCookie, "12345678", always, ""},
		{"7873-5.2.2 a cookie of both", dns.OptionCookie, "1234567812345678", always, ""},
		{"7873-5.2.2 the longest cookie", dns.OptionCookie, strings.Repeat("1", 40), always, ""},
		{"7873-5.2.2 no cookie", dns.OptionCookie, "", never, "RFC 7873 §5.2.2"},
		{"7873-5.2.2 less than a client cookie", dns.OptionCookie, "1234567", never, "RFC 7873 §5.2.2"},
		{"7873-5.2.2 too short for both", dns.OptionCookie, "123456789", never, "RFC 7873 §5.2.2"},
		{"7873-5.2.2 15 octets", dns.OptionCookie, strings.Repeat("1", 15), never, "RFC 7873 §5.2.2"},
		{"7873-5.2.2 too long", dns.OptionCookie, strings.Repeat("1", 41), never, "RFC 7873 §5.2.2"},
		{"7871-6 a subnet of IPv4", dns.OptionSubnet, "\x00\x01\x18\x00\xc0\x00\x02", always, ""},
		{"7871-6 a subnet of IPv6", dns.OptionSubnet, "\x00\x02\x30\x00\x20\x01\x0d\xb8\x00\x01", always, ""},
		{"7871-6 part of an octet", dns.OptionSubnet, "\x00\x01\x0c\x00\xac\x10", always, ""},
		{"7871-7.1.2 none of the address", dns.OptionSubnet, "\x00\x01\x00\x00", always, ""},
		{"7871-7.1.2 not even the family", dns.OptionSubnet, "\x00\x00\x00\x00", always, ""},
		{"7871-6 all of the address", dns.OptionSubnet, "\x00\x01\x20\x00\xc0\x00\x02\x01", always, ""},
		{"7871-6 a scope", dns.OptionSubnet, "\x00\x01\x18\x10\xc0\x00\x02", inResponse, "RFC 7871 §6"},
		{"7871-6 a scope longer than the source", dns.OptionSubnet, "\x00\x01\x18\x20\xc0\x00\x02", inResponse, "RFC 7871 §6"},
		{"7871-6 a scope longer than the address", dns.OptionSubnet, "\x00\x01\x18\x21\xc0\x00\x02", never, "RFC 7871 §6"},
		{"7871-6 a source longer than the address", dns.OptionSubnet, "\x00\x01\x21\x00\xc0\x00\x02\x01\x00", never, "RFC 7871 §6"},
		{"7871-6 a source longer than an address of IPv6", dns.OptionSubnet, "\x00\x02\x81\x00" + strings.Repeat("\x20", 17), never, "RFC 7871 §6"},
		{"7871-6 too few octets", dns.OptionSubnet, "\x00\x01\x18\x00\xc0\x00", never, "RFC 7871 §6"},
		{"7871-6 too many octets", dns.OptionSubnet, "\x00\x01\x18\x00\xc0\x00\x02\x00", never, "RFC 7871 §6"},
		{"7871-6 a bit behind the prefix", dns.OptionSubnet, "\x00\x01\x17\x00\xc0\x00\x03", never, "RFC 7871 §6"},
		{"7871-6 another family", dns.OptionSubnet, "\x00\x03\x00\x00", never, "RFC 7871 §6"},
		{"7871-6 a length without a family", dns.OptionSubnet, "\x00\x00\x08\x00\x0a", never, "RFC 7871 §6"},
		{"7871-6 less than its head", dns.OptionSubnet, "\x00\x01\x18", never, "RFC 7871 §6"},
		{"7828-3.1 keepalive without a time", dns.OptionKeepalive, "", always, ""},
		{"7828-3.1 keepalive with one", dns.OptionKeepalive, "\x00\x64", inResponse, "RFC 7828 §3.1"},
		{"7828-3.1 keepalive of another length", dns.OptionKeepalive, "\x64", never, "RFC 7828 §3.1"},
		{"7830-3 padding", dns.OptionPadding, "\x00\x01\x02", always, ""},
		{"8914-2 an extended error", dns.OptionEDE, "\x00\x16", always, ""},
		{"8914-2 an extended error without a code", dns.OptionEDE, "\x00", never, "RFC 8914 §2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &dns.EDNS{Options: []dns.Option{{Code: 65000}, {Code: tt.code, Data: []byte(tt.data)}}}
			for where, query := range map[string]bool{"query": true, "response": false} {
				err := e.Check(query)
				if slices.Contains(strings.Fields(tt.ok), where) {
					assert.NoError(t, err, where)
					continue
				}
				var pe *dns.ParseError
				require.ErrorAs(t, err, &pe, where)
				assert.Equal(t, tt.ref, pe.Ref)
				assert.Equal(t, int(dns.RCodeFormErr), pe.Reply)
			}
		})
	}
	var none *dns.EDNS
	assert.NoError(t, none.Check(true))
}

// TestOptions: what is set is what is got, and there once.
func TestOptions(t *testing.T) {
	e := &dns.EDNS{Options: []dns.Option{{Code: 65001, Data: []byte("a")}, {Code: 65002}, {Code: 65001, Data: []byte("b")}}}
	got, ok := e.Option(65001)
	assert.True(t, ok)
	assert.Equal(t, "a", string(got), "RFC 7873 §5.2: the first counts")
	e.SetOption(65001, []byte("c"))
	assert.Equal(t, []dns.Option{{Code: 65001, Data: []byte("c")}, {Code: 65002}}, e.Options)
	e.RemoveOption(65001)
	assert.Equal(t, []dns.Option{{Code: 65002}}, e.Options)
	_, ok = e.Option(65001)
	assert.False(t, ok)

	e.SetNSID([]byte("ns1"))
	id, ok := e.NSID()
	assert.True(t, ok)
	assert.Equal(t, "ns1", string(id))

	_, ok = e.Keepalive()
	assert.False(t, ok)
	for set, want := range map[time.Duration]time.Duration{
		0: 0, 10 * time.Second: 10 * time.Second, 149 * time.Millisecond: 100 * time.Millisecond,
		-time.Second: 0, 3 * time.Hour: 6553500 * time.Millisecond,
	} {
		e.SetKeepalive(set)
		d, ok := e.Keepalive()
		assert.True(t, ok)
		assert.Equal(t, want, d)
	}
	e.RequestKeepalive()
	_, ok = e.Keepalive()
	assert.False(t, ok)

	e.SetPadding(7)
	n, ok := e.Padding()
	assert.True(t, ok)
	assert.Equal(t, 7, n)

	assert.ErrorIs(t, e.SetCookie(dns.Cookie{Server: []byte("short")}), dns.ErrRDLength)
	_, ok = e.Cookie()
	assert.False(t, ok)
	e.SetOption(dns.OptionCookie, []byte("no length"))
	_, ok = e.Cookie()
	assert.False(t, ok, "malformed")

	var none *dns.EDNS
	_, ok = none.Subnet()
	assert.False(t, ok)
	assert.Empty(t, slices.Collect(none.ExtendedErrors()))
}

func TestSetSubnet(t *testing.T) {
	tests := []struct {
		name string
		in   dns.Subnet
		wire string
		err  error
	}{
		{"7871-6 no more of the address than the prefix", dns.Subnet{Prefix: netip.MustParsePrefix("192.0.2.77/24")}, "\x00\x01\x18\x00\xc0\x00\x02", nil},
		{"7871-6 with a scope", dns.Subnet{Prefix: netip.MustParsePrefix("2001:db8::/33"), Scope: 48}, "\x00\x02\x21\x30\x20\x01\x0d\xb8\x00", nil},
		{"7871-7.1.2 none of it", dns.Subnet{Prefix: netip.MustParsePrefix("0.0.0.0/0")}, "\x00\x01\x00\x00", nil},
		{"7871-7.1.2 without a family", dns.Subnet{}, "\x00\x00\x00\x00", nil},
		{"7871-6 too long a scope", dns.Subnet{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Scope: 33}, "", dns.ErrValue},
		{"7871-6 no prefix", dns.Subnet{Prefix: netip.PrefixFrom(netip.MustParseAddr("192.0.2.1"), 99)}, "", dns.ErrValue},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e dns.EDNS
			require.ErrorIs(t, e.SetSubnet(tt.in), tt.err)
			if tt.err != nil {
				assert.Empty(t, e.Options)
				return
			}
			b, _ := e.Option(dns.OptionSubnet)
			assert.Equal(t, tt.wire, string(b))
			require.NoError(t, e.Check(tt.in.Scope == 0))
		})
	}
}

// TestPadding: a padded message fills blocks, whatever its length
// (RFC 8467 §4.1).
func TestPadding(t *testing.T) {
	for n := range 70 {
		m := question()
		m.EDNS = &dns.EDNS{UDPSize: 1232}
		m.EDNS.SetNSID(bytes.Repeat([]byte("n"), 3*n))
		m.EDNS.SetPadding(5) // which is replaced
		for _, block := range []int{dns.QueryPadding, dns.ResponsePadding} {
			b, err := dns.AppendPaddedMessage([]byte("in front"), m, block)
			require.NoError(t, err)
			assert.Zero(t, (len(b)-len("in front"))%block, "%d octets", n)
			got, err := dns.ParseMessage(b[len("in front"):], nil)
			require.NoError(t, err)
			pad, ok := got.EDNS.Padding()
			assert.True(t, ok)
			assert.Less(t, pad, block)
		}
		was, _ := m.EDNS.Padding()
		assert.Equal(t, 5, was, "the message stays as it was")
	}
	b, err := dns.AppendPaddedMessage(nil, question(), dns.QueryPadding)
	require.NoError(t, err)
	assert.Len(t, b, 33, "without EDNS there is no option")

	assert.Equal(t, 124, dns.PaddingFor(0, 128))
	assert.Equal(t, 0, dns.PaddingFor(124, 128))
	assert.Equal(t, 127, dns.PaddingFor(125, 128))
	assert.Equal(t, 11, dns.PaddingFor(dns.MaxMessage-15, 468), "no further than a message may go")
	assert.Equal(t, 0, dns.PaddingFor(dns.MaxMessage-3, 468))
	assert.Equal(t, 0, dns.PaddingFor(10, 0))

	full := question()
	full.EDNS = &dns.EDNS{}
	full.EDNS.SetNSID(make([]byte, dns.MaxMessage-33-11-4-2))
	b, err = dns.AppendPaddedMessage(nil, full, 468)
	require.NoError(t, err)
	assert.Len(t, b, dns.MaxMessage-2, "no room for the option")
	_, err = dns.AppendPaddedMessage(nil, &dns.Message{Question: []dns.Question{{}}, EDNS: &dns.EDNS{}}, 128)
	assert.ErrorIs(t, err, dns.ErrLabel)
}

func TestExtendedErrors(t *testing.T) {
	var e dns.EDNS
	e.AddExtendedError(dns.ExtendedError{Code: dns.EDENoReachableAuthority, Text: "timeout"})
	e.SetNSID(nil)
	assert.Equal(t, "17 (Filtered): (.[2J..)", dns.ExtendedError{Code: dns.EDEFiltered, Text: "\x1b[2J\xc3\xa9"}.String(), "a peer's text moves no cursor")
	e.AddExtendedError(dns.ExtendedError{Code: dns.EDEStaleAnswer})
	e.Options = append(e.Options, dns.Option{Code: dns.OptionEDE, Data: []byte{0}}, dns.Option{Code: dns.OptionEDE, Data: []byte("\x01\x00x\x00")})
	var text []string
	for x := range e.ExtendedErrors() {
		text = append(text, x.String())
	}
	assert.Equal(t, []string{"22 (No Reachable Authority): (timeout)", "3 (Stale Answer)", "256: (x)"}, text)
	for range e.ExtendedErrors() {
		break
	}
	// RFC 8914 §4, and what was registered since.
	for code, name := range map[dns.EDECode]string{0: "Other", 6: "DNSSEC Bogus", 18: "Prohibited", 24: "Invalid Data", 30: "Invalid Query Type", 31: "EDE31"} {
		assert.Equal(t, name, code.String())
	}
	for c := range dns.EDECode(31) {
		assert.NotContains(t, c.String(), "EDE", "each has its name")
	}
	assert.Equal(t, "COOKIE", dns.OptionCookie.String())
	assert.Equal(t, "OPT4711", dns.OptionCode(4711).String())
}
