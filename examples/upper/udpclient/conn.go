package main

import (
	"context"
	"net"
	"os"
	"path/filepath"

	"applayer/sockets"
)

// conn is a socket of package net.
type conn struct {
	net.Conn
	path string // of our own Unix-domain name, to remove
}

func (c *client) openConn(ctx context.Context) (socket, error) {
	var d net.Dialer
	s := &conn{}
	if c.network == "unixgram" {
		path, err := ownPath()
		if err != nil {
			return nil, err
		}
		s.path = path
		d.LocalAddr = &net.UnixAddr{Name: path, Net: "unixgram"}
	}
	nc, err := d.DialContext(ctx, c.network, c.local)
	if err != nil {
		removePath(s.path)
		return nil, err
	}
	if c.transcript != nil {
		nc = c.transcript.Conn(nc, "", false)
	}
	s.Conn = nc
	return s, nil
}

func (s *conn) send(b []byte) error {
	_, err := s.Write(b)
	return err
}

func (s *conn) receive(ctx context.Context, b []byte) (int, error) {
	release := sockets.WithContext(ctx, s.Conn)
	defer release()
	return s.Read(b)
}

func (s *conn) Close() error {
	defer removePath(s.path)
	return s.Conn.Close()
}

// ownPath makes a name for a client's socket. Without one a Unix-domain server
// cannot answer.
func ownPath() (string, error) {
	dir, err := os.MkdirTemp("", "upper")
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "client"), nil
}

func removePath(path string) {
	if path != "" {
		os.RemoveAll(filepath.Dir(path))
	}
}
