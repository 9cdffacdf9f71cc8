package zone_test

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// interopTypes are the types that each name is asked for.
var interopTypes = []dns.Type{
	dns.TypeA, dns.TypeAAAA, dns.TypeNS, dns.TypeSOA, dns.TypeMX, dns.TypeTXT, dns.TypeCNAME, dns.TypeDNAME, dns.TypeDS, dns.TypeSRV,
}

// interopPeer is a server of others, and where it is known to answer otherwise.
type interopPeer struct {
	name  string
	start func(testing.TB, *peers.Config) *peers.Server
	lines []string
	// known are names, and what their answers differ in.
	known map[string]string
	// signed are those that differ in what they prove, by how the zone is
	// signed.
	signed map[string]map[string]string
	// types are those for which the peer has rules of its own.
	types map[dns.Type]string
	// extras tells that the peer has its own mind about what to add that was
	// not asked for: addresses that are no glue.
	extras bool
}

// Only NSD follows an alias out of one of its zones into another, as it should
// (RFC 1034 §4.3.2 step 3a).
const otherZone = "leads to another zone that is served"

// A question for an asterisk itself is answered as one for a name that it
// stands for: the closest encloser is proved, which nobody doubts.
const moreProof = "proves more than RFC 5155 §7.2.3 asks for"

// An address by a wildcard below a cut is no data of this zone; that it is what
// the zone below has nobody knows.
const wildGlue = "a wildcard's address as glue"

// What the end of a chain is or is not has to be proved too (RFC 4035 §3.1.3).
const dnameProof = "lacks the NSEC record that covers the name behind a DNAME, or has another"

// The parent's side of the cut is a name that a wildcard stands for.
const wildProof = "no proof that the wildcard has no DS record"

// That the asterisk is an empty name, and so no NXDOMAIN is due, is not proved.
var lessProof = map[string]map[string]string{"NSEC": {"x.wsub.example.": "lacks the NSEC record for *.wsub.example"}}

var interopPeers = []interopPeer{
	{"nsd", peers.NSD, []string{"server:", "\tminimal-responses: yes"}, map[string]string{
		"x.toself.example.": "a DNAME is applied once; by RFC 6672 §3.2 as often as it fits",
		"wcut.nasty.":       wildGlue, "x.wild.wcut.nasty.": wildGlue,
		"x.w.nasty.": "the alias that leads to itself is there twice",
	}, map[string]map[string]string{
		"NSEC": {
			"x.dname.example.": dnameProof, "x.dn.": dnameProof, "a.b.dn.": dnameProof, "z.d1.nasty.": dnameProof,
			"dn.": wildProof, "net2.": wildProof, "nasty.": wildProof,
		},
		"NSEC3": {
			"*.wild.example.": moreProof, "*.wsub.example.": moreProof, "*.": moreProof, "*.dn.": moreProof, "*.net2.": moreProof,
			"*.nasty.": moreProof, "*.esc.nasty.": moreProof,
			"dn.": wildProof, "net2.": wildProof, "nasty.": wildProof,
			"x.b.deleg.": "proves no encloser (RFC 5155 §7.2.1)",
		},
	}, nil, false},
	{"named", peers.Named, []string{"minimal-responses yes;", "zero-no-soa-ttl no;", "check-names primary ignore;"}, map[string]string{
		"tother.example.": otherZone, "tochild.example.": otherZone, "back.child.example.": otherZone, "back.other.test.": otherZone,
		"x.dname.example.": otherZone, "a.b.dname.example.": otherZone, "host.dname.example.": otherZone, "back.dname.example.": otherZone,
		"d.long.example.": otherZone, "www.dn.": otherZone, "x.dn.": otherZone, "a.b.dn.": otherZone, "*.dn.": otherZone,
		"wc.nasty.": "SERVFAIL", "x.w.nasty.": "SERVFAIL", "y.w.nasty.": "SERVFAIL", "x.y.w.nasty.": "SERVFAIL",
		"loop1.example.": "SERVFAIL", "loop2.example.": "SERVFAIL", "self.example.": "SERVFAIL", "x.toself.example.": "SERVFAIL",
	}, lessProof, map[dns.Type]string{dns.TypeNSEC: "is answered at cuts, and not followed where there is none at an alias"}, true},
	{"knotd", peers.Knot, nil, map[string]string{
		"tother.example.": otherZone, "tochild.example.": otherZone, "back.child.example.": otherZone, "back.other.test.": otherZone,
		"x.dname.example.": otherZone, "a.b.dname.example.": otherZone, "host.dname.example.": otherZone, "back.dname.example.": otherZone,
		"d.long.example.": otherZone, "www.dn.": otherZone, "x.dn.": otherZone, "a.b.dn.": otherZone, "*.dn.": otherZone,
		"x.toself.example.": "a chain has six links",
		"wcut.nasty.":       wildGlue, "x.wild.wcut.nasty.": wildGlue,
		"x.w.nasty.": "the alias that leads to itself is there twice",
	}, map[string]map[string]string{
		"NSEC": {
			"x.wsub.example.": lessProof["NSEC"]["x.wsub.example."],
			`\000\000.nasty.`: "the NSEC record is not that which covers the name",
		},
		"NSEC3": {"x.b.deleg.": "proves nothing"},
	}, map[dns.Type]string{
		dns.TypeNSEC: "is not followed where there is none at an alias", dns.TypeRRSIG: "gets one set (RFC 8482 §7)",
	}, true},
}

