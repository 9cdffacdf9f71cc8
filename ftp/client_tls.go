package ftp

import (
	"cmp"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
)

// clientTLS is what a session keeps of TLS.
type clientTLS struct {
	config  *tls.Config
	protect bool // PROT P stands
}

// authTLS asks for TLS and shakes hands (RFC 4217 §4). A refusal is the end:
// no password is sent in the clear (CVE-2021-22946). What came behind the 234
// in the clear is refused by Conn.StartTLS (CVE-2021-22947).
func (c *Client) authTLS(ctx context.Context) error {
	r, err := c.command(ctx, VerbAUTH, "TLS")
	if err != nil {
		return err
	}
	if err := wantReply(r, 234, "AUTH", "RFC 4217 §4.2"); err != nil {
		return commandError(VerbAUTH, "TLS", err)
	}
	return c.startTLS(ctx)
}

func (c *Client) startTLS(ctx context.Context) error {
	config := &tls.Config{}
	if c.opts.TLSConfig != nil {
		config = c.opts.TLSConfig.Clone()
	}
	if config.ServerName == "" { // what HOST will say is to be the same (RFC 7151 §3.2.2)
		config.ServerName = cmp.Or(strings.Trim(c.opts.Host, "[]"), c.opts.serverName)
	}
	if config.ClientSessionCache == nil {
		config.ClientSessionCache = new(ticketCache)
	}
	ctx, cancel := within(ctx, c.opts.HandshakeTimeout)
	defer cancel()
	c.tls.config = config
	return c.conn.StartTLS(ctx, config)
}

// protect asks that data connections be secured too (RFC 4217 §9), or says
// that they are not to be.
func (c *Client) protect(ctx context.Context) error {
	if _, err := c.command(ctx, VerbPBSZ, "0"); err != nil {
		return err
	}
	level := "P"
	if c.opts.ClearData {
		level = "C"
	}
	if _, err := c.command(ctx, VerbPROT, level); err != nil {
		return err
	}
	c.tls.protect = !c.opts.ClearData
	return nil
}

// TLS tells the state of TLS on the control connection, nil without it.
func (c *Client) TLS() *tls.ConnectionState { return c.conn.TLS() }

// ticketCache keeps the tickets of one session. The name and the configuration
// being those of the control connection, each data connection resumes its TLS
// session, by which the server knows whose it is (RFC 4217 §10.2). A ticket is
// used once where there is another (RFC 8446 §C.4); the last one is kept, since
// a data connection that only sends reads no new one.
type ticketCache struct {
	mu      sync.Mutex
	tickets []*tls.ClientSessionState
}

// maxTickets bounds the tickets kept.
const maxTickets = 8

// Get returns the newest ticket.
func (t *ticketCache) Get(string) (*tls.ClientSessionState, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.tickets)
	if n == 0 {
		return nil, false
	}
	s := t.tickets[n-1]
	if n > 1 {
		t.tickets = t.tickets[:n-1]
	}
	return s, true
}

// Put keeps a ticket. A nil one says that the last was refused.
func (t *ticketCache) Put(_ string, s *tls.ClientSessionState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s == nil {
		t.tickets = nil
		return
	}
	if len(t.tickets) == maxTickets {
		t.tickets = append(t.tickets[:0], t.tickets[1:]...)
	}
	t.tickets = append(t.tickets, s)
}

// endConn notes that the transport has ended. Where TLS ends by its alert it
// has not: without the alert anybody on the way may have cut the data short
// (RFC 8446 §6.1), which package tls does not tell.
type endConn struct {
	net.Conn
	seen bool
}

func (c *endConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == io.EOF {
		c.seen = true
	}
	return n, err
}
