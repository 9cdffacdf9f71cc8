package sockets_test

import (
	"io"
	"net"
	"testing"

	"applayer/sockets"
)

// BenchmarkEcho sends 1 KiB there and back over one connection, served by a
// bare loop over package net and by a Server with its default limits.
func BenchmarkEcho(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		l := listenStream(b, "tcp")
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go echoBare(c)
			}
		}()
		benchmarkEcho(b, l)
	})
	b.Run("applayer", func(b *testing.B) {
		l := listenStream(b, "tcp")
		startServer(b, &sockets.Server{Handler: echoHandler}, l)
		benchmarkEcho(b, l)
	})
}

func echoBare(c net.Conn) {
	defer c.Close()
	b := make([]byte, 1024)
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		if _, err := c.Write(b[:n]); err != nil {
			return
		}
	}
}

func benchmarkEcho(b *testing.B, l net.Listener) {
	c := dialStream(b, l)
	msg := make([]byte, 1024)
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(msg); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, msg); err != nil {
			b.Fatal(err)
		}
	}
}
