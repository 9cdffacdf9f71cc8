package sockets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

// The bounds of an answer to a connection over a limit. A new connection's
// send buffer is empty and takes it at once; the time is for what is not the
// kernel's.
const (
	maxRefusal     = 4 << 10
	refusalTimeout = 50 * time.Millisecond
)

// admit counts nc, or tells which limit it is over.
func (s *Server) admit(nc net.Conn) (netip.Prefix, error) {
	prefix := DefaultPeerPrefix
	if s.PeerPrefix != nil {
		prefix = s.PeerPrefix
	}
	peer := prefix(nc.RemoteAddr()).Masked()
	total := orDefault(s.MaxConns, defaultMaxConns)
	each := orDefault(s.MaxConnsPerPeer, defaultMaxConnsPerPeer)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.draining:
		return peer, ErrServerClosed
	case total > 0 && s.active >= total:
		s.stats.overTotal.Add(1)
		return peer, &LimitError{Name: "MaxConns", Max: int64(total)}
	case each > 0 && peer.IsValid() && s.peers[peer] >= each:
		s.stats.overPeer.Add(1)
		return peer, &LimitError{Name: "MaxConnsPerPeer", Max: int64(each)}
	}
	s.active++
	if peer.IsValid() {
		s.peers[peer]++
	}
	s.stats.accepted.Add(1)
	return peer, nil
}

// admitOrRefuse is admit, and refuse for what was not admitted. Both call the
// server's user, in the accept loop; a panic there ends this connection alone.
func (s *Server) admitOrRefuse(nc net.Conn) (peer netip.Prefix, err error) {
	defer func() {
		if err != nil {
			s.refuse(nc, err)
		}
	}()
	defer s.contain(nc, &err)
	return s.admit(nc)
}

// leave takes back what admit counted.
func (s *Server) leave(peer netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	if s.peers[peer]--; s.peers[peer] <= 0 {
		delete(s.peers, peer)
	}
	s.settle()
}

// refuse answers a connection that was not admitted, and closes it. Nothing in
// it waits for the peer.
func (s *Server) refuse(nc net.Conn, why error) {
	defer nc.Close()
	defer s.contain(nc, new(error))
	if _, over := errors.AsType[*LimitError](why); !over {
		return
	}
	s.logger().Info("connection refused", "peer", nc.RemoteAddr(), "proto", protocol(nc), "err", why)
	if s.OverLimit == nil || s.TLSConfig != nil {
		return
	}
	held := &heldConn{Conn: nc}
	s.OverLimit(held)
	if held.buf.Len() == 0 {
		return
	}
	nc.SetDeadline(time.Now().Add(refusalTimeout))
	nc.Write(held.buf.Bytes())
	if cw, ok := nc.(interface{ CloseWrite() error }); ok {
		cw.CloseWrite()
	}
	// A socket closed over unread octets sends a reset (RFC 1122 §4.2.2.13),
	// behind which the answer is not sent again if it was lost, and which some
	// systems let overtake it. What comes after the close is answered so all the
	// same; to wait for it would let a flood hold descriptors.
	dropArrived(nc)
}

// heldConn is what OverLimit gets: it never waits for the peer.
type heldConn struct {
	net.Conn
	buf bytes.Buffer
}

// Read gives io.EOF: there is no time to listen.
func (*heldConn) Read([]byte) (int, error) { return 0, io.EOF }

// Write holds b back.
func (c *heldConn) Write(b []byte) (int, error) {
	if c.buf.Len()+len(b) > maxRefusal {
		return 0, fmt.Errorf("sockets: refusal longer than %d octets: %w", maxRefusal, io.ErrShortWrite)
	}
	return c.buf.Write(b)
}

// Close does nothing; the server closes.
func (*heldConn) Close() error { return nil }
