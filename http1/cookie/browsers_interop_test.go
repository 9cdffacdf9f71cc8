package cookie_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/internal/peers"
)

// The text browsers keep our session's cookie in their jars: they return it
// after a redirect in the same run.
func TestSessionsOfTextBrowsers(t *testing.T) {
	sessions, err := cookie.NewSessions(nil)
	require.NoError(t, err)
	defer sessions.Close()
	s := &http1.Server{Handler: http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		x, fresh, err := sessions.Visit(r.Header.Get("Cookie"))
		switch {
		case err != nil:
			w.Error(http1.StatusInternalServerError, err.Error())
		case fresh:
			w.Header().Add("Set-Cookie", sessions.SetCookie(x))
			w.Header().Add("Location", "/again")
			w.WriteHeader(http1.StatusFound)
		default:
			w.Header().Add("Content-Type", "text/plain")
			w.WriteString("known since " + r.Target.Path + "\n")
		}
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go s.Serve(l)
	defer s.Close()
	url := "http://" + l.Addr().String() + "/"
	for _, tt := range []struct {
		program string
		args    []string
	}{
		{"w3m", []string{"-config", os.DevNull, "-cookie", "-o", "accept_cookie=1", "-dump", url}},
		{"lynx", []string{"-cfg=" + os.DevNull, "-accept_all_cookies", "-cookie_file=" + filepath.Join(t.TempDir(), "jar"), "-dump", url}},
	} {
		t.Run(tt.program, func(t *testing.T) {
			out := peers.Run(t, tt.program, tt.args...)
			assert.Contains(t, string(out.Stdout), "known since /again", "%s", out.Stderr)
		})
	}
}