// What other servers answer to the same questions about the same zones.
func TestInteropAnswers(t *testing.T) { testInterop(t, interopZones, interopNames) }

// The same about zones with what is rare: a root zone with others below, a DNAME
// at an apex, wildcards below cuts, octets that are no letters, names of 255.
func TestInteropRare(t *testing.T) { testInterop(t, rareZones, rareNames) }

func testInterop(t *testing.T, zones map[string]string, names string) {
	var store zone.Store
	for origin, text := range zones {
		store.Publish(build(t, origin, text))
	}
	for _, peer := range interopPeers {
		t.Run(peer.name, func(t *testing.T) {
			compareAnswers(t, &zone.Handler{Store: &store}, &peer, peer.start(t, &peers.Config{Zones: zones, Lines: peer.lines}), names, "")
		})
	}
}

// What they answer where they may add what was not asked for.
func TestInteropFull(t *testing.T) {
	var store zone.Store
	for origin, text := range interopZones {
		store.Publish(build(t, origin, text))
	}
	for _, peer := range interopPeers[:2] {
		peer.lines = slices.Clone(peer.lines)
		for i := range peer.lines {
			peer.lines[i] = strings.Replace(peer.lines[i], "yes", "no", 1)
		}
		t.Run(peer.name, func(t *testing.T) {
			compareAnswers(t, &zone.Handler{Store: &store, Full: true}, &peer, peer.start(t, &peers.Config{Zones: interopZones, Lines: peer.lines}), interopNames, "")
		})
	}
}

// What they answer to who asks for DNSSEC, about zones that are signed.
func TestInteropSigned(t *testing.T) { testInteropSigned(t, interopZones, interopNames) }

// And about the rare zones, but for names that are so long that no wildcard below
// them can be denied.
func TestInteropRareSigned(t *testing.T) {
	zones := map[string]string{}
	for origin, text := range rareZones {
		for line := range strings.Lines(text) {
			if len(line) < 250 {
				zones[origin] += line
			}
		}
	}
	testInteropSigned(t, zones, rareNames)
}

func testInteropSigned(t *testing.T, unsigned map[string]string, names string) {
	for _, how := range []struct {
		name string
		args []string
	}{
		{"NSEC", nil},
		{"NSEC3", []string{"-3", "ab12", "-H", "3"}},
		{"NSEC3 opt-out", []string{"-3", "-", "-H", "0", "-A"}},
	} {
		t.Run(how.name, func(t *testing.T) {
			zones := map[string]string{}
			for origin, text := range unsigned {
				zones[origin] = sign(t, origin, text, how.args...)
			}
			for _, peer := range interopPeers {
				t.Run(peer.name, func(t *testing.T) {
					server := peer.start(t, &peers.Config{Zones: zones, Lines: peer.lines})
					var store zone.Store
					for origin := range zones {
						store.Publish(fetched(t, origin, netip.MustParseAddrPort(server.Addr)))
					}
					compareAnswers(t, &zone.Handler{Store: &store}, &peer, server, names, strings.Fields(how.name)[0])
				})
			}
		})
	}
}

// sign signs a zone with a new key.
func sign(t *testing.T, origin, text string, args ...string) string {
	t.Helper()
	keygen, signzone := testkit.Program(t, "dnssec-keygen"), testkit.Program(t, "dnssec-signzone")
	dir := t.TempDir()
	run := func(name string, args ...string) {
		out := peers.Run(t, name, args...)
		require.Zero(t, out.Exit, "%s: %s", name, out.Stderr)
	}
	run(keygen, "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-K", dir, origin)
	run(keygen, "-q", "-a", "ECDSAP256SHA256", "-K", dir, origin)
	file := filepath.Join(dir, "zone")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	run(signzone, append([]string{"-S", "-K", dir, "-d", dir, "-o", origin, "-f", file + ".signed", "-O", "full"}, append(args, file)...)...)
	b, err := os.ReadFile(file + ".signed")
	require.NoError(t, err)
	return string(b)
}

