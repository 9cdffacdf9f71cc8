package mime_test

import (
	stdmime "mime"
	netmail "net/mail"
	"testing"

	"applayer/mime"
)

func BenchmarkParseAddressList(b *testing.B) {
	for _, in := range []struct{ name, s string }{
		{"plain", "Joe Doe <joe@example.org>, mary@example.org, \"Smith, John\" <js@example.org>"},
		{"encoded", "=?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <jm@example.org>, =?utf-8?B?0J/RgNC40LLQtdGC?= =?utf-8?B?IQ==?= <x@example.org>"},
	} {
		b.Run(in.name+"/applayer", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(in.s)))
			for b.Loop() {
				if _, _, err := mime.ParseAddressList(in.s, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(in.name+"/netmail", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(in.s)))
			for b.Loop() {
				if _, err := netmail.ParseAddressList(in.s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseMediaType(b *testing.B) {
	s := "multipart/mixed; charset=\"us-ascii\";\r\n\tboundary=\"----=_Part 1\""
	b.Run("typical/applayer", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(s)))
		for b.Loop() {
			if _, _, err := mime.ParseMediaType(s, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("typical/library", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(s)))
		for b.Loop() {
			if _, _, err := stdmime.ParseMediaType(s); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("typical/scan", func(b *testing.B) {
		scan := mime.ContentTypeScan([]byte(s))
		b.ReportAllocs()
		b.SetBytes(int64(len(s)))
		for b.Loop() {
			scan()
		}
	})
}
