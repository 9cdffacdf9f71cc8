package http1_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"applayer/http1"
	"applayer/internal/testkit"
)

// serveFixed answers each request that ends with an empty line, without looking
// at it, so that the client alone is measured.
func serveFixed(nc net.Conn) {
	defer nc.Close()
	answer := []byte("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: x\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!")
	b := make([]byte, 4096)
	for n := 0; ; {
		m, err := nc.Read(b[n:])
		if err != nil {
			return
		}
		if n += m; bytes.HasSuffix(b[:n], []byte("\r\n\r\n")) {
			n = 0
			if _, err := nc.Write(answer); err != nil {
				return
			}
		}
	}
}

func dialFixed(context.Context, string, string) (net.Conn, error) {
	client, server := testkit.Pipe()
	go serveFixed(server)
	return client, nil
}

func BenchmarkClient(b *testing.B) {
	const url = "http://example.org/index.html"
	b.Run("get/applayer", func(b *testing.B) {
		c := &http1.Client{Dial: dialFixed}
		defer c.CloseIdle()
		buf := make([]byte, 512)
		b.ReportAllocs()
		for b.Loop() {
			resp, err := c.Get(context.Background(), url)
			if err != nil {
				b.Fatal(err)
			}
			for err == nil {
				_, err = resp.Body.Read(buf)
			}
			if err != io.EOF || resp.Status != 200 {
				b.Fatal(err)
			}
			resp.Body.Close()
		}
	})
	b.Run("get/nethttp", func(b *testing.B) {
		tr := &http.Transport{DialContext: dialFixed}
		defer tr.CloseIdleConnections()
		c := &http.Client{Transport: tr}
		buf := make([]byte, 512)
		b.ReportAllocs()
		for b.Loop() {
			resp, err := c.Get(url)
			if err != nil {
				b.Fatal(err)
			}
			for err == nil {
				_, err = resp.Body.Read(buf)
			}
			resp.Body.Close()
		}
	})
}

// The same over TCP, with the look at the socket before each use.
func BenchmarkClientTCP(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go serveFixed(nc)
		}
	}()
	c := new(http1.Client)
	defer c.CloseIdle()
	r, err := http1.NewRequest("GET", "http://"+l.Addr().String()+"/index.html", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		resp, err := c.Do(context.Background(), r)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
	}
}

// The target of the work order: at most five allocations a request.
func TestClientAllocations(t *testing.T) {
	c := &http1.Client{Dial: dialFixed}
	defer c.CloseIdle()
	buf := make([]byte, 512)
	allocs := testing.AllocsPerRun(200, func() {
		resp, err := c.Get(context.Background(), "http://example.org/index.html")
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = resp.Body.Read(buf)
		}
	})
	if allocs > 5 {
		t.Errorf("%v allocations, want at most 5", allocs)
	}
}
