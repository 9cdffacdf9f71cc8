package http1_test

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// turnsConn is a client in memory that sends the same octets so many times,
// each when the last are read, and drops what it gets.
type turnsConn struct {
	*scripted
	in    []byte
	times int
}

func (c *turnsConn) Read(p []byte) (int, error) {
	if c.times == 0 {
		return 0, io.EOF
	}
	c.times--
	return copy(p, c.in), nil
}

func (c *turnsConn) Write(p []byte) (int, error) { return len(p), nil }

// smallHandler answers with 13 octets.
func smallHandler(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) {
	w.Header().Add("Content-Type", "text/plain")
	w.WriteString("Hello, World!")
}

func BenchmarkServer(b *testing.B) {
	b.Run("memory/keepalive", func(b *testing.B) {
		b.ReportAllocs()
		s := handle(smallHandler)
		require.NoError(b, s.ServeConn(b.Context(), &turnsConn{scripted: &scripted{}, in: []byte(lectureRequest), times: b.N}))
	})
	b.Run("tcp/keepalive", func(b *testing.B) {
		s := handle(smallHandler)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(b, err)
		go s.Serve(ln)
		defer s.Close()
		nc, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(b, err)
		defer nc.Close()
		buf := make([]byte, 4096)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := nc.Write([]byte(lectureRequest)); err != nil {
				b.Fatal(err)
			}
			if _, err := nc.Read(buf); err != nil {
				b.Fatal(err)
			}
		}
	})
}
