package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// +trace goes from the root down by the glue, and keeps the port.
func TestDigTrace(t *testing.T) {
	root := serve(t, &dns.Server{Handler: authority(t, map[string]string{".": "$TTL 5\n@ SOA a b 1 2 3 4 5\n@ NS a.root.\na.root. A 192.0.2.1\norg. NS ns.org.\nns.org. A 192.0.2.2\n"})})
	org := serve(t, &dns.Server{Handler: authority(t, map[string]string{"org.": "$TTL 5\n@ SOA ns b 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\nexample NS ns.example\nns.example A 192.0.2.3\nlost NS ns.elsewhere.\n"})})
	example := serve(t, &dns.Server{Handler: authority(t, map[string]string{"example.org.": exampleZone})})
	dir := t.TempDir()
	mapped := filepath.Join(dir, "map")
	require.NoError(t, os.WriteFile(mapped, fmt.Appendf(nil, "192.0.2.1:77 %s\n192.0.2.2:77 %s\n192.0.2.3:77 %s\n198.41.0.4:77 %s\n", root, org, example, root), 0o600))
	run := func(line string) (string, int) {
		var out, errs bytes.Buffer
		p := &program{stdout: &out, stderr: &errs, resolvConf: filepath.Join(dir, "none")}
		status := p.run(t.Context(), append([]string{"-map", mapped, "-p", "77", "-4", "+trace", "+time=1", "+tries=1"}, strings.Fields(line)...))
		assert.Empty(t, errs.String())
		return out.String(), status
	}
	const want = ".\t\t\t5\tIN\tNS\ta.root.\n;; Received 68 bytes from %s in N ms\n\n" +
		"org.\t\t\t5\tIN\tNS\tns.org.\n;; Received N bytes from 192.0.2.1#77(a.root) in N ms\n\n" +
		"example.org.\t\t5\tIN\tNS\tns.example.org.\n;; Received N bytes from 192.0.2.2#77(ns.org) in N ms\n\n" +
		"www.example.org.\t300\tIN\tA\t192.0.2.80\nexample.org.\t\t3600\tIN\tNS\tns.example.org.\n;; Received N bytes from 192.0.2.3#77(ns.example.org) in N ms\n\n"
	for _, tt := range []struct{ args, start string }{
		{"@192.0.2.1 +nocmd www.example.org", "192.0.2.1#77(192.0.2.1)"},
		{"+nocmd www.example.org", "198.41.0.4#77(a.root-servers.net)"},
	} {
		got, status := run(tt.args)
		assert.Zero(t, status)
		sizes := func(s string) string { return receivedBytes.ReplaceAllString(normalise(s), "Received N bytes") }
		assert.Equal(t, sizes(fmt.Sprintf(want, tt.start)), sizes(got))
	}
	got, status := run("@192.0.2.1 +nocmd x.lost.org")
	assert.Equal(t, exitNoReply, status)
	assert.True(t, strings.HasSuffix(got, ";; no address of a name server of lost.org.\n"), got)
}

var receivedBytes = regexp.MustCompile(`Received \w+ bytes`)

func TestReferral(t *testing.T) {
	name := dns.MustName("www.example.org")
	for _, tt := range []struct {
		name, ns string
		want     bool
	}{
		{"down", "example.org. 5 NS a.", true},
		{"1034-5.3.3 up", ". 5 NS a.", false},
		{"1034-5.3.3 the same", "org. 5 NS a.", false},
		{"1034-5.3.3 the same in another case", "ORG. 5 NS a.", false},
		{"1034-5.3.3 sideways", "example.net. 5 NS a.", false},
		{"1034-5.3.3 beside", "other.org. 5 NS a.", false},
	} {
		m := &dns.Message{Authority: parse(t, tt.ns)}
		_, ok := referral(m, dns.MustName("org"), name)
		assert.Equal(t, tt.want, ok, tt.name)
		m.Answer = m.Authority
		_, ok = referral(m, dns.MustName("org"), name)
		assert.False(t, ok, "an answer is none")
	}
}
