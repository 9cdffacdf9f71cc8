package resolver_test

import (
	"net/netip"
	"testing"
	"time"

	"applayer/dns"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// oneEntry reads a scenario that is one range with one entry.
func oneEntry(t *testing.T, lines string) *entry {
	t.Helper()
	s, err := parseScenario("SCENARIO_BEGIN x\nRANGE_BEGIN 0 9\nENTRY_BEGIN\n" + lines + "\nENTRY_END\nRANGE_END\nSCENARIO_END\n")
	require.NoError(t, err)
	return s.Ranges[0].Entries[0]
}

// aQuery is a question as a resolver sends it, its case mixed.
func aQuery(t *testing.T, change func(*dns.Message)) seen {
	t.Helper()
	m := &dns.Message{
		Header:   dns.Header{ID: 0x1234},
		Question: []dns.Question{{Name: dns.MustName("wWw.Example.com"), Type: dns.TypeA, Class: dns.ClassIN}},
		EDNS:     &dns.EDNS{UDPSize: 1232, Options: []dns.Option{{Code: cookieOption, Data: []byte("client12")}}},
	}
	if change != nil {
		change(m)
	}
	b, err := dns.AppendMessage(nil, m)
	require.NoError(t, err)
	s, err := see(b, false)
	require.NoError(t, err)
	return s
}

// Each word of MATCH, once where it holds and once where it does not.
func TestScenarioMatch(t *testing.T) {
	const www = "SECTION QUESTION\nwww.example.com. IN A"
	response := func(m *dns.Message) {
		m.Response, m.RecursionAvailable = true, true
		name := m.Question[0].Name
		m.Answer = []dns.RR{
			{Name: name, Class: dns.ClassIN, TTL: 60, Data: &dns.CNAME{Target: dns.MustName("B.example.com")}},
			{Name: dns.MustName("b.example.com"), Class: dns.ClassIN, TTL: 60, Data: &dns.A{Addr: netip.MustParseAddr("192.0.2.1")}},
		}
		m.EDNS.Options = []dns.Option{{Code: 15, Data: []byte{0, 3}}}
	}
	const answer = "SECTION ANSWER\nb.example.com. 60 IN A 192.0.2.1\nwww.example.com. 60 CNAME b.example.com."
	tests := []struct {
		name   string
		entry  string
		word   string
		change func(*dns.Message)
		want   bool
	}{
		{"opcode", www, "opcode", nil, true},
		{"another opcode", www, "opcode", func(m *dns.Message) { m.Opcode = dns.OpcodeNotify }, false},
		{"name in other case", www, "qname", nil, true},
		{"name in other case, by octets", www, "qcase", nil, false},
		{"another name", "SECTION QUESTION\nexample.com. IN A", "qname", nil, false},
		{"a name below", "SECTION QUESTION\nexample.com. IN A", "subdomain", nil, true},
		{"no name below", "SECTION QUESTION\nexample.net. IN A", "subdomain", nil, false},
		{"type", www, "qtype", nil, true},
		{"another type", "SECTION QUESTION\nwww.example.com. IN MX", "qtype", nil, false},
		{"an entry without a question", "", "qname", nil, true},
		{"question", www, "question", nil, true},
		{"question of another class", "SECTION QUESTION\nwww.example.com. CH A", "question", nil, false},
		{"mixed case", www, "mixed_case", nil, true},
		{"small letters", www, "mixed_case", func(m *dns.Message) { m.Question[0].Name = dns.MustName("www.example.com") }, false},
		{"rcode", "REPLY NXDOMAIN", "rcode", func(m *dns.Message) { m.RCode = dns.RCodeNXDomain }, true},
		{"extended rcode", "REPLY BADCOOKIE", "rcode", func(m *dns.Message) { m.RCode = dns.RCodeBadCookie }, true},
		{"another rcode", "REPLY NXDOMAIN", "rcode", nil, false},
		{"flags", "REPLY QR RA", "flags", response, true},
		{"a flag too many", "REPLY QR", "flags", response, false},
		{"one flag", "", "RD", func(m *dns.Message) { m.RecursionDesired = true }, true},
		{"one flag that is not set", "", "RD", nil, false},
		{"transport", "", "UDP", nil, true},
		{"another transport", "", "TCP", nil, false},
		{"EDNS", "", "edns", nil, true},
		{"no EDNS", "", "noedns", nil, false},
		{"DO", "", "DO", nil, false},
		{"EDNS size", "", "bufsize=1232", nil, true},
		{"EDNS size above", "", "bufsize>1232", nil, false},
		{"an option", "", "option=10", nil, true},
		{"no such option", "", "option=8", nil, false},
		{"options by octets", "HEX_EDNSDATA_BEGIN\n000a0008 636c69656e743132\nHEX_EDNSDATA_END", "ednsdata", nil, true},
		{"other options", "", "ednsdata", nil, false},
		{"a client cookie alone", "", "random_client_cookie", nil, true},
		{"no server cookie", "", "server_cookie", nil, false},
		{"EDE", "", "ede=3", response, true},
		{"another EDE", "", "ede=22", response, false},
		{"any EDE", "", "ede=any", response, true},
		{"size", "", "size<=512", nil, true},
		{"size above", "", "size>512", nil, false},
		{"answer in another order", answer, "answer", response, true},
		{"answer in its order", answer, "in_order", response, false},
		{"answer with TTLs", answer, "answer ttl", response, true},
		{"other TTLs", "SECTION ANSWER\nb.example.com. 61 IN A 192.0.2.1\nwww.example.com. 60 CNAME b.example.com.", "answer ttl", response, false},
		{"other TTLs that nobody asks for", "SECTION ANSWER\nb.example.com. 61 IN A 192.0.2.1\nwww.example.com. 60 CNAME b.example.com.", "answer", response, true},
		{"a record missing", "SECTION ANSWER\nb.example.com. 60 IN A 192.0.2.1", "answer", response, false},
		{"an empty answer", "SECTION ANSWER", "answer", response, false},
		{"authority", "", "authority", response, true},
		{"owner's case", answer, "answer_case", response, false},
		{"one alias", "", "one_cname", response, true},
		{"all that the entry gives", "REPLY QR RA\n" + answer, "all", response, true},
		{"all with a section that differs", "REPLY QR RA\n" + www + "\nSECTION ANSWER", "all", response, false},
		{"all with other flags", answer, "all", response, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := oneEntry(t, "MATCH "+tt.word+"\n"+tt.entry)
			what, err := e.differs(aQuery(t, tt.change), e.Match)
			require.NoError(t, err)
			assert.Equal(t, tt.want, what == "", "%s", what)
		})
	}
	e := oneEntry(t, "MATCH sideways")
	_, err := e.differs(aQuery(t, nil), e.Match)
	assert.Error(t, err, "a word that nobody knows")
}

