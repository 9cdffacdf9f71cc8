package main

import (
	"encoding/binary"
	"strings"
	"time"

	"applayer/dns"
)

// lookup is one question with all its options.
type lookup struct {
	name     string // as it was given
	typ      dns.Type
	hasType  bool
	class    dns.Class
	hasClass bool
	servers  []server
	found    int    // how many addresses they have
	greeting string // the command line, until it is printed

	// The message.
	opcode         dns.Opcode
	id             uint16
	hasID          bool
	aa, ad, cd, rd bool
	ra, tc, z      bool
	headerOnly     bool
	edns           int // the version; -1 without EDNS
	negotiate      bool
	bufsize        uint16
	do             bool
	ednsFlags      uint16
	options        []dns.Option
	nsid, expire   bool
	keepalive      bool
	padding        int
	sendCookie     bool
	cookie         []byte // nil for one of our own
	subnet         *dns.Subnet

	// How it is asked.
	tcp, hasTCP bool
	tls         bool
	tlsOptions  tlsOptions
	keepOpen    bool
	ignoreTC    bool
	badCookie   bool // ask again after BADCOOKIE
	tries       int
	timeout     time.Duration
	failover    bool // ask the next server after SERVFAIL
	trace       bool

	// What is printed of it.
	display
}

// display says what is printed.
type display struct {
	comments, question, answer, authority, additional bool

	stats, cmd, short, multiline, identify, showQuery bool

	noTTL, noClass, ttlUnits, oneSOA bool

	split int
}

// tlsOptions are how a server's certificate is checked.
type tlsOptions struct {
	verify   bool
	ca, host string
}

// defaults are the options of dig.
func defaults() *lookup {
	return &lookup{
		typ: dns.TypeA, class: dns.ClassIN,
		ad: true, rd: true, bufsize: 1232, sendCookie: true, negotiate: true, badCookie: true,
		tries: 3, timeout: 5 * time.Second,
		display: display{
			comments: true, question: true, answer: true, authority: true, additional: true,
			stats: true, cmd: true, split: 56,
		},
	}
}

func (l *lookup) clone() *lookup {
	c := *l
	c.options = append([]dns.Option(nil), l.options...)
	c.servers = append([]server(nil), l.servers...)
	return &c
}

// qname reads the name; all names are absolute.
func (l *lookup) qname() (dns.Name, error) {
	n, err := dns.ParseName(l.name)
	if err != nil {
		what := "label"
		if e, ok := err.(*dns.ParseError); ok {
			what = e.What
		}
		return n, fatalf("'%s' is not a legal name (%s)", l.name, what)
	}
	return n, nil
}

// query makes the message.
func (l *lookup) query(p *program, name dns.Name) *dns.Message {
	m := &dns.Message{Header: dns.Header{
		ID: randomID(), Opcode: l.opcode,
		Authoritative: l.aa, AuthenticData: l.ad, CheckingDisabled: l.cd, RecursionDesired: l.rd,
		RecursionAvailable: l.ra, Truncated: l.tc, Zero: l.z,
	}}
	if l.hasID {
		m.ID = l.id
	}
	if !l.headerOnly {
		m.Question = []dns.Question{{Name: name, Type: l.typ, Class: l.class}}
	}
	if l.edns < 0 {
		return m
	}
	m.EDNS = &dns.EDNS{UDPSize: l.bufsize, Version: uint8(l.edns), DNSSECOK: l.do, Z: l.ednsFlags}
	e := m.EDNS
	if l.nsid {
		e.SetNSID(nil)
	}
	if l.subnet != nil {
		// What can be wrong with it was found when it was read.
		_ = e.SetSubnet(*l.subnet)
	}
	if l.sendCookie {
		cookie := l.cookie
		if cookie == nil {
			cookie = p.cookie[:]
		}
		e.SetOption(dns.OptionCookie, cookie)
	}
	if l.expire {
		e.SetOption(optionExpire, nil)
	}
	if l.keepalive {
		e.RequestKeepalive()
	}
	e.Options = append(e.Options, l.options...)
	if l.padding > 0 {
		if b, err := dns.AppendMessage(nil, m); err == nil {
			e.SetPadding(dns.PaddingFor(len(b), l.padding))
		}
	}
	return m
}

// optionExpire is EXPIRE (RFC 7314).
const optionExpire dns.OptionCode = 9

// network is what the question goes over first. ANY goes over TCP unless it is
// said otherwise: its answer is long, and UDP has only a part of it (RFC 8482).
func (l *lookup) network() string {
	switch {
	case l.tls:
		return dns.NetworkTLS
	case l.tcp, !l.hasTCP && l.typ == dns.TypeANY:
		return dns.NetworkTCP
	}
	return dns.NetworkUDP
}

// cookieNote tells what a server did with our cookie: it is the first eight
// octets of its own, or all there is, or not there. A reply with another's is
// none to us.
func cookieNote(query, reply *dns.Message) string {
	sent, _ := query.EDNS.Option(dns.OptionCookie)
	got, ok := reply.EDNS.Option(dns.OptionCookie)
	switch {
	case !ok || len(sent) < 8:
		return ""
	case len(got) <= 8:
		return "echoed"
	}
	return "good"
}

// nameText is a name as error lines have it: without the dot at its end.
func nameText(s string) string {
	if len(s) > 1 {
		return strings.TrimSuffix(s, ".")
	}
	return s
}

func randomID() uint16 {
	var b [2]byte
	readRandom(b[:])
	return binary.BigEndian.Uint16(b[:])
}
