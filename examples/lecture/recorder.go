package main

import (
	"context"
	"net"
	"strings"
	"sync"
)

// recorder hears what passes on connections, as somebody on the wire does.
type recorder struct {
	mu             sync.Mutex
	sent, received []byte
}

// dialFunc opens connections, as [Net.Dial] does.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// on has the recorder hear the connections that dial opens.
func (r *recorder) on(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &recordedConn{Conn: nc, r: r}, nil
	}
}

// octets returns what was sent and received since the last reset.
func (r *recorder) octets() (sent, received string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.sent), string(r.received)
}

func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent, r.received = nil, nil
}

type recordedConn struct {
	net.Conn
	r *recorder
}

func (c *recordedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.received = append(c.r.received, p[:n]...)
	return n, err
}

func (c *recordedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.sent = append(c.r.sent, p[:n]...)
	return n, err
}

// behindHead is what follows the first empty line.
func behindHead(wire string) string {
	_, body, _ := strings.Cut(wire, "\r\n\r\n")
	return body
}
