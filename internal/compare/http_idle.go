package main

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"testing"

	"applayer/internal/testkit"
	"applayer/sockets/berkeley"
)

// httpIdleTLS are the servers, each over TLS. That of Hertz takes no listener
// of package tls.
func httpIdleTLS() []implementation {
	var impls []implementation
	for _, s := range httpServers {
		if s.name != "hertz" {
			impls = append(impls, implementation{name: s.name, bench: idleTLS(s.serve)})
		}
	}
	return impls
}

// driveHTTPIdle reports what a connection costs that waits for a request, after
// a first one.
func driveHTTPIdle(b *testing.B, addr string) error {
	return reportIdle(b, addr, func(fd berkeley.FD) error { return askOnce(bare{fd: fd}) })
}

// idleTLS is driveHTTPIdle over TLS.
func idleTLS(serve serveHTTP) func(b *testing.B) error {
	return func(b *testing.B) error {
		serverConfig, clientConfig := testkit.Certificate(b, "localhost")
		clientConfig.ServerName = "localhost"
		l, err := net.Listen("tcp", loopback)
		if err != nil {
			return err
		}
		stop := serve(tls.NewListener(l, serverConfig))
		err = reportIdle(b, l.Addr().String(), func(fd berkeley.FD) error {
			// The client's end of TLS is garbage when it has asked.
			return askOnce(tls.Client(bare{fd: fd}, clientConfig))
		})
		b.StopTimer()
		if stopErr := stop(); err == nil {
			err = stopErr
		}
		return err
	}
}

// askOnce sends a request and takes the answer.
func askOnce(c io.ReadWriter) error {
	if _, err := c.Write(lectureRequest); err != nil {
		return err
	}
	var buf [1024]byte
	for n := 0; !bytes.HasSuffix(buf[:n], []byte(greeting)); {
		m, err := c.Read(buf[n:])
		if err != nil {
			return err
		}
		n += m
	}
	return nil
}

// bare is a descriptor as a connection: it costs no memory of its own.
type bare struct {
	net.Conn // nil: of its methods only those below are called
	fd       berkeley.FD
}

func (c bare) Read(p []byte) (int, error) {
	n, err := c.fd.Recv(p, 0)
	if n == 0 && err == nil && len(p) > 0 {
		err = io.EOF
	}
	return n, err
}

func (c bare) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = c.fd.Send(p[n:], 0)
		n += m
	}
	return n, err
}
