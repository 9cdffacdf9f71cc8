package zone_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// commonZone has the types that all programs know, and what is hard to write:
// escapes, empty and long strings, owners of other letters and above the origin.
const commonZone = `$TTL 1h
@ SOA ns admin 4294967295 1d 2h 4w 300
@ NS ns
@ NS ns.elsewhere.invalid.
@ MX 10 mail
ns A 192.0.2.1
mail AAAA 2001:db8::1
 A 192.0.2.2
Mixed.Case 5 A 192.0.2.3
*.wild TXT "a \"quoted\" \\ ;(" "" "\000\255\009"
a\032b\@ A 192.0.2.4
\$ORIGIN A 192.0.2.5
\; TXT ";"
\(x TXT ")"
alias CNAME Mixed.Case
_sip._tcp SRV 1 2 5060 mail
4 PTR mail
host HINFO "a b" c
n NAPTR 100 50 "s" "http" "" _sip._tcp
l LOC 42 21 54 N 71 6 18 W -24m 30m
r RP admin txt.r
txt.r TXT "who"
long TXT xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
sub NS ns.sub
 DS 12345 13 2 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F
ns.sub A 192.0.2.6
`

// Other programs read what a Writer writes, and those that print it print the
// same records.
func TestWriterReadByOthers(t *testing.T) {
	const origin = "Example."
	read := func(t *testing.T, text string) []dns.RR {
		var rrs []dns.RR
		for rr, err := range zone.NewReader(strings.NewReader(text), &zone.ReaderOptions{Origin: dns.MustName(origin)}).All() {
			require.NoError(t, err)
			rrs = append(rrs, rr)
		}
		rrs, _ = zone.Check(dns.MustName(origin), rrs)
		return rrs
	}
	rrs := read(t, commonZone)
	want := strings.ToLower(write(t, nil, rrs))
	for _, program := range []struct {
		name   string
		args   []string
		prints bool
	}{
		{"named-compilezone", []string{"-q", "-i", "none", "-k", "ignore", "-s", "full", "-o", "-", origin}, true},
		{"ldns-read-zone", nil, true},
		{"kzonecheck", []string{"-o", origin}, false},
		{"validns", []string{"-z", origin}, false},
	} {
		for how, opts := range map[string]*zone.WriterOptions{"absolute": nil, "relative": {Origin: dns.MustName(origin)}, "columns": {Columns: true}} {
			t.Run(program.name+"/"+how, func(t *testing.T) {
				path := testkit.Program(t, program.name)
				file := filepath.Join(t.TempDir(), "zone")
				require.NoError(t, os.WriteFile(file, []byte(write(t, opts, rrs)), 0o600))
				out := peers.Run(t, path, append(program.args, file)...)
				require.Zero(t, out.Exit, "%s%s", out.Stdout, out.Stderr)
				if program.prints {
					// ldns forgets this backslash.
					out.Stdout = strings.ReplaceAll(out.Stdout, "\n$ORIGIN.", "\n\\$ORIGIN.")
					assert.Equal(t, want, strings.ToLower(write(t, nil, read(t, out.Stdout))))
				}
			})
		}
	}
}
