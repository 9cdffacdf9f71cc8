package http1_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// Every combination of these fields is answered as net/http answers it. Not
// among them is where it differs, and why we do:
//
//   - a Range that is malformed or of another unit gets 416 there;
//     RFC 9110 §14.2 says that another unit MUST be ignored;
//   - ranges that overlap are sent twice there, where RFC 9110 §15.3.7.2 lets
//     them become one;
//   - a HEAD with a Range gets 206 there; RFC 9110 §14.2 defines it for GET
//     alone;
//   - a list of entity tags ends there at the first member that is none;
//   - a 304 with an ETag has no Last-Modified there, which RFC 9110 §15.4.5
//     allows; nginx and Apache send both, and so do we.
func TestServeContentPeer(t *testing.T) {
	choices := []struct {
		name   string
		values []string
	}{
		{"If-Match", []string{"", `"a"`, `"b", "a"`, `W/"a"`, "*"}},
		{"If-Unmodified-Since", []string{"", beforeDate, sameDate, "x"}},
		{"If-None-Match", []string{"", `"b"`, `W/"a"`, `"b", "a"`, "*"}},
		{"If-Modified-Since", []string{"", beforeDate, sameDate, "x"}},
		{"Range", []string{"", "bytes=0-4", "bytes=-3", "bytes=20-", "bytes=26-", "bytes=0-0,-1", "bytes=0-25,0-25"}},
		{"If-Range", []string{"", `"a"`, `"b"`, `W/"a"`, sameDate, beforeDate}},
	}
	var try func(at int, fields []string)
	try = func(at int, fields []string) {
		if at < len(choices) {
			for _, v := range choices[at].values {
				if v == "" {
					try(at+1, fields)
				} else {
					try(at+1, append(fields[:len(fields):len(fields)], choices[at].name, v))
				}
			}
			return
		}
		for _, method := range []string{"GET", "HEAD"} {
			if method == "HEAD" && strings.Contains(strings.Join(fields, " "), "bytes=") {
				continue
			}
			comparePeer(t, method, fields)
		}
	}
	try(0, nil)
}

// comparePeer has net/http answer the same request.
func comparePeer(t *testing.T, method string, fields []string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	peer := httptest.NewRecorder()
	peer.Header().Set("ETag", `"a"`)
	peer.Header().Set("Content-Type", "text/plain")
	http.ServeContent(peer, r, "", changed, strings.NewReader(alphabet))
	want := peer.Result()
	body, err := io.ReadAll(want.Body)
	require.NoError(t, err)

	got := serve(t, method, fields, nil)
	require.Equal(t, want.StatusCode, got.status, "%s %q", method, fields)
	if got.status >= 400 { // where the text is theirs
		return
	}
	require.Equal(t, want.Header.Get("Content-Range"), got.header.Get("Content-Range"), "%s %q", method, fields)
	if got.status != http1.StatusNotModified {
		require.Equal(t, want.Header.Get("Last-Modified"), got.header.Get("Last-Modified"), "%s %q", method, fields)
	}
	if strings.HasPrefix(want.Header.Get("Content-Type"), "multipart/") {
		return
	}
	require.Equal(t, string(body), got.body.String(), "%s %q", method, fields)
	require.Equal(t, want.Header.Get("Content-Type"), got.header.Get("Content-Type"), "%s %q", method, fields)
}
