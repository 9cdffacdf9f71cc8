package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"applayer/internal/ascii"
	"applayer/smtp"
)

// Resolver finds the hosts of a domain and the addresses of a host. A
// [*net.Resolver] is one. An alias (CNAME) is followed within it, by either
// method (RFC 5321 §5.1).
//
// A *net.DNSError with IsNotFound says that the name has no such records, or is
// not there at all; any other error, that it cannot be told at present.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupHost(ctx context.Context, host string) (addrs []string, err error)
}

// Host is one to bring mail to.
type Host struct {
	// Name is the host's, without a dot at its end; or its address, where there
	// is no other name.
	Name string
	// Preference is that of its MX record, 0 where there is none.
	Preference uint16
	// Port is the port, 0 for the relay's.
	Port uint16
	// implicit tells that the host is the domain itself.
	implicit bool
}

// Route returns the hosts to try for mail to an address, in their order: those
// of the domain's MX records by preference, equal ones shuffled; the domain
// itself where it has none; or the smart host (RFC 5321 §5.1). Where there is no
// way the error is an [*smtp.ReplyError] of 5yz, else temporary.
func (r *Relay) Route(ctx context.Context, to smtp.Path) ([]Host, error) {
	switch {
	case r.SmartHost != "":
		h, err := smartHost(r.SmartHost)
		return []Host{h}, err
	case to.Literal:
		addr, err := literal(to.Domain)
		if err == nil && r.isSelf(addr) {
			err = errLoop("[" + to.Domain + "]")
		}
		return []Host{{Name: addr}}, err
	case to.Domain == "":
		return nil, smtp.Refuse(550, smtp.EnhancedCode{5, 1, 3}, "No domain in the address")
	}
	name, err := smtp.ToASCII(strings.TrimSuffix(to.Domain, "."))
	if err != nil {
		return nil, smtp.Refuse(553, smtp.EnhancedCode{5, 1, 2}, "Bad domain in the address")
	}
	records, err := r.resolver().LookupMX(ctx, name+".")
	if len(records) > 0 {
		err = nil // net.Resolver tells of bad records beside the good ones
	}
	switch {
	case isNotFound(err), err == nil && len(records) == 0:
		records = []*net.MX{{Host: name}}
		hosts, err := r.usable(name, records)
		for i := range hosts {
			hosts[i].implicit = true
		}
		return hosts, err
	case err != nil:
		return nil, fmt.Errorf("smtp/queue: MX of %s: %w", name, err)
	case len(records) == 1 && records[0].Host == ".":
		return nil, smtp.Refuse(556, smtp.EnhancedCode{5, 1, 10}, name+" takes no mail (null MX)") // RFC 7505 §4.2
	}
	return r.usable(name, records)
}

// usable puts records in order and cuts them where this host stands: who is less
// preferred than we are would bring the mail back to us.
func (r *Relay) usable(domain string, records []*net.MX) ([]Host, error) {
	hosts := make([]Host, 0, len(records))
	for _, mx := range records {
		if name := strings.TrimSuffix(mx.Host, "."); name != "" {
			hosts = append(hosts, Host{Name: name, Preference: mx.Pref})
		}
	}
	rand.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
	slices.SortStableFunc(hosts, func(a, b Host) int { return cmp.Compare(a.Preference, b.Preference) })
	if len(hosts) == 0 {
		return nil, smtp.Refuse(550, smtp.EnhancedCode{5, 4, 4}, "No usable MX of "+domain)
	}
	if self := slices.IndexFunc(hosts, func(h Host) bool { return r.isSelf(h.Name) }); self >= 0 {
		p := hosts[self].Preference
		hosts = slices.DeleteFunc(hosts, func(h Host) bool { return h.Preference >= p })
		if len(hosts) == 0 {
			return nil, errLoop(domain)
		}
	}
	return hosts, nil
}

func errLoop(what string) error {
	return smtp.Refuse(554, statusLoop, "Mail for "+what+" comes back to this host")
}

// statusLoop is that of a routing loop (RFC 3463 §3.5).
var statusLoop = smtp.EnhancedCode{5, 4, 6}

// isLoop tells that err is of errLoop.
func isLoop(err error) bool {
	e, refused := errors.AsType[*smtp.ReplyError](err)
	return refused && isLocal(e) && e.Enhanced == statusLoop
}

// isSelf tells whether a name or address is one of this host's.
func (r *Relay) isSelf(name string) bool {
	name = canonicalHost(name)
	same := func(own string) bool { return canonicalHost(own) == name }
	return name != "" && (same(r.Hostname) || slices.ContainsFunc(r.Self, same))
}

// canonicalHost is the form of a host's name or address in which it is compared.
func canonicalHost(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().String()
	}
	host = strings.TrimSuffix(host, ".")
	if name, err := smtp.ToASCII(host); err == nil {
		return name
	}
	return strings.ToLower(host) // with "_", as a host should not be called
}

// addresses returns where a host is reached, in the resolver's order.
func (r *Relay) addresses(ctx context.Context, h Host) ([]string, error) {
	port := strconv.Itoa(int(cmp.Or(h.Port, r.Port, 25)))
	if _, err := netip.ParseAddr(h.Name); err == nil && !h.implicit { // a domain of digits is none
		return []string{net.JoinHostPort(h.Name, port)}, nil
	}
	ips, err := r.resolver().LookupHost(ctx, h.Name+".")
	switch {
	case isNotFound(err) && h.implicit:
		return nil, smtp.Refuse(550, smtp.EnhancedCode{5, 1, 2}, "No such domain: "+h.Name)
	case isNotFound(err), err == nil && len(ips) == 0:
		return nil, smtp.Refuse(550, smtp.EnhancedCode{5, 4, 4}, "No address of "+h.Name)
	case err != nil:
		return nil, fmt.Errorf("smtp/queue: address of %s: %w", h.Name, err)
	}
	addrs := make([]string, len(ips))
	for i, ip := range ips {
		if r.SmartHost == "" && r.isSelf(ip) {
			return nil, errLoop(h.Name)
		}
		addrs[i] = net.JoinHostPort(ip, port)
	}
	return addrs, nil
}

func (r *Relay) resolver() Resolver {
	if r.Resolver == nil {
		return net.DefaultResolver
	}
	return r.Resolver
}

// isNotFound tells that a name has no such records.
func isNotFound(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}

// smartHost takes "host" or "host:port".
func smartHost(s string) (Host, error) {
	name, number, err := net.SplitHostPort(s)
	if err != nil {
		return Host{Name: strings.Trim(s, "[]")}, nil
	}
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return Host{}, fmt.Errorf("smtp/queue: port of the smart host %q: %w", s, err)
	}
	return Host{Name: name, Port: uint16(port)}, nil
}

// literal takes what stands between the brackets of an address literal
// (RFC 5321 §4.1.3).
func literal(s string) (string, error) {
	const v6 = "IPv6:"
	if len(s) > len(v6) && ascii.EqualFold(s[:len(v6)], v6) {
		s = s[len(v6):]
	}
	ip, err := netip.ParseAddr(s)
	if err != nil || ip.Zone() != "" {
		return "", smtp.Refuse(550, smtp.EnhancedCode{5, 1, 2}, "Bad address literal")
	}
	return ip.String(), nil
}
