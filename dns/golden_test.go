package dns_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/golden"
)

const captures = "testdata/golden"

// captured is a message of a capture, with what we read in it.
type captured struct {
	golden.Message
	parsed *dns.Message
}

// capturedMessages reads all messages of a capture.
func capturedMessages(t *testing.T, path string) (all []captured) {
	t.Helper()
	for _, c := range golden.Load(t, path) {
		for m := range c.Messages() {
			parsed, err := dns.ParseMessage(m.Data, nil)
			require.NoError(t, err, "%s: %x", c.Name, m.Data)
			all = append(all, captured{m, parsed})
		}
	}
	return all
}

// eachCapture makes a subtest of every capture.
func eachCapture(t *testing.T, test func(t *testing.T, name string, all []captured)) {
	for _, path := range golden.Files(t, captures) {
		name := strings.TrimSuffix(filepath.Base(path), ".pcap")
		t.Run(name, func(t *testing.T) { test(t, name, capturedMessages(t, path)) })
	}
}

// TestGolden prints what we read in what third-party programs sent.
func TestGolden(t *testing.T) {
	golden.Run(t, captures, func(t *testing.T, dst []byte, c *golden.Conversation) []byte {
		dst = fmt.Appendf(dst, "# %s\n", c.Name)
		for m := range c.Messages() {
			parsed, err := dns.ParseMessage(m.Data, nil)
			require.NoError(t, err)
			side := 'S'
			if m.FromClient {
				side = 'C'
			}
			dst = fmt.Appendf(dst, "%c: %d octets, ", side, len(m.Data))
			dst = appendView(dst, parsed)
		}
		return dst
	})
}

// appendView prints a message: a line for the header, one for each entry.
func appendView(dst []byte, m *dns.Message) []byte {
	dst = fmt.Appendf(dst, "%v %v id %d%s\n", m.Opcode, m.RCode, m.ID, flagNames(m))
	for _, q := range m.Question {
		dst = fmt.Appendf(dst, "\tquestion\t%v\n", q)
	}
	for _, s := range []struct {
		name string
		rrs  []dns.RR
	}{{"answer", m.Answer}, {"authority", m.Authority}, {"additional", m.Additional}} {
		for _, rr := range s.rrs {
			dst = fmt.Appendf(dst, "\t%s\t%v\n", s.name, rr)
		}
	}
	if e := m.EDNS; e != nil {
		dst = fmt.Appendf(dst, "\tEDNS %d, UDP %d", e.Version, e.UDPSize)
		if e.DNSSECOK {
			dst = append(dst, ", DO"...)
		}
		if e.Z != 0 {
			dst = fmt.Appendf(dst, ", Z %#x", e.Z)
		}
		for _, o := range e.Options {
			dst = fmt.Appendf(dst, ", option %d %x", o.Code, o.Data)
		}
		dst = append(dst, '\n')
	}
	if s := m.TSIG; s != nil {
		dst = fmt.Appendf(dst, "\tTSIG %v %v, time %d ± %d, id %d, error %d, MAC %x, other %x\n",
			s.KeyName, s.Algorithm, s.TimeSigned, s.Fudge, s.OriginalID, s.Error, s.MAC, s.Other)
	}
	return dst
}

// flagNames lists the flags that are set as dig does, a space before each.
func flagNames(m *dns.Message) (list string) {
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"qr", m.Response}, {"aa", m.Authoritative}, {"tc", m.Truncated}, {"rd", m.RecursionDesired},
		{"ra", m.RecursionAvailable}, {"z", m.Zero}, {"ad", m.AuthenticData}, {"cd", m.CheckingDisabled},
	} {
		if f.set {
			list += " " + f.name
		}
	}
	return list
}

// TestGoldenLecture: the sizes and flags of the lecture's queries and answers.
func TestGoldenLecture(t *testing.T) {
	a := capturedMessages(t, captures+"/dig-named-lecture-a.pcap")
	require.Len(t, a, 2)
	assert.Len(t, a[0].Data, 33)
	assert.Equal(t, uint16(0x0100), a[0].parsed.Flags())
	assert.Equal(t, "0100000100000000000003777777086d636d61737465720263610000010001", hex.EncodeToString(a[0].Data[2:]))
	b := capturedMessages(t, captures+"/dig-named-lecture-b.pcap")
	require.Len(t, b, 2)
	assert.Len(t, b[0].Data, 44)
	assert.Equal(t, uint16(4096), b[0].parsed.EDNS.UDPSize)
	m := b[1].parsed
	assert.Equal(t, uint16(0x8580), m.Flags())
	assert.Equal(t, b[0].parsed.ID, m.ID)
	assert.Equal(t, []int{1, 2, 3, 6}, []int{len(m.Question), len(m.Answer), len(m.Authority), len(m.Additional)}, "and the OPT record")
	ours, err := dns.AppendMessage(nil, m)
	require.NoError(t, err)
	assert.Len(t, ours, 288)
}

// compressedOtherwise are the captures in which a message is compressed in
// another way than ours. Everybody else, and every other query, is as ours: each
// name is compressed at the first place where the longest end of it stands.
var compressedOtherwise = map[string]string{
	"dig-named-axfr":           namedLeaves,
	"dig-named-axfr-types":     namedLeaves,
	"dig-named-dnssec":         "named points to a later place where the name stands",
	"dig-named-lecture-a":      namedLeaves,
	"dig-named-lecture-b":      namedLeaves,
	"dig-named-srv":            pointsIntoPlain,
	"dig-named-wildcard-dname": namedLeaves + "; " + pointsIntoPlain,
	"dig-pdns-axfr":            pointsIntoPlain,
	"kdig-knot-axfr":           "knotd compresses RDATA against the owner and the zone's name alone",
	"kdig-named-axfr":          namedLeaves,
	"named-nsd-secondary":      nsdAsks,
}

const (
	namedLeaves     = "named leaves the ends of some names uncompressed"
	nsdAsks         = "NSD compresses nothing when it asks for a difference"
	pointsIntoPlain = "names point into RDATA that is not compressed itself, of SRV and DNAME"
)

// TestGoldenRebuilt: what we write from what we read is the same message, and
// the same octets but for compressedOtherwise.
func TestGoldenRebuilt(t *testing.T) {
	eachCapture(t, func(t *testing.T, name string, all []captured) {
		same := true
		for _, m := range all {
			got, err := dns.AppendMessage(nil, m.parsed)
			require.NoError(t, err)
			again, err := dns.ParseMessage(got, nil)
			require.NoError(t, err)
			assert.Equal(t, string(appendView(nil, m.parsed)), string(appendView(nil, again)))
			if why := compressedOtherwise[name]; why == "" || m.FromClient && why != nsdAsks {
				assert.Equal(t, hex.EncodeToString(m.Data), hex.EncodeToString(got))
			}
			same = same && bytes.Equal(m.Data, got)
		}
		assert.Equal(t, compressedOtherwise[name] == "", same, "the list is not true")
	})
}

// TestGoldenCut: a message without its last octets is an error, never another
// message.
func TestGoldenCut(t *testing.T) {
	for m := range golden.Messages(t, captures) {
		for n := range min(len(m.Data), 1500) {
			_, err := dns.ParseMessage(m.Data[:n], nil)
			_, ok := errors.AsType[*dns.ParseError](err)
			require.True(t, ok, "%x: %v", m.Data[:n], err)
		}
	}
}
