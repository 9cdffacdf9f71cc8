package zone_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/internal/peers"
)

// TestInteropVerify: the signatures of others still hold for what we wrote of
// zones that we read, from master files and from transfers: not an octet of a
// record changed on the way.
func TestInteropVerify(t *testing.T) {
	for origin, capture := range map[string]string{"secure.example": "kdig-knot-axfr", "secure3.example": "drill-nsd-axfr"} {
		for from, z := range map[string]*zone.Zone{"master file": capturedZone(t, origin), "transfer": zoneOf(t, origin, transferred(t, capture))} {
			for form, opts := range map[string]*zone.WriterOptions{
				"whole": {}, "relative": {Origin: dns.MustName(origin)}, "columns": {Columns: true},
			} {
				t.Run(origin+" "+from+" "+form, func(t *testing.T) {
					var b bytes.Buffer
					w := zone.NewWriter(&b, opts)
					for rr := range z.All() {
						require.NoError(t, w.Write(rr))
					}
					require.NoError(t, w.Flush())
					path := filepath.Join(t.TempDir(), "zone")
					require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
					got := peers.Run(t, "ldns-verify-zone", "-t", "20270101000000", path)
					assert.Equal(t, "Zone is verified and complete\n", got.Stdout+got.Stderr)
					assert.Zero(t, got.Exit)
				})
			}
		}
	}
}
