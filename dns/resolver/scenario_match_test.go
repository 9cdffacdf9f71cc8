package resolver_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"applayer/dns"
)

// seen is a message as it is matched with an entry.
type seen struct {
	*dns.Message
	Octets int
	TCP    bool
}

// see parses a message that came over UDP or TCP.
func see(msg []byte, tcp bool) (seen, error) {
	m, err := dns.ParseMessage(msg, &dns.ParseOptions{Lenient: true})
	return seen{m, len(msg), tcp}, err
}

// differs tells in what m is not as the entry demands, "" where it is.
// The words of MATCH say what is compared.
func (e *entry) differs(m seen, words []string) (string, error) {
	want, err := e.Packets[0].message()
	if err != nil {
		return "", err
	}
	ttl := slices.Contains(words, "ttl")
	for _, word := range e.expand(words) {
		what, err := differsIn(word, want, m, ttl)
		if what != "" || err != nil {
			return what, err
		}
	}
	return "", nil
}

// differsIn compares what one word names.
func differsIn(word string, want *dns.Message, m seen, ttl bool) (string, error) {
	if name, op, number, ok := comparison(word); ok {
		return differsNumber(name, op, number, m)
	}
	if what, known := differsQuestion(word, want, m); known {
		return what, nil
	}
	if what, known := differsSection(word, want, m, ttl); known {
		return what, nil
	}
	if what, known := differsHeader(word, want, m); known {
		return what, nil
	}
	return "", fmt.Errorf("MATCH: no word %q", word)
}

// expand replaces "all" by the words that it stands for. Sections that the entry
// does not name are not compared.
func (e *entry) expand(words []string) (all []string) {
	for _, word := range words {
		if word != "all" && word != "all_noedns" {
			all = append(all, word)
			continue
		}
		all = append(all, "opcode", "flags", "rcode")
		for i, name := range sectionNames {
			if e.Packets[0].Sections[i].Given {
				all = append(all, strings.ToLower(name))
			}
		}
	}
	return all
}

// differsHeader compares the header, OPT and transport.
func differsHeader(word string, want *dns.Message, m seen) (what string, known bool) {
	switch word {
	case "opcode":
		return unless(want.Opcode == m.Opcode, "opcode %v, want %v", m.Opcode, want.Opcode), true
	case "rcode":
		return unless(want.RCode == m.RCode, "rcode %v, want %v", m.RCode, want.RCode), true
	case "flags":
		got, wanted := flagWords(m.Message), flagWords(want)
		return unless(got == wanted, "flags %q, want %q", got, wanted), true
	case "ttl":
		return "", true
	case "UDP", "TCP":
		return unless(m.TCP == (word == "TCP"), "not over %s", word), true
	case "edns":
		return unless(m.EDNS != nil && m.EDNS.Version == 0, "no OPT of version 0"), true
	case "noedns":
		return unless(m.EDNS == nil, "an OPT record"), true
	case "DO":
		return unless(m.EDNS != nil && m.EDNS.DNSSECOK, "no DO"), true
	case "QR", "AA", "TC", "RD", "RA", "AD", "CD":
		return unless(slices.Contains(strings.Fields(flagWords(m.Message)), word), "no %s", word), true
	case "server_cookie", "no_server_cookie", "random_complete_cookie", "random_complete_cookie_renewed":
		cookie, _ := cookieOf(m.Message)
		return unless((len(cookie) > 8) == (word != "no_server_cookie"), "cookie %x", cookie), true
	case "random_client_cookie":
		cookie, _ := cookieOf(m.Message)
		return unless(len(cookie) == 8, "cookie %x", cookie), true
	case "ede=any":
		return unless(len(extendedErrors(m.Message)) > 0, "no EDE"), true
	case "ednsdata":
		var got, wanted []byte
		if m.EDNS != nil {
			got = optionOctets(m.EDNS.Options)
		}
		if want.EDNS != nil {
			wanted = optionOctets(want.EDNS.Options)
		}
		return unless(bytes.Equal(got, wanted), "options %x, want %x", got, wanted), true
	}
	return "", false
}

// differsQuestion compares the first question. An entry without one says
// nothing about it.
func differsQuestion(word string, want *dns.Message, m seen) (what string, known bool) {
	switch word {
	case "qtype", "qname", "qcase", "subdomain", "question", "mixed_case":
	default:
		return "", false
	}
	if len(m.Question) == 0 || len(want.Question) == 0 {
		return unless(len(want.Question) == 0 || word == "mixed_case", "no question"), true
	}
	got, q := m.Question[0], want.Question[0]
	switch word {
	case "qtype":
		return unless(got.Type == q.Type, "type %v, want %v", got.Type, q.Type), true
	case "qname":
		return unless(got.Name.Equal(q.Name), "name %v, want %v", got.Name, q.Name), true
	case "qcase":
		return unless(got.Name == q.Name, "name %v, want %v, case and all", got.Name, q.Name), true
	case "subdomain":
		return unless(got.Name.IsSubdomainOf(q.Name), "name %v is not below %v", got.Name, q.Name), true
	case "mixed_case":
		s := got.Name.String()
		return unless(s != strings.ToLower(s) && s != strings.ToUpper(s), "name %v is of one case", s), true
	}
	return unless(len(m.Question) == len(want.Question) && got.Name.Equal(q.Name) && got.Type == q.Type && got.Class == q.Class, "question %v, want %v", got, q), true
}

