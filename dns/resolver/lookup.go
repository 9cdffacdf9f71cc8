package resolver

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"

	"applayer/dns"
	"applayer/internal/ascii"
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
		if network == "ip4" && !a.Unmap().Is4() || network == "ip6" && a.Unmap().Is4() {
			return nil, &net.DNSError{Err: "no suitable address", Name: host, IsNotFound: true}
		}
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
// first, and those of one preference in an order drawn anew each time
// (RFC 5321 §5.1). Records whose host is no host's name are left out, and then
// there is an error beside those that remain.
func (r *Resolver) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	rrs, err := r.lookup(ctx, name, dns.TypeMX)
	if err != nil {
		return nil, err
	}
	var out []*net.MX
	for _, rr := range rrs {
		if d, ok := rr.Data.(*dns.MX); ok && isHostName(d.Exchange) {
			out = append(out, &net.MX{Host: d.Exchange.String(), Pref: d.Preference})
		} else if ok {
			err = badName(name)
		}
	}
	if len(out) == 0 && err == nil {
		return nil, notFound(name)
	}
	rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	slices.SortStableFunc(out, func(a, b *net.MX) int { return cmp.Compare(a.Pref, b.Pref) })
	return out, err
}

// LookupSRV returns the servers of a service, those to be tried first first,
// and the name that they belong to. Those of one priority are in an order drawn
// by their weights (RFC 2782). With service and proto empty, name is asked as it
// is. Records whose target is no host's name are left out as by
// [Resolver.LookupMX].
func (r *Resolver) LookupSRV(ctx context.Context, service, proto, name string) (cname string, addrs []*net.SRV, err error) {
	if service != "" || proto != "" {
		name = "_" + service + "._" + proto + "." + name
	}
	rrs, err := r.lookup(ctx, name, dns.TypeSRV)
	if err != nil {
		return "", nil, err
	}
	for _, rr := range rrs {
		if d, ok := rr.Data.(*dns.SRV); ok && isHostName(d.Target) {
			cname = rr.Name.String()
			addrs = append(addrs, &net.SRV{Target: d.Target.String(), Port: d.Port, Priority: d.Priority, Weight: d.Weight})
		} else if ok {
			err = badName(name)
		}
	}
	if len(addrs) == 0 && err == nil {
		return "", nil, notFound(name)
	}
	slices.SortStableFunc(addrs, func(a, b *net.SRV) int { return cmp.Compare(a.Priority, b.Priority) })
	for rest := addrs; len(rest) > 0; {
		same := slices.IndexFunc(rest, func(s *net.SRV) bool { return s.Priority != rest[0].Priority })
		if same < 0 {
			same = len(rest)
		}
		drawByWeight(rest[:same])
		rest = rest[same:]
	}
	return cname, addrs, err
}

// drawByWeight puts servers into an order by chance: one is next as often as
// its share of the weights of those left, and those of weight 0 seldom
// (RFC 2782, "Weight").
func drawByWeight(addrs []*net.SRV) {
	rand.Shuffle(len(addrs), func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
	slices.SortStableFunc(addrs, func(a, b *net.SRV) int {
		return cmp.Compare(min(a.Weight, 1), min(b.Weight, 1)) // those of weight 0 first
	})
	total := 0
	for _, s := range addrs {
		total += int(s.Weight)
	}
	for ; len(addrs) > 1; addrs = addrs[1:] {
		i := 0
		for drawn := rand.IntN(total+1) - int(addrs[0].Weight); drawn > 0; drawn -= int(addrs[i].Weight) {
			i++
		}
		next := addrs[i]
		copy(addrs[1:], addrs[:i])
		addrs[0] = next
		total -= int(next.Weight)
	}
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

// LookupAddr returns the names of an address. What is no host's name is left
// out as by [Resolver.LookupMX].
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
		if d, ok := rr.Data.(*dns.PTR); ok && isHostName(d.Target) {
			out = append(out, d.Target.String())
		} else if ok {
			err = badName(addr)
		}
	}
	if len(out) == 0 && err == nil {
		return nil, notFound(addr)
	}
	return out, err
}

// isHostName tells whether a name can be that of a host: letters, digits,
// hyphens, and the underscores that some have (RFC 1123 §2.1). What a stranger
// may put into his zone is more, and callers write it into pages, commands and
// logs (CVE-2021-33195).
func isHostName(n dns.Name) bool {
	for label := range n.Labels() {
		for _, c := range []byte(label) {
			if lower := ascii.Lower(c); (lower < 'a' || lower > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
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
			return nil, &net.DNSError{Err: err.Error(), Name: name, UnwrapErr: err, IsTimeout: errors.Is(err, context.DeadlineExceeded), IsTemporary: !errors.Is(err, ErrClosed)}
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
		limit, ok := errors.AsType[*dns.LimitError](res.Err)
		e.IsTimeout = ok && limit.Name == "MaxTime"
	}
	return nil, e
}

func badName(name string) error {
	return &net.DNSError{Err: "records with what is no host's name", Name: name}
}

func notFound(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}
