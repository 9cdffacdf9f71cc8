package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"applayer/dns"
)

// server is one of those that are asked.
type server struct {
	addr netip.AddrPort
	name string // as it was given
}

func (s server) String() string { return fmt.Sprintf("%s#%d", s.addr.Addr(), s.addr.Port()) }

// reply is an answer, and how it was got.
type reply struct {
	*dns.Message
	query    *dns.Message
	server   server
	network  string
	octets   int
	duration time.Duration
	at       time.Time
}

// servers are those that a lookup names, or those of the system.
func (p *program) servers(ctx context.Context, l *lookup) ([]server, error) {
	port := p.port
	if port == 0 {
		if port = 53; l.tls {
			port = 853
		}
	}
	var found []server
	for _, s := range l.servers {
		addrs, err := p.addresses(ctx, s.name)
		if err != nil {
			return nil, &exitError{exitUsage, fmt.Sprintf("dig: couldn't get address for '%s': %v", s.name, err)}
		}
		for _, a := range addrs {
			found = append(found, server{netip.AddrPortFrom(a, port), s.name})
		}
	}
	if len(l.servers) == 0 {
		for _, s := range p.system().Servers {
			found = append(found, server{netip.AddrPortFrom(s.Addr(), port), s.Addr().String()})
		}
	}
	usable := found[:0]
	for _, s := range found {
		if p.family == 0 || (p.family == 4) == s.addr.Addr().Unmap().Is4() {
			usable = append(usable, s)
		}
	}
	if len(usable) == 0 {
		return nil, fatalf("no servers found that fit -%d", p.family)
	}
	l.found = len(usable)
	return usable, nil
}

// system is what resolv.conf says.
func (p *program) system() *dns.ResolvConf {
	b, _ := os.ReadFile(p.resolvConf)
	return dns.ParseResolvConf(b)
}

// addresses finds the addresses of a server that is given by name.
func (p *program) addresses(ctx context.Context, name string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{a}, nil
	}
	if strings.EqualFold(nameText(name), "localhost") {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}, nil
	}
	n, err := dns.ParseName(name)
	if err != nil {
		return nil, errors.New("not found")
	}
	t, err := p.transport(&lookup{})
	if err != nil {
		return nil, err
	}
	c := &dns.Client{Transport: t}
	var addrs []netip.Addr
	for _, typ := range []dns.Type{dns.TypeA, dns.TypeAAAA} {
		for _, s := range p.system().Servers {
			m, _, err := c.Exchange(ctx, s, &dns.Message{
				Header:   dns.Header{RecursionDesired: true},
				Question: []dns.Question{{Name: n, Type: typ, Class: dns.ClassIN}},
			})
			if err != nil {
				continue
			}
			addrs = append(addrs, addressesOf(m.Answer)...)
			break
		}
	}
	if len(addrs) == 0 {
		return nil, errors.New("not found")
	}
	return addrs, nil
}

func addressesOf(rrs []dns.RR) (addrs []netip.Addr) {
	for _, rr := range rrs {
		switch d := rr.Data.(type) {
		case *dns.A:
			addrs = append(addrs, d.Addr)
		case *dns.AAAA:
			addrs = append(addrs, d.Addr)
		}
	}
	return addrs
}

// transport is what carries a lookup's messages. Those over TLS that check
// certificates in the same way share one.
func (p *program) transport(l *lookup) (*dns.Transport, error) {
	if t, ok := p.transports[l.tlsOptions]; ok {
		return t, nil
	}
	o := l.tlsOptions
	config := &tls.Config{InsecureSkipVerify: !o.verify, ServerName: o.host}
	if o.ca != "" {
		pem, err := os.ReadFile(o.ca)
		config.RootCAs = x509.NewCertPool()
		if err == nil && !config.RootCAs.AppendCertsFromPEM(pem) {
			err = errors.New("no certificate in it")
		}
		if err != nil {
			return nil, fatalf("tls-ca: %s: %v", o.ca, err)
		}
	}
	t := &dns.Transport{Dialer: &p.dialer, TLSConfig: config}
	p.transports[o] = t
	return t, nil
}

