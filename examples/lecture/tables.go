package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"applayer/sockets"
)

var tablesScene = Scene{
	Name:  "tables",
	Title: "applications, their protocols and transports; HTTP's versions; how protocols differ; slips of the slides",
	Run: func(ctx context.Context, n *Net) error {
		return playTables(n, lectureFacts())
	},
}

// facts is what the scene prints and checks.
type facts struct {
	applications []application
	versions     []httpVersion
	characters   []character
	explained    []string // protocols that the lecture explains and nobody plays
	slips        []slip
}

// application is a row of the lecture's table of applications.
type application struct {
	name, protocol string
	rfcs           []int // the slides' one first, the present one last
	transports     []string
}

// httpVersion is a step in HTTP's history.
type httpVersion struct {
	version, what string
	years         []int
	transport     string
}

// character is how a protocol goes about its work.
type character struct {
	protocol, state, direction, control, centre string
}

// slip is a slide's mistake beside what is right.
type slip struct{ what, slide, right, scene string }

func playTables(n *Net, f facts) error {
	n.Printf("applications, their protocols and what carries them:")
	n.Table(applicationRows(f)...)
	n.Printf("the versions of HTTP:")
	n.Table(versionRows(f)...)
	n.Printf("how the protocols go about it:")
	n.Table(characterRows(f)...)
	n.Printf("explained only, nothing here plays them: %s", strings.Join(f.explained, ", "))
	n.Printf("slips of the slides:")
	n.Table(slipRows(f)...)
	checkApplications(n, f)
	checkVersions(n, f)
	checkCharacters(n, f)
	return checkSlips(n, f)
}

func applicationRows(f facts) [][]string {
	rows := [][]string{{"application", "protocol", "RFC", "transport", "note"}}
	for _, a := range f.applications {
		numbers := make([]string, len(a.rfcs))
		for i, rfc := range a.rfcs {
			numbers[i] = strconv.Itoa(rfc)
		}
		rows = append(rows, []string{a.name, a.protocol, strings.Join(numbers, ", "), strings.Join(a.transports, ", "), note(f, a.protocol)})
	}
	return rows
}

// note marks what the lecture explains and no scene plays.
func note(f facts, protocol string) string {
	if slices.Contains(f.explained, protocol) {
		return "explained only"
	}
	return ""
}

func versionRows(f facts) [][]string {
	rows := [][]string{{"version", "years", "over", "what", "note"}}
	for _, v := range f.versions {
		years := make([]string, len(v.years))
		for i, year := range v.years {
			years[i] = strconv.Itoa(year)
		}
		rows = append(rows, []string{v.version, strings.Join(years, ", "), v.transport, v.what, note(f, v.version)})
	}
	return rows
}

func characterRows(f facts) [][]string {
	rows := [][]string{{"protocol", "state", "push or pull", "control", "central"}}
	for _, c := range f.characters {
		rows = append(rows, []string{c.protocol, c.state, c.direction, c.control, c.centre})
	}
	return rows
}

func slipRows(f facts) [][]string {
	rows := [][]string{{"what", "slides", "right", "scene"}}
	for _, s := range f.slips {
		rows = append(rows, []string{s.what, s.slide, s.right, s.scene})
	}
	return rows
}

// protocolsOver names the protocols that the transport alone carries.
func protocolsOver(f facts, transport string) (names []string) {
	for _, a := range f.applications {
		if slices.Equal(a.transports, []string{transport}) && !slices.Contains(names, a.protocol) {
			names = append(names, a.protocol)
		}
	}
	return names
}

func checkApplications(n *Net, f facts) {
	n.Expect("protocols that TCP alone carries", []string{"SMTP", "Telnet", "HTTP", "FTP", "POP3", "IMAP"}, protocolsOver(f, "TCP"))
	rfcs := map[string][]int{}
	for _, a := range f.applications {
		if len(a.rfcs) > 0 {
			rfcs[a.protocol] = a.rfcs
		}
	}
	n.Expect("their RFCs", map[string][]int{
		"SMTP": {2821, 5321}, "Telnet": {854}, "HTTP": {2616, 9110}, "FTP": {959},
		"POP3": {1939}, "IMAP": {1730, 3501, 9051}, "RTP": {1889, 3550}, "SIP": {3261}, "WebRTC": {8825},
	}, rfcs)
	for _, want := range []struct {
		protocol   string
		transports []string
	}{
		{"RTP", []string{"UDP", "TCP"}},
		{"SIP", []string{"UDP", "TCP", "SCTP"}},
		{"WebRTC", []string{"UDP", "TCP", "SCTP"}},
		{"Skype (proprietary)", []string{"UDP", "TCP"}},
	} {
		i := slices.IndexFunc(f.applications, func(a application) bool { return a.protocol == want.protocol })
		if i < 0 {
			n.Expect(want.protocol+" is in the table", true, false)
			continue
		}
		n.Expect("what carries "+want.protocol, want.transports, f.applications[i].transports)
	}
	n.Expect("explained only",
		[]string{"HTTP/2", "HTTP/3", "RTP", "RTSP", "SIP", "SCTP", "WebRTC", "SSH", "DNSCurve"}, f.explained)
}

