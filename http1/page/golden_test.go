package page_test

import (
	"bytes"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/page"
	"applayer/internal/golden"
)

// TestWgetCapture finds in a page what Wget, asked for all that the page needs,
// fetched next.
func TestWgetCapture(t *testing.T) {
	conversations := golden.Load(t, "../testdata/golden/wget-lighttpd-page.pcap")
	require.Len(t, conversations, 1)
	c := conversations[0]

	var fetched []string
	for stream := c.Client; len(stream) > 0; {
		var r http1.Request
		n, err := r.Parse(stream, nil)
		require.NoError(t, err)
		if r.Target.Path != "/robots.txt" {
			fetched = append(fetched, "http://"+r.Target.Authority+r.Target.Path)
		}
		stream = stream[n:]
	}
	base, err := url.Parse(fetched[0])
	require.NoError(t, err)

	end, _, err := http1.FindHead(c.Server, 0, nil)
	require.NoError(t, err)
	const length = 228 // the page's Content-Length
	var found []string
	for ref, err := range page.References(bytes.NewReader(c.Server[end:end+length]), base) {
		require.NoError(t, err)
		found = append(found, ref.URL.String())
	}
	assert.Equal(t, fetched[1:], found)
}
