package mime_test

import (
	"os"
	"testing"

	"applayer/mime"
)

// benchHeader is the header of a message that programs wrote.
func benchHeader(tb testing.TB) []byte {
	tb.Helper()
	b, err := os.ReadFile("testdata/golden/neomutt-utf8.eml")
	if err != nil {
		tb.Fatal(err)
	}
	_, n, _, err := mime.ParseHeader(b, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return b[:n]
}

func BenchmarkParseHeader(b *testing.B) {
	in := benchHeader(b)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := mime.ParseHeader(in, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseDate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := mime.ParseDate("Fri, 21 Nov 1997 09:55:06 -0600 (CST)", nil); err != nil {
			b.Fatal(err)
		}
	}
}
