package resolver_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"applayer/dns"
)

// The flags and codes of REPLY lines. NOTIMPL is how testbound writes NOTIMP.
var (
	scenarioOpcodes = map[string]dns.Opcode{
		"QUERY": dns.OpcodeQuery, "IQUERY": dns.OpcodeIQuery, "STATUS": dns.OpcodeStatus,
		"NOTIFY": dns.OpcodeNotify, "UPDATE": dns.OpcodeUpdate,
	}
	scenarioRCodes = map[string]dns.RCode{
		"NOERROR": dns.RCodeNoError, "FORMERR": dns.RCodeFormErr, "SERVFAIL": dns.RCodeServFail,
		"NXDOMAIN": dns.RCodeNXDomain, "NOTIMP": dns.RCodeNotImp, "NOTIMPL": dns.RCodeNotImp,
		"REFUSED": dns.RCodeRefused, "YXDOMAIN": dns.RCodeYXDomain, "YXRRSET": dns.RCodeYXRRSet,
		"NXRRSET": dns.RCodeNXRRSet, "NOTAUTH": dns.RCodeNotAuth, "NOTZONE": dns.RCodeNotZone,
		"BADVERS": dns.RCodeBadVers, "BADCOOKIE": dns.RCodeBadCookie,
	}
)

// scenarioTTL is the TTL of records that are written without one.
const scenarioTTL = 3600

// cookieOption is the code of RFC 7873 §4.
const cookieOption dns.OptionCode = 10

// serverCookie is the server cookie of all servers that have one.
var serverCookie = []byte{1, 0, 0, 0, 0x5a, 0x5a, 0x5a, 0x5a, 9, 9, 9, 9, 8, 8, 8, 8}

// message makes what the sections and REPLY lines of p say. Without EDNS in the
// file the message has none.
func (p *packet) message() (*dns.Message, error) {
	m := &dns.Message{}
	for _, word := range p.Reply {
		if err := setReplyWord(m, word); err != nil {
			return nil, err
		}
	}
	if p.HasEDNS {
		options, err := parseOptions(p.EDNS)
		if err != nil {
			return nil, err
		}
		ednsOf(m).Options = options
	}
	for _, r := range p.Sections[0].Records {
		q, err := r.question()
		if err != nil {
			return nil, err
		}
		m.Question = append(m.Question, q)
	}
	for i, to := range []*[]dns.RR{&m.Answer, &m.Authority, &m.Additional} {
		for _, r := range p.Sections[i+1].Records {
			rr, err := r.record()
			if err != nil {
				return nil, err
			}
			*to = append(*to, rr)
		}
	}
	return m, nil
}

// ednsOf returns the message's EDNS, made where it is missing.
func ednsOf(m *dns.Message) *dns.EDNS {
	if m.EDNS == nil {
		m.EDNS = &dns.EDNS{UDPSize: 1232}
	}
	return m.EDNS
}

// setReplyWord sets what one word of a REPLY line names.
func setReplyWord(m *dns.Message, word string) error {
	if o, ok := scenarioOpcodes[word]; ok {
		m.Opcode = o
		return nil
	}
	if c, ok := scenarioRCodes[word]; ok {
		if m.RCode = c; c > 15 {
			ednsOf(m)
		}
		return nil
	}
	switch word {
	case "QR":
		m.Response = true
	case "AA":
		m.Authoritative = true
	case "TC":
		m.Truncated = true
	case "RD":
		m.RecursionDesired = true
	case "RA":
		m.RecursionAvailable = true
	case "AD":
		m.AuthenticData = true
	case "CD":
		m.CheckingDisabled = true
	case "DO":
		ednsOf(m).DNSSECOK = true
	default:
		return fmt.Errorf("REPLY: no flag or code is called %q", word)
	}
	return nil
}

// parseOptions reads options as the OPT record has them.
func parseOptions(b []byte) (options []dns.Option, err error) {
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, fmt.Errorf("EDNS data: %d octets are no option", len(b))
		}
		n := int(binary.BigEndian.Uint16(b[2:])) + 4
		if len(b) < n {
			return nil, fmt.Errorf("EDNS data: option of %d octets in %d", n, len(b))
		}
		options = append(options, dns.Option{Code: dns.OptionCode(binary.BigEndian.Uint16(b)), Data: b[4:n]})
		b = b[n:]
	}
	return options, nil
}

