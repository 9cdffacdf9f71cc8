package dns_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// vectors are what testdata/rr has for a type.
type vectors struct {
	typ  dns.Type
	good []goodVector
	bad  []badVector
}

// goodVector is RDATA: as it may be written, as it is printed, on the wire.
type goodVector struct {
	text, form string
	wire       []byte
}

// badVector is what must be refused, and the error; text unless there is wire.
type badVector struct {
	text string
	wire []byte
	err  error
}

var vectorErrors = map[string]error{
	"count": dns.ErrCount, "eof": io.ErrUnexpectedEOF, "label": dns.ErrLabel, "pointer": dns.ErrPointer,
	"rdlength": dns.ErrRDLength, "syntax": dns.ErrSyntax, "toolong": dns.ErrNameTooLong, "value": dns.ErrValue,
}

// readVectors reads testdata/rr/TYPE.txt for all types; README.md there tells
// the form.
func readVectors(tb testing.TB) []vectors {
	tb.Helper()
	files, err := filepath.Glob("testdata/rr/*.txt")
	require.NoError(tb, err)
	var all []vectors
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(tb, err)
		typ, err := dns.ParseType(strings.TrimSuffix(filepath.Base(file), ".txt"))
		require.NoError(tb, err)
		v := vectors{typ: typ}
		for line := range strings.Lines(string(b)) {
			require.NoError(tb, v.add(strings.TrimSuffix(line, "\n")), "%s: %s", file, line)
		}
		all = append(all, v)
	}
	return all
}

func (v *vectors) add(line string) (err error) {
	key, rest, _ := strings.Cut(line, " ")
	var last *goodVector
	if n := len(v.good); n > 0 {
		last = &v.good[n-1]
	}
	switch key {
	case "", "#":
	case "text":
		v.good = append(v.good, goodVector{text: rest, form: rest})
	case "form":
		last.form = rest
	case "wire":
		last.wire, err = hex.DecodeString(rest)
	case "bad-text", "bad-wire":
		kind, rest, _ := strings.Cut(rest, " ")
		bad := badVector{err: vectorErrors[kind]}
		if bad.err == nil {
			return fmt.Errorf("no error %q", kind)
		}
		if key == "bad-text" {
			bad.text = rest
		} else if bad.wire, err = hex.DecodeString(rest); bad.wire == nil {
			bad.wire = []byte{}
		}
		v.bad = append(v.bad, bad)
	default:
		return fmt.Errorf("no line %q", key)
	}
	return err
}

// scanRData reads RDATA from its text.
func scanRData(typ dns.Type, text string) (dns.RData, error) {
	rr, err := dns.ParseRR(". 0 IN " + typ.String() + " " + text)
	return rr.Data, err
}

func TestRData(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.typ.String(), func(t *testing.T) {
			assert.GreaterOrEqual(t, len(v.good), 3)
			assert.GreaterOrEqual(t, len(v.bad), 3)
			for _, g := range v.good {
				testGoodVector(t, v.typ, g)
			}
			for _, b := range v.bad {
				testBadVector(t, v.typ, b)
			}
		})
	}
}

func testGoodVector(t *testing.T, typ dns.Type, v goodVector) {
	t.Helper()
	scanned, err := scanRData(typ, v.text)
	require.NoError(t, err, v.text)
	assert.Equal(t, typ, scanned.Type())
	wire, err := dns.AppendRData(nil, scanned, nil)
	require.NoError(t, err, v.text)
	assert.Equal(t, hex.EncodeToString(v.wire), hex.EncodeToString(wire), v.text)

	// In the middle of a message, with other octets around it.
	msg := append(append([]byte("\x01\xff"), v.wire...), 0xff, 0x3f)
	parsed, err := dns.ParseRData(typ, msg, 2, len(v.wire), nil)
	require.NoError(t, err, v.text)
	assert.IsType(t, scanned, parsed)
	text, err := dns.AppendRDataTextSplit([]byte("x "), parsed, 56)
	require.NoError(t, err, v.text)
	assert.Equal(t, "x "+v.form, string(text))

	// What is printed in one piece is read as the same.
	whole, err := dns.AppendRDataText(nil, parsed)
	require.NoError(t, err, v.text)
	again, err := scanRData(typ, string(whole))
	require.NoError(t, err, "%s", whole)
	wire, err = dns.AppendRData(nil, again, nil)
	require.NoError(t, err, v.text)
	assert.Equal(t, v.wire, append([]byte{}, wire...), "%s", whole)

	// The form of unknown types is one for this type too.
	known, err := scanRData(typ, fmt.Sprintf(`\# %d %X`, len(v.wire), v.wire))
	require.NoError(t, err, v.text)
	assert.Equal(t, parsed, known)
}

func testBadVector(t *testing.T, typ dns.Type, v badVector) {
	t.Helper()
	var d dns.RData
	var err error
	if v.wire != nil {
		d, err = dns.ParseRData(typ, v.wire, 0, len(v.wire), nil)
	} else {
		d, err = scanRData(typ, v.text)
	}
	if !assert.Error(t, err, "%s %x: %v", v.text, v.wire, d) {
		return
	}
	var pe *dns.ParseError
	require.ErrorAs(t, err, &pe)
	assert.ErrorIs(t, err, v.err, "%s %x", v.text, v.wire)
	if v.wire != nil {
		assert.Equal(t, int(dns.RCodeFormErr), pe.Reply)
		assert.LessOrEqual(t, pe.Offset, int64(len(v.wire)))
	}
}

// A type that this package has is one that the vectors have.
func TestRDataVectorsAreComplete(t *testing.T) {
	tested := make(map[dns.Type]bool)
	for _, v := range readVectors(t) {
		tested[v.typ] = true
	}
	for i := range 1 << 16 {
		typ := dns.Type(i)
		d, err := dns.ParseRData(typ, nil, 0, 0, nil)
		if _, unknown := d.(*dns.Unknown); err != nil || !unknown {
			assert.True(t, tested[typ], typ)
		}
	}
}

// RData that nobody changes may be printed and written by several goroutines at
// once: the race detector tells of one that writes to it.
func TestRDataShared(t *testing.T) {
	for _, v := range readVectors(t) {
		for _, g := range v.good {
			d, err := dns.ParseRData(v.typ, g.wire, 0, len(g.wire), nil)
			require.NoError(t, err)
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					text, err := dns.AppendRDataTextSplit(nil, d, 56)
					assert.NoError(t, err)
					assert.Equal(t, g.form, string(text))
					wire, err := dns.AppendRData(nil, d, nil)
					assert.NoError(t, err)
					assert.Equal(t, string(g.wire), string(wire))
					_, err = dns.AppendCanonicalRData(nil, d)
					assert.NoError(t, err)
				})
			}
			wg.Wait()
		}
	}
}
