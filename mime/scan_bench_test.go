package mime_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"applayer/mime"
)

// mailbag is messages as programs write them: text, text beside HTML, files, and
// other messages.
var mailbag = sync.OnceValue(func() (list [][]byte) {
	rng := rand.New(rand.NewPCG(5322, 2045))
	for i := range 64 {
		var b bytes.Buffer
		for hop := range 5 {
			fmt.Fprintf(&b, "Received: from mx%d.example.org (mx%d.example.org [192.0.2.%d])\r\n\tby mail.example.com with ESMTPS id %016X\r\n\tfor <bob@example.com>; Sun, 22 Nov 2026 02:00:00 +0100\r\n", hop, hop, hop, rng.Uint64())
		}
		fmt.Fprintf(&b, "From: Ann <ann@example.org>\r\nTo: bob@example.com\r\nSubject: message %d\r\nMIME-Version: 1.0\r\n", i)
		writeEntity(&b, rng, i%4, 2)
		list = append(list, b.Bytes())
	}
	return list
})

func writeEntity(b *bytes.Buffer, rng *rand.Rand, kind, depth int) {
	sep := fmt.Sprintf("----=_Part_%016x", rng.Uint64())
	text := strings.Repeat("The quick brown fox jumps over the lazy dog, which is =C3=A4 common thing.\r\n", 20+rng.IntN(200))
	switch kind {
	case 0:
		fmt.Fprintf(b, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s", text)
	case 1:
		fmt.Fprintf(b, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n--%s\r\nContent-Type: text/plain\r\n\r\n%s\r\n--%s\r\nContent-Type: text/html\r\n\r\n%s\r\n--%s--\r\n", sep, sep, text, sep, text, sep)
	case 2:
		fmt.Fprintf(b, "Content-Type: multipart/mixed;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n", sep, sep)
		writeEntity(b, rng, depth%2, 0)
		for range 1 + rng.IntN(3) {
			fmt.Fprintf(b, "\r\n--%s\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.zip\r\n\r\n", sep)
			data := make([]byte, 57)
			for range 200 + rng.IntN(1500) {
				for i := range data {
					data[i] = byte(rng.Uint32())
				}
				fmt.Fprintf(b, "%s\r\n", base64.StdEncoding.EncodeToString(data))
			}
		}
		fmt.Fprintf(b, "\r\n--%s--\r\n", sep)
	default:
		fmt.Fprintf(b, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\nContent-Type: message/rfc822\r\n\r\nFrom: cat@example.org\r\n", sep, sep)
		writeEntity(b, rng, 2, depth-1)
		fmt.Fprintf(b, "\r\n--%s--\r\n", sep)
	}
}

func mailbagSize() (n int64) {
	for _, m := range mailbag() {
		n += int64(len(m))
	}
	return n
}

// BenchmarkParseBytes finds the structure of all messages; beside it, what one
// search for two hyphens at the front of a line takes.
func BenchmarkParseBytes(b *testing.B) {
	for _, wire := range []bool{false, true} {
		b.Run(fmt.Sprintf("wire=%t", wire), func(b *testing.B) {
			opts := &mime.Options{Wire: wire}
			b.SetBytes(mailbagSize() / int64(len(mailbag())))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := mime.ParseBytes(mailbag()[i%len(mailbag())], opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("bytes.Index", func(b *testing.B) {
		b.SetBytes(mailbagSize() / int64(len(mailbag())))
		for i := 0; b.Loop(); i++ {
			rest := mailbag()[i%len(mailbag())]
			for {
				at := bytes.Index(rest, []byte("\n--"))
				if at < 0 {
					break
				}
				rest = rest[at+3:]
			}
		}
	})
}

// BenchmarkReader reads all bodies, as octets as they stand and as text.
func BenchmarkReader(b *testing.B) {
	for name, body := range map[string]func(*mime.Part) io.Reader{
		"raw":  func(p *mime.Part) io.Reader { return p.Raw() },
		"body": func(p *mime.Part) io.Reader { return p.Body() },
		"text": func(p *mime.Part) io.Reader {
			if p.MediaType().Type == "text" {
				return p.Text()
			}
			return p.Body()
		},
		"skip": nil,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(mailbagSize() / int64(len(mailbag())))
			b.ReportAllocs()
			src := bytes.NewReader(nil)
			for i := 0; b.Loop(); i++ {
				src.Reset(mailbag()[i%len(mailbag())])
				r := mime.NewReader(src, nil)
				for {
					ev, err := r.Next()
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					if ev.Kind == mime.EventBody && body != nil {
						if _, err := io.Copy(io.Discard, body(ev.Part)); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
		})
	}
}

// BenchmarkHostile reads what is made to be slow: many multiparts open, and
// content full of what may be a delimiter.
func BenchmarkHostile(b *testing.B) {
	var open strings.Builder
	for i := range 60 {
		fmt.Fprintf(&open, "Content-Type: multipart/mixed; boundary=%s%d\r\n\r\n--%s%d\r\n", strings.Repeat("b", 500), i, strings.Repeat("b", 500), i)
	}
	for name, content := range map[string]string{
		"dashes":     strings.Repeat("\n--", 1<<20/3),
		"boundaries": strings.Repeat("\n--"+strings.Repeat("b", 499), 1<<20/502),
		"lines":      strings.Repeat("\n", 1<<20),
		"padding":    strings.Repeat("\n--"+strings.Repeat("b", 500)+"59"+strings.Repeat(" ", 997)+"x", 1<<20/1503),
	} {
		b.Run(name, func(b *testing.B) {
			in := []byte(open.String() + "\r\n" + content)
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				if _, err := mime.ParseBytes(in, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
