package cookie_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"applayer/http1/cookie"
)

func BenchmarkParseSetCookie(b *testing.B) {
	for _, bb := range []struct{ name, in string }{{"lecture", "id=1678"}, {"browser", browserCookie}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bb.in)))
			for b.Loop() {
				if _, err := cookie.ParseSetCookie(bb.in, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseCookie(b *testing.B) {
	const in = "id=1678; theme=dark; _ga=GA1.2.1234567890.1234567890; lang=en"
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	var cookies []cookie.Cookie
	for b.Loop() {
		var err error
		if cookies, err = cookie.ParseCookie(cookies[:0], in, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// A jar that is full, asked for a host with ten cookies.
func BenchmarkJar(b *testing.B) {
	full := func(b *testing.B) *cookie.Jar {
		j := &cookie.Jar{}
		for i := range 3000 {
			if err := j.SetCookie(mustURL(fmt.Sprintf("https://h%d.example/", i/10)), nil, fmt.Sprintf("a%d=1; Secure", i)); err != nil {
				b.Fatal(err)
			}
		}
		return j
	}
	b.Run("Cookie", func(b *testing.B) {
		j, u := full(b), mustURL("https://h7.example/")
		b.ReportAllocs()
		for b.Loop() {
			if j.Cookie(u, nil, "GET") == "" {
				b.Fatal("no cookies")
			}
		}
	})
	for _, scheme := range []string{"https", "http"} {
		b.Run("SetCookie/"+scheme, func(b *testing.B) {
			j, u, i := full(b), mustURL(scheme+"://new.example/"), 0
			b.ReportAllocs()
			for b.Loop() {
				i++
				if err := j.SetCookie(u, nil, fmt.Sprintf("b%d=1; Max-Age=60", i)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSessions(b *testing.B) {
	d, err := cookie.OpenFileDatabase(b.Context(), filepath.Join(b.TempDir(), "db"))
	if err != nil {
		b.Fatal(err)
	}
	s, err := cookie.NewSessions(&cookie.SessionOptions{Database: d})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	x, err := s.Create(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Find", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Find("id=" + x.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Create", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := s.Create(nil); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}
