package sockets

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Dialer connects to named hosts by Happy Eyeballs (RFC 8305): the addresses of
// a name are tried in the resolver's order with the families interleaved, the
// next one when 250 ms have passed or an attempt has failed, and the first
// that connects wins. The zero value works as net.Dialer does. What Dialer
// adds to it is the injected resolver and map, the queries by family, the
// choice of local ports, the trace, and errors that name every attempt.
//
// A Dialer is safe for concurrent use as long as its fields stay as they are.
type Dialer struct {
	// Resolver finds the addresses of names (default net.DefaultResolver).
	Resolver Resolver
	// SplitQueries asks the Resolver for the addresses of IPv6 and of IPv4 at
	// the same time and starts with those that come first, so that a slow
	// answer for one family does not hold up the other (RFC 8305 §3). IPv6 is
	// then tried first. Without it one query asks for both, and the Resolver's
	// order decides which family is first: net.Resolver sorts by RFC 6724 §6.
	SplitQueries bool
	// Map sends public addresses, and the names before they are resolved, to
	// local addresses.
	Map AddrMap

	// AttemptDelay is the time between the start of two attempts (default
	// 250 ms, between 10 ms and 2 s by RFC 8305 §5). If it is negative the
	// next attempt starts only when the one before has failed.
	AttemptDelay time.Duration
	// ResolutionDelay is how long an answer with addresses of IPv4 waits for
	// that of IPv6, with SplitQueries (default 50 ms; negative, not at all).
	ResolutionDelay time.Duration
	// FirstFamilyCount is the First Address Family Count of RFC 8305 §4: how
	// many addresses of the first family are tried before one of the other
	// (default 1).
	FirstFamilyCount int
	// MaxAttempts bounds the attempts of one dial (default 64; negative, no
	// limit), so that an answer with a thousand addresses does not make us
	// knock at all of them.
	MaxAttempts int

	// LocalAddr is the address to dial from. Addresses of the other family are
	// then left out. The default leaves the choice to the system.
	LocalAddr netip.Addr
	// LocalPorts is the range to take the local port from, at random; ports in
	// use are passed over, and that of a destination where the connection
	// would be to itself. The zero value leaves the choice to the system.
	LocalPorts PortRange
	// KeepAlive configures TCP keep-alive as in net.Dialer.
	KeepAlive net.KeepAliveConfig
	// Connect opens one connection to a numeric address, or of a Unix-domain
	// network; net.Dialer does it where it is nil. It must give up when ctx
	// ends. LocalAddr, LocalPorts and KeepAlive are for the default alone.
	Connect func(ctx context.Context, network, addr string) (net.Conn, error)
	// Trace is called at each step.
	Trace *DialTrace
}

// attempt is one call of Connect.
type attempt struct{ network, addr string }

// Dial connects to an address of the networks that net.Dial knows. On TCP and
// UDP a host name has its addresses raced; numeric addresses, other networks,
// and what Map sends elsewhere go straight to Connect. A port may be the name
// of a service; an empty host is the local one. The deadline of ctx bounds the
// whole; after Dial has returned, ctx has no effect on the connection. An
// error is a [*DialError] and names each address that was tried.
func (d *Dialer) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := d.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func (d *Dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	fail := &DialError{Network: network, Addr: addr}
	if !namesHosts(network) {
		return d.one(ctx, attempt{network, addr}, fail)
	}
	if _, err := netip.ParseAddrPort(addr); err == nil && len(d.Map) == 0 {
		return d.one(ctx, attempt{network, addr}, fail)
	}
	host, port, err := d.splitAddr(ctx, network, addr)
	if err != nil {
		fail.Causes = []error{err}
		return nil, fail
	}
	target := net.JoinHostPort(host, strconv.Itoa(int(port)))
	if a := d.local(network, target); a.addr != target {
		return d.one(ctx, a, fail)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return d.one(ctx, attempt{network, target}, fail)
	}
	run := &dialRun{Dialer: d, network: network, host: host, port: port, fail: fail, race: d.race()}
	return run.dial(ctx)
}

// one is a dial to an address that leaves no choice.
func (d *Dialer) one(ctx context.Context, a attempt, fail *DialError) (net.Conn, error) {
	d.Trace.attempt(a)
	conn, err := d.connect(ctx, a)
	if err != nil {
		d.Trace.failed(a, err)
		fail.Causes = []error{&AttemptError{a.addr, err}}
		return nil, fail
	}
	d.Trace.connected(a)
	return conn, nil
}

// local sends an address where Map wants it. The local address may be of the
// other family, so the network loses its 4 or 6.
func (d *Dialer) local(network, addr string) attempt {
	local, ok := d.Map.Local(addr)
	if !ok {
		return attempt{network, addr}
	}
	d.Trace.mapped(addr, local)
	return attempt{strings.TrimRight(network, "46"), local}
}

func (d *Dialer) race() *race {
	return &race{
		attemptDelay:    attemptDelay(d.AttemptDelay),
		resolutionDelay: max(cmp.Or(d.ResolutionDelay, defaultResolutionDelay), 0),
		firstCount:      max(cmp.Or(d.FirstFamilyCount, defaultFirstFamily), 1),
		maxAttempts:     orUnlimited(cmp.Or(d.MaxAttempts, defaultMaxAttempts)),
	}
}

func attemptDelay(d time.Duration) time.Duration {
	if d < 0 {
		return d
	}
	return min(max(cmp.Or(d, defaultAttemptDelay), minAttemptDelay), maxAttemptDelay)
}

// orUnlimited makes a limit that nothing reaches of a negative one.
func orUnlimited(n int) int {
	if n < 0 {
		return int(^uint(0) >> 1)
	}
	return n
}

// namesHosts tells whether addresses of the network have a host and a port.
func namesHosts(network string) bool {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
		return true
	}
	return false
}

// splitAddr takes an address apart. The local host stands in for an empty one.
func (d *Dialer) splitAddr(ctx context.Context, network, addr string) (host string, port uint16, err error) {
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	if host == "" {
		host = "127.0.0.1"
		if strings.HasSuffix(network, "6") {
			host = "::1"
		}
	}
	if port, err := parsePort([]byte(service), 0); err == nil {
		return host, port, nil
	}
	if port, ok := servicePort(network, service); ok {
		return host, port, nil
	}
	n, err := net.DefaultResolver.LookupPort(ctx, network, service)
	if err != nil {
		return "", 0, fmt.Errorf("port: %w", err)
	}
	return host, uint16(n), nil
}