// reply makes the octets with which p answers query, its ADJUST words obeyed.
func (p *packet) reply(query []byte, q *dns.Message) ([]byte, error) {
	if p.Raw != nil {
		b := slices.Clone(p.Raw)
		if (p.adjusts("copy_id") || p.adjusts("raw_id")) && len(b) >= 2 && len(query) >= 2 {
			copy(b, query[:2])
		}
		if !p.adjusts("keep_case") {
			copyQuestionCase(b, query)
		}
		return b, nil
	}
	m, err := p.message()
	if err != nil {
		return nil, err
	}
	switch {
	case p.adjusts("copy_id"), len(p.Adjust) == 0:
		m.ID = q.ID
	case p.adjusts("wrong_id"):
		m.ID = ^q.ID
	}
	if p.adjusts("copy_query") {
		m.Question = slices.Clone(q.Question)
	}
	if !p.adjusts("keep_case") {
		spellAs(m, q)
	}
	p.adjustEDNS(m, q)
	return dns.AppendMessage(nil, m)
}

// adjusts tells whether the packet has the ADJUST word.
func (p *packet) adjusts(word string) bool { return slices.Contains(p.Adjust, word) }

// adjustValue returns the value of an ADJUST word such as sleep=2.
func (p *packet) adjustValue(name string) (string, bool) {
	for _, w := range p.Adjust {
		if v, ok := strings.CutPrefix(w, name+"="); ok {
			return v, true
		}
	}
	return "", false
}

// delay is how long after the query the reply is sent.
func (p *packet) delay() (d time.Duration, err error) {
	for _, name := range []string{"sleep", "packet_sleep"} {
		if v, ok := p.adjustValue(name); ok {
			more, err := parseSeconds(v)
			if err != nil {
				return 0, fmt.Errorf("ADJUST %s: %w", name, err)
			}
			d += more
		}
	}
	return d, nil
}

// source is from where the reply comes, when the query went to server.
func (p *packet) source(server netip.AddrPort) (netip.AddrPort, error) {
	if v, ok := p.adjustValue("from"); ok {
		a, err := netip.ParseAddr(v)
		if err != nil {
			return server, fmt.Errorf("ADJUST from: %w", err)
		}
		server = netip.AddrPortFrom(a, server.Port())
	}
	if v, ok := p.adjustValue("from_port"); ok {
		n, err := strconv.ParseUint(v, 10, 16)
		if err != nil {
			return server, fmt.Errorf("ADJUST from_port: %w", err)
		}
		server = netip.AddrPortFrom(server.Addr(), uint16(n))
	}
	return server, nil
}

// spellAs gives the names of m that are the question's name the case in which q
// has it, as a server does that compresses them (RFC 4343 §4.1).
func spellAs(m, q *dns.Message) {
	if len(q.Question) == 0 {
		return
	}
	name := q.Question[0].Name
	for i := range m.Question {
		if m.Question[i].Name.Equal(name) {
			m.Question[i].Name = name
		}
	}
	for _, s := range [][]dns.RR{m.Answer, m.Authority, m.Additional} {
		for i := range s {
			if s[i].Name.Equal(name) {
				s[i].Name = name
			}
		}
	}
}

// copyQuestionCase does the same to the octets of the question.
func copyQuestionCase(reply, query []byte) {
	a, _, err := dns.ParseNameAt(query, dns.HeaderSize)
	if err != nil {
		return
	}
	b, _, err := dns.ParseNameAt(reply, dns.HeaderSize)
	if err == nil && a.Equal(b) {
		copy(reply[dns.HeaderSize:], a.Wire())
	}
}

// adjustEDNS gives the reply an OPT record where the query has one, and the
// cookies that the ADJUST words ask for.
func (p *packet) adjustEDNS(m, q *dns.Message) {
	if p.adjusts("no_edns") {
		m.EDNS = nil
		return
	}
	if q.EDNS == nil {
		return
	}
	e := ednsOf(m)
	e.DNSSECOK = e.DNSSECOK || q.EDNS.DNSSECOK
	client, ok := cookieOf(q)
	if !ok {
		return
	}
	switch {
	case p.adjusts("server_cookie"), p.adjusts("server_cookie_renew"):
		e.Options = append(e.Options, dns.Option{Code: cookieOption, Data: slices.Concat(client[:8], serverCookie)})
	case p.adjusts("short_cookie"):
		e.Options = append(e.Options, dns.Option{Code: cookieOption, Data: slices.Concat(client[:8], serverCookie[:1])})
	case p.adjusts("wrong_cookie"):
		wrong := slices.Concat(client[:8], serverCookie)
		wrong[0] ^= 0xff
		e.Options = append(e.Options, dns.Option{Code: cookieOption, Data: wrong})
	}
}

