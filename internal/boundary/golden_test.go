package boundary_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/golden"
)

// TestByteRangesOfNginx reads the multipart/byteranges that nginx sent to curl.
// Its body begins with a line end, as if a preamble were before the delimiter.
func TestByteRangesOfNginx(t *testing.T) {
	conversations := golden.Load(t, "../../http1/testdata/golden/curl-nginx-multirange.pcap")
	require.Len(t, conversations, 1)
	stream := conversations[0].Server
	end, _, err := http1.FindHead(stream, 0, nil)
	require.NoError(t, err)
	body := bytes.ReplaceAll(stream[end:], []byte("--00000000000000000001"), []byte("--b"))
	got, err := readAll(bytes.NewReader(body), nil)
	require.NoError(t, err)
	assert.Equal(t, []part{
		{"Content-Type: text/plain\r\nContent-Range: bytes 0-9/4000\r\n", "000000000\n"},
		{"Content-Type: text/plain\r\nContent-Range: bytes 20-29/4000\r\n", "000000002\n"},
		{"Content-Type: text/plain\r\nContent-Range: bytes 3990-3999/4000\r\n", "000000399\n"},
	}, got)
}
