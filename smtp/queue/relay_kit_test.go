package queue_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
	"applayer/smtp/queue"
)

// world is an Internet in memory: names, and hosts that take mail.
type world struct {
	tb      testing.TB
	network *testkit.Network
	names

	mu    sync.Mutex // guards what is below
	mails []mail
	dials []string
	open  map[string]int // sessions by host
	most  map[string]int
}

// mail is what a host got.
type mail struct {
	host string
	from smtp.Path
	to   []string
	tls  bool
	who  string
	text string

	hello string
}

func newWorld(tb testing.TB) *world {
	return &world{
		tb: tb, network: testkit.NewNetwork(), names: names{},
		open: map[string]int{}, most: map[string]int{},
	}
}

// names are the records of a resolver: "mx NAME" to hosts with their
// preferences, "a NAME" to addresses, "cname NAME" to a name. An error may stand
// for each.
type names map[string]any

func (n names) alias(name string) string {
	name = strings.TrimSuffix(name, ".")
	for {
		to, ok := n["cname "+name].(string)
		if !ok {
			return name
		}
		name = to
	}
}

func (n names) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	switch v := n["mx "+n.alias(name)].(type) {
	case error:
		return nil, v
	case []*net.MX:
		return slices.Clone(v), nil
	}
	return nil, notFound(name)
}

func (n names) LookupHost(_ context.Context, name string) ([]string, error) {
	switch v := n["a "+n.alias(name)].(type) {
	case error:
		return nil, v
	case string:
		return strings.Fields(v), nil
	}
	return nil, notFound(name)
}

func notFound(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func mx(hosts ...string) (all []*net.MX) {
	for i, h := range hosts {
		all = append(all, &net.MX{Host: h + ".", Pref: uint16(10 * (i + 1))})
	}
	return all
}

// relay is one that sees this world alone.
func (w *world) relay() *queue.Relay {
	r := &queue.Relay{Hostname: "relay.example", Resolver: w.names}
	r.Options.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		w.mu.Lock()
		w.dials = append(w.dials, addr)
		w.mu.Unlock()
		return w.network.Dial(ctx, network, addr)
	}
	w.tb.Cleanup(func() { assert.NoError(w.tb, r.Close()) })
	return r
}

// host starts a mail server on port 25 of an address. It refuses the recipients
// whose local parts are codes, with them.
func (w *world) host(addr, name string, server *smtp.Server) *smtp.Server {
	w.tb.Helper()
	if server == nil {
		server = new(smtp.Server)
	}
	server.Hostname = name
	server.Backend = &host{w, name}
	l, err := w.network.Listen(w.tb.Context(), "tcp", net.JoinHostPort(addr, "25"))
	require.NoError(w.tb, err)
	var all sync.WaitGroup
	all.Go(func() { server.Serve(l) })
	w.tb.Cleanup(func() {
		server.Close()
		all.Wait()
	})
	return server
}

type host struct {
	w    *world
	name string
}

func (h *host) NewSession(_ context.Context, c *smtp.Conn) (smtp.Session, error) {
	h.w.mu.Lock()
	defer h.w.mu.Unlock()
	h.w.open[h.name]++
	h.w.most[h.name] = max(h.w.most[h.name], h.w.open[h.name])
	return &visit{host: h, conn: c}, nil
}

type visit struct {
	*host
	conn *smtp.Conn
	mail mail
}

func (v *visit) Mail(_ context.Context, from smtp.Path, _ smtp.MailOptions) error {
	_, secure := v.conn.TLS()
	v.mail = mail{host: v.name, from: from, tls: secure, who: v.conn.Identity(), hello: v.conn.Hello()}
	return nil
}

func (v *visit) Rcpt(_ context.Context, to smtp.Path, _ smtp.RcptOptions) error {
	switch {
	case strings.HasPrefix(to.Local, "4"):
		return smtp.Refuse(450, smtp.EnhancedCode{4, 2, 0}, v.name+": not now")
	case strings.HasPrefix(to.Local, "5"):
		return smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, v.name+": no")
	}
	v.mail.to = append(v.mail.to, to.String())
	return nil
}

func (v *visit) Data(_ context.Context, message io.Reader) error {
	b, err := io.ReadAll(message)
	if err != nil {
		return err
	}
	v.mail.text = string(b)
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	v.w.mails = append(v.w.mails, v.mail)
	return nil
}

func (v *visit) Reset() {}

func (v *visit) Close() error {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	v.w.open[v.name]--
	return nil
}

// script listens on port 25 of an address and answers each connection by
// replies: the first at once, each other one behind a line, "-" for none. Behind
// a line more it closes, or at once where there was no reply.
func (w *world) script(addr string, replies ...string) {
	w.tb.Helper()
	l, err := w.network.Listen(w.tb.Context(), "tcp", net.JoinHostPort(addr, "25"))
	require.NoError(w.tb, err)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer nc.Close()
				in := bufio.NewReader(nc)
				for i, reply := range replies {
					if i > 0 {
						if _, err := in.ReadString('\n'); err != nil {
							return
						}
					}
					if reply != "-" {
						io.WriteString(nc, reply+"\r\n")
					}
				}
				if replies[len(replies)-1] != "-" {
					in.ReadString('\n')
				}
			})
		}
	})
	w.tb.Cleanup(func() {
		l.Close()
		all.Wait()
	})
}

// arrived returns what hosts got, and forgets it.
func (w *world) arrived() []mail {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.mails = nil }()
	return w.mails
}

// dialled returns the addresses that were dialled, and forgets them.
func (w *world) dialled() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.dials = nil }()
	return w.dials
}

// sessions counts those that a host has now, and mostSessions those that it had
// at once.
func (w *world) sessions(host string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open[host]
}

func (w *world) mostSessions(host string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.most[host]
}

const letter = "Subject: question\r\n\r\n.Do you like ketchup?\r\n"

// outgoing is a message from Alice.
func outgoing() *queue.Message {
	return &queue.Message{
		ID: "1", From: smtp.Path{Local: "alice", Domain: "crepes.fr"}, Size: int64(len(letter)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(letter)), nil },
	}
}

// rcpts are recipients of one domain.
func rcpts(domain string, locals ...string) (to []smtp.Recipient) {
	for _, l := range locals {
		to = append(to, smtp.Recipient{Path: smtp.Path{Local: l, Domain: domain}})
	}
	return to
}
