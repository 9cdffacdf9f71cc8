package resolver_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
	"applayer/sockets"
)

var scenarioFolder = flag.String("scenarios", "", "play the .rpl files of this folder, print which pass, and fail with those that do not")

// TestScenarios plays our scenarios, or those of another folder, against the
// whole resolver: handler, cache, engine and transport.
func TestScenarios(t *testing.T) {
	folder, published := "testdata/scenarios", false
	if *scenarioFolder != "" {
		folder, published = *scenarioFolder, true
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.rpl"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "no .rpl file in %s", folder)
	results := map[string]int{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".rpl")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			sent, err := playFile(t, string(text), published)
			result := "pass"
			switch {
			case published && errors.Is(err, errUnplayed):
				result = "skip"
			case err != nil:
				result = "FAIL"
				t.Errorf("%s: %v\nmessages sent:\n%s", file, err, sent)
			}
			if results[result]++; published {
				fmt.Println(result, name, errorText(err))
			}
		})
	}
	if published {
		for _, result := range slices.Sorted(maps.Keys(results)) {
			fmt.Println(results[result], result)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return "(" + strings.ReplaceAll(err.Error(), "\n", " ") + ")"
}

// playFile plays the text of one file; sent is what the resolver sent.
func playFile(t *testing.T, text string, lenient bool) (sent string, err error) {
	t.Helper()
	s, err := parseScenario(text)
	if err != nil {
		return "", err
	}
	options, err := s.options()
	if err != nil {
		return "", err
	}
	synctest.Test(t, func(t *testing.T) {
		m, failed := newMemoryNet(s)
		require.NoError(t, failed)
		m.lenient = lenient
		transport := &dns.Transport{Dialer: &sockets.Dialer{Connect: m.DialContext}, MaxMismatches: -1}
		r := &resolver.Resolver{EngineOptions: *options, Exchanger: transport}
		p := &player{s: s, net: m, ask: asker(t.Context(), &resolver.Handler{Resolver: r, MaxPerClient: s.maxPerClient()})}
		err = p.play()
		_ = r.Close()
		_ = transport.Close()
		p.Close()
		sent = m.String()
	})
	return sent, err
}

// asker is a client's way to a handler, that of the server's transports.
func asker(ctx context.Context, h dns.Handler) subject {
	server := &dns.Server{Handler: h}
	return func(client netip.AddrPort, tcp bool, msg []byte) []byte {
		from := dns.Origin{Peer: client, Local: netip.MustParseAddrPort("127.0.0.1:53")}
		if tcp {
			from.Transport = dns.TransportTCP
		}
		return server.AppendResponse(ctx, nil, msg, from)
	}
}

// withoutCounterpart are settings that change what comes out and that we do not
// have; a scenario with one is not played.
var withoutCounterpart = []string{
	"trust-anchor", "auto-trust-anchor-file", "trust-anchor-file", "domain-insecure",
	"local-zone", "local-data", "auth-zone", "rpz", "access-control", "identity", "version",
	"dns64-prefix", "cache-min-ttl", "private-domain", "forward-no-cache", "forward-first",
	"msg-cache-size", "ede-serve-expired", "serve-expired-client-timeout",
}

// options are what the settings of a scenario come to. Those that have no
// counterpart here change nothing, but for those that change every answer.
func (s *scenario) options() (*resolver.EngineOptions, error) {
	o := &resolver.EngineOptions{Rand: rand.NewChaCha8([32]byte{1})}
	o.Limits.MaxStale = -1
	for _, c := range s.Config {
		var err error
		switch c.Key {
		case "stub-addr":
			err = addHint(o, c.Value)
		case "forward-addr":
			var a netip.Addr
			a, err = netip.ParseAddr(c.Value)
			o.Forward = append(o.Forward, netip.AddrPortFrom(a, 53))
		case "private-address":
			var p netip.Prefix
			p, err = netip.ParsePrefix(c.Value)
			o.Private = append(o.Private, p)
		case "query-minimization", "qname-minimisation":
			o.NoMinimise = !isOn(c.Value)
		case "use-caps-for-id":
			o.KeepCase = !isOn(c.Value)
		case "do-ip6":
			o.NoIPv6 = !isOn(c.Value)
		case "do-ip4":
			o.NoIPv4 = !isOn(c.Value)
		case "serve-expired":
			if isOn(c.Value) {
				o.Limits.MaxStale = 0
			}
		case "name":
			if c.Value != "." {
				err = fmt.Errorf("servers for %s alone: %w", c.Value, errUnplayed)
			}
		case "max-octets":
			o.Limits.MaxOctets, err = strconv.Atoi(c.Value)
		case "cache-max-ttl":
			o.Limits.MaxTTL, err = parseSeconds(c.Value)
		case "cache-max-negative-ttl":
			o.Limits.MaxNegativeTTL, err = parseSeconds(c.Value)
		}
		if slices.Contains(withoutCounterpart, c.Key) {
			err = errUnplayed
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", c.Line, c.Key, err)
		}
	}
	return o, nil
}

// maxPerClient is a setting of the Handler, 0 for its default.
func (s *scenario) maxPerClient() int {
	for _, c := range s.Config {
		if n, err := strconv.Atoi(c.Value); err == nil && c.Key == "max-per-client" {
			return n
		}
	}
	return 0
}

func isOn(value string) bool { return value == "on" || value == "yes" || value == "true" }

// addHint adds a server of the root.
func addHint(o *resolver.EngineOptions, value string) error {
	a, err := netip.ParseAddr(strings.Split(value, "@")[0])
	if err != nil {
		return err
	}
	name := dns.MustName(fmt.Sprintf("hint%d.test.", len(o.Hints)))
	var d dns.RData = &dns.A{Addr: a}
	if a.Is6() {
		d = &dns.AAAA{Addr: a}
	}
	o.Hints = append(o.Hints,
		dns.RR{Name: dns.Root, Class: dns.ClassIN, TTL: 3600000, Data: &dns.NS{Host: name}},
		dns.RR{Name: name, Class: dns.ClassIN, TTL: 3600000, Data: d})
	return nil
}
