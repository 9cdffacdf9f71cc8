package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/sockets"
)

// nameServer is a name server of the lecture on the stage: it counts what it is
// asked, and keeps the questions.
type nameServer struct {
	name  string
	addr  netip.AddrPort
	store *zone.Store // what it serves, if that is zones
	asked atomic.Int64
	// queries are the questions that it got.
	mu      sync.Mutex
	queries []dns.Question
	next    dns.Handler
}

// ServeDNS counts the question and hands it on.
func (s *nameServer) ServeDNS(ctx context.Context, w *dns.Responder, q *dns.Query) {
	s.asked.Add(1)
	s.mu.Lock()
	s.queries = append(s.queries, q.Question())
	next := s.next
	s.mu.Unlock()
	next.ServeDNS(ctx, w, q)
}

// questions returns what was asked since the last call, as "name type".
func (s *nameServer) questions() (qs []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queries {
		qs = append(qs, strings.ToLower(q.Name.String())+" "+q.Type.String())
	}
	s.queries = nil
	return qs
}

// serveNames starts a name server at the lecture's address, over UDP and TCP.
func serveNames(ctx context.Context, n *Net, name, addr string, h dns.Handler) (s *nameServer, stop func(), err error) {
	s = &nameServer{name: name, next: h}
	if s.addr, err = netip.ParseAddrPort(addr); err != nil {
		return nil, nil, err
	}
	srv := &dns.Server{Handler: s}
	pc, err := n.ListenPacket(ctx, "udp", addr)
	if err != nil {
		return nil, nil, err
	}
	l, err := n.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, nil, errors.Join(err, pc.Close())
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = srv.ServeUDP(pc) }) // until Close
	serving.Go(func() { _ = srv.ServeTCP(l) })
	n.Printf("%s is the name server %s", addr, name)
	return s, func() { srv.Close(); serving.Wait() }, nil
}

// loadZones makes zones of master files; each begins with its $ORIGIN.
func loadZones(texts ...string) (*zone.Store, error) {
	store := new(zone.Store)
	for _, text := range texts {
		z, err := loadZone(text)
		if err != nil {
			return nil, err
		}
		store.Publish(z)
	}
	return store, nil
}

func loadZone(text string) (*zone.Zone, error) {
	var b *zone.Builder
	for rr, err := range zone.NewReader(strings.NewReader(text), nil).All() {
		if err != nil {
			return nil, err
		}
		if b == nil {
			b = zone.NewBuilder(rr.Name)
		}
		if err := b.Add(rr); err != nil {
			return nil, err
		}
	}
	if b == nil {
		return nil, errors.New("no zone")
	}
	return b.Zone()
}

// wire is what the stage sees of the messages between two hosts: it prints each,
// and counts them.
type wire struct {
	n        *Net
	messages atomic.Int64
	// untold leaves out the lines of what would fill the report.
	untold bool
	// forge returns what an attacker sends in the server's name when he sees, or
	// guesses, that a query has left: it comes before the reply.
	forge func(query []byte) (replies [][]byte)
}

// transport sends queries of the host called from.
func (w *wire) transport(from string) *dns.Transport {
	return &dns.Transport{Dialer: &sockets.Dialer{Connect: w.dial(from)}}
}

// dial opens sockets of the host called from.
func (w *wire) dial(from string) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := w.n.DialUntold(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(network, "udp") {
			// Over TCP two octets of length stand before each message.
			return &messageConn{Conn: nc, w: w, from: from, to: addr, front: 2}, nil
		}
		return &messageConn{Conn: nc, w: w, from: from, to: addr}, nil
	}
}

// messageConn prints the messages that pass.
type messageConn struct {
	net.Conn
	w        *wire
	from, to string
	front    int
	held     []byte // of a stream, until the message is whole
	forged   [][]byte
}

func (c *messageConn) Write(p []byte) (int, error) {
	c.w.show("C", c.from+" to "+c.to, p, c.front)
	if c.w.forge != nil && c.front == 0 {
		c.forged = append(c.forged, c.w.forge(p)...)
	}
	return c.Conn.Write(p)
}

func (c *messageConn) Read(p []byte) (int, error) {
	if len(c.forged) > 0 {
		n := copy(p, c.forged[0])
		c.forged = c.forged[1:]
		return n, nil
	}
	n, err := c.Conn.Read(p)
	if n == 0 || c.front == 0 {
		if n > 0 {
			c.w.show("S", c.to+" to "+c.from, p[:n], 0)
		}
		return n, err
	}
	c.held = append(c.held, p[:n]...)
	for len(c.held) >= 2 {
		whole := 2 + int(c.held[0])<<8 + int(c.held[1])
		if len(c.held) < whole {
			break
		}
		c.w.show("S", c.to+" to "+c.from+" over TCP", c.held[:whole], 2)
		c.held = c.held[whole:]
	}
	return n, err
}

// show prints a message in a line.
func (w *wire) show(who, way string, b []byte, front int) {
	w.messages.Add(1)
	if w.untold || len(b) < front {
		return
	}
	m, err := dns.ParseMessage(b[front:], nil)
	if err != nil {
		w.n.Printf("%s: %s: %d octets that are no message: %v", who, way, len(b), err)
		return
	}
	w.n.Printf("%s: %s: %s", who, way, summary(m))
}

// summary is a message in a line: its question, or what its answer says.
func summary(m *dns.Message) string {
	question := "no question"
	if len(m.Question) > 0 {
		q := m.Question[0]
		question = q.Name.String() + " " + q.Type.String()
	}
	if !m.Response {
		return fmt.Sprintf("%d: %s?", m.ID, question)
	}
	said := m.RCode.String()
	switch {
	case m.Truncated:
		said = "truncated"
	case len(m.Answer) > 0:
		said = texts(m.Answer)
	case len(m.Authority) > 0 && m.Authority[0].Type() == dns.TypeNS:
		said = "ask " + texts(append(m.Authority[:len(m.Authority):len(m.Authority)], m.Additional...))
	}
	return fmt.Sprintf("%d: %s: %s", m.ID, question, said)
}

// texts are records in a line, three at most.
func texts(rrs []dns.RR) string {
	var b strings.Builder
	for i, rr := range rrs {
		switch {
		case i == 3:
			fmt.Fprintf(&b, " and %d more", len(rrs)-i)
			return b.String()
		case i > 0:
			b.WriteString("; ")
		}
		b.WriteString(strings.ReplaceAll(rr.String(), "\t", " "))
	}
	return b.String()
}
