package dns_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/testkit"
)

// Whatever comes over a stream, the answers are the same however it is cut, and
// each is a message behind its length.
func FuzzServerStream(f *testing.F) {
	f.Add([]byte(overStream(queryHead+asked)+overStream(optHead+asked+opt)), uint16(1))
	f.Add([]byte(overStream(response)+overStream(queryHead+asked)+"\x00\x05junk"), uint16(9))
	s := &dns.Server{Handler: echo}
	serve := func(t *testing.T, octets []byte, chunk int) []byte {
		client, server := testkit.PipeBuffer(1 << 20)
		go func() {
			for len(octets) > 0 {
				n := min(chunk, len(octets))
				client.Write(octets[:n])
				octets = octets[n:]
			}
			client.(interface{ CloseWrite() error }).CloseWrite()
		}()
		require.NoError(t, s.ServeConn(t.Context(), server))
		out, err := io.ReadAll(client)
		require.NoError(t, err)
		return out
	}
	f.Fuzz(func(t *testing.T, octets []byte, chunk uint16) {
		if len(octets) > 10000 {
			return
		}
		whole := serve(t, octets, len(octets)+1)
		assert.Equal(t, whole, serve(t, octets, int(chunk%100)+1))
		for len(whole) > 0 {
			require.Greater(t, len(whole), 2)
			n := 2 + (int(whole[0])<<8 | int(whole[1]))
			require.LessOrEqual(t, n, len(whole))
			var p dns.Parser
			_, err := p.Start(whole[2:n])
			require.NoError(t, err)
			for p.Next() {
			}
			require.NoError(t, p.Err())
			whole = whole[n:]
		}
	})
}