// fetched is a zone as a server gives it away.
func fetched(t *testing.T, origin string, server netip.AddrPort) *zone.Zone {
	t.Helper()
	nc, err := net.Dial("tcp", server.String())
	require.NoError(t, err)
	defer nc.Close()
	q, err := dns.AppendMessage(make([]byte, 2), &dns.Message{Question: []dns.Question{{Name: dns.MustName(origin), Type: dns.TypeAXFR, Class: dns.ClassIN}}})
	require.NoError(t, err)
	binary.BigEndian.PutUint16(q, uint16(len(q)-2))
	_, err = nc.Write(q)
	require.NoError(t, err)
	b := zone.NewBuilder(dns.MustName(origin))
	for ends := 0; ends < 2; {
		var size [2]byte
		_, err := io.ReadFull(nc, size[:])
		require.NoError(t, err)
		octets := make([]byte, binary.BigEndian.Uint16(size[:]))
		_, err = io.ReadFull(nc, octets)
		require.NoError(t, err)
		m, err := dns.ParseMessage(octets, nil)
		require.NoError(t, err)
		for _, rr := range m.Answer {
			require.NoError(t, b.Add(rr))
			if rr.Type() == dns.TypeSOA {
				ends++
			}
		}
	}
	z, err := b.Zone()
	require.NoError(t, err)
	return z
}

// compareAnswers asks a peer and ours, with DO where the zones are signed.
func compareAnswers(t *testing.T, h *zone.Handler, peer *interopPeer, running *peers.Server, names, signed string) {
	var edns *dns.EDNS
	if signed != "" {
		edns = &dns.EDNS{DNSSECOK: true}
	}
	server := netip.MustParseAddrPort(running.Addr)
	c := &dns.Client{Network: dns.NetworkTCP, NoEDNS: edns == nil, NoCookies: true}
	defer c.Close()
	differ := 0
	types := interopTypes
	if signed != "" {
		types = append(slices.Clip(types), dns.TypeRRSIG, dns.TypeNSEC, dns.TypeDNSKEY, dns.TypeNSEC3PARAM)
	}
	for name := range strings.FieldsSeq(names) {
		if peer.known[strings.ToLower(name)] != "" || peer.signed[signed][name] != "" {
			continue
		}
		for _, typ := range types {
			if peer.types[typ] != "" {
				continue
			}
			q := &dns.Message{Question: []dns.Question{{Name: dns.MustName(name), Type: typ, Class: dns.ClassIN}}, EDNS: edns}
			theirs, _, err := c.Exchange(t.Context(), server, q)
			require.NoError(t, err, "%s %v", name, typ)
			ours := answered(t, h, name, typ, asking{over: dns.TransportTCP, edns: edns})
			if peer.extras {
				dropExtras(theirs)
				dropExtras(ours)
			}
			if want, got := sections(theirs), sections(ours); want != got {
				if differ++; differ <= 20 {
					t.Errorf("%s %v\ntheirs: %s\nours:   %s", name, typ, want, got)
				}
			}
		}
	}
	assert.Zero(t, differ, "questions answered otherwise")
}

// dropExtras leaves in the additional section the addresses below the cut of a
// referral alone.
func dropExtras(m *dns.Message) {
	m.Additional = slices.DeleteFunc(m.Additional, func(rr dns.RR) bool {
		return !slices.ContainsFunc(m.Authority, func(ns dns.RR) bool {
			return ns.Type() == dns.TypeNS && rr.Name.IsSubdomainOf(ns.Name)
		})
	})
}

// sections is a message as it is compared: the records of each section sorted,
// in lower case.
func sections(m *dns.Message) string {
	var b strings.Builder
	b.WriteString(m.RCode.String())
	if m.Authoritative {
		b.WriteString(" aa")
	}
	for i, rrs := range [][]dns.RR{m.Answer, m.Authority, m.Additional} {
		var lines []string
		for _, rr := range rrs {
			lines = append(lines, "\n"+">UA"[i:i+1]+" "+strings.ToLower(strings.Join(strings.Fields(rr.String()), " ")))
		}
		slices.Sort(lines)
		b.WriteString(strings.Join(lines, ""))
	}
	return b.String()
}
