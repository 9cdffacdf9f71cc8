package dns_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/golden"
)

// What dig 9.18 prints of a message, from its header to the line behind its
// records.
var (
	digMessage = regexp.MustCompile(`(?s)(;; ->>HEADER<<- opcode: \w+, status: \w+, id: (\d+)\n.*?)(?:;; Query time|;; QUERY SIZE)`)
	digRecord  = regexp.MustCompile(`(?m)^[^;\n].*$`)
)

// TestPrintGolden: dig printed the messages of the captures to the octet as we
// do.
func TestPrintGolden(t *testing.T) {
	messages := 0
	eachCapture(t, func(t *testing.T, name string, all []captured) {
		if !strings.HasPrefix(name, "dig-") {
			return
		}
		out, err := os.ReadFile(filepath.Join(captures, name+".out"))
		require.NoError(t, err)
		for _, found := range digMessage.FindAllStringSubmatch(string(out), -1) {
			want := found[1]
			response := strings.Contains(want, "flags: qr")
			style := dns.MessageStyle{RecursionDesired: true}
			if strings.Contains(want, " (good)\n") {
				style.CookieNote = "good"
			}
			matched := false
			for _, m := range all {
				if strconv.Itoa(int(m.parsed.ID)) == found[2] && m.parsed.Response == response && !m.parsed.Truncated {
					assert.Equal(t, want, string(style.AppendMessage(nil, m.parsed)))
					matched = true
					break
				}
			}
			if matched {
				messages++
			}
		}
	})
	assert.Greater(t, messages, 55)
}

// typesWithoutForm are those that BIND knows and we print as octets.
var typesWithoutForm = []string{"A6", "ATMA", "DOA", "NINFO", "RKEY", "SINK", "TALINK", "UID"}

// TestPrintGoldenRecords: dig printed the records of transfers as we do.
func TestPrintGoldenRecords(t *testing.T) {
	records := 0
	style := dns.DigStyle()
	eachCapture(t, func(t *testing.T, name string, all []captured) {
		if !strings.HasPrefix(name, "dig-") || !strings.Contains(name, "axfr") {
			return
		}
		out, err := os.ReadFile(filepath.Join(captures, name+".out"))
		require.NoError(t, err)
		ours := map[string]bool{}
		for _, m := range all {
			for _, rr := range m.parsed.Answer {
				b, err := style.AppendRR(nil, rr)
				require.NoError(t, err)
				ours[string(b)] = true
			}
		}
		for _, line := range digRecord.FindAllString(string(out), -1) {
			if slices.Contains(typesWithoutForm, strings.Fields(line)[3]) {
				continue
			}
			assert.True(t, ours[line], line)
			records++
		}
	})
	assert.Greater(t, records, 100)
}

func TestTextStyle(t *testing.T) {
	rr, err := dns.ParseRR("www.example.org. 93784 DS 1 13 2 " + strings.Repeat("AB", 32))
	require.NoError(t, err)
	// A code without a name is a number.
	for code, want := range map[dns.RCode]string{0: "NOERROR", 10: "NOTZONE", 11: "RESERVED11", 15: "RESERVED15", 16: "BADVERS", 17: "?17", 23: "BADCOOKIE", 4095: "?4095"} {
		m := &dns.Message{Header: dns.Header{RCode: code}}
		assert.Contains(t, m.String(), "status: "+want+", ")
	}
	for _, tt := range []struct {
		name  string
		style dns.TextStyle
		want  string
	}{
		{"tabs", dns.TextStyle{}, "www.example.org.\t93784\tIN\tDS\t1 13 2 " + strings.Repeat("AB", 32)},
		{"no TTL and class", dns.TextStyle{NoTTL: true, NoClass: true}, "www.example.org.\tDS\t1 13 2 " + strings.Repeat("AB", 32)},
		{"TTL with units", dns.TextStyle{TTLUnits: true, NoClass: true}, "www.example.org.\t1d2h3m4s\tDS\t1 13 2 " + strings.Repeat("AB", 32)},
		{"dig", dns.DigStyle(), "www.example.org.\t93784\tIN\tDS\t1 13 2 " + strings.Repeat("AB", 28) + " ABABABAB"},
		{"named-compilezone", dns.CompilezoneStyle(), "www.example.org.\t\t\t      93784 IN DS\t1 13 2 " + strings.Repeat("AB", 28) + " ABABABAB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := tt.style.AppendRR([]byte("before"), rr)
			require.NoError(t, err)
			assert.Equal(t, "before"+tt.want, string(b))
		})
	}
	rr.TTL, rr.Data = 0, nil
	b, err := (&dns.TextStyle{TTLUnits: true}).AppendRR(nil, rr)
	require.NoError(t, err)
	assert.Equal(t, "www.example.org.\t0s\tIN\tTYPE0", string(b))
	_, err = new(dns.TextStyle).AppendRR(nil, dns.RR{})
	assert.ErrorIs(t, err, dns.ErrLabel)
}

