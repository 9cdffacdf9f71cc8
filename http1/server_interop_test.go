package http1_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// TestServerInteropCurl has curl talk to our server.
func TestServerInteropCurl(t *testing.T) {
	curl := testkit.Program(t, "curl")
	big := filepath.Join(t.TempDir(), "big")
	require.NoError(t, os.WriteFile(big, []byte(strings.Repeat("0123456789", 300_000)), 0o644))
	s := handle(func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
		switch r.Target.Path {
		case "/count":
			n, err := io.Copy(io.Discard, r.Body)
			fmt.Fprintf(w, "%s %v %d %v\n", r.Method, r.Version, n, err)
		case "/refuse":
			w.Error(413, "too much")
		case "/hints":
			h := http1.NewHeader("Link", "</a.css>; rel=preload")
			w.Inform(103, &h)
			sayHello(ctx, w, r)
		case "/long":
			io.Copy(w, strings.NewReader(strings.Repeat("x", 100_000)))
		default:
			sayHello(ctx, w, r)
		}
	})
	url := "http://" + listenAndServe(t, s)
	for _, tt := range []struct {
		name string
		args []string
		want string // a pattern
	}{
		{"GET", []string{url}, `^hello\n$`},
		{"GET twice on one connection", []string{"-w", "%{num_connects} ", url, url}, `^hello\n1 hello\n0 $`},
		{"HEAD", []string{"-I", url}, `(?s)^HTTP/1.1 200 OK\r\n.*Content-Length: 6\r\n`},
		{"HTTP/1.0", []string{"-0", "-i", url}, `(?s)^HTTP/1.1 200 OK\r\n.*Connection: close\r\n`},
		{"HTTP/1.0, length not known", []string{"-0", "-o", os.DevNull, "-w", "%{size_download}", url + "/long"}, `^100000$`},
		{"chunks", []string{"-o", os.DevNull, "-w", "%{size_download}", url + "/long"}, `^100000$`},
		{"upload that waits for a 100", []string{"-v", "-T", big, url + "/count"}, `(?s)< HTTP/1.1 100 Continue.*PUT HTTP/1.1 3000000 <nil>\n`},
		{"upload in chunks", []string{"-H", "Transfer-Encoding: chunked", "-T", big, url + "/count"}, `^PUT HTTP/1.1 3000000 <nil>\n$`},
		{"upload refused", []string{"-w", " %{http_code}", "-T", big, url + "/refuse"}, `^too much\n 413$`},
		{"upload refused while it is sent", []string{"-w", " %{http_code}", "-H", "Expect:", "-T", big, url + "/refuse"}, `^too much\n 413$`},
		{"early hints", []string{"-v", url + "/hints"}, `(?s)< HTTP/1.1 103 Early Hints.*< HTTP/1.1 200 OK.*hello\n`},
		{"unknown expectation", []string{"-w", " %{http_code}", "-H", "Expect: tea", "-d", "x", url}, ` 417$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), curl, append([]string{"-sS", "--max-time", "20"}, tt.args...)...).CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Regexp(t, tt.want, string(out))
		})
	}
}

// ab asks for keep-alive in HTTP/1.0 (RFC 9112 §C.2.2).
func TestServerInteropAB(t *testing.T) {
	ab := testkit.Program(t, "ab")
	s := handle(sayHello)
	url := "http://" + listenAndServe(t, s) + "/"
	for _, args := range [][]string{{"-k"}, {}} {
		out, err := exec.CommandContext(t.Context(), ab, append(args, "-q", "-n", "500", "-c", "10", url)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Regexp(t, `Complete requests:\s+500\n`, string(out))
		assert.Regexp(t, `Failed requests:\s+0\n`, string(out))
		if len(args) > 0 {
			assert.Regexp(t, `Keep-Alive requests:\s+500\n`, string(out))
		}
	}
}

// A file goes to a plain TCP connection by sendfile: strace sees it.
func TestServerInteropSendfile(t *testing.T) {
	testkit.Linux(t, "sendfile")
	strace := testkit.Program(t, "strace")
	if out, err := exec.CommandContext(t.Context(), strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %s", out)
	}
	dir := t.TempDir()
	const size = 3 << 20
	require.NoError(t, os.WriteFile(filepath.Join(dir, "big"), make([]byte, size), 0o644))
	trace := filepath.Join(t.TempDir(), "trace")
	program := testkit.Build(t, "applayer/examples/web/server")
	p := testkit.Start(t, strace, "-D", "-f", "-o", trace, "-e", "trace=sendfile,sendfile64", program, "-addr", "127.0.0.1:0", "-root", dir)
	url := "http://" + strings.TrimPrefix(p.WaitLine("listening on tcp "), "listening on tcp ")
	resp, err := http.Get(url + "/big")
	require.NoError(t, err)
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	assert.EqualValues(t, size, n)
	assert.Zero(t, p.Stop())
	var b []byte
	require.Eventually(t, func() bool {
		b, _ = os.ReadFile(trace)
		return strings.Contains(string(b), "+++ exited with 0 +++")
	}, 20*time.Second, 10*time.Millisecond, "strace has written all")
	sent := 0
	for _, m := range regexp.MustCompile(`sendfile(?:64)?.*= (\d+)\n`).FindAllSubmatch(b, -1) {
		var k int
		fmt.Sscan(string(m[1]), &k)
		sent += k
	}
	assert.Equal(t, size, sent, "all of it went by sendfile:\n%s", b)
}
