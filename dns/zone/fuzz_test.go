package zone_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

var zoneSeeds = []string{
	exampleZone,
	"$ORIGIN a.\n@ 1h IN SOA ( b c 1 2 3 4 5 ) ; d\n TXT \"e f\" \\000g\\\"\n$INCLUDE x y\n$GENERATE 1-3/2 ${1,2,x} A 192.0.2.$\n",
	"a.b 5 TYPE65280 \\# 2 00ff\n\\@ MX 10 @\n\\$x 7 CNAME *.\\.\n",
	"$GENERATE 1-100 $ A 192.0.2.$\n$INCLUDE x\n$INCLUDE y\n",
}

var fuzzFiles = fstest.MapFS{
	"x": {Data: []byte("$INCLUDE y\nx A 192.0.2.1\n$INCLUDE y\n")},
	"y": {Data: []byte("$INCLUDE x\n$TTL 5\ny A 192.0.2.1\n$GENERATE 1-50 a$ TXT \"$\"")},
}

// What is read is written as text that reads as the same, in each form; in
// whichever pieces it comes, it is the same.
func FuzzZone(f *testing.F) {
	for _, s := range zoneSeeds {
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
		read := func(r io.Reader, origin string) (rrs []dns.RR, err error) {
			opts := &zone.ReaderOptions{FS: fuzzFiles, Limits: &zone.Limits{MaxGenerated: 100, MaxIncludes: 10}}
			if origin != "" {
				opts.Origin = dns.MustName(origin)
			}
			for rr, err := range zone.NewReader(r, opts).All() {
				if err != nil {
					return rrs, err
				}
				rrs = append(rrs, rr)
			}
			return rrs, nil
		}
		rrs, err := read(strings.NewReader(s), "e.")
		pieces, errPieces := read(iotest.OneByteReader(strings.NewReader(s)), "e.")
		require.Equal(t, err, errPieces)
		require.Equal(t, rrs, pieces)
		for _, opts := range []*zone.WriterOptions{{}, {Origin: dns.MustName("e.")}, {Origin: dns.Root}, {Columns: true}} {
			var b bytes.Buffer
			w := zone.NewWriter(&b, opts)
			for _, rr := range rrs {
				require.NoError(t, w.Write(rr))
			}
			require.NoError(t, w.Flush())
			again, err := read(&b, "")
			require.NoError(t, err)
			assert.Equal(t, rrs, again)
		}
		// What a check has put in order is in order.
		merged, _ := zone.Check(dns.MustName("e."), slices.Clone(rrs))
		again, _ := zone.Check(dns.MustName("e."), slices.Clone(merged))
		assert.Equal(t, merged, again)
	})
}

// However a file is made, what comes of it is bounded by its length: in records,
// in octets, and in what is read of it.
func FuzzZoneBounded(f *testing.F) {
	for _, s := range zoneSeeds {
		f.Add(s)
	}
	lim := zone.Limits{MaxEntry: 200, MaxToken: 100, MaxDepth: 3, MaxIncludes: 5, MaxGenerate: 60, MaxGenerated: 150}
	f.Fuzz(func(t *testing.T, s string) {
		files := &counting{FS: fuzzFiles}
		r := zone.NewReader(strings.NewReader(s), &zone.ReaderOptions{Origin: dns.MustName("e."), FS: files, Limits: &lim})
		records, octets := 0, 0
		for rr, err := range r.All() {
			if err != nil {
				break
			}
			records++
			b, err := dns.AppendRData(nil, rr.Data, nil)
			require.NoError(t, err)
			octets += rr.Name.Len() + len(b)
		}
		// A record has two words and a line end at least; an included file has
		// one record and starts one $GENERATE.
		assert.LessOrEqual(t, records, len(s)/4+1+lim.MaxIncludes+lim.MaxGenerated)
		assert.LessOrEqual(t, octets, 300*(len(s)+lim.MaxIncludes*100)+lim.MaxGenerated*4096)
		assert.LessOrEqual(t, files.opened, lim.MaxIncludes)
	})
}
