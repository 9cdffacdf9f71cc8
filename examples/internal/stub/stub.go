// Package stub is a stub resolver with the methods of net.Resolver that mail
// asks (RFC 5321 §5.1): it leaves the work to a local name server. Package
// smtp/queue takes it as it takes a *net.Resolver.
package stub

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"

	"applayer/dns"
)

// Resolver asks a recursive name server. Goroutines may share it.
type Resolver struct {
	Client *dns.Client
	Server netip.AddrPort
}

// maxAliases bounds the aliases that lead to a name.
const maxAliases = 8

// LookupMX returns the mail exchangers of a domain in the order of the answer.
// Errors are a *net.DNSError, with IsNotFound where there are none.
func (r *Resolver) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	rrs, err := r.ask(ctx, name, dns.TypeMX)
	if err != nil {
		return nil, err
	}
	var list []*net.MX
	for _, rr := range rrs {
		mx := rr.Data.(*dns.MX)
		list = append(list, &net.MX{Host: mx.Exchange.String(), Pref: mx.Preference})
	}
	return list, nil
}

// LookupHost returns the addresses of a host, of IPv4 first. Errors are a
// *net.DNSError, with IsNotFound where there are none.
func (r *Resolver) LookupHost(ctx context.Context, host string) ([]string, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []string{addr.String()}, nil
	}
	var addrs []string
	var failed error
	for _, t := range []dns.Type{dns.TypeA, dns.TypeAAAA} {
		rrs, err := r.ask(ctx, host, t)
		if err != nil && (failed == nil || !isNotFound(err)) {
			failed = err
		}
		for _, rr := range rrs {
			switch d := rr.Data.(type) {
			case *dns.A:
				addrs = append(addrs, d.Addr.String())
			case *dns.AAAA:
				addrs = append(addrs, d.Addr.String())
			}
		}
	}
	if len(addrs) > 0 {
		return addrs, nil
	}
	return nil, failed
}

func isNotFound(err error) bool {
	dnsErr, ok := errors.AsType[*net.DNSError](err)
	return ok && dnsErr.IsNotFound
}

// ask returns the records of a type that a name, or what it is an alias of, has:
// at least one.
func (r *Resolver) ask(ctx context.Context, name string, t dns.Type) ([]dns.RR, error) {
	failure := &net.DNSError{Name: name, Server: r.Server.String()}
	q, err := dns.ParseName(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		failure.Err, failure.IsNotFound = err.Error(), true
		return nil, failure
	}
	query := &dns.Message{
		Header:   dns.Header{RecursionDesired: true},
		Question: []dns.Question{{Name: q, Type: t, Class: dns.ClassIN}},
	}
	answer, _, err := r.Client.Exchange(ctx, r.Server, query)
	switch {
	case err != nil:
		failure.UnwrapErr, failure.Err, failure.IsTemporary = err, err.Error(), true
		timeout, ok := errors.AsType[net.Error](err)
		failure.IsTimeout = ok && timeout.Timeout()
		return nil, failure
	case answer.RCode != dns.RCodeNoError && answer.RCode != dns.RCodeNXDomain:
		failure.Err, failure.IsTemporary = "answered "+answer.RCode.String(), true
		return nil, failure
	}
	rrs := ofType(answer.Answer, q, t)
	if len(rrs) == 0 && !answer.Authoritative && !answer.RecursionAvailable {
		// A referral from a server that is not one to ask (RFC 1034 §4.3.1): it
		// says nothing of the name, for which mail would come back for good.
		failure.Err, failure.IsTemporary = "neither an answer nor one to come", true
		return nil, failure
	}
	if len(rrs) == 0 {
		failure.Err, failure.IsNotFound = "no such host", true
		return nil, failure
	}
	return rrs, nil
}

// ofType picks the records of a type at the end of a name's aliases.
func ofType(answer []dns.RR, name dns.Name, t dns.Type) (rrs []dns.RR) {
	for range maxAliases {
		var alias dns.Name
		for _, rr := range answer {
			if !rr.Name.Equal(name) {
				continue
			}
			if rr.Type() == t {
				rrs = append(rrs, rr)
			}
			if c, ok := rr.Data.(*dns.CNAME); ok {
				alias = c.Target
			}
		}
		if len(rrs) > 0 || !alias.IsValid() {
			return rrs
		}
		name = alias
	}
	return nil
}

// ParseServer takes the address of a name server, port 53 where none is given.
func ParseServer(s string) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(addr, 53), nil
	}
	return netip.ParseAddrPort(s)
}
