package http1_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// TestTrace: both heads as they passed, line by line, secrets blanked.
func TestTrace(t *testing.T) {
	trace := func(out *strings.Builder, show ...string) *http1.Trace {
		return &http1.Trace{
			Line: func(by http1.Side, line []byte) {
				fmt.Fprintf(out, "%c: %s\n", strings.ToUpper(by.String())[0], line)
			},
			End:  func(by http1.Side, content int64) { fmt.Fprintf(out, "%v sent %d\n", by, content) },
			Show: show,
		}
	}
	var got strings.Builder
	nc := script("POST / HTTP/1.1\r\nHost: h\r\ncookie: a=b\r\nAuthorization: Basic Ym9iOmh1bmdyeQ==\r\nContent-Length: 3\r\n\r\nabc")
	c := http1.NewConn(nc, &http1.ConnOptions{Trace: trace(&got)})
	var r http1.Request
	require.NoError(t, c.ReadRequest(&r))
	assert.Equal(t, "abc", body(t, r.Body))
	require.NoError(t, c.WriteInterim(102, nil))
	require.NoError(t, c.WriteResponse(&http1.Response{Status: 200, Header: fields("Set-Cookie", "c=d")}))
	assert.Equal(t, "C: POST / HTTP/1.1\nC: Host: h\nC: cookie: ***\nC: Authorization: ***\nC: Content-Length: 3\nC: \n"+
		"client sent 3\n"+
		"S: HTTP/1.1 102 \nS: \nS: HTTP/1.1 200 OK\nS: Set-Cookie: ***\nS: Content-Length: 0\nS: \n", got.String())

	got.Reset()
	nc = script("HTTP/1.1 200 OK\nSet-Cookie : c=d\nContent-Length: 0\n\n")
	c = http1.NewConn(nc, &http1.ConnOptions{Client: true, Trace: trace(&got, "Cookie")})
	q := get("/")
	q.Header = fields("Cookie", "a=b", "Proxy-Authorization", "x")
	require.NoError(t, c.WriteRequest(q))
	var p http1.Response
	if assert.Error(t, c.ReadResponse(&p)) {
		assert.Equal(t, "C: GET / HTTP/1.1\nC: Host: h\nC: Cookie: a=b\nC: Proxy-Authorization: ***\nC: \n", got.String())
	}
	c = http1.NewConn(script(getRequest), &http1.ConnOptions{Trace: &http1.Trace{}})
	require.NoError(t, c.ReadRequest(&r), "functions may be missing")
}
