package files_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/files"
)

func TestListing(t *testing.T) {
	dir, root := folder(t, map[string]string{
		"b.txt": "", "a.txt": "", "Z/": "", ".dot": "", ".upload-x": "", ".well-known/x": "",
		"<script>alert(1)<": "", `"quoted" & 'more'`: "", "a:b": "", "100%": "", "what?#": "", "ü": "", "sub/.well-known": "", "sub/y": "",
	})
	s := &files.FileServer{Root: root, Listing: true}
	got := ask(t, s, "GET", "/")
	assert.Equal(t, 200, got.Status)
	assert.Equal(t, "text/html; charset=utf-8", got.Header.Get("Content-Type"))
	assert.Equal(t, fmt.Sprint(len(got.body)), got.Header.Get("Content-Length"))
	assert.Equal(t, "default-src 'none'", got.Header.Get("Content-Security-Policy"))
	want := []string{
		`<a href="./%22quoted%22%20&amp;%20%27more%27">&#34;quoted&#34; &amp; &#39;more&#39;</a>`,
		`<a href="./.well-known/">.well-known/</a>`,
		`<a href="./100%25">100%</a>`,
		`<a href="./%3Cscript%3Ealert%281%29%3C">&lt;script&gt;alert(1)&lt;</a>`,
		`<a href="./Z/">Z/</a>`,
		`<a href="./a.txt">a.txt</a>`,
		`<a href="./a:b">a:b</a>`,
		`<a href="./b.txt">b.txt</a>`,
		`<a href="./sub/">sub/</a>`,
		`<a href="./what%3F%23">what?#</a>`,
		`<a href="./%C3%BC">ü</a>`,
	}
	var items []string
	for line := range strings.Lines(got.body) {
		if item, ok := strings.CutPrefix(strings.TrimSpace(line), "<li>"); ok {
			items = append(items, strings.TrimSuffix(item, "</li>"))
		}
	}
	assert.Equal(t, want, items)

	below := ask(t, s, "GET", "/sub/")
	assert.Contains(t, below.body, "<title>/sub/</title>")
	assert.Contains(t, below.body, `<a href="../">../</a>`)
	assert.NotContains(t, below.body, "well-known")
	head := ask(t, s, "HEAD", "/sub/")
	assert.Equal(t, below.Header.Get("Content-Length"), head.Header.Get("Content-Length"))
	assert.Empty(t, head.body)

	s = &files.FileServer{Root: root, Listing: true, Dotfiles: true}
	all := ask(t, s, "GET", "/")
	assert.Contains(t, all.body, "./.dot")
	assert.NotContains(t, all.body, "upload")

	if runtime.GOOS == "linux" { // where names are octets
		require.NoError(t, os.WriteFile(filepath.Join(dir, "sub", "latin\xfc"), nil, 0o644))
		assert.NotContains(t, ask(t, s, "GET", "/sub/").body, "latin", "no request could have it")
	}
}

func TestListingLimit(t *testing.T) {
	names := map[string]string{}
	for i := range 20 {
		names[fmt.Sprintf("%02d", i)] = ""
	}
	_, root := folder(t, names)
	for limit, want := range map[int]int{0: 20, -1: 20, 5: 5, 20: 20} {
		got := ask(t, &files.FileServer{Root: root, Listing: true, MaxListing: limit}, "GET", "/")
		assert.Equal(t, want, strings.Count(got.body, "<li>"), "limit %d", limit)
		assert.Equal(t, limit == 5, strings.Contains(got.body, "Only 5 names"))
	}
}
