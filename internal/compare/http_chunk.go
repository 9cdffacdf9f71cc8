package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"testing"
	"time"

	"applayer/http1"
)

// chunkSize is the size of the chunks that are read and written.
const chunkSize = 1 << 10

// endless is a connection that gives head, and then the octets of loop again
// and again. What is written to it is counted.
type endless struct {
	head, loop []byte
	at         int
	written    int64
}

func (c *endless) Read(p []byte) (int, error) {
	if len(c.head) > 0 {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	n := copy(p, c.loop[c.at:])
	c.at = (c.at + n) % len(c.loop)
	return n, nil
}

func (c *endless) Write(p []byte) (int, error) {
	c.written += int64(len(p))
	return len(p), nil
}

func (c *endless) Close() error                     { return nil }
func (c *endless) LocalAddr() net.Addr              { return memAddr{} }
func (c *endless) RemoteAddr() net.Addr             { return memAddr{} }
func (c *endless) SetDeadline(time.Time) error      { return nil }
func (c *endless) SetReadDeadline(time.Time) error  { return nil }
func (c *endless) SetWriteDeadline(time.Time) error { return nil }

// memAddr is the address of what is in memory.
type memAddr struct{}

func (memAddr) Network() string { return "tcp" }
func (memAddr) String() string  { return "192.0.2.1:80" }

// newEndless gives a request with an endless body in chunks.
func newEndless() *endless {
	c := &endless{head: []byte("POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n")}
	for range 16 {
		c.loop = strconv.AppendInt(c.loop, chunkSize, 16)
		c.loop = append(c.loop, "\r\n"...)
		c.loop = append(c.loop, bytes.Repeat([]byte("x"), chunkSize)...)
		c.loop = append(c.loop, "\r\n"...)
	}
	return c
}

// readChunks reads b.N chunks of a request's body.
func readChunks(b *testing.B) error {
	c := http1.NewConn(newEndless(), nil)
	var r http1.Request
	if err := c.ReadRequest(&r); err != nil {
		return err
	}
	return readBody(b, r.Body)
}

func readChunksNetHTTP(b *testing.B) error {
	r, err := http.ReadRequest(bufio.NewReader(newEndless()))
	if err != nil {
		return err
	}
	return readBody(b, r.Body)
}

func readBody(b *testing.B, body io.Reader) error {
	b.SetBytes(chunkSize)
	buf := make([]byte, chunkSize)
	b.ResetTimer()
	for range b.N {
		if _, err := io.ReadFull(body, buf); err != nil {
			return err
		}
	}
	return nil
}

// writeChunks writes content in b.N pieces as a response's body.
func writeChunks(b *testing.B) error {
	nc := &endless{head: []byte("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")}
	c := http1.NewConn(nc, nil)
	var r http1.Request
	if err := c.ReadRequest(&r); err != nil {
		return err
	}
	if err := c.StartResponse(&http1.Response{Status: http1.StatusOK, Length: -1}); err != nil {
		return err
	}
	return writeBody(b, nc, c, func() error { return errors.Join(c.EndMessage(nil), c.Flush()) })
}

func writeChunksNetHTTP(b *testing.B) error {
	nc := &endless{}
	bw := bufio.NewWriter(nc)
	w := httputil.NewChunkedWriter(bw)
	return writeBody(b, nc, w, func() error { return errors.Join(w.Close(), bw.Flush()) })
}

// writeBody writes b.N pieces, and checks that all of them came.
func writeBody(b *testing.B, nc *endless, w io.Writer, end func() error) error {
	b.SetBytes(chunkSize)
	piece := bytes.Repeat([]byte("x"), chunkSize)
	b.ResetTimer()
	for range b.N {
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	b.StopTimer()
	if err := end(); err != nil {
		return err
	}
	if nc.written < int64(b.N)*chunkSize {
		return io.ErrShortWrite
	}
	return nil
}