// ask sends a query to the servers, in turn, until one answers, and prints what
// happens on the way. No reply is no error: it has been printed, and the exit
// status is set.
func (p *program) ask(ctx context.Context, l *lookup, m *dns.Message, servers []server) (*reply, error) {
	network := l.network()
	cookies := 0
	var last *reply
	for range l.tries {
		for i, s := range servers {
			r, err := p.once(ctx, l, m, s, network)
			if err == nil && r.Truncated && !l.ignoreTC && network == dns.NetworkUDP {
				p.comment(l, ";; Truncated, retrying in TCP mode.")
				network = dns.NetworkTCP
				r, err = p.once(ctx, l, m, s, network)
			}
			if err == nil && r.RCode == dns.RCodeBadCookie && l.badCookie && cookies == 0 && learnCookie(m, r.Message) {
				p.comment(l, ";; BADCOOKIE, retrying.")
				cookies++
				r, err = p.once(ctx, l, m, s, network)
			}
			if err == nil && r.RCode == dns.RCodeBadVers && l.negotiate && m.EDNS != nil && r.EDNS != nil && r.EDNS.Version < m.EDNS.Version {
				p.comment(l, fmt.Sprintf(";; BADVERS, retrying with EDNS version %d.", r.EDNS.Version))
				m.EDNS.Version = r.EDNS.Version
				r, err = p.once(ctx, l, m, s, network)
			}
			if ours, ok := errors.AsType[*exitError](err); ok {
				return nil, ours
			}
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case err != nil:
				p.failed(l, s, network, err)
				continue
			case r.RCode == dns.RCodeServFail && l.failover && i+1 < len(servers):
				p.comment(l, fmt.Sprintf(";; Got SERVFAIL reply from %s, trying next server", s))
				last = r
				continue
			}
			return r, nil
		}
	}
	if last != nil {
		return last, nil
	}
	if network == dns.NetworkUDP {
		if err := p.greet(l); err != nil {
			return nil, err
		}
		fmt.Fprintln(p.stdout, ";; no servers could be reached")
	}
	p.status = exitNoReply
	return nil, nil
}

// learnCookie puts the server's cookie into the query.
func learnCookie(m, r *dns.Message) bool {
	if m.EDNS == nil {
		return false
	}
	got, ok := r.EDNS.Option(dns.OptionCookie)
	sent, _ := m.EDNS.Option(dns.OptionCookie)
	if !ok || len(got) < 16 || len(sent) < 8 || string(got[:8]) != string(sent[:8]) {
		return false
	}
	m.EDNS.SetOption(dns.OptionCookie, append([]byte(nil), got...))
	m.ID = randomID()
	return true
}

// comment prints a line about what happens, unless answers are short.
func (p *program) comment(l *lookup, line string) {
	if l.comments && !p.short {
		fmt.Fprintln(p.stdout, line)
	}
}

// failed prints why a server gave no answer, in dig's words.
func (p *program) failed(l *lookup, s server, network string, err error) {
	why := err.Error()
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		why = "connection refused"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		why = "timed out"
	case errors.Is(err, syscall.ENETUNREACH):
		why = "network unreachable"
	case errors.Is(err, syscall.EHOSTUNREACH):
		why = "host unreachable"
	}
	if network == dns.NetworkUDP {
		fmt.Fprintf(p.stdout, ";; communications error to %s: %s\n", s, why)
		return
	}
	fmt.Fprintf(p.stdout, ";; Connection to %s(%s) for %s failed: %s.\n;; no servers could be reached\n", s, s.name, nameText(l.name), why)
}

// once sends a query once and waits for its answer.
func (p *program) once(ctx context.Context, l *lookup, m *dns.Message, s server, network string) (*reply, error) {
	b, err := dns.AppendMessage(nil, m)
	if err != nil {
		return nil, err
	}
	matcher, err := dns.NewMatcher(b)
	if err != nil {
		return nil, err
	}
	t, err := p.transport(l)
	if err != nil {
		return nil, err
	}
	if l.showQuery && !p.short {
		if err := p.showQuery(l, m, len(b)); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	start := time.Now()
	octets, err := t.Exchange(ctx, network, s.addr, b, matcher.Accept)
	if err != nil {
		return nil, err
	}
	if !l.keepOpen {
		t.CloseIdle()
	}
	r := &reply{query: m, server: s, network: network, octets: len(octets), duration: time.Since(start), at: time.Now()}
	r.Message, err = dns.ParseMessage(octets, &dns.ParseOptions{Lenient: true})
	return r, err
}
