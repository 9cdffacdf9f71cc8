package cookie_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
)

func set(t *testing.T, j *cookie.Jar, at, value string) {
	t.Helper()
	require.NoError(t, j.SetCookie(mustURL(at), nil, value))
}

func TestEvictOfDomain(t *testing.T) {
	c := newClock()
	j := cookie.NewJar(&cookie.JarOptions{Now: c.now, Limits: cookie.Limits{MaxPerDomain: 3}})
	const at, x = "https://example.com/", "https://example.com/x"
	set(t, j, at, "s=1; Secure")
	set(t, j, at, "a=1; Path=/x")
	set(t, j, at, "b=1")
	set(t, j, "https://example.org/", "other=1")
	c.wait(time.Second)
	assert.Equal(t, "a=1; s=1; b=1", j.Cookie(mustURL(x), nil, "GET"), "uses them in this order")
	set(t, j, at, "c=1")
	assert.Equal(t, "s b other c", names(slices.Collect(j.All())), "the least recently used without Secure")
	set(t, j, at, "e=1; Max-Age=10")
	assert.Equal(t, "s other c e", names(slices.Collect(j.All())))
	c.wait(10 * time.Second)
	set(t, j, at, "f=1")
	assert.Equal(t, "s other c f", names(slices.Collect(j.All())), "5.3: expired ones go first")
	set(t, j, at, "s2=1; Secure")
	set(t, j, at, "s3=1; Secure")
	assert.Equal(t, "s other s2 s3", names(slices.Collect(j.All())))
	set(t, j, "http://example.com/", "bad=1")
	assert.Equal(t, "s other s2 s3", names(slices.Collect(j.All())), "6265bis 5.7: it cannot push out Secure ones")
	set(t, j, at, "s4=1; Secure")
	assert.Equal(t, "other s2 s3 s4", names(slices.Collect(j.All())))
}

func TestEvictOfAll(t *testing.T) {
	j := cookie.NewJar(&cookie.JarOptions{Limits: cookie.Limits{MaxCookies: 3}})
	for _, n := range []string{"a", "b", "c"} {
		set(t, j, "http://"+n+".example/", n+"=1")
	}
	assert.Equal(t, "a=1", j.Cookie(mustURL("http://a.example/"), nil, "GET"))
	set(t, j, "http://d.example/", "d=1")
	assert.Equal(t, "a c d", names(slices.Collect(j.All())))
	set(t, j, "http://c.example/", "c=2")
	set(t, j, "http://e.example/", "e=1")
	assert.Equal(t, "c d e", names(slices.Collect(j.All())), "set again is used")
}

func TestDefaultLimits(t *testing.T) {
	j := &cookie.Jar{}
	for i := range 100 {
		set(t, j, "http://h.example/", fmt.Sprintf("a%d=1", i))
	}
	all := slices.Collect(j.All())
	require.Len(t, all, 50)
	assert.Equal(t, "a50", all[0].Name)
	for i := range 3100 {
		set(t, j, fmt.Sprintf("http://h%d.example/", i), "a=1")
	}
	all = slices.Collect(j.All())
	require.Len(t, all, 3000)
	assert.Equal(t, "h100.example", all[0].Domain)

	j = cookie.NewJar(&cookie.JarOptions{Limits: cookie.Limits{MaxPerDomain: -1, MaxCookies: -1}})
	for i := range 3100 {
		set(t, j, "http://h.example/", fmt.Sprintf("a%d=1", i))
	}
	assert.Equal(t, 3100, strings.Count(j.Cookie(mustURL("http://h.example/"), nil, "GET"), "="))
}