// What ADJUST makes of a reply.
func TestScenarioReply(t *testing.T) {
	const body = "\nREPLY QR AA\nSECTION QUESTION\nwww.example.com. IN A\nSECTION ANSWER\nwww.example.com. 5 IN A 192.0.2.9"
	server := netip.MustParseAddrPort("192.0.2.1:53")
	reply := func(t *testing.T, adjust string) (delivery, *dns.Message) {
		t.Helper()
		e := oneEntry(t, "ADJUST "+adjust+body)
		q := aQuery(t, nil)
		b, err := dns.AppendMessage(nil, q.Message)
		require.NoError(t, err)
		ds, err := e.deliveries(&sent{Server: server, Octets: b, seen: q})
		require.NoError(t, err)
		require.Len(t, ds, 1)
		m, err := dns.ParseMessage(ds[0].Msg, nil)
		require.NoError(t, err)
		return ds[0], m
	}
	t.Run("copy_id", func(t *testing.T) {
		d, m := reply(t, "copy_id")
		assert.Equal(t, uint16(0x1234), m.ID)
		assert.Equal(t, "wWw.Example.com.", m.Question[0].Name.String(), "the case comes with it")
		assert.Equal(t, "wWw.Example.com.", m.Answer[0].Name.String(), "as from a server that compresses")
		assert.Equal(t, delivery{scenarioRTT, server, d.Msg}, d)
		require.NotNil(t, m.EDNS, "a query with OPT gets a reply with OPT")
		assert.Empty(t, m.EDNS.Options)
	})
	t.Run("wrong_id", func(t *testing.T) {
		_, m := reply(t, "wrong_id")
		assert.NotEqual(t, uint16(0x1234), m.ID)
	})
	t.Run("keep_case", func(t *testing.T) {
		_, m := reply(t, "copy_id keep_case")
		assert.Equal(t, "www.example.com.", m.Question[0].Name.String())
	})
	t.Run("no_edns", func(t *testing.T) {
		_, m := reply(t, "copy_id no_edns")
		assert.Nil(t, m.EDNS)
	})
	t.Run("cookies", func(t *testing.T) {
		_, m := reply(t, "server_cookie")
		cookie, _ := cookieOf(m)
		assert.Equal(t, "client12"+string(serverCookie), string(cookie))
		_, m = reply(t, "short_cookie")
		cookie, _ = cookieOf(m)
		assert.Equal(t, "client12\x01", string(cookie))
		_, m = reply(t, "wrong_cookie")
		cookie, _ = cookieOf(m)
		assert.NotEqual(t, "client12", string(cookie[:8]))
	})
	t.Run("from and sleep", func(t *testing.T) {
		d, _ := reply(t, "sleep=2 from=192.0.2.66 from_port=99")
		assert.Equal(t, netip.MustParseAddrPort("192.0.2.66:99"), d.From)
		assert.Equal(t, 2*time.Second, d.After)
	})
	t.Run("raw octets", func(t *testing.T) {
		e := oneEntry(t, "ADJUST copy_id"+body+"\nHEX_ANSWER_BEGIN\n000084000001000000000000 0377777707657861 6d706c6503636f6d0000010001\nHEX_ANSWER_END")
		q := aQuery(t, nil)
		b, err := dns.AppendMessage(nil, q.Message)
		require.NoError(t, err)
		ds, err := e.deliveries(&sent{Server: server, Octets: b, seen: q})
		require.NoError(t, err)
		m, err := dns.ParseMessage(ds[0].Msg, nil)
		require.NoError(t, err)
		assert.Equal(t, uint16(0x1234), m.ID)
		assert.Equal(t, "wWw.Example.com.", m.Question[0].Name.String())
	})
	t.Run("do_not_answer", func(t *testing.T) {
		ds, err := oneEntry(t, "ADJUST do_not_answer"+body).deliveries(&sent{})
		require.NoError(t, err)
		assert.Empty(t, ds)
	})
}

