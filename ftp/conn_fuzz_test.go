package ftp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// However a control connection is cut, it holds the same commands and ends in
// the same way; and no line is longer than the limit.
func FuzzConn(f *testing.F) {
	for _, s := range []string{
		"USER bob\r\nPASS x\r\n", "\xff\xf4\xff\xf2ABOR\r\n", "CWD \xff\xff\r\n", "RETR a\rb\n", "NOOP\r\nUS", "\xff\xfa\x18\x00x\xff\xf0PWD\r\n",
		"\xff\xfd\x06\xff\xfb\x01NOOP\n", "CWD aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nNOOP\r\n", "\r\x00\r\n",
	} {
		f.Add([]byte(s), uint8(3))
	}
	read := func(b []byte, step int) ([]string, error) {
		client, server := testkit.Pipe()
		defer client.Close()
		c := ftp.NewConn(server, &ftp.ConnOptions{Limits: &ftp.Limits{MaxLine: 64, MaxDiscard: 200}})
		defer c.Close()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for len(b) > 0 {
				n := min(step, len(b))
				client.Write(b[:n])
				b = b[n:]
			}
			client.(interface{ CloseWrite() error }).CloseWrite()
		}()
		got, err := readCommands(c)
		client.Close()
		<-done
		return got, err
	}
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		if len(b) > 2000 {
			return
		}
		whole, end := read(b, len(b)+1)
		pieces, endPieces := read(b, int(step)+1)
		require.Equal(t, whole, pieces)
		require.Equal(t, end, endPieces)
		for _, line := range whole {
			require.LessOrEqual(t, len(line), 80)
		}
	})
}
