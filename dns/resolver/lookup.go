package resolver

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"applayer/dns"
)

// The lookups below are shaped like those of net.Resolver, so that programs
// that take an interface with such methods can be given a Resolver. Names are
// absolute. Their errors are *net.DNSError.

// LookupHost returns the addresses of a host, those of IPv4 first, each family
// in the order of the answer. An address is its own host.
func (r *Resolver) LookupHost(ctx context.Context, host string) ([]string, error) {
	addrs, err := r.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(addrs))
	for i, a := range addrs {
		out[i] = a.String()
	}
	return out, nil
}

// LookupNetIP is [Resolver.LookupHost] for addresses of one family, with the
// network "ip4" or "ip6", or of both, with "ip". With it a Resolver serves a
// sockets.Dialer.
func (r *Resolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	var types []dns.Type
	switch network {
	case "ip":
		types = []dns.Type{dns.TypeA, dns.TypeAAAA}
	case "ip4":
		types = []dns.Type{dns.TypeA}
	case "ip6":
		types = []dns.Type{dns.TypeAAAA}
	default:
		return nil, &net.DNSError{Err: "unknown network " + network, Name: host}
	}
	type answer struct {
		rrs []dns.RR
		err error
	}
	answers := make([]chan answer, len(types))
	for i, t := range types {
		answers[i] = make(chan answer, 1)
		go func() {
			rrs, err := r.lookup(ctx, host, t)
			answers[i] <- answer{rrs, err}
		}()
	}
	var addrs []netip.Addr
	var failed error
	for _, c := range answers {
		a := <-c
		if a.err != nil {
			failed = a.err
		}
		for _, rr := range a.rrs {
			switch d := rr.Data.(type) {
			case *dns.A:
				addrs = append(addrs, d.Addr)
			case *dns.AAAA:
				addrs = append(addrs, d.Addr)
			}
		}
	}
	if len(addrs) > 0 {
		return addrs, nil
	}
	if failed == nil {
		failed = notFound(host)
	}
	return nil, failed
}

// LookupMX returns the mail exchangers of a domain, those to be tried first
// first.
func (r *Resolver) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	rrs, err := r.lookup(ctx, name, dns.TypeMX)
	if err != nil {
		return nil, err
	}
	var out []*net.MX
	for _, rr := range rrs {
		if d, ok := rr.Data.(*dns.MX); ok {
			out = append(out, &net.MX{Host: d.Exchange.String(), Pref: d.Preference})
		}
	}
	if len(out) == 0 {
		return nil, notFound(name)
	}
	slices.SortStableFunc(out, func(a, b *net.MX) int { return cmp.Compare(a.Pref, b.Pref) })
	return out, nil
}

// LookupSRV returns the servers of a service, those to be tried first first,
// and the name that they belong to. Within one priority they are in the order
// of the answer: who wants a share by weight draws it (RFC 2782). With service
// and proto empty, name is asked as it is.
func (r *Resolver) LookupSRV(ctx context.Context, service, proto, name string) (cname string, addrs []*net.SRV, err error) {
	if service != "" || proto != "" {
		name = "_" + service + "._" + proto + "." + name
	}
	rrs, err := r.lookup(ctx, name, dns.TypeSRV)
	if err != nil {
		return "", nil, err
	}
	for _, rr := range rrs {
		if d, ok := rr.Data.(*dns.SRV); ok {
			cname = rr.Name.String()
			addrs = append(addrs, &net.SRV{Target: d.Target.String(), Port: d.Port, Priority: d.Priority, Weight: d.Weight})
		}
	}
	if len(addrs) == 0 {
		return "", nil, notFound(name)
	}
	slices.SortStableFunc(addrs, func(a, b *net.SRV) int { return cmp.Compare(a.Priority, b.Priority) })
	return cname, addrs, nil
}

// LookupTXT returns the texts of a name, each with its parts joined.
func (r *Resolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	rrs, err := r.lookup(ctx, name, dns.TypeTXT)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, rr := range rrs {
		if d, ok := rr.Data.(*dns.TXT); ok {
			out = append(out, strings.Join(d.Texts, ""))
		}
	}
	if len(out) == 0 {
		return nil, notFound(name)
	}
	return out, nil
}

// LookupAddr returns the names of an address.
func (r *Resolver) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return nil, &net.DNSError{Err: "unrecognized address", Name: addr}
	}
	rrs, err := r.lookup(ctx, dns.ReverseName(a.WithZone("")).String(), dns.TypePTR)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, rr := range rrs {
		if d, ok := rr.Data.(*dns.PTR); ok {
			out = append(out, d.Target.String())
		}
	}
	if len(out) == 0 {
		return nil, notFound(addr)
	}
	return out, nil
}

// lookup resolves a name and turns what is no answer into an error.
func (r *Resolver) lookup(ctx context.Context, name string, t dns.Type) ([]dns.RR, error) {
	n, err := dns.ParseName(name)
	if err != nil {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true, UnwrapErr: err}
	}
	q := dns.Question{Name: n, Type: t, Class: dns.ClassIN}
	res, ok := localAnswer(q)
	if !ok {
		if res, err = r.Lookup(ctx, q); err != nil {
			return nil, &net.DNSError{Err: err.Error(), Name: name, UnwrapErr: err, IsTimeout: ctx.Err() != nil, IsTemporary: true}
		}
	}
	switch res.RCode {
	case dns.RCodeNoError:
		return res.Answer, nil
	case dns.RCodeNXDomain:
		return nil, notFound(name)
	}
	e := &net.DNSError{Err: "server misbehaving: " + res.RCode.String(), Name: name, UnwrapErr: res.Err, IsTemporary: true}
	if res.Err != nil {
		e.Err = res.Err.Error()
	}
	return nil, e
}

func notFound(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}