// What a peer can put into a message that dig prints in another way each.
func TestPrintMessage(t *testing.T) {
	m := &dns.Message{
		Header:     dns.Header{ID: 7, Response: true, Opcode: dns.OpcodeUpdate, RCode: dns.RCodeBadVers, Zero: true, Truncated: true, RecursionAvailable: true, AuthenticData: true, CheckingDisabled: true},
		Question:   []dns.Question{{Name: dns.MustName("example.org"), Type: dns.TypeSOA, Class: dns.ClassIN}},
		Answer:     []dns.RR{{Name: dns.MustName("a.example.org"), Class: dns.ClassNONE, Data: &dns.Unknown{RRType: dns.TypeA}}, {}},
		Additional: []dns.RR{},
		EDNS: &dns.EDNS{UDPSize: 512, Version: 1, DNSSECOK: true, Z: 0x40, Options: []dns.Option{
			{Code: 65001, Data: []byte("a\x1b[2J\xff")}, {Code: dns.OptionNSID}, {Code: dns.OptionCookie, Data: []byte("12345678")},
			{Code: dns.OptionSubnet, Data: []byte("\x00\x01\x18\x10\xc0\x00\x02")}, {Code: dns.OptionSubnet, Data: []byte("\x00\x09\x18")},
			{Code: dns.OptionKeepalive, Data: []byte("\x00\x0f")}, {Code: dns.OptionKeepalive},
			{Code: dns.OptionEDE, Data: []byte("\x00\x16a\nb")}, {Code: dns.OptionEDE, Data: []byte("\x00")}, {Code: dns.OptionEDE, Data: []byte("\x7f\xff")},
			{Code: dns.OptionPadding, Data: []byte("\x00\x00")},
			{Code: 9, Data: []byte("\x00\x0a\x8c\x01")}, {Code: 9, Data: make([]byte, 4)}, {Code: 9},
		}},
		TSIG: &dns.TSIG{KeyName: dns.MustName("key"), Algorithm: dns.MustName("hmac-sha256"), TimeSigned: 5, Fudge: 300, MAC: []byte("12"), OriginalID: 7},
	}
	assert.Equal(t, `;; ->>HEADER<<- opcode: UPDATE, status: BADVERS, id: 7
;; flags: qr tc ra ad cd; MBZ: 0x4; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 2

;; OPT PSEUDOSECTION:
; EDNS: version: 1, flags: do; MBZ: 0x0040, udp: 512
; OPT=65001: 61 1b 5b 32 4a ff ("a.[2J.")
; NSID:
; COOKIE: 3132333435363738
; CLIENT-SUBNET: 192.0.2.0/24/16
; CLIENT-SUBNET: 00 09 18 ("...")
; TCP KEEPALIVE: 1.5 secs
; TCP KEEPALIVE:
; EDE: 22 (No Reachable Authority): (a.b)
; EDE: 00 (".")
; EDE: 32767
; PAD: (2 bytes)
; EXPIRE: 691201 (1 week 1 day 1 second)
; EXPIRE: 0 (0 seconds)
; EXPIRE:
;; ZONE SECTION:
;example.org.			IN	SOA

;; PREREQUISITE SECTION:
a.example.org.		0	NONE	A	\# 0
; label

;; TSIG PSEUDOSECTION:
key.			0	ANY	TSIG	hmac-sha256. 5 300 2 MTI= 7 NOERROR 0

`, m.String())
	style := dns.MessageStyle{NoComments: true, NoQuestion: true, NoAdditional: true, Records: &dns.TextStyle{NoTTL: true, NoClass: true}}
	assert.Equal(t, "a.example.org.\tA\t\\# 0\n; label\n", string(style.AppendMessage(nil, m)))
	style = dns.MessageStyle{NoHeader: true, NoAnswer: true, NoAdditional: true, Records: &dns.TextStyle{NoClass: true}}
	assert.Equal(t, ";; ZONE SECTION:\n;example.org.\tIN\tSOA\n\n", string(style.AppendMessage(nil, m)))
	m = &dns.Message{Header: dns.Header{Opcode: 9}}
	assert.Equal(t, ";; ->>HEADER<<- opcode: RESERVED9, status: NOERROR, id: 0\n;; flags:; QUERY: 0, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 0\n\n;; QUESTION SECTION:\n\n", m.String())
}

