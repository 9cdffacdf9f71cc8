package sockets_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets"
)

func TestPortClass(t *testing.T) {
	tests := []struct {
		port uint16
		want sockets.Class
		name string
	}{
		{0, sockets.ClassWellKnown, "well-known"},
		{80, sockets.ClassWellKnown, "well-known"},
		{1023, sockets.ClassWellKnown, "well-known"},
		{1024, sockets.ClassRegistered, "registered"},
		{12000, sockets.ClassRegistered, "registered"},
		{49151, sockets.ClassRegistered, "registered"},
		{49152, sockets.ClassDynamic, "dynamic"},
		{65535, sockets.ClassDynamic, "dynamic"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.port), func(t *testing.T) {
			assert.Equal(t, tt.want, sockets.PortClass(tt.port))
			assert.Equal(t, tt.name, sockets.PortClass(tt.port).String())
		})
	}
	assert.Equal(t, "Class(9)", sockets.Class(9).String())
}

func TestEphemeralRange(t *testing.T) {
	lo, hi, err := sockets.EphemeralRange()
	if runtime.GOOS != "linux" {
		require.ErrorIs(t, err, errors.ErrUnsupported)
		return
	}
	require.NoError(t, err)
	assert.NotZero(t, lo)
	assert.LessOrEqual(t, lo, hi)
}

func TestParseEphemeralRange(t *testing.T) {
	tests := []struct {
		name, in string
		lo, hi   uint16
		wantAt   int64 // of the error, -1 for none
	}{
		{"as Linux writes it", "32768\t60999\n", 32768, 60999, -1},
		{"one port", "1024 1024", 1024, 1024, -1},
		{"one number", "32768\n", 0, 0, 0},
		{"empty", "", 0, 0, 0},
		{"descending", "60999 32768\n", 0, 0, 0},
		{"first above 65535", "65536 65537\n", 0, 0, 0},
		{"second above 65535", "1024\t65536\n", 0, 0, 5},
		{"sign", "1024 -5\n", 0, 0, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lo, hi, err := sockets.ParseEphemeralRange([]byte(tt.in))
			assert.Equal(t, []uint16{tt.lo, tt.hi}, []uint16{lo, hi})
			checkParseError(t, err, tt.wantAt)
		})
	}
}

// checkParseError expects a ParseError at an offset, or no error for -1.
func checkParseError(t *testing.T, err error, wantAt int64) {
	t.Helper()
	if wantAt < 0 {
		require.NoError(t, err)
		return
	}
	perr, ok := errors.AsType[*sockets.ParseError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, wantAt, perr.Offset, "%v", err)
}

func TestParsePortRange(t *testing.T) {
	tests := []struct {
		name, in string
		want     sockets.PortRange
		wantAt   int64
	}{
		{"range", "5000-5100", sockets.PortRange{Lo: 5000, Hi: 5100}, -1},
		{"one port", "5000", sockets.PortRange{Lo: 5000, Hi: 5000}, -1},
		{"all", "1-65535", sockets.PortRange{Lo: 1, Hi: 65535}, -1},
		{"6335-6 port 0 is reserved", "0-10", sockets.PortRange{}, 0},
		{"6335-6 no port 65536", "1-65536", sockets.PortRange{}, 2},
		{"no overflow", "1-18446744073709551617", sockets.PortRange{}, 2},
		{"descending", "51-50", sockets.PortRange{}, 3},
		{"no last port", "50-", sockets.PortRange{}, 3},
		{"no first port", "-50", sockets.PortRange{}, 0},
		{"empty", "", sockets.PortRange{}, 0},
		{"letters", "50-6x", sockets.PortRange{}, 4},
		{"blank", "50 -60", sockets.PortRange{}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sockets.ParsePortRange([]byte(tt.in))
			assert.Equal(t, tt.want, got)
			checkParseError(t, err, tt.wantAt)
		})
	}
}

func TestPortRangeAsFlag(t *testing.T) {
	var r sockets.PortRange
	flags := flag.NewFlagSet("ftp", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.TextVar(&r, "pasv-ports", sockets.PortRange{}, "")
	assert.True(t, r.IsZero())
	require.NoError(t, flags.Parse([]string{"-pasv-ports", "5000-5010"}))
	assert.Equal(t, sockets.PortRange{Lo: 5000, Hi: 5010}, r)
	require.Error(t, flags.Parse([]string{"-pasv-ports", "5010-5000"}))
	assert.Equal(t, sockets.PortRange{Lo: 5000, Hi: 5010}, r, "a refused value changes nothing")
	b, err := r.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "5000-5010", string(b))
}

func FuzzParsePortRange(f *testing.F) {
	for _, s := range []string{"5000-5100", "21", "0", "1-65535", "9-8", "-", "65536"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := sockets.ParsePortRange(b)
		if err != nil {
			return
		}
		if r.Lo == 0 || r.Lo > r.Hi {
			t.Fatalf("%q: got %v", b, r)
		}
		again, err := sockets.ParsePortRange([]byte(r.String()))
		if err != nil || again != r {
			t.Fatalf("%q: %v came back as %v, %v", b, r, again, err)
		}
	})
}

func FuzzParseEphemeralRange(f *testing.F) {
	f.Add([]byte("32768\t60999\n"))
	f.Add([]byte("2 1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		lo, hi, err := sockets.ParseEphemeralRange(b)
		if err != nil {
			return
		}
		lo2, hi2, err := sockets.ParseEphemeralRange(fmt.Appendf(nil, "%d\t%d\n", lo, hi))
		if lo > hi || lo != lo2 || hi != hi2 || err != nil {
			t.Fatalf("%q: got %d-%d, then %d-%d, %v", b, lo, hi, lo2, hi2, err)
		}
	})
}

func ExamplePortClass() {
	for _, port := range []uint16{80, 12000, 50000} {
		fmt.Println(port, sockets.PortClass(port))
	}
	// Output:
	// 80 well-known
	// 12000 registered
	// 50000 dynamic
}
