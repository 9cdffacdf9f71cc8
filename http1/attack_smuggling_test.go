package http1_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// TestAttackSmuggling sends the forms of request smuggling that were published,
// each with a request for /smuggled in the octets that one recipient takes for
// a body and another for the next request. The server hands on no request that
// a stricter or a laxer one would not see there as well: it refuses the first
// one, or closes behind it, or takes the octets for the body without a doubt.
func TestAttackSmuggling(t *testing.T) {
	const (
		post = "POST / HTTP/1.1\r\nHost: a\r\n"
		evil = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
		te   = "Transfer-Encoding: chunked\r\n"
	)
	for _, tt := range []struct {
		name, in string
		want     string // the statuses that come
		handled  string // what the handler saw: paths and bodies
	}{
		{"9112-6.3 CL.TE", post + "Content-Length: 6\r\n" + te + "\r\n0\r\n\r\n" + evil, "200", "/()"},
		{"9112-6.3 TE.CL", post + te + "Content-Length: 4\r\n\r\n23\r\n" + evil + "\r\n0\r\n\r\n" + plain, "200", "/(" + evil + ")"},
		{"9112-6.3 CL.CL", post + "Content-Length: 0\r\nContent-Length: 35\r\n\r\n" + evil, "400", ""},
		{"9112-6.3 CL.CL in one field", post + "Content-Length: 0, 35\r\n\r\n" + evil, "400", ""},
		{"9110-8.6 CL with a sign", post + "Content-Length: +0\r\n\r\n" + evil, "400", ""},
		{"9110-8.6 CL in hexadecimal", post + "Content-Length: 0x0\r\n\r\n" + evil, "400", ""},
		{"9110-8.6 CL with an underscore", post + "Content-Length: 1_0\r\n\r\n" + evil, "400", ""},
		{"9110-8.6 CL beyond 64 bits", post + "Content-Length: 18446744073709551616\r\n\r\n" + evil, "400", ""},
		{"9110-8.6 CL empty", post + "Content-Length:\r\n\r\n" + evil, "400", ""},
		{"9110-8.6 CL with a space inside", post + "Content-Length: 3 5\r\n\r\n" + evil, "400", ""},
		{"9112-5.1 CL with a space before the colon", post + "Content-Length : 35\r\n\r\n" + evil, "400", ""},
		{"9112-5.1 TE with a space before the colon", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-5.1 TE with a tab before the colon", post + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-5.2 TE in a fold", post + "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-5.2 TE folded", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-2.2 TE behind a bare LF", post + "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-2.2 TE behind a bare CR", post + "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9110-5.5 TE behind a NUL", post + "X: y\x00Transfer-Encoding: chunked\r\n\r\n" + evil, "400", ""},
		{"9110-5.1 TE behind VT", post + "\vTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9110-5.5 TE with VT before its value", post + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-6.1 TE xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-6.1 TE in quotes", post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-6.1 TE identity", post + "Transfer-Encoding: identity\r\nContent-Length: 35\r\n\r\n" + evil, "400", ""},
		{"9112-6.1 TE chunked, identity", post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-6.1 TE identity, chunked", post + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + evil, "501", ""},
		{"9112-6.1 TE twice", post + te + te + "\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-6.1 TE and another TE", post + te + "Transfer-Encoding: cow\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-6.1 TE with a parameter", post + "Transfer-Encoding: chunked;x=y\r\n\r\n0\r\n\r\n" + evil, "400", ""},
		{"9112-6.1 TE empty", post + "Transfer-Encoding:\r\nContent-Length: 35\r\n\r\n" + evil, "400", ""},
		{"9110-5.6.1 TE behind a comma", post + "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n" + plain, "200 200", "/() /()"},
		{"9112-6.1 TE in HTTP/1.0", "POST / HTTP/1.0\r\nConnection: keep-alive\r\n" + te + "\r\n0\r\n\r\n" + evil, "200", "/()"},
		{"9112-7.1 chunk size with a sign", post + te + "\r\n+0\r\n\r\n" + evil, "400", "/(!)"},
		{"9112-7.1 chunk size with 0x", post + te + "\r\n0x0\r\n\r\n" + evil, "400", "/(!)"},
		{"9112-7.1 chunk size with a space before", post + te + "\r\n 0\r\n\r\n" + evil, "400", "/(!)"},
		{"9112-7.1 chunk size with a space behind", post + te + "\r\n0 \r\n\r\n" + evil, "400", "/(!)"},
		{"9112-7.1 chunk size beyond 64 bits", post + te + "\r\n10000000000000000\r\n\r\n" + evil, "400", "/(!)"},
		{"9112-7.1 chunk size empty", post + te + "\r\n\r\n" + evil, "400", "/(!)"},
		{"9112-7.1 chunk line ends in LF", post + te + "\r\n0\n\r\n" + evil, "400", "/(!)"},
		{"9112-7.1 last chunk, then LF", post + te + "\r\n0\r\n\n" + evil, "400", "/(!)"},
		{"9112-7.1.1 extension with LF (TERM.EXT)", post + te + "\r\n2;\nxx\r\n22\r\nxy\r\n0\r\n\r\n" + evil, "400", "/(!)"},
		{"9112-7.1.1 extension with CR", post + te + "\r\n2;a\rb\r\nxy\r\n0\r\n\r\n" + evil, "400", "/(!)"},
		{"9112-7.1.1 extension with NUL", post + te + "\r\n2;a=\x00\r\nxy\r\n0\r\n\r\n" + evil, "400", "/(!)"},
		{"9112-7.1.1 extension with LF in quotes", post + te + "\r\n2;a=\"\n\"\r\nxy\r\n0\r\n\r\n" + evil, "400", "/(!)"},
		{"9112-7.1 chunk data longer than said (SPILL)", post + te + "\r\n5\r\nhelloXX0\r\n\r\n" + evil, "400", "/(hello!)"},
		{"9112-7.1 chunk data ends in LF", post + te + "\r\n5\r\nhello\n0\r\n\r\n" + evil, "400", "/(hello!)"},
		{"9112-7.1 chunk data ends in CR", post + te + "\r\n5\r\nhello\r0\r\n\r\n" + evil, "400", "/(hello!)"},
		{"9112-7.1.2 a trailer line without colon", post + te + "\r\n0\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", "400", "/(!)"},
		{"9112-7.1.2 trailers change no framing", post + te + "\r\n0\r\nContent-Length: 35\r\nTransfer-Encoding: chunked\r\n\r\n" + plain, "200 200", "/() /()"},
		{"9112-7.1.2 a trailer with white space before its colon", post + te + "\r\n0\r\nX : y\r\n\r\n" + evil, "400", "/(!)"},
		{"9112-6.3 GET with a body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\n" + evil + plain, "200 200", "/(" + evil + ") /()"},
		{"9112-6.3 HEAD with a body", "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\n" + evil + plain, "200 200", "/(" + evil + ") /()"},
		{"9112-6.3 CONNECT with a body, refused", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 35\r\n\r\n" + evil + plain, "405 200", "(" + evil + ") /()"},
		{"9110-10.1.1 Expect with a body that came", post + "Expect: 100-continue\r\nContent-Length: 35\r\n\r\n" + evil + plain, "200 200", "/(" + evil + ") /()"},
		{"9110-10.1.1 Expect obfuscated", post + "Expect: y 100-continue\r\nContent-Length: 35\r\n\r\n" + evil, "417", ""},
		{"9112-2.2 an empty line between requests", plain + "\r\n" + plain, "200 200", "/() /()"},
		{"9112-2.2 two of them", plain + "\r\n\r\n" + evil, "200 400", "/()"},
		{"9112-3 a space at the end of the request line", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n" + evil, "400", ""},
		{"9112-3 two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n" + evil, "400", ""},
		{"9112-3.2 a request in the target", "GET /\r\nHost: a\r\n\r\n" + evil, "400", ""},
		{"9112-3.2 two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + evil, "400", ""},
		{"9112-3.2 a host in a list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n" + evil, "400", ""},
		{"9112-3.2 a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" + evil, "400", ""},
		{"9112-3.2 a host with user information", "GET / HTTP/1.1\r\nHost: x@a\r\n\r\n" + evil, "400", ""},
		{"9110-7.6.1 Connection that names Content-Length", post + "Connection: content-length\r\nContent-Length: 35\r\n\r\n" + evil + plain, "200 200", "/(" + evil + ") /()"},
		{"9113-3.4 the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + evil, "505", ""},
		{"9112-2.3 HTTP/0.9", "GET /\r\n" + evil, "400", ""},
		{"9110-7.8 an upgrade refused, with a request behind it", "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n" + plain, "200 200", "/() /()"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, step := range []int{len(tt.in), 1} {
				synctest.Test(t, func(t *testing.T) {
					var handled []string
					s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
						body, err := io.ReadAll(r.Body)
						if err != nil {
							body = append(body, '!')
						}
						handled = append(handled, fmt.Sprintf("%s(%s)", r.Target.Path, body))
						if r.Method == http1.MethodConnect {
							w.WriteHeader(405)
						}
					})
					client, server := testkit.Pipe()
					done := make(chan error, 1)
					go func() { done <- s.ServeConn(t.Context(), server) }()
					out := string(send(t, client, tt.in, step))
					var statuses []string
					for _, r := range strings.Split(out, "HTTP/1.1 ")[1:] {
						// In pieces the body may not have come when it is asked for.
						if step > 1 || r[:3] != "100" {
							statuses = append(statuses, r[:3])
						}
					}
					client.Close()
					require.NoError(t, <-done)
					assert.Equal(t, tt.want, strings.Join(statuses, " "), "in pieces of %d", step)
					assert.Equal(t, tt.handled, strings.Join(handled, " "), "in pieces of %d", step)
				})
			}
		})
	}
}