func checkVersions(n *Net, f facts) {
	var lines []string
	for _, v := range f.versions {
		lines = append(lines, fmt.Sprintf("%s %v", v.version, v.years))
	}
	n.Expect("HTTP's history", []string{
		"HTTP/1.0 [1996]", "HTTP/1.1 [1997 1999 2014]", "SPDY [2009]", "HTTP/2 [2015]", "HTTP/3 [2022]",
	}, lines)
	n.Expect("each version is younger than the one before", true,
		slices.IsSortedFunc(f.versions, func(a, b httpVersion) int { return a.years[0] - b.years[0] }))
	over, what := map[string]string{}, map[string]string{}
	for _, v := range f.versions {
		over[v.version], what[v.version] = v.transport, v.what
	}
	n.Expect("HTTP/1.0 has", "non-persistent connections", what["HTTP/1.0"])
	n.Expect("HTTP/1.1 has", "persistent connections, pipelining", what["HTTP/1.1"])
	n.Expect("HTTP/2 has", "binary framing, multiplexing", what["HTTP/2"])
	n.Expect("HTTP/3 leaves TCP", "QUIC over UDP", over["HTTP/3"])
}

// protocolsThat names the protocols of a character.
func protocolsThat(f facts, holds func(character) bool) (names []string) {
	for _, c := range f.characters {
		if holds(c) {
			names = append(names, c.protocol)
		}
	}
	return names
}

func checkCharacters(n *Net, f facts) {
	n.Expect("stateless", []string{"HTTP", "DNS", "DASH"},
		protocolsThat(f, func(c character) bool { return c.state == "stateless" }))
	n.Expect("push alone", []string{"SMTP"},
		protocolsThat(f, func(c character) bool { return c.direction == "push" }))
	n.Expect("pull alone", []string{"HTTP", "POP3", "DNS", "DASH"},
		protocolsThat(f, func(c character) bool { return c.direction == "pull" }))
	n.Expect("control out of band", []string{"FTP", "RTP"},
		protocolsThat(f, func(c character) bool { return c.control == "out of band" }))
	n.Expect("without a centre", []string{"BitTorrent", "DHT"},
		protocolsThat(f, func(c character) bool { return strings.HasPrefix(c.centre, "no") }))
}

// checkSlips holds what is said to be right against the packages and
// arithmetic, where they know it.
func checkSlips(n *Net, f facts) error {
	n.Expect("slips listed", 10, len(f.slips))
	right := map[string]string{}
	for _, s := range f.slips {
		right[s.what] = s.right
		n.Expect(s.what+": the slides differ", true, s.slide != s.right)
	}
	services := sockets.Services()
	telnet := slices.IndexFunc(services, func(s sockets.Service) bool { return s.Name == "telnet" })
	if n.Expect("Telnet is a service that we know", true, telnet >= 0) {
		n.Expect("its port", strconv.Itoa(int(services[telnet].Port)), right["Telnet's port"])
	}
	smtp := slices.IndexFunc(f.applications, func(a application) bool { return a.protocol == "SMTP" })
	if n.Expect("SMTP is in the table", true, smtp >= 0) {
		rfcs := f.applications[smtp].rfcs
		n.Expect("its RFC", strconv.Itoa(rfcs[len(rfcs)-1]), right["SMTP's RFC"])
	}
	n.Expect("a chunk of 256 KB", fmt.Sprintf("256 KB = %d octets", 256<<10), right["BitTorrent's chunk"])
	n.Expect("largest datagram", fmt.Sprintf("%d over IPv4", 1<<16-1-20-8), right["largest datagram"])
	n.Expect("ports above 49151 are", sockets.ClassDynamic, sockets.PortClass(49152))
	lo, hi, err := sockets.EphemeralRange()
	if errors.Is(err, errors.ErrUnsupported) {
		n.Printf("this system does not tell which ports it hands out")
		return nil
	}
	if err != nil {
		return err
	}
	n.Printf("this system hands out ports %d–%d", lo, hi)
	n.Expect("such a range is not empty", true, lo < hi)
	return nil
}
