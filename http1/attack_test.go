package http1_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"applayer/http1"
)

// A request of a connection, or of another, shows nothing of the one whose
// memory it was read into.
func TestAttackNothingIsLeftOfTheRequestBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m http1.Mux
		m.HandleFunc("POST /of/{name}", func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
			w.Header().Set("Set-Cookie", "secret")
			w.Trailer().Set("Secret", "secret")
			w.WriteHeader(201)
			w.WriteString(strings.Repeat(r.PathValue("name"), 100))
		})
		s := handle(func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
			if r.Method == http1.MethodPost {
				m.ServeHTTP(ctx, w, r)
				return
			}
			assert.Empty(t, r.PathValue("name"))
			assert.Equal(t, 1, r.Header.Len())
			assert.Zero(t, r.Trailer.Len())
			assert.Zero(t, r.Length)
			assert.Nil(t, r.TLS)
			assert.Zero(t, w.Status())
			assert.Zero(t, w.Header().Len())
			assert.Zero(t, w.Trailer().Len())
			w.WriteString("hello\n")
		})
		for range 20 { // the pool gives what it likes
			const before = "POST /of/secret HTTP/1.1\r\nHost: a\r\nCookie: secret\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nSum: secret\r\n\r\n"
			out := converse(t, s, before+plain)
			assert.True(t, strings.HasSuffix(out, "\r\n\r\n"+ok6), "%q", out)
			assert.Equal(t, ok6, converse(t, s, plain))
		}
	})
}
