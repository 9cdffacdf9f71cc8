package page_test

import (
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/page"
)

// refs writes what in refers to: element.attribute and the address.
func refs(in io.Reader, base *url.URL) (out []string, err error) {
	for ref, err := range page.References(in, base) {
		if err != nil {
			return out, err
		}
		out = append(out, ref.Element+"."+ref.Attribute+" "+ref.URL.String())
	}
	return out, nil
}

func TestReferences(t *testing.T) {
	base, err := url.Parse("http://www.someSchool.edu/someDepartment/home.index")
	require.NoError(t, err)
	const at = "http://www.someSchool.edu/someDepartment/"
	tests := []struct {
		name, in string
		want     []string
	}{
		{"the five elements", `<link rel=stylesheet href=s.css><script src="/j.js"></script><img src='i.jpg'><picture><source srcset="w.webp 1x, v.webp 2x"></picture><iframe src=//h.example/f></iframe>`,
			[]string{"link.href " + at + "s.css", "script.src http://www.someSchool.edu/j.js", "img.src " + at + "i.jpg", "source.srcset " + at + "w.webp", "iframe.src http://h.example/f"}},
		{"the others", `<video src=v poster=p><audio src=a><track src=t><embed src=e><object data=o><input type=Image src=b><frame src=f>`,
			[]string{"video.poster " + at + "p", "video.src " + at + "v", "audio.src " + at + "a", "track.src " + at + "t", "embed.src " + at + "e", "object.data " + at + "o", "input.src " + at + "b", "frame.src " + at + "f"}},
		{"no references", `<a href=a><form action=b><link rel=canonical href=c><link href=d><input src=e><script>f()</script><img alt=g><iframe srcdoc="<img>" src=h></iframe><img src=""><img src=" "><img src="#x"></img src=y>`, nil},
		{"rel of a link", `<link rel="Shortcut ICON" href=1><link rel="alternate stylesheet" href=2><link rel="dns-prefetch" href=3><link rel=preload href=4><link rel=manifest>`,
			[]string{"link.href " + at + "1", "link.href " + at + "2", "link.href " + at + "4"}},
		{"repeated ones, in order", "<img src=b><img src=a><img src=b>", []string{"img.src " + at + "b", "img.src " + at + "a", "img.src " + at + "b"}},
		{"src before srcset", `<img srcset="b 2x" src=a><img srcset="b 2x" src="">`, []string{"img.src " + at + "a", "img.srcset " + at + "b"}},
		{"first candidate", `<img srcset=" , a.jpg, b.jpg 2x"><img srcset="c,d.jpg 640w,e"><img srcset=",">`, []string{"img.srcset " + at + "a.jpg", "img.srcset " + at + "c,d.jpg"}},
		{"base", `<img src=1><base href="/other/x"><img src=2><base href=/no/><img src=3>`, []string{"img.src " + at + "1", "img.src http://www.someSchool.edu/other/2", "img.src http://www.someSchool.edu/other/3"}},
		{"base on another host", `<base target=_top><base href="https://cdn.example/a/"><img src=b><img src=/c>`, []string{"img.src https://cdn.example/a/b", "img.src https://cdn.example/c"}},
		{"base that is none", `<base href="javascript:x"><base href=/y/><img src=1>`, []string{"img.src " + at + "1"}},
		{"template", `<template><img src=1><template></template><img src=2></template></template><img src=3>`, []string{"img.src " + at + "3"}},
		{"noscript, comment, script, textarea", `<noscript><img src=1></noscript><!-- <img src=2> --><script>"<img src=3>"</script><textarea><img src=4></textarea>`, []string{"img.src " + at + "1"}},
		{"other schemes", `<img src="data:image/gif;base64,R0lGOD"><iframe src=about:blank></iframe><iframe src="javascript:1"></iframe><img src=mailto:a@b><img src=ftp://h/f><img src=blob:http://h/x><img src="http:a"><img src="http:///a">`, nil},
		{"fragment", `<img src="a.svg#icon"><iframe src="?q=1#f"></iframe>`, []string{"img.src " + at + "a.svg", "iframe.src " + at + "home.index?q=1"}},
		{"entities", `<img src="?a=1&amp;b=2&copy=3">`, []string{"img.src " + at + "home.index?a=1&b=2&copy=3"}},
		{"dots", `<img src=../../../x><img src=./a/../b>`, []string{"img.src http://www.someSchool.edu/x", "img.src " + at + "b"}},
		{"what people write", "<img src='\n a b.jpg\t'><img src='/c\nd.jpg'><img src='\\e\\f.jpg?\\'><img src='100%.png'><img src='%41%zz'><img src='ö.jpg'>",
			[]string{"img.src " + at + "a%20b.jpg", "img.src http://www.someSchool.edu/cd.jpg", "img.src http://www.someSchool.edu/e/f.jpg?\\", "img.src " + at + "100%25.png", "img.src " + at + "%41%25zz", "img.src " + at + "%C3%B6.jpg"}},
		{"user information", `<img src="http://u:p@h.example/"><img src="//u@h.example/"><base href="http://u@h.example/"><img src=a>`, []string{"img.src " + at + "a"}},
		{"what is no address", `<img src="http://[::1/x"><img src="http://h:port/"><img src="http://a b/">`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := refs(iotest.OneByteReader(strings.NewReader(tt.in)), base)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

// TestReferencesOfTheLecture finds the ten images of the lecture's page.
func TestReferencesOfTheLecture(t *testing.T) {
	base, err := url.Parse("http://www.someSchool.edu/someDepartment/home.index")
	require.NoError(t, err)
	in := "<html><body>\n" + strings.Repeat("<img src=\"pic.jpeg\">\n", 10) + "</body></html>"
	n := 0
	for ref, err := range page.References(strings.NewReader(in), base) {
		require.NoError(t, err)
		assert.Equal(t, "http://www.someSchool.edu/someDepartment/pic.jpeg", ref.URL.String())
		assert.Equal(t, int64(13+21*n), ref.Offset)
		n++
	}
	assert.Equal(t, 10, n)
}

func TestReferencesWithoutBase(t *testing.T) {
	got, err := refs(strings.NewReader(`<img src=a><img src="http://h/b"><img src="data:c"><base href="d/"><img src=e>`), nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"img.src a", "img.src http://h/b", "img.src e"}, got)
	got, err = refs(strings.NewReader(`<base href="https://h/d/"><img src=e>`), nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"img.src https://h/d/e"}, got)
}

func TestReferencesStop(t *testing.T) {
	base := &url.URL{Scheme: "http", Host: "h", Path: "/"}
	n := 0
	for range page.References(strings.NewReader("<video src=a poster=b><img src=c>"), base) {
		n++
		break
	}
	assert.Equal(t, 1, n)
	broken := errors.New("broken")
	got, err := refs(io.MultiReader(strings.NewReader("<img src=a><img"), iotest.ErrReader(broken)), base)
	require.ErrorIs(t, err, broken)
	assert.Equal(t, []string{"img.src http://h/a"}, got)
}

// FuzzReferences: what is found can be fetched, and the way the stream is cut
// makes no difference.
func FuzzReferences(f *testing.F) {
	f.Add(`<img src="a b"><base href=//h:1/x><link rel=icon href=c>`)
	f.Add(`<img srcset=", a 1x"><script src='\\h\x'></script>`)
	f.Add("<img src='http://h/%'><iframe src=https:///x>")
	base, err := url.Parse("http://h.example/d/f")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, in string) {
		got, err := refs(strings.NewReader(in), base)
		require.NoError(t, err)
		pieces, err := refs(iotest.OneByteReader(strings.NewReader(in)), base)
		require.NoError(t, err)
		require.Equal(t, got, pieces)
		for ref := range page.References(strings.NewReader(in), base) {
			require.Contains(t, []string{"http", "https"}, ref.URL.Scheme)
			require.NotEmpty(t, ref.URL.Host)
			again, err := url.Parse(ref.URL.String())
			require.NoError(t, err, "%q", ref.URL.String())
			require.Equal(t, ref.URL.String(), again.String())
			require.NotContains(t, ref.URL.String(), "#")
			for _, c := range []byte(ref.URL.RequestURI()) {
				require.Greater(t, c, byte(' '), "%q", ref.URL)
			}
		}
	})
}
