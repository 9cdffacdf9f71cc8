package cookie_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
	"applayer/internal/testkit"
)

// site is a server that sets cookies and remembers what came back.
func site(t *testing.T, setCookie ...string) (port string, got *string) {
	got = new(string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*got = r.Header.Get("Cookie")
		for _, v := range setCookie {
			w.Header().Add("Set-Cookie", v)
		}
	}))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	return port, got
}

// curl fetches a page of www.shop.example, which is at the port.
func curl(t *testing.T, port string, args ...string) {
	t.Helper()
	path := testkit.Program(t, "curl")
	host := "www.shop.example:" + port
	args = append(args, "-sS", "-o", os.DevNull, "--noproxy", "*", "--resolve", host+":127.0.0.1", "http://"+host+"/cart/x")
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// What curl -c writes we read, and send what curl -b would.
func TestJarOfCurl(t *testing.T) {
	port, got := site(t, "id=1678; Max-Age=1209600; Path=/", "all=1; Domain=shop.example; Max-Age=60; HttpOnly", "session=8734", `q="a, b"; Path=/cart/x`, "empty=; Path=/")
	name := filepath.Join(t.TempDir(), "jar")
	curl(t, port, "-c", name)
	j := openJar(t, name, nil)
	assert.Empty(t, j.Damaged())
	u := mustURL("http://www.shop.example:" + port + "/cart/x")
	ours := j.Cookie(u, nil, "GET")
	for c := range j.All() {
		assert.Equal(t, c.Name == "all", c.HttpOnly, c.Name)
		assert.Equal(t, c.Name != "all", c.HostOnly, c.Name)
		assert.Equal(t, c.Name == "id" || c.Name == "all", !c.Expires.IsZero(), c.Name)
	}
	curl(t, port, "-b", name)
	assert.ElementsMatch(t, cookies(t, *got), cookies(t, ours))
	assert.Len(t, cookies(t, ours), 5)
}

func cookies(t *testing.T, field string) []cookie.Cookie {
	t.Helper()
	c, err := cookie.ParseCookie(nil, field, nil)
	require.NoError(t, err)
	return c
}

// What we write curl -b reads, and sends what we would; with -c it writes the
// file again, and nothing that it has a column for is lost.
func TestJarForCurl(t *testing.T) {
	port, got := site(t)
	name := filepath.Join(t.TempDir(), "jar")
	options := &cookie.FileJarOptions{KeepSession: true}
	j := openJar(t, name, options)
	at := "http://www.shop.example:" + port + "/cart/x"
	for _, v := range []string{
		"id=1678; Max-Age=1209600; Path=/; SameSite=Strict", "all=1; Domain=shop.example; Max-Age=60; HttpOnly",
		"session=8734", `q="a, b"; Path=/cart/x`, "empty=; Path=/", "elsewhere=1; Path=/help",
	} {
		set(t, &j.Jar, at, v)
	}
	set(t, &j.Jar, "http://shop.example/", "apex=1; Max-Age=60")
	set(t, &j.Jar, "https://www.shop.example/", "secure=1; Max-Age=60; Secure; SameSite=None")
	want := j.Cookie(mustURL(at), nil, "GET")
	before := inFile(&j.Jar)
	require.NoError(t, j.Close())

	again := filepath.Join(t.TempDir(), "again")
	curl(t, port, "-b", name, "-c", again)
	assert.ElementsMatch(t, cookies(t, want), cookies(t, *got))
	assert.Len(t, cookies(t, want), 5)

	j = openJar(t, again, options)
	assert.Len(t, before, 8)
	assert.ElementsMatch(t, before, inFile(&j.Jar))
}

// inFile is the cookies as far as the format has columns.
func inFile(j *cookie.Jar) (all []cookie.Stored) {
	for c := range j.All() {
		c.SameSite, c.Created, c.Used = cookie.SameSiteUnset, time.Time{}, time.Time{}
		if !c.Expires.IsZero() {
			c.Expires = time.Unix(c.Expires.Unix(), 0)
		}
		all = append(all, c)
	}
	return all
}

// Python's http.cookiejar reads our file too.
func TestJarForPython(t *testing.T) {
	python := testkit.Program(t, "python3")
	name := filepath.Join(t.TempDir(), "jar")
	j := openJar(t, name, nil)
	set(t, &j.Jar, "https://www.shop.example/x/y", "id=1678; Max-Age=1209600; Domain=shop.example; Secure; HttpOnly; SameSite=Lax")
	set(t, &j.Jar, "https://www.shop.example/", "empty=; Max-Age=1209600")
	require.NoError(t, j.Close())
	out, err := exec.CommandContext(t.Context(), python, "-c", `
import http.cookiejar, sys
j = http.cookiejar.MozillaCookieJar(sys.argv[1])
j.load()
for c in sorted(j, key=lambda c: c.name):
    print(c.domain, c.domain_specified, c.path, c.secure, c.name, repr(c.value))
`, name).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "www.shop.example False / False empty ''\n.shop.example True /x True id '1678'\n", string(out))
}
