package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"sync"
	"testing"

	"applayer/mime"
)

// mimeCodecSubjects are the transfer encodings as streams. The library's base64
// writer knows no lines, so it has less to write.
var mimeCodecSubjects = []subject{
	{name: "mime-base64-decode", implementations: []implementation{
		{name: "applayer", bench: func(b *testing.B) error {
			return decodeMail(b, mailBase64(), func(r io.Reader) io.Reader { return mime.NewBase64Reader(r) })
		}},
		{name: "library", bench: func(b *testing.B) error {
			return decodeMail(b, mailBase64(), func(r io.Reader) io.Reader { return base64.NewDecoder(base64.StdEncoding, r) })
		}},
	}},
	{name: "mime-base64-encode", implementations: []implementation{
		{name: "applayer", bench: func(b *testing.B) error {
			return encodeMail(b, mailOctets(), func(w io.Writer) io.WriteCloser { return mime.NewBase64Writer(w) })
		}},
		{name: "library", bench: func(b *testing.B) error {
			return encodeMail(b, mailOctets(), func(w io.Writer) io.WriteCloser { return base64.NewEncoder(base64.StdEncoding, w) })
		}},
	}},
	{name: "mime-qp-decode", implementations: []implementation{
		{name: "applayer", bench: func(b *testing.B) error {
			return decodeMail(b, mailQP(), func(r io.Reader) io.Reader { return mime.NewQPReader(r) })
		}},
		{name: "library", bench: func(b *testing.B) error {
			return decodeMail(b, mailQP(), func(r io.Reader) io.Reader { return quotedprintable.NewReader(r) })
		}},
	}},
	{name: "mime-qp-encode", implementations: []implementation{
		{name: "applayer", bench: func(b *testing.B) error {
			return encodeMail(b, mailText(), func(w io.Writer) io.WriteCloser { return mime.NewQPWriter(w, nil) })
		}},
		{name: "library", bench: func(b *testing.B) error {
			return encodeMail(b, mailText(), func(w io.Writer) io.WriteCloser { return quotedprintable.NewWriter(w) })
		}},
	}},
}

// mailCodecSize is what is encoded and decoded in one operation.
const mailCodecSize = 4 << 20

var (
	mailOctets = sync.OnceValue(func() []byte {
		rng, b := rand.New(rand.NewPCG(4648, 4)), make([]byte, mailCodecSize)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	})
	mailText = sync.OnceValue(func() []byte {
		g := &mailGenerator{rng: rand.New(rand.NewPCG(2045, 67))}
		return g.words(mailCodecSize)
	})
	mailBase64 = sync.OnceValue(func() []byte {
		g := &mailGenerator{rng: rand.New(rand.NewPCG(2045, 68))}
		g.encoded(mailCodecSize)
		return g.out.Bytes()
	})
	mailQP = sync.OnceValue(func() []byte {
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		w.Write(mailText())
		w.Close()
		return b.Bytes()
	})
)

// decodeMail decodes b.N times, into the buffer that an io.Copy has.
func decodeMail(b *testing.B, encoded []byte, decoder func(io.Reader) io.Reader) error {
	buf := make([]byte, 32<<10)
	return each(b, len(encoded), func() error {
		n, err := io.CopyBuffer(onlyWriter{io.Discard}, onlyReader{decoder(bytes.NewReader(encoded))}, buf)
		if err == nil && n < mailCodecSize {
			err = fmt.Errorf("%d octets", n)
		}
		return err
	})
}

// encodeMail encodes b.N times, 32 KiB a write.
func encodeMail(b *testing.B, octets []byte, encoder func(io.Writer) io.WriteCloser) error {
	buf := make([]byte, 32<<10)
	return each(b, len(octets), func() error {
		w := encoder(io.Discard)
		if _, err := io.CopyBuffer(onlyWriter{w}, onlyReader{bytes.NewReader(octets)}, buf); err != nil {
			return err
		}
		return w.Close()
	})
}

// onlyReader and onlyWriter hide what lets io.Copy do without its buffer.
type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)