// The simulated servers: which of them answers, and what is counted.
func TestScenarioNetwork(t *testing.T) {
	const text = `SCENARIO_BEGIN x
RANGE_BEGIN 0 4
	ADDRESS 192.0.2.1
	ENTRY_BEGIN
	SECTION QUESTION
	other.example.com. IN A
	ENTRY_END
	ENTRY_BEGIN
	MATCH subdomain
	ADJUST copy_id copy_query
	REPLY QR REFUSED
	SECTION QUESTION
	example.com. IN A
	ENTRY_END
RANGE_END
STEP 1 CHECK_TRAFFIC
STEP 2 CHECK_TRAFFIC ADDRESS 192.0.2.1
STEP 3 CHECK_TRAFFIC ADDRESS 192.0.2.2
STEP 4 CHECK_TRAFFIC SINCE 3
STEP 5 CHECK_TRAFFIC
ENTRY_BEGIN
MATCH TCP
ENTRY_END
SCENARIO_END
`
	s, err := parseScenario(text)
	require.NoError(t, err)
	n := &network{s: s, step: 1}
	q, err := dns.AppendMessage(nil, aQuery(t, nil).Message)
	require.NoError(t, err)
	one, two := netip.MustParseAddrPort("192.0.2.1:53"), netip.MustParseAddrPort("192.0.2.2:53")

	m, err := n.receive(one, false, q)
	require.NoError(t, err)
	ds, err := n.replies(m)
	require.NoError(t, err)
	require.Len(t, ds, 1)
	got, err := dns.ParseMessage(ds[0].Msg, nil)
	require.NoError(t, err)
	assert.Equal(t, dns.RCodeRefused, got.RCode, "the entry that matches, not the first")

	m, err = n.receive(two, true, q)
	require.NoError(t, err)
	_, err = n.replies(m)
	assert.ErrorContains(t, err, "nothing in the scenario answers", "another server")
	n.step = 5
	m, err = n.receive(one, false, q)
	require.NoError(t, err)
	_, err = n.replies(m)
	assert.Error(t, err, "the range has ended")
	_, err = n.receive(one, false, []byte("no message"))
	assert.Error(t, err, "what the resolver sends must be a message")

	for i, want := range []int{3, 2, 1, 1, 1} {
		c, err := n.count(&s.Steps[i])
		require.NoError(t, err)
		assert.Equal(t, want, c, "step %d", i+1)
	}
}
