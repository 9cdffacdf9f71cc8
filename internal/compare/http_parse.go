package main

import (
	"bufio"
	"bytes"
	"net/http"
	"testing"

	"github.com/valyala/fasthttp"

	"applayer/http1"
)

// lectureRequest and lectureResponse are the messages of the lecture's slides.
var (
	lectureRequest = []byte("GET /index.php HTTP/1.1\r\n" +
		"Host: www.cas.mcmaster.ca\r\n" +
		"User-Agent: Firefox/3.6.10\r\n" +
		"Accept: text/html,application/xhtml+xml\r\n" +
		"Accept-Language: en-us,en;q=0.5\r\n" +
		"Accept-Encoding: gzip,deflate\r\n" +
		"Accept-Charset: ISO-8859-1,utf-8;q=0.7\r\n" +
		"Keep-Alive: 115\r\n" +
		"Connection: keep-alive\r\n\r\n")
	lectureResponse = []byte("HTTP/1.1 200 OK\r\n" +
		"Date: Sun, 26 Sep 2010 20:09:20 GMT\r\n" +
		"Server: Apache/2.0.52 (CentOS)\r\n" +
		"Last-Modified: Tue, 30 Oct 2007 17:00:02 GMT\r\n" +
		"ETag: \"17dc6-a5c-bf716880\"\r\n" +
		"Accept-Ranges: bytes\r\n" +
		"Content-Length: 2652\r\n" +
		"Keep-Alive: timeout=10, max=100\r\n" +
		"Connection: Keep-Alive\r\n" +
		"Content-Type: text/html; charset=ISO-8859-1\r\n\r\n")
)

// As in fasthttp, what RequestHead gives are places in the octets; Request, as
// in net/http, has strings.
//
// The peers take their heads from a bufio.Reader, which copies the octets from
// the connection. So ours are copied too, as a read from a connection would.

// parseRequest makes strings of the head, and checks target, Host and framing.
func parseRequest(b *testing.B) error {
	var r http1.Request
	return parseOurs(b, lectureRequest, func(head []byte) error {
		_, err := r.Parse(head, nil)
		return err
	})
}

// parseRequestHead finds the places of all parts.
func parseRequestHead(b *testing.B) error {
	var h http1.RequestHead
	return parseOurs(b, lectureRequest, func(head []byte) error {
		_, err := h.Parse(head, nil)
		return err
	})
}

func parseResponse(b *testing.B) error {
	var r http1.Response
	return parseOurs(b, lectureResponse, func(head []byte) error {
		_, err := r.Parse(head, http1.MethodGet, nil)
		return err
	})
}

func parseOurs(b *testing.B, in []byte, parse func([]byte) error) error {
	b.SetBytes(int64(len(in)))
	buf := make([]byte, 0, 4096)
	b.ResetTimer()
	for range b.N {
		buf = append(buf[:0], in...)
		if err := parse(buf); err != nil {
			return err
		}
	}
	return nil
}

func parseRequestNetHTTP(b *testing.B) error {
	return parseTheirs(b, lectureRequest, func(br *bufio.Reader) error {
		_, err := http.ReadRequest(br)
		return err
	})
}

func parseResponseNetHTTP(b *testing.B) error {
	return parseTheirs(b, lectureResponse, func(br *bufio.Reader) error {
		_, err := http.ReadResponse(br, nil)
		return err
	})
}

func parseRequestFastHTTP(b *testing.B) error {
	var h fasthttp.RequestHeader
	return parseTheirs(b, lectureRequest, h.Read)
}

func parseResponseFastHTTP(b *testing.B) error {
	var h fasthttp.ResponseHeader
	return parseTheirs(b, lectureResponse, h.Read)
}

func parseTheirs(b *testing.B, in []byte, parse func(*bufio.Reader) error) error {
	b.SetBytes(int64(len(in)))
	src := bytes.NewReader(in)
	br := bufio.NewReader(src)
	b.ResetTimer()
	for range b.N {
		src.Reset(in)
		br.Reset(src)
		if err := parse(br); err != nil {
			return err
		}
	}
	return nil
}
