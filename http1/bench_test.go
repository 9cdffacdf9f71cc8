package http1_test

import (
	"testing"

	"applayer/http1"
)

// lectureRequest is the request message of the lecture's slides.
const lectureRequest = "GET /index.php HTTP/1.1\r\n" +
	"Host: www.cas.mcmaster.ca\r\n" +
	"User-Agent: Firefox/3.6.10\r\n" +
	"Accept: text/html,application/xhtml+xml\r\n" +
	"Accept-Language: en-us,en;q=0.5\r\n" +
	"Accept-Encoding: gzip,deflate\r\n" +
	"Accept-Charset: ISO-8859-1,utf-8;q=0.7\r\n" +
	"Keep-Alive: 115\r\n" +
	"Connection: keep-alive\r\n\r\n"

func BenchmarkParseRequest(b *testing.B) {
	in := []byte(lectureRequest)
	b.Run("lecture/offsets", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(in)))
		var h http1.RequestHead
		for b.Loop() {
			if _, err := h.Parse(in, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("lecture/strings", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(in)))
		var r http1.Request
		for b.Loop() {
			if _, err := r.Parse(in, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
