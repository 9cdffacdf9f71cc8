package zone_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/internal/testkit"
)

// allTypes is a zone e. with all of the types' good vectors, but for those that
// named knows as no data of a zone, or refuses as obsolete.
func allTypes(t *testing.T) string {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "rr", "*.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var b strings.Builder
	b.WriteString("$TTL 1h\n@ SOA ns Host\\.Master 1 1d 2h 4w 300\n@ NS ns\nns A 192.0.2.1\n")
	for _, file := range files {
		mnemonic := strings.TrimSuffix(filepath.Base(file), ".txt")
		switch mnemonic {
		case "SOA", "OPT", "TKEY", "TSIG", "MD", "MF":
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		n := 0
		for line := range strings.Lines(string(text)) {
			if data, ok := strings.CutPrefix(line, "text "); ok {
				n++
				b.WriteString("t" + strings.Repeat("x", n) + "." + mnemonic + " 5m IN " + mnemonic + " " + data)
			}
		}
	}
	return b.String()
}

// compilezone are the lines that named-compilezone makes of a zone e, without
// its comments, which tell when to sign again.
func compilezone(t *testing.T, in string) []string {
	t.Helper()
	named := testkit.Program(t, "named-compilezone")
	dir := t.TempDir()
	file, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	require.NoError(t, os.WriteFile(file, []byte(in), 0o600))
	said, err := exec.CommandContext(t.Context(), named, "-i", "none", "-k", "ignore", "-s", "full", "-o", out, "e", file).CombinedOutput()
	require.NoError(t, err, "%s", said)
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	return slices.DeleteFunc(strings.Split(string(b), "\n"), func(line string) bool { return strings.HasPrefix(line, ";") })
}

// The same zone gives the same octets as in named-compilezone -s full.
func TestCompilezone(t *testing.T) {
	for name, in := range map[string]string{
		"all types":  allTypes(t),
		"sorted":     exampleZone + "a.b.c A 192.0.2.1\nB.c A 192.0.2.2\nB.c A 192.0.2.1\n*.c TXT z\n\\000.c TXT a\n\\200.c TXT a\nwww 5m A 192.0.2.9\n 300 A 192.0.2.10\n TXT ab b\n TXT b a\n",
		"generated":  "@ 1h SOA a b 1 2 3 4 5\n@ NS a\na A 192.0.2.1\n$GENERATE 0-300/7 h${-3,4,d}.${0,5,n} MX \"${0,3,o} h$.${1,2,X}\"\n",
		"long names": "@ 1h SOA a b 1 2 3 4 5\n@ NS a\na A 192.0.2.1\n" + longNames(),
	} {
		t.Run(name, func(t *testing.T) {
			var rrs []dns.RR
			for rr, err := range zone.NewReader(strings.NewReader(in), &zone.ReaderOptions{Origin: dns.MustName("e.")}).All() {
				require.NoError(t, err)
				rrs = append(rrs, rr)
			}
			rrs, _ = zone.Check(dns.MustName("e."), rrs)
			want := compilezone(t, in)
			got := strings.Split(write(t, &zone.WriterOptions{Columns: true}, rrs), "\n")
			assert.Equal(t, want, got)
		})
	}
}

// longNames are owners of each length around the columns, with TTLs of each
// length.
func longNames() string {
	var b strings.Builder
	for n := 1; n < 60; n++ {
		b.WriteString(strings.Repeat("n", n) + " " + "1234567890"[:n%10+1] + " TXT x\n")
	}
	return b.String()
}
