package mime_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"strings"
	"testing"

	"applayer/mime"
)

// BenchmarkBase64 sets the codec beside the library's: decoding lines of 76
// with their ends, encoding with lines beside encoding without.
func BenchmarkBase64(b *testing.B) {
	octets := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{}).Read(octets)
	var encoded bytes.Buffer
	w := mime.NewBase64Writer(&encoded)
	w.Write(octets)
	w.Close()
	src := bytes.NewReader(nil)

	decode := func(name string, decoder func(io.Reader) io.Reader) {
		b.Run("Decode/"+name, func(b *testing.B) {
			b.SetBytes(int64(encoded.Len()))
			b.ReportAllocs()
			buf := make([]byte, 32<<10)
			for b.Loop() {
				src.Reset(encoded.Bytes())
				io.CopyBuffer(struct{ io.Writer }{io.Discard}, decoder(src), buf)
			}
		})
	}
	decode("applayer", func(r io.Reader) io.Reader { return mime.NewBase64Reader(r) })
	decode("library", func(r io.Reader) io.Reader { return base64.NewDecoder(base64.StdEncoding, r) })

	encode := func(name string, encoder func(io.Writer) io.WriteCloser) {
		b.Run("Encode/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(octets)))
			b.ReportAllocs()
			for b.Loop() {
				w := encoder(io.Discard)
				for at := 0; at < len(octets); at += 32 << 10 {
					w.Write(octets[at : at+32<<10])
				}
				w.Close()
			}
		})
	}
	encode("applayer", func(w io.Writer) io.WriteCloser { return mime.NewBase64Writer(w) })
	encode("library", func(w io.Writer) io.WriteCloser { return base64.NewEncoder(base64.StdEncoding, w) })
}

// BenchmarkQP sets the codec beside the library's, over text of a language with
// some letters beyond ASCII, in lines short and long, over text that has to
// escape every third word, and over text in another alphabet.
func BenchmarkQP(b *testing.B) {
	for name, words := range map[string]string{
		"latin":    "Sehr geehrte Damen und Herren für die schöne gute Nachricht danken wir Ihnen sehr und hoffen auf bald in der nächsten Woche",
		"mixed":    "ketchup pickles crêpes do you like how about the a and Grüße tomorrow = € report",
		"cyrillic": "съешь же ещё этих мягких французских булок да выпей чаю",
	} {
		text := randomText(words, 1<<20)
		var encoded bytes.Buffer
		w := mime.NewQPWriter(&encoded, nil)
		w.Write(text)
		w.Close()
		src := bytes.NewReader(nil)

		decode := func(of string, decoder func(io.Reader) io.Reader) {
			b.Run("Decode/"+name+"/"+of, func(b *testing.B) {
				b.SetBytes(int64(encoded.Len()))
				b.ReportAllocs()
				buf := make([]byte, 32<<10)
				for b.Loop() {
					src.Reset(encoded.Bytes())
					io.CopyBuffer(struct{ io.Writer }{io.Discard}, decoder(src), buf)
				}
			})
		}
		decode("applayer", func(r io.Reader) io.Reader { return mime.NewQPReader(r) })
		decode("library", func(r io.Reader) io.Reader { return quotedprintable.NewReader(r) })

		encode := func(of string, encoder func(io.Writer) io.WriteCloser) {
			b.Run("Encode/"+name+"/"+of, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					w := encoder(io.Discard)
					w.Write(text)
					w.Close()
				}
			})
		}
		encode("applayer", func(w io.Writer) io.WriteCloser { return mime.NewQPWriter(w, nil) })
		encode("library", func(w io.Writer) io.WriteCloser { return quotedprintable.NewWriter(w) })
	}
}

// randomText returns about n octets of words at random, in lines.
func randomText(words string, n int) (text []byte) {
	list := strings.Fields(words)
	rng := rand.New(rand.NewPCG(2045, 67))
	for len(text) < n {
		for range 8 + rng.IntN(5) {
			text = append(append(text, list[rng.IntN(len(list))]...), ' ')
		}
		text = append(text, ".\r\n"...)
	}
	return text
}
