package main

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	codeberg "codeberg.org/miekg/dns"
	miekg "github.com/miekg/dns"
	"golang.org/x/net/dns/dnsmessage"

	"applayer/dns"
)

// dnsCodecSubjects are what is done with one message: the answer of the
// lecture's scene "dig", 288 octets with 12 records, and its query of 44.
var dnsCodecSubjects = []subject{
	{name: "dns-parse", implementations: []implementation{
		{name: "applayer", bench: parseMessage}, {name: "reused", bench: parseMessageReused},
		{name: "miekg", bench: parseMiekg}, {name: "codeberg", bench: parseCodeberg}, {name: "x/net", bench: parseXNet},
	}},
	{name: "dns-walk", implementations: []implementation{
		{name: "applayer", bench: walkMessage}, {name: "x/net", bench: walkXNet},
	}},
	{name: "dns-parse-query", implementations: []implementation{
		{name: "applayer", bench: walkQuery}, {name: "message", bench: parseQuery},
		{name: "miekg", bench: parseQueryMiekg}, {name: "codeberg", bench: parseQueryCodeberg}, {name: "x/net", bench: parseQueryXNet},
	}},
	{name: "dns-append", implementations: []implementation{
		{name: "applayer", bench: appendMessage},
		{name: "miekg", bench: appendMiekg}, {name: "codeberg", bench: appendCodeberg}, {name: "x/net", bench: appendXNet},
	}},
	{name: "dns-print", implementations: []implementation{
		{name: "applayer", bench: printMessage},
		{name: "miekg", bench: printMiekg}, {name: "codeberg", bench: printCodeberg},
	}},
}

