package telnet_test

import (
	"bytes"
	"testing"

	"applayer/sockets/telnet"
)

// BenchmarkDecode reads text with a command now and then, and octets of which
// every second one is an IAC or a CR.
func BenchmarkDecode(b *testing.B) {
	for name, in := range map[string][]byte{
		"text":  append(bytes.Repeat([]byte("a line of text as programs write it\r\n"), 100), "\xff\xf1"...),
		"worst": bytes.Repeat([]byte("\xff\xff\r\x00"), 1000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			var c telnet.Codec
			for b.Loop() {
				for rest := in; len(rest) > 0; {
					_, n, _ := c.Next(rest)
					rest = rest[n:]
				}
			}
		})
	}
}

// BenchmarkAppendData writes the same.
func BenchmarkAppendData(b *testing.B) {
	in := bytes.Repeat([]byte("a line of text as programs write it\r\n"), 100)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	var c telnet.Codec
	var out []byte
	for b.Loop() {
		out = c.AppendData(out[:0], in)
	}
}