// differsSection compares records.
func differsSection(word string, want *dns.Message, m seen, ttl bool) (what string, known bool) {
	switch word {
	case "answer":
		return differsSet("answer", m.Answer, want.Answer, ttl), true
	case "authority":
		return differsSet("authority", m.Authority, want.Authority, ttl), true
	case "additional":
		return differsSet("additional", m.Additional, want.Additional, ttl), true
	case "in_order":
		got, wanted := recordLines(m.Answer, ttl), recordLines(want.Answer, ttl)
		return unless(slices.Equal(got, wanted), "answer in the order %q, want %q", got, wanted), true
	case "one_cname":
		owners := map[dns.Name]int{}
		for _, rr := range m.Answer {
			if rr.Type() == dns.TypeCNAME {
				if owners[rr.Name.Canonical()]++; owners[rr.Name.Canonical()] > 1 {
					return "two aliases of " + rr.Name.String(), true
				}
			}
		}
		return "", true
	case "answer_case":
		for i, rr := range want.Answer {
			if i >= len(m.Answer) || m.Answer[i].Name != rr.Name {
				return "answer's owner is not " + rr.Name.String() + ", case and all", true
			}
		}
		return "", true
	}
	return "", false
}

// differsSet compares two sets of records, whatever their order.
func differsSet(name string, got, want []dns.RR, ttl bool) string {
	a, b := recordLines(got, ttl), recordLines(want, ttl)
	slices.Sort(a)
	slices.Sort(b)
	return unless(slices.Equal(a, b), "%s %q, want %q", name, a, b)
}

// recordLines prints records in canonical form, so that they can be compared.
func recordLines(rrs []dns.RR, ttl bool) []string {
	lines := []string{}
	for _, rr := range rrs {
		line := fmt.Sprintf("%v %v %v", rr.Name.Canonical(), rr.Class, rr.Type())
		if ttl {
			line += fmt.Sprintf(" TTL %d", rr.TTL)
		}
		if rr.Data != nil {
			text, err := dns.AppendRDataText(nil, rr.Data)
			if err != nil {
				text = []byte(err.Error())
			}
			line += " " + strings.ToLower(string(text))
		}
		lines = append(lines, line)
	}
	return lines
}

// comparison takes apart words such as size<=512 and ede=3.
func comparison(word string) (name, op string, number int, ok bool) {
	for _, op := range []string{"<=", ">=", "=", "<", ">"} {
		if name, value, found := strings.Cut(word, op); found {
			n, err := strconv.Atoi(value)
			return name, op, n, err == nil
		}
	}
	return "", "", 0, false
}

// differsNumber compares a number of the message.
func differsNumber(name, op string, number int, m seen) (string, error) {
	got := -1
	switch name {
	case "size":
		got = m.Octets
	case "bufsize":
		if m.EDNS != nil {
			got = int(m.EDNS.UDPSize)
		}
	case "ede":
		codes := extendedErrors(m.Message)
		return unless(slices.Contains(codes, number), "EDE %v, want %d", codes, number), nil
	case "option":
		return unless(m.EDNS != nil && slices.ContainsFunc(m.EDNS.Options, func(o dns.Option) bool { return int(o.Code) == number }), "no option %d", number), nil
	case "serial":
		for _, rr := range m.Authority {
			if soa, ok := rr.Data.(*dns.SOA); ok {
				got = int(soa.Serial)
			}
		}
	default:
		return "", fmt.Errorf("MATCH: no word %q", name)
	}
	holds := map[string]bool{"<=": got <= number, ">=": got >= number, "=": got == number, "<": got < number, ">": got > number}[op]
	return unless(holds && got >= 0, "%s %d, want %s %d", name, got, op, number), nil
}

// extendedErrors returns the EDE codes of a message (RFC 8914 §2).
func extendedErrors(m *dns.Message) (codes []int) {
	if m.EDNS == nil {
		return nil
	}
	for _, o := range m.EDNS.Options {
		if o.Code == 15 && len(o.Data) >= 2 {
			codes = append(codes, int(binary.BigEndian.Uint16(o.Data)))
		}
	}
	return codes
}

// optionOctets writes options as the OPT record has them.
func optionOctets(options []dns.Option) (b []byte) {
	for _, o := range options {
		b = binary.BigEndian.AppendUint16(b, uint16(o.Code))
		b = binary.BigEndian.AppendUint16(b, uint16(len(o.Data)))
		b = append(b, o.Data...)
	}
	return b
}

// flagWords names the flags that are set, DO aside, which is not in the header.
func flagWords(m *dns.Message) string {
	words := []string{}
	for _, f := range []struct {
		set  bool
		word string
	}{{m.Response, "QR"}, {m.Authoritative, "AA"}, {m.Truncated, "TC"}, {m.RecursionDesired, "RD"}, {m.RecursionAvailable, "RA"}, {m.AuthenticData, "AD"}, {m.CheckingDisabled, "CD"}} {
		if f.set {
			words = append(words, f.word)
		}
	}
	return strings.Join(words, " ")
}

func unless(ok bool, format string, args ...any) string {
	if ok {
		return ""
	}
	return fmt.Sprintf(format, args...)
}