// Whatever a peer sends, nothing goes to the terminal that could move its
// cursor, and records stay on their lines.
func FuzzPrint(f *testing.F) {
	golden.SeedMessages(f, captures)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := dns.ParseMessage(b, nil)
		if err != nil {
			return
		}
		text := m.String()
		for i := range len(text) {
			if c := text[i]; (c < ' ' || c >= 0x7f) && c != '\t' && c != '\n' {
				t.Fatalf("octet %#x in %q", c, text)
			}
		}
		style := dns.MessageStyle{NoComments: true, NoQuestion: true}
		records := len(m.Answer) + len(m.Authority) + len(m.Additional)
		if m.TSIG != nil {
			records++
		}
		assert.Equal(t, records, strings.Count(string(style.AppendMessage(nil, m)), "\n"))
	})
}

// TestMultiline has what dig +multiline prints of the same records.
func TestMultiline(t *testing.T) {
	style := dns.DigStyle()
	style.TTL, style.Class, style.Type, style.Data, style.Multiline = 24, 24, 24, 32, true
	for _, tt := range []struct{ in, want string }{
		{"e. 60 SOA ns.e. hostmaster.e. 1 2 3 604800 1", "e.\t\t\t60 IN SOA ns.e. hostmaster.e. (\n" +
			"\t\t\t\t1          ; serial\n\t\t\t\t2          ; refresh (2 seconds)\n\t\t\t\t3          ; retry (3 seconds)\n" +
			"\t\t\t\t604800     ; expire (1 week)\n\t\t\t\t1          ; minimum (1 second)\n\t\t\t\t)"},
		{"t1.DNSKEY.e. 60 DNSKEY 256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTkF7H6RfoRqXQeogmMHfpftf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w==",
			"t1.DNSKEY.e.\t\t60 IN DNSKEY 256 3 5 (\n\t\t\t\tAQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1k\n\t\t\t\txkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTk\n" +
				"\t\t\t\tF7H6RfoRqXQeogmMHfpftf6zMv1LyBUgia7za6ZEzOJB\n\t\t\t\tOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w==\n\t\t\t\t) ; ZSK; alg = RSASHA1 ; key id = 2642"},
		{"t2.CDNSKEY.e. 60 CDNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
			"t2.CDNSKEY.e.\t\t60 IN CDNSKEY 257 3 15 (\n\t\t\t\tl02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n\t\t\t\t) ; KSK; alg = ED25519 ; key id = 3613"},
		{"t1.KEY.e. 60 KEY 512 3 8 AQPSKmynfzW4kyBv015MUG2DeIQ3",
			"t1.KEY.e.\t\t60 IN KEY 512 3 8 (\n\t\t\t\tAQPSKmynfzW4kyBv015MUG2DeIQ3\n\t\t\t\t); alg = RSASHA256 ; key id = 55756"},
		{"t1.DS.e. 60 DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
			"t1.DS.e.\t\t60 IN DS 60485 5 1 (\n\t\t\t\t2BB183AF5F22588179A53B0A98631FAD1A292118 )"},
		{"t1.RRSIG.e. 60 RRSIG A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKijVCHX3DDKdfb+v6oB9wfuh3DTJXUAfI/M0zmO/zz8bW0Rznl8O3tGNazPwQKkRN20XPXV6nwwfoXmJQbsLNrLfkGJ5D6fwFm8nN+6pBzeDQfsS3Ap3o=",
			"t1.RRSIG.e.\t\t60 IN RRSIG A 5 3 86400 (\n\t\t\t\t20030322173103 20030220173103 2642 example.com.\n\t\t\t\toJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h1\n" +
				"\t\t\t\t08dUKGMeDPKijVCHX3DDKdfb+v6oB9wfuh3DTJXUAfI/\n\t\t\t\tM0zmO/zz8bW0Rznl8O3tGNazPwQKkRN20XPXV6nwwfoX\n\t\t\t\tmJQbsLNrLfkGJ5D6fwFm8nN+6pBzeDQfsS3Ap3o= )"},
		{`t.e. 60 TYPE65280 \# 30 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D`,
			"t.e.\t\t\t60 IN TYPE65280\t\\# 30 ( 000102030405060708090A0B0C0D0E0F101112131415\n\t\t\t\t161718191A1B1C1D )"},
		{`t.e. 60 TYPE65280 \# 0`, "t.e.\t\t\t60 IN TYPE65280\t\\# 0"},
		{"a.e. 60 NSEC3 1 1 12 AABBCCDD 2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S A RRSIG",
			"a.e.\t\t\t60 IN NSEC3 1 1 12 AABBCCDD (\n\t\t\t\t2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S\n\t\t\t\tA RRSIG )"},
		{"t2.TXT.e. 60 TXT a \"b c\" \"\"", "t2.TXT.e.\t\t60 IN TXT \"a\" \"b c\" \"\""},
	} {
		rr, err := dns.ParseRR(tt.in)
		require.NoError(t, err, tt.in)
		b, err := style.AppendRR(nil, rr)
		require.NoError(t, err)
		assert.Equal(t, tt.want, string(b))
	}
	for _, d := range []dns.RData{&dns.DNSKEY{}, &dns.CDNSKEY{}, &dns.KEY{}, &dns.DS{}, &dns.RRSIG{}} {
		_, err := style.AppendRR(nil, dns.RR{Name: dns.Root, Class: dns.ClassIN, Data: d})
		_, plain := dns.AppendRDataText(nil, d)
		assert.Equal(t, plain != nil, err != nil, "%T", d)
	}
}