// lectureAnswer is the answer to dig's question for www.mcmaster.ca.
var lectureAnswer, lectureQuery = func() (answer, query []byte) {
	name := dns.MustName
	zone, www, host := name("uts.mcmaster.ca"), name("www.mcmaster.ca"), name("pinwps02.uts.mcmaster.ca")
	m := &dns.Message{
		Header:   dns.Header{ID: 0x2a17, RecursionDesired: true},
		Question: []dns.Question{{Name: www, Type: dns.TypeA, Class: dns.ClassIN}},
		EDNS:     &dns.EDNS{UDPSize: 4096},
	}
	query = must(dns.AppendMessage(nil, m))
	m.Response, m.Authoritative, m.RecursionAvailable = true, true, true
	rr := func(owner dns.Name, ttl uint32, d dns.RData) dns.RR {
		return dns.RR{Name: owner, Class: dns.ClassIN, TTL: ttl, Data: d}
	}
	m.Answer = []dns.RR{
		rr(www, 3600, &dns.CNAME{Target: host}),
		rr(host, 3600, &dns.A{Addr: netip.MustParseAddr("130.113.64.30")}),
	}
	for _, n := range []int{1, 3, 5} {
		ns := name(fmt.Sprintf("pindns0%d.mcmaster.ca", n))
		m.Authority = append(m.Authority, rr(zone, 86400, &dns.NS{Host: ns}))
		m.Additional = append(m.Additional,
			rr(ns, 3600, &dns.A{Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(n)})}),
			rr(ns, 3600, &dns.AAAA{Addr: netip.MustParseAddr(fmt.Sprintf("2001:db8::%d", n))}))
	}
	return must(dns.AppendMessage(nil, m)), query
}()

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// each does b.N operations on n octets.
func each(b *testing.B, n int, do func() error) error {
	b.SetBytes(int64(n))
	b.ResetTimer()
	for range b.N {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

func parseMessage(b *testing.B) error {
	return each(b, len(lectureAnswer), func() error {
		_, err := dns.ParseMessage(lectureAnswer, nil)
		return err
	})
}

func parseMessageReused(b *testing.B) error {
	var m dns.Message
	return each(b, len(lectureAnswer), func() error { return m.Parse(lectureAnswer, nil) })
}

func parseMiekg(b *testing.B) error {
	return each(b, len(lectureAnswer), func() error { return new(miekg.Msg).Unpack(lectureAnswer) })
}

func parseCodeberg(b *testing.B) error {
	return each(b, len(lectureAnswer), func() error { return (&codeberg.Msg{Data: lectureAnswer}).Unpack() })
}

func parseXNet(b *testing.B) error {
	return each(b, len(lectureAnswer), func() error { return new(dnsmessage.Message).Unpack(lectureAnswer) })
}

// walkMessage goes past all records, and looks at the type of each.
func walkMessage(b *testing.B) error {
	var p dns.Parser
	return each(b, len(lectureAnswer), func() error {
		if _, err := p.Start(lectureAnswer); err != nil {
			return err
		}
		n := 0
		for p.Next() {
			if p.Type() != 0 {
				n++
			}
		}
		if n != 13 {
			return fmt.Errorf("%d entries", n)
		}
		return p.Err()
	})
}

func walkXNet(b *testing.B) error {
	var p dnsmessage.Parser
	return each(b, len(lectureAnswer), func() error {
		if _, err := p.Start(lectureAnswer); err != nil {
			return err
		}
		return errors.Join(p.SkipAllQuestions(), p.SkipAllAnswers(), p.SkipAllAuthorities(), p.SkipAllAdditionals())
	})
}

// walkQuery takes the question's name uncompressed, its type and class, and the
// size that the OPT record says: what a server needs.
func walkQuery(b *testing.B) error {
	var p dns.Parser
	var name []byte
	return each(b, len(lectureQuery), func() error {
		h, err := p.Start(lectureQuery)
		if err != nil || h.Response {
			return errors.Join(err, errors.New("no query"))
		}
		size := uint16(512)
		for p.Next() {
			switch p.Section() {
			case dns.SectionQuestion:
				if name, err = p.AppendName(name[:0]); err != nil || p.Class() != dns.ClassIN {
					return err
				}
			default:
				if p.Type() == dns.TypeOPT {
					size = uint16(p.Class())
				}
			}
		}
		if len(name) != 17 || size != 4096 {
			return errors.New("another query")
		}
		return p.Err()
	})
}

func parseQuery(b *testing.B) error {
	var m dns.Message
	return each(b, len(lectureQuery), func() error { return m.Parse(lectureQuery, nil) })
}

func parseQueryMiekg(b *testing.B) error {
	return each(b, len(lectureQuery), func() error { return new(miekg.Msg).Unpack(lectureQuery) })
}

func parseQueryCodeberg(b *testing.B) error {
	return each(b, len(lectureQuery), func() error { return (&codeberg.Msg{Data: lectureQuery}).Unpack() })
}

func parseQueryXNet(b *testing.B) error {
	return each(b, len(lectureQuery), func() error { return new(dnsmessage.Message).Unpack(lectureQuery) })
}

func appendMessage(b *testing.B) error {
	m, err := dns.ParseMessage(lectureAnswer, nil)
	if err != nil {
		return err
	}
	buf := make([]byte, 0, 512)
	return each(b, len(lectureAnswer), func() error {
		buf, err = dns.AppendMessage(buf[:0], m)
		return err
	})
}

func appendMiekg(b *testing.B) error {
	m := new(miekg.Msg)
	if err := m.Unpack(lectureAnswer); err != nil {
		return err
	}
	m.Compress = true
	buf := make([]byte, 512)
	return each(b, len(lectureAnswer), func() error {
		out, err := m.PackBuffer(buf)
		if err == nil && len(out) != len(lectureAnswer) {
			err = errors.New("another length")
		}
		return err
	})
}

func appendCodeberg(b *testing.B) error {
	m := &codeberg.Msg{Data: append([]byte(nil), lectureAnswer...)}
	if err := m.Unpack(); err != nil {
		return err
	}
	return each(b, len(lectureAnswer), func() error {
		err := m.Pack()
		if err == nil && len(m.Data) != len(lectureAnswer) {
			err = fmt.Errorf("%d octets", len(m.Data))
		}
		return err
	})
}

func appendXNet(b *testing.B) error {
	var m dnsmessage.Message
	if err := m.Unpack(lectureAnswer); err != nil {
		return err
	}
	buf := make([]byte, 0, 512)
	return each(b, len(lectureAnswer), func() error {
		_, err := m.AppendPack(buf)
		return err
	})
}

func printMessage(b *testing.B) error {
	m, err := dns.ParseMessage(lectureAnswer, nil)
	if err != nil {
		return err
	}
	var buf []byte
	return each(b, len(lectureAnswer), func() error {
		buf = buf[:0]
		for _, rrs := range [][]dns.RR{m.Answer, m.Authority, m.Additional} {
			for i := range rrs {
				if buf, err = rrs[i].AppendText(buf); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func printMiekg(b *testing.B) error {
	m := new(miekg.Msg)
	if err := m.Unpack(lectureAnswer); err != nil {
		return err
	}
	return each(b, len(lectureAnswer), func() error {
		for _, rrs := range [][]miekg.RR{m.Answer, m.Ns, m.Extra} {
			for _, rr := range rrs {
				_ = rr.String()
			}
		}
		return nil
	})
}

func printCodeberg(b *testing.B) error {
	m := &codeberg.Msg{Data: append([]byte(nil), lectureAnswer...)}
	if err := m.Unpack(); err != nil {
		return err
	}
	return each(b, len(lectureAnswer), func() error {
		for rr := range m.RRs() {
			_ = rr.String()
		}
		return nil
	})
}
