package cookie_test

import (
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