// Whatever the data, its form of several lines reads as the same record.
func FuzzMultiline(f *testing.F) {
	f.Add(uint16(dns.TypeSOA), []byte("\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x05"))
	f.Add(uint16(dns.TypeDS), []byte("\x00\x01\x0d\x02\x01\x02\x03\x04"))
	f.Add(uint16(dns.TypeDNSKEY), []byte("\x01\x00\x03\x0d\x01\x02\x03\x04"))
	f.Add(uint16(dns.TypeRRSIG), []byte("\x00\x01\x0d\x02\x00\x00\x00\x05\x00\x00\x00\x05\x00\x00\x00\x05\x00\x01\x00\x01\x02"))
	f.Fuzz(func(t *testing.T, typ uint16, b []byte) {
		d, err := dns.ParseRData(dns.Type(typ), b, 0, len(b), nil)
		if err != nil {
			return
		}
		rr := dns.RR{Name: dns.MustName("e."), Class: dns.ClassIN, TTL: 5, Data: d}
		text, err := (&dns.TextStyle{Multiline: true}).AppendRR(nil, rr)
		if _, plain := dns.AppendRDataText(nil, d); plain != nil {
			return
		}
		require.NoError(t, err)
		again, err := dns.ParseRR(string(text))
		require.NoError(t, err, "%s", text)
		assert.Equal(t, rr.String(), again.String())
	})
}
