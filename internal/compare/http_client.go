package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	hertzclient "github.com/cloudwego/hertz/pkg/app/client"
	"github.com/cloudwego/hertz/pkg/protocol"
	"github.com/valyala/fasthttp"

	"applayer/http1"
)

// answered is what the client's server says to each request.
var answered = []byte("HTTP/1.1 200 OK\r\n" +
	"Date: Sun, 26 Sep 2010 20:09:20 GMT\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\n" +
	"Content-Length: 14\r\n\r\n" + greeting)

// startAnswering serves those that ask without looking at what they ask, and
// without an allocation.
func startAnswering() (*server, error) { return startAccepting(answer) }

func answer(c net.Conn) {
	buf := make([]byte, readBuffer)
	for n := 0; ; {
		m, err := c.Read(buf[n:])
		if err != nil {
			return
		}
		if n += m; !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
			continue
		}
		n = 0
		if _, err := c.Write(answered); err != nil {
			return
		}
	}
}

// httpClients are the clients, each with the zero value of its package but for
// what is said there, which ask one after the other over one connection.
func httpClients() []implementation {
	impls := []implementation{
		{name: "applayer", bench: askOurs}, {name: "net/http", bench: askNetHTTP},
		{name: "fasthttp", bench: askFastHTTP}, {name: "hertz", bench: askHertz},
	}
	return impls
}

// answering runs ask with the URL of a server.
func answering(b *testing.B, ask func(url string) error) error {
	srv, err := startAnswering()
	if err != nil {
		return err
	}
	err = ask("http://" + srv.addr + "/index.php")
	b.StopTimer()
	return errors.Join(err, srv.stop())
}

// checkAnswer checks a response's content.
func checkAnswer(content []byte) error {
	if string(content) != greeting {
		return fmt.Errorf("content is %q", content)
	}
	return nil
}

func askOurs(b *testing.B) error {
	return answering(b, func(url string) error {
		var c http1.Client
		defer c.CloseIdle()
		ctx := context.Background()
		buf := make([]byte, 2*len(greeting))
		return repeat(b, func() error {
			resp, err := c.Get(ctx, url)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			return readAnswer(resp.Body, buf)
		})
	})
}

func askNetHTTP(b *testing.B) error {
	return answering(b, func(url string) error {
		transport := &http.Transport{}
		c := http.Client{Transport: transport}
		defer transport.CloseIdleConnections()
		buf := make([]byte, 2*len(greeting))
		return repeat(b, func() error {
			resp, err := c.Get(url)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			return readAnswer(resp.Body, buf)
		})
	})
}

// readAnswer reads a body to its end. Buf has room for more.
func readAnswer(body io.Reader, buf []byte) error {
	n := 0
	for {
		m, err := body.Read(buf[n:])
		switch n += m; {
		case err == io.EOF:
			return checkAnswer(buf[:n])
		case err != nil:
			return err
		}
	}
}

// askFastHTTP reuses request and response, as that package asks.
func askFastHTTP(b *testing.B) error {
	return answering(b, func(url string) error {
		var c fasthttp.Client
		defer c.CloseIdleConnections()
		var q fasthttp.Request
		var p fasthttp.Response
		return repeat(b, func() error {
			q.SetRequestURI(url)
			if err := c.Do(&q, &p); err != nil {
				return err
			}
			return checkAnswer(p.Body())
		})
	})
}

// askHertz reuses request and response too.
func askHertz(b *testing.B) error {
	return answering(b, func(url string) error {
		c, err := hertzclient.NewClient()
		if err != nil {
			return err
		}
		defer c.CloseIdleConnections()
		var q protocol.Request
		var p protocol.Response
		ctx := context.Background()
		return repeat(b, func() error {
			q.SetRequestURI(url)
			if err := c.Do(ctx, &q, &p); err != nil {
				return err
			}
			return checkAnswer(p.Body())
		})
	})
}

// repeat does ask b.N times, and once before for the connection.
func repeat(b *testing.B, ask func() error) error {
	if err := ask(); err != nil {
		return err
	}
	b.ResetTimer()
	b.StartTimer()
	for range b.N {
		if err := ask(); err != nil {
			return err
		}
	}
	return nil
}
