package main

import (
	"context"
	"fmt"
	"net/netip"

	"applayer/dns"
	"applayer/dns/resolver"
)

// maxReferrals bounds how far down +trace goes.
const maxReferrals = 40

// trace asks from the root down and prints each step: the server that is named,
// or one of the root servers that are built in, then those that each answer
// refers to. Their addresses are the glue in the answer, or are asked for; the
// port stays the same.
func (p *program) trace(ctx context.Context, l *lookup, name dns.Name, servers []server) error {
	if len(l.servers) == 0 {
		servers = p.roots(servers)
	}
	start := l.clone()
	l.greeting = "" // the first question has it
	start.typ = dns.TypeNS
	start.rd = true // the server that is named may be a resolver
	r, err := p.ask(ctx, start, start.query(p, dns.Root), servers)
	if err != nil || r == nil {
		return err
	}
	if err := p.show(start, r); err != nil {
		return err
	}
	if next := p.next(ctx, dns.Root, r); len(next) > 0 {
		servers = next
	}
	zone := dns.Root
	for range maxReferrals {
		r, err := p.ask(ctx, l, l.query(p, name), servers)
		if err != nil || r == nil {
			return err
		}
		if err := p.show(l, r); err != nil {
			return err
		}
		below, ok := referral(r.Message, zone, name)
		if !ok {
			return nil
		}
		zone = below
		if servers = p.next(ctx, zone, r); len(servers) == 0 {
			fmt.Fprintf(p.stdout, ";; no address of a name server of %s\n", zone)
			p.status = exitNoReply
			return nil
		}
	}
	fmt.Fprintln(p.stdout, ";; too many referrals")
	p.status = exitNoReply
	return nil
}

// roots are the root servers, on the port of those given.
func (p *program) roots(like []server) (roots []server) {
	port := like[0].addr.Port()
	names := map[netip.Addr]string{}
	for _, rr := range resolver.RootHints() {
		for _, a := range addressesOf([]dns.RR{rr}) {
			names[a] = nameText(rr.Name.String())
			if p.family == 0 && a.Is4() || p.family == 4 && a.Is4() || p.family == 6 && a.Is6() {
				roots = append(roots, server{netip.AddrPortFrom(a, port), names[a]})
			}
		}
	}
	return roots
}

// referral tells the zone below that an answer refers to, on the way to the name:
// never up or sideways (RFC 1034 §5.3.3).
func referral(m *dns.Message, zone, name dns.Name) (below dns.Name, ok bool) {
	if m.RCode != dns.RCodeNoError || len(m.Answer) > 0 {
		return below, false
	}
	for _, rr := range m.Authority {
		if rr.Type() == dns.TypeNS && rr.Name != zone && rr.Name.IsSubdomainOf(zone) && name.IsSubdomainOf(rr.Name) && rr.Name.Len() > zone.Len() {
			return rr.Name, true
		}
	}
	return below, false
}

// next are the name servers of a zone that an answer names, with the addresses
// that are beside them in it, or else those that the system finds.
func (p *program) next(ctx context.Context, zone dns.Name, r *reply) (servers []server) {
	port := r.server.addr.Port()
	add := func(host dns.Name, addrs []netip.Addr) {
		for _, a := range addrs {
			if p.family == 0 || (p.family == 4) == a.Unmap().Is4() {
				servers = append(servers, server{netip.AddrPortFrom(a, port), nameText(host.String())})
			}
		}
	}
	var hosts []dns.Name
	for _, rrs := range [][]dns.RR{r.Answer, r.Authority} {
		for _, rr := range rrs {
			if ns, ok := rr.Data.(*dns.NS); ok && rr.Name.Equal(zone) {
				hosts = append(hosts, ns.Host)
			}
		}
	}
	for _, host := range hosts {
		for _, rr := range r.Additional {
			if rr.Name.Equal(host) {
				add(host, addressesOf([]dns.RR{rr}))
			}
		}
	}
	for _, host := range hosts {
		if len(servers) > 0 {
			break
		}
		if addrs, err := p.addresses(ctx, host.String()); err == nil {
			add(host, addrs)
		}
	}
	return servers
}
