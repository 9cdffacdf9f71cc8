package zone_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

// addEach is what [zone.Load] does, record by record: read, and added to a
// builder.
func addEach(text string, opts *zone.ReaderOptions) (*zone.Zone, error) {
	b := zone.NewBuilder(opts.Origin)
	r := zone.NewReader(strings.NewReader(text), opts)
	for rr, err := range r.All() {
		if err == nil {
			err = b.Add(rr)
			if err != nil {
				file, line := r.Position()
				return nil, &zone.ParseError{File: file, Line: line, Column: 1, Err: err}
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return b.Zone()
}

// requireSameLoaded requires that a file makes the same zone, or the same error,
// whether its records are loaded or read and added.
func requireSameLoaded(t *testing.T, text string, opts *zone.ReaderOptions) {
	t.Helper()
	want, wantErr := addEach(text, opts)
	got, _, err := zone.Load(iotest.HalfReader(strings.NewReader(text)), opts)
	if _, ok := errors.AsType[zone.Problem](err); ok {
		return // that is found in a zone that was built
	}
	if wantErr != nil {
		require.EqualError(t, err, wantErr.Error())
		return
	}
	require.NoError(t, err)
	assert.Equal(t, want.Records(), got.Records())
	assert.Equal(t, want.Len(), got.Len())
}

var loadSeeds = []string{
	"$TTL 5\n@ SOA a b 1 2 3 4 5\n NS a\n",
	"@ SOA a b 1 2 3 4 5\n@ NS a\na A 192.0.2.1\nA 7 A 192.0.2.1\n7 TXT \"b\" c\nb.e. CNAME @\nb.e. RRSIG CNAME 8 2 5 20300101000000 20200101000000 7 @ AAAA\n",
	"$TTL 1\n@ SOA a b 1 2 3 4 5\n NS a.x.\n$GENERATE 1-9 h$ AAAA 2001:db8::$\n$INCLUDE x y\nz CAA 0 issue \"c\"\n",
	"$TTL 1\n@ SOA a b 1 2 3 4 5\n NS a.x.\nx. A 192.0.2.1\n",
	"$TTL 1\n@ SOA a b 1 2 3 4 5\nc SOA a b 1 2 3 4 5\n",
	"@ 1 SOA a b 1 2 3 4 5\n$GENERATE 1-3 a$ A 192.0.2.${254}\n",
	"@ 1 SOA a b 1 2 3 4 5\na A 192.0.2.1 5\n",
	"@ 1 SOA a b 1 2 3 4 5\na TYPE1 \\# 3 010203\n",
	"@ SOA\n",
}

// Records that go from text to the wire are those that are made values in
// between.
func FuzzLoad(f *testing.F) {
	for _, s := range append(loadSeeds, zoneSeeds...) {
		f.Add(s)
	}
	files, err := filepath.Glob(captures + "/zones/*.zone")
	require.NoError(f, err)
	for _, path := range files {
		b, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, s string) {
		requireSameLoaded(t, s, &zone.ReaderOptions{
			Origin: dns.MustName("e."), File: "f", FS: fuzzFiles,
			Limits: &zone.Limits{MaxGenerated: 100, MaxIncludes: 10, MaxRData: 300},
		})
	})
}

// A file of many batches, with all that a file may have at their borders.
func TestLoadManyRecords(t *testing.T) {
	var b strings.Builder
	b.WriteString("$TTL 5\n@ SOA a b 1 2 3 4 5\n NS a\na A 192.0.2.1\n")
	for i := range 700 {
		b.WriteString("n" + strings.Repeat("x", i%50) + " TXT \"" + strings.Repeat("y", i%256) + "\"\n")
		if i%100 == 0 {
			b.WriteString("$INCLUDE x i" + strings.Repeat("z", i/100) + "\n" + fmt.Sprintf("$GENERATE %d-%d g$ MX $ @\n", i, i+89))
		}
	}
	files := fstest.MapFS{"x": {Data: []byte("o A 192.0.2.1\n TXT p\n$ORIGIN q.e.\nr NS s\n")}}
	opts := &zone.ReaderOptions{Origin: dns.MustName("e."), File: "f", FS: files}
	requireSameLoaded(t, b.String(), opts)
	z, _, err := zone.Load(strings.NewReader(b.String()), opts)
	require.NoError(t, err)
	assert.Greater(t, z.Len(), 1000)
	requireSameLoaded(t, b.String()+"a.b. A 192.0.2.1\n", opts)
	requireSameLoaded(t, b.String()+"a A 192.0.2.\n", opts)
}
