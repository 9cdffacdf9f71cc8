package ftp_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// again checks that what was parsed is written, and read back as the same.
func again(t *testing.T, ap netip.AddrPort, write func([]byte, netip.AddrPort) ([]byte, error), parse func([]byte) (netip.AddrPort, error)) {
	require.NotZero(t, ap.Port())
	b, err := write(nil, ap)
	require.NoError(t, err)
	got, err := parse(b)
	require.NoError(t, err, "%q", b)
	require.Equal(t, ap, got)
}

func FuzzParsePORT(f *testing.F) {
	f.Add([]byte("127,0,0,1,200,10"))
	f.Add([]byte("1,2,3,4,5,256"))
	f.Fuzz(func(t *testing.T, arg []byte) {
		if ap, err := ftp.ParsePORT(arg); err == nil {
			again(t, ap, ftp.AppendPORT, ftp.ParsePORT)
			again(t, ap, ftp.AppendEPRT, ftp.ParseEPRT)
			loose, err := ftp.Parse227(string(arg))
			require.NoError(t, err, "227 takes what PORT takes")
			require.Equal(t, ap, loose)
		}
	})
}

func FuzzParseEPRT(f *testing.F) {
	f.Add([]byte("|1|132.235.1.2|6275|"))
	f.Add([]byte("|2|::ffff:1.2.3.4|6275|"))
	f.Fuzz(func(t *testing.T, arg []byte) {
		ap, err := ftp.ParseEPRT(arg)
		if err != nil {
			return
		}
		again(t, ap, ftp.AppendEPRT, ftp.ParseEPRT)
		if len(arg) <= 60 && arg[0] != ')' {
			port, err := ftp.Parse229("(" + string(arg) + ")")
			require.NoError(t, err, "one routine serves both (RFC 2428 §3)")
			require.Equal(t, ap.Port(), port)
		}
	})
}

func FuzzParseEPSV(f *testing.F) {
	f.Add([]byte("1"))
	f.Add([]byte("All"))
	f.Fuzz(func(t *testing.T, arg []byte) {
		protocol, all, err := ftp.ParseEPSV(arg)
		if err == nil {
			require.Contains(t, []int{0, 1, 2}, protocol)
			require.False(t, all && protocol != 0)
		}
	})
}

func FuzzParse227(f *testing.F) {
	f.Add("Entering Passive Mode (127,0,0,1,200,10).")
	f.Add("=1, 2, 3, 4, 5, 6")
	f.Fuzz(func(t *testing.T, text string) {
		if ap, err := ftp.Parse227(text); err == nil {
			again(t, ap, ftp.Append227, func(b []byte) (netip.AddrPort, error) { return ftp.Parse227(string(b)) })
		}
	})
}

func FuzzParse229(f *testing.F) {
	f.Add("Entering Extended Passive Mode (|||6446|)")
	f.Add("(11164461)")
	f.Fuzz(func(t *testing.T, text string) {
		if port, err := ftp.Parse229(text); err == nil {
			b, err := ftp.Append229(nil, port)
			require.NoError(t, err)
			got, err := ftp.Parse229(string(b))
			require.NoError(t, err)
			require.Equal(t, port, got)
		}
	})
}