// cookieOf returns the cookie option of a message, of at least eight octets.
func cookieOf(m *dns.Message) ([]byte, bool) {
	if m.EDNS == nil {
		return nil, false
	}
	for _, o := range m.EDNS.Options {
		if o.Code == cookieOption && len(o.Data) >= 8 {
			return o.Data, true
		}
	}
	return nil, false
}

// question reads "name [ttl] [class] type".
func (r recordText) question() (q dns.Question, err error) {
	words := strings.Fields(r.Text)
	if len(words) < 2 {
		return q, &rplError{r.Line, "a question needs a name and a type"}
	}
	if q.Name, err = r.name(words[0]); err != nil {
		return q, &rplError{r.Line, err.Error()}
	}
	q.Class = dns.ClassIN
	for _, w := range words[1:] {
		if _, err := parseTTL(w); err == nil {
			continue // which published files write at times
		}
		if c, err := dns.ParseClass(w); err == nil && w != "ANY" {
			q.Class = c
		} else if q.Type, err = dns.ParseType(w); err != nil {
			return q, &rplError{r.Line, err.Error()}
		}
	}
	return q, nil
}

func (r recordText) name(word string) (dns.Name, error) {
	p, err := r.parser()
	if err != nil {
		return dns.Name{}, err
	}
	return p.Name(dns.Token{Text: []byte(word)})
}

func (r recordText) parser() (*dns.TextParser, error) {
	origin, err := dns.ParseName(r.Origin)
	return &dns.TextParser{Origin: origin}, err
}

// record reads "name [ttl] [class] type data", TTL and class in either order.
func (r recordText) record() (rr dns.RR, err error) {
	defer func() {
		if err != nil {
			err = &rplError{r.Line, err.Error()}
		}
	}()
	tokens := tokenize(r.Text)
	if len(tokens) < 2 {
		return rr, fmt.Errorf("a record needs a name and a type")
	}
	p, err := r.parser()
	if err != nil {
		return rr, err
	}
	if rr.Name, err = p.Name(tokens[0]); err != nil {
		return rr, err
	}
	rr.Class, rr.TTL = dns.ClassIN, scenarioTTL
	if ttl, err := parseTTL(r.TTL); err == nil {
		rr.TTL = ttl
	}
	for i, tok := range tokens[1:] {
		word := string(tok.Text)
		if ttl, err := parseTTL(word); err == nil {
			rr.TTL = ttl
			continue
		}
		if c, err := dns.ParseClass(word); err == nil {
			rr.Class = c
			continue
		}
		t, err := dns.ParseType(word)
		if err != nil {
			return rr, err
		}
		rr.Data, err = p.RData(t, tokens[i+2:])
		return rr, err
	}
	return rr, fmt.Errorf("a record without a type")
}

// parseTTL reads seconds, with units or without.
func parseTTL(word string) (uint32, error) {
	var total, n uint64
	digits := false
	for i := range len(word) {
		switch c := word[i]; {
		case c >= '0' && c <= '9':
			n, digits = n*10+uint64(c-'0'), true
		case digits && strings.IndexByte("smhdw", c|0x20) >= 0:
			total += n * [...]uint64{1, 60, 3600, 86400, 604800}[strings.IndexByte("smhdw", c|0x20)]
			n, digits = 0, false
		default:
			return 0, strconv.ErrSyntax
		}
		if total+n > 1<<32-1 {
			return 0, strconv.ErrRange
		}
	}
	if total += n; word == "" {
		return 0, strconv.ErrSyntax
	}
	return uint32(total), nil
}

// tokenize cuts a record into words, taking quotes off.
func tokenize(text string) (tokens []dns.Token) {
	for i := 0; i < len(text); {
		switch text[i] {
		case ' ', '\t', '(', ')', '\r':
			i++
			continue
		}
		quoted := text[i] == '"'
		if quoted {
			i++
		}
		start := i
		for i < len(text) && (quoted && text[i] != '"' || !quoted && text[i] != ' ' && text[i] != '\t' && text[i] != '\r') {
			if text[i] == '\\' {
				i++
			}
			i++
		}
		i = min(i, len(text))
		tokens = append(tokens, dns.Token{Text: []byte(text[start:i]), Quoted: quoted, Offset: start})
		if quoted {
			i++
		}
	}
	return tokens
}
