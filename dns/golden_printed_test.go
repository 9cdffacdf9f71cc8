package dns_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// printers are the clients whose output has records as master files do.
var printers = []string{"dig-", "drill-", "kdig-", "delv-"}

// What the clients print of a message, each in its own way.
var (
	printedHead   = regexp.MustCompile(`opcode: (\w+)[,;] (?:status|rcode): (\w+)[,;] id: (\d+)`)
	printedFlags  = regexp.MustCompile(`^;; [Ff]lags:([a-z ]*);\s*QUERY: (\d+)[,;] ANSWER: (\d+)[,;] AUTHORITY: (\d+)[,;] ADDITIONAL: (\d+)`)
	printedEDNS   = regexp.MustCompile(`(?i)^;.*version:? (\d+)[,;] flags:([a-z ]*);.* ?udp(?: size)?: (\d+)`)
	printedCookie = regexp.MustCompile(`^;+ COOKIE: ([0-9A-Fa-f]+)`)
	printedSize   = regexp.MustCompile(`^;; (?:MSG SIZE +rcvd: |Received |QUERY SIZE: )(\d+)(?: B$|$)`)
)

// TestGoldenPrinted: the clients printed what we read: header, flags, counts,
// EDNS, cookies, sizes, and each record, which we read in that form too.
func TestGoldenPrinted(t *testing.T) {
	records, messages := 0, 0
	eachCapture(t, func(t *testing.T, name string, all []captured) {
		if !hasPrefix(name, printers) {
			return
		}
		out, err := os.ReadFile(filepath.Join(captures, name+".out"))
		require.NoError(t, err)
		p := printed{t: t, drill: strings.HasPrefix(name, "drill-"), all: all, lines: map[string]bool{}, unknown: map[dns.Type]bool{}}
		for _, m := range all {
			p.add(m.parsed)
		}
		for line := range strings.Lines(string(out)) {
			p.line(strings.TrimSuffix(line, "\n"))
		}
		records += p.records
		messages += p.messages
	})
	assert.GreaterOrEqual(t, messages, 100)
	assert.Greater(t, records, 550)
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// printed compares a client's output with what we read.
type printed struct {
	t     *testing.T
	drill bool // does not count the OPT record
	all   []captured
	lines map[string]bool // our records, without spaces
	asked printedMessage  // the header above
	at    *captured       // the message that it belongs to

	// unknown are the types that we read as octets, as RFC 3597 has it.
	unknown map[dns.Type]bool

	records, messages int
}

// printedMessage is a message's head.
type printedMessage struct{ opcode, rcode, id string }

func (p *printed) add(m *dns.Message) {
	for _, rrs := range [][]dns.RR{m.Answer, m.Authority, m.Additional} {
		for _, rr := range rrs {
			p.lines[squeeze(rr.String())] = true
			if _, ok := rr.Data.(*dns.Unknown); ok {
				p.unknown[rr.Type()] = true
			}
		}
	}
}

// squeeze takes out spaces, which each client sets as it likes, and the case of
// hexadecimal digits.
func squeeze(s string) string {
	return strings.ToLower(strings.NewReplacer("\t", "", " ", "").Replace(s))
}

func (p *printed) line(s string) {
	switch {
	case s == "":
	case !strings.HasPrefix(s, ";"):
		p.record(s)
	case printedHead.MatchString(s):
		f := printedHead.FindStringSubmatch(s)
		p.asked = printedMessage{f[1], f[2], f[3]}
	case printedFlags.MatchString(s):
		p.head(printedFlags.FindStringSubmatch(s))
	case p.at == nil:
	case printedEDNS.MatchString(s):
		f := printedEDNS.FindStringSubmatch(s)
		e := p.at.parsed.EDNS
		require.NotNil(p.t, e, s)
		assert.Equal(p.t, f[1], fmt.Sprint(e.Version), s)
		assert.Equal(p.t, strings.Contains(f[2], "do"), e.DNSSECOK, s)
		assert.Equal(p.t, f[3], fmt.Sprint(e.UDPSize), s)
	case printedCookie.MatchString(s):
		f := printedCookie.FindStringSubmatch(s)
		assert.Contains(p.t, options(p.at.parsed), "10 "+strings.ToLower(f[1]), s)
	case printedSize.MatchString(s):
		f := printedSize.FindStringSubmatch(s)
		assert.Equal(p.t, f[1], strconv.Itoa(len(p.at.Data)), s)
	}
}

func options(m *dns.Message) (list []string) {
	for _, o := range m.EDNS.Options {
		list = append(list, fmt.Sprintf("%d %x", o.Code, o.Data))
	}
	return list
}

// head finds the message that a client printed and compares its header.
func (p *printed) head(f []string) {
	flags := strings.Fields(f[1])
	response := len(flags) > 0 && flags[0] == "qr"
	p.at = nil
	for i, m := range p.all {
		if fmt.Sprint(m.parsed.ID) == p.asked.id && m.parsed.Response == response {
			p.at = &p.all[i]
		}
	}
	require.NotNil(p.t, p.at, "no message %v", p.asked)
	p.messages++
	m := p.at.parsed
	opcode := strings.Replace(p.asked.opcode, "RESERVED", "OPCODE", 1)
	assert.Equal(p.t, opcode, m.Opcode.String())
	assert.Equal(p.t, p.asked.rcode, m.RCode.String())
	assert.Equal(p.t, strings.Join(flags, " "), strings.TrimPrefix(flagNames(m), " "))
	additional := len(m.Additional)
	if m.EDNS != nil && !p.drill {
		additional++
	}
	if m.TSIG != nil {
		additional++
	}
	assert.Equal(p.t, f[2:], []string{strconv.Itoa(len(m.Question)), strconv.Itoa(len(m.Answer)), strconv.Itoa(len(m.Authority)), strconv.Itoa(additional)})
}

// record looks for a line among our records. The form of TSIG is nobody's
// standard, nor is that of types that we do not know.
func (p *printed) record(s string) {
	s, _, _ = strings.Cut(s, " ;{") // what drill says about keys
	fields := strings.Fields(s)
	if !strings.Contains(s, "\t") || len(fields) < 4 {
		return // what the client says besides
	}
	rrtype, err := dns.ParseType(fields[3])
	if err != nil || p.unknown[rrtype] || rrtype == dns.TypeTSIG {
		return
	}
	p.records++
	assert.True(p.t, p.lines[squeeze(s)], s)
	rr, err := dns.ParseRR(s)
	require.NoError(p.t, err, s)
	assert.Equal(p.t, squeeze(s), squeeze(rr.String()), "what they print is read")
}
