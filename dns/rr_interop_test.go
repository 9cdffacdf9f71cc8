package dns_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/testkit"
)

// without is a set of types that another program does not know, or knows
// another form of.
func without(types string) func(dns.Type) bool {
	return func(typ dns.Type) bool { return strings.Contains(" "+types+" ", " "+typ.String()+" ") }
}

var (
	// notBIND are not for a zone, or obsolete, or its SOA.
	notBIND = without("MD MF OPT SOA TKEY TSIG")
	// notLDNS are not known, want what is not needed (ports, types, a key), or
	// have another form: text for the target of NSAP-PTR.
	notLDNS = without("AMTRELAY AVC CSYNC DSYNC KEY NSAP-PTR NXT OPT RESINFO SOA TA TKEY TSIG WALLET WKS")
	// notKnot are not known, or semantic checks forbid our vectors: DS, NS. It
	// wants all four digits of a group in NID and L64, where BIND prints fewer.
	notKnot = without("AMTRELAY AVC DLV DS DSYNC EID GPOS HIP ISDN KEY L64 MB MD MF MG MR NID NIMLOC NS NSAP NSAP-PTR NSEC " +
		"NULL NXT OPT PX RESINFO SIG SOA TA TKEY TSIG WALLET WKS X25")
)

// BIND prints what a vector's text and what its wire says as the vector's form.
func TestRDataInteropBIND(t *testing.T) {
	compile := testkit.Program(t, "named-compilezone")
	for _, tt := range []struct {
		name  string
		rdata func(goodVector) string
	}{
		{"text", func(v goodVector) string { return v.text }},
		{"what we print", func(v goodVector) string { return v.form }},
		{"wire", func(v goodVector) string { return fmt.Sprintf(`\# %d %X`, len(v.wire), v.wire) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file, all := vectorZone(t, notBIND, tt.rdata)
			dump := filepath.Join(t.TempDir(), "dump")
			out, err := exec.Command(compile, "-D", "-i", "none", "-n", "ignore", "-k", "ignore", "-r", "ignore",
				"-s", "full", "-o", dump, "example", file).CombinedOutput()
			require.NoError(t, err, "%s", out)
			b, err := os.ReadFile(dump)
			require.NoError(t, err)
			n := eachVector(t, b, all, func(line string, v goodVector) {
				_, rest, ok := strings.Cut(line, " IN "+v.text)
				require.True(t, ok, line)
				assert.Equal(t, v.form, strings.TrimLeft(rest, "\t "), line)
			})
			assert.Greater(t, n, 200)
		})
	}
}

// BIND refuses the bad vectors too, but for those that README.md lists.
func TestRDataInteropBINDRefuses(t *testing.T) {
	compile := testkit.Program(t, "named-compilezone")
	taken := map[string]bool{
		"DHCID AQ==": true, `DHCID \# 3 000201`: true, `DHCID \# 1 00`: true,
		"EUI48 0-0-5e-0-53-2a": true, "EUI48 00-00-5e-00-53-2a-00": true, "EUI64 0-0-5e-ef-10-0-0-2a": true,
		"GPOS a 1 1": true, "GPOS 1. 2 3": true, "GPOS 1 2 -": true, `GPOS \# 6 016101310131`: true,
		`LOC \# 16 01121613800000008000000000989680`: true,
		"SSHFP 1 3": true, `SSHFP \# 2 0203`: true,
		`SVCB 1 . alpn="h2\\x"`: true,
		`URI 1 1 ""`:            true, `URI \# 4 00010001`: true,
	}
	b := []byte("example. 60 IN SOA ns.example. a.example. 1 7200 3600 1209600 300\n")
	lines := []string{"", ""} // by number, and nothing on the first
	for _, v := range readVectors(t) {
		if notBIND(v.typ) {
			continue
		}
		for _, bad := range v.bad {
			text := v.typ.String() + " " + bad.text
			if bad.wire != nil {
				text = fmt.Sprintf(`%s \# %d %x`, v.typ, len(bad.wire), bad.wire)
			}
			// Where data is missing, BIND looks for it in the next line.
			b = fmt.Appendf(b, "v%d.example. 60 IN %s\n\n", len(lines), text)
			lines = append(lines, text, "")
		}
	}
	file := filepath.Join(t.TempDir(), "example.zone")
	require.NoError(t, os.WriteFile(file, b, 0o644))
	out, err := exec.Command(compile, "-o", filepath.Join(t.TempDir(), "dump"), "example", file).CombinedOutput()
	require.Error(t, err)
	refused := make([]bool, len(lines))
	for message := range strings.Lines(string(out)) {
		var number int
		if _, rest, ok := strings.Cut(message, "example.zone:"); ok {
			if _, err := fmt.Sscanf(rest, "%d:", &number); err == nil && number < len(lines) {
				refused[number] = true
			}
		}
	}
	for i, text := range lines {
		if text != "" {
			assert.Equal(t, !taken[text], refused[i], text)
		}
	}
}

// ldns reads what we print, and we read what it prints.
func TestRDataInteropLDNS(t *testing.T) {
	read := testkit.Program(t, "ldns-read-zone")
	file, all := vectorZone(t, notLDNS, func(v goodVector) string { return v.form })
	out, err := exec.Command(read, file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	n := eachVector(t, out, all, func(line string, v goodVector) {
		rr, err := dns.ParseRR(line)
		require.NoError(t, err, line)
		wire, err := dns.AppendRData(nil, rr.Data, nil)
		require.NoError(t, err, line)
		assert.Equal(t, v.wire, append([]byte{}, wire...), line)
	})
	assert.Greater(t, n, 150)
}

// Knot DNS reads what we print.
func TestRDataInteropKnot(t *testing.T) {
	check := testkit.Program(t, "kzonecheck")
	file, all := vectorZone(t, notKnot, func(v goodVector) string { return v.form })
	out, err := exec.Command(check, "-o", "example.", "-d", "off", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Greater(t, len(all), 100)
}

// vectorZone writes a zone with a name for each good vector, v0 and on, of the
// types that are not left out.
func vectorZone(t *testing.T, out func(dns.Type) bool, rdata func(goodVector) string) (file string, all []goodVector) {
	t.Helper()
	b := []byte("example. 60 IN SOA ns.example. a.example. 1 7200 3600 1209600 300\n" +
		"example. 60 IN NS ns.example.\nns.example. 60 IN A 192.0.2.1\n")
	for _, v := range readVectors(t) {
		if out(v.typ) {
			continue
		}
		for _, g := range v.good {
			b = fmt.Appendf(b, "v%d.example. 60 IN %s %s\n", len(all), v.typ, rdata(g))
			g.text = v.typ.String() // which is all that eachVector's user needs of it
			all = append(all, g)
		}
	}
	file = filepath.Join(t.TempDir(), "example.zone")
	require.NoError(t, os.WriteFile(file, b, 0o644))
	return file, all
}

// eachVector calls f with each line of a zone that has a vector's name.
func eachVector(t *testing.T, zone []byte, all []goodVector, f func(line string, v goodVector)) (n int) {
	t.Helper()
	for line := range strings.Lines(string(zone)) {
		var i int
		if _, err := fmt.Sscanf(line, "v%d.example.", &i); err != nil {
			continue
		}
		require.Less(t, i, len(all))
		f(strings.TrimSuffix(line, "\n"), all[i])
		n++
	}
	return n
}
