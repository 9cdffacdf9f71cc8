package http1_test

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/http1"
)

// loopConn reads the same octets again and again and drops what is written.
type loopConn struct {
	*scripted
	in []byte
	at int
}

func (c *loopConn) Read(p []byte) (int, error) {
	n := copy(p, c.in[c.at:])
	c.at = (c.at + n) % len(c.in)
	return n, nil
}

func (c *loopConn) Write(p []byte) (int, error) { return len(p), nil }

func loop(in string) *loopConn { return &loopConn{in: []byte(in)} }

var hello = []byte("hello")

// exchange serves one request with a small response.
func exchange(tb testing.TB, c *http1.Conn, r *http1.Request, p *http1.Response) {
	if err := c.ReadRequest(r); err != nil {
		tb.Fatal(err)
	}
	if err := c.StartResponse(p); err != nil {
		tb.Fatal(err)
	}
	if _, err := c.Write(hello); err != nil {
		tb.Fatal(err)
	}
	if err := c.EndMessage(nil); err != nil {
		tb.Fatal(err)
	}
}

func TestExchangeAllocatesOneString(t *testing.T) {
	c := http1.NewConn(loop(lectureRequest), nil)
	var r http1.Request
	p := http1.Response{Status: 200, Length: 5, Header: fields("Content-Type", "text/plain")}
	assert.EqualValues(t, 1, testing.AllocsPerRun(1000, func() { exchange(t, c, &r, &p) }))
}

func TestChunksOfAConnAllocateNothing(t *testing.T) {
	chunk := strings.Repeat("x", 1000)
	in := &prefixed{loopConn: loop("3e8\r\n" + chunk + "\r\n"), before: []byte("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")}
	c := http1.NewConn(in, nil)
	var r http1.Request
	if err := c.ReadRequest(&r); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1000)
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		if _, err := io.ReadFull(r.Body, buf); err != nil {
			t.Fatal(err)
		}
	}))
	if err := c.StartResponse(&http1.Response{Status: 200, Length: -1}); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{10, 1000, 5000} {
		p := make([]byte, size)
		assert.Zero(t, testing.AllocsPerRun(1000, func() {
			if _, err := c.Write(p); err != nil {
				t.Fatal(err)
			}
		}), "writes of %d", size)
	}
}

// prefixed gives some octets before those of the loop.
type prefixed struct {
	*loopConn
	before []byte
}

func (c *prefixed) Read(p []byte) (int, error) {
	if len(c.before) == 0 {
		return c.loopConn.Read(p)
	}
	n := copy(p, c.before)
	c.before = c.before[n:]
	return n, nil
}

func BenchmarkConn(b *testing.B) {
	for name, in := range map[string]string{"lecture": lectureRequest, "pipelined16": strings.Repeat("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 16)} {
		b.Run(name, func(b *testing.B) {
			c := http1.NewConn(loop(in), nil)
			var r http1.Request
			p := http1.Response{Status: 200, Length: 5, Header: fields("Content-Type", "text/plain")}
			b.ReportAllocs()
			for b.Loop() {
				exchange(b, c, &r, &p)
				if c.Buffered() == 0 {
					c.Flush()
				}
			}
		})
	}
}

func BenchmarkChunked(b *testing.B) {
	for name, size := range map[string]int{"16": 16, "1k": 1 << 10, "16k": 16 << 10} {
		line := string(http1.AppendChunkSize(nil, size))
		in := []byte(strings.Repeat(line+strings.Repeat("x", size)+"\r\n", 64) + "0\r\n\r\n")
		b.Run("read/"+name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(64 * size))
			var r http1.ChunkReader
			for b.Loop() {
				r.Reset()
				for rest := in; ; {
					_, n, err := r.Next(rest, math.MaxInt)
					if rest = rest[n:]; err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run("write/"+name, func(b *testing.B) {
			c := http1.NewConn(loop(getRequest), nil)
			var r http1.Request
			if err := c.ReadRequest(&r); err != nil {
				b.Fatal(err)
			}
			if err := c.StartResponse(&http1.Response{Status: 200, Length: -1}); err != nil {
				b.Fatal(err)
			}
			p := bytes.Repeat([]byte("x"), size)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := c.Write(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
