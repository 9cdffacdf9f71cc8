// Resolver is a local name server: it resolves names from the root's servers
// down, and remembers what they said.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"applayer/dns"
	"applayer/dns/resolver"
	"applayer/examples/internal/cli"
)

func main() { cli.Main(program()) }

func program() *cli.Program {
	s := &settings{}
	return &cli.Program{
		Name:     "resolver",
		Synopsis: "[-addr ADDR]... [-hints FILE] [-port N] [-forward ADDR]... [-max-cache N] [-no-minimise] [-allow PREFIX]... [-map FILE]",
		About: `Answers the questions of local programs over UDP and TCP: it asks the servers of
the root, follows their referrals to the zone that knows, and keeps what it was
told for as long as it may. Each server sees no more of a name than it needs.
With -v it prints each message that a question cost.`,
		Example: `resolver -addr 127.0.0.1:8053
dig @127.0.0.1 -p 8053 www.example.com A`,
		Flags: func(fs *flag.FlagSet) {
			fs.Func("addr", "`ADDR`ess to answer on, may be repeated (default "+defaultAddr+")", s.addAddr)
			fs.StringVar(&s.hints, "hints", "", "`FILE` with the root's servers, in the form of named.root (default: those built in)")
			fs.UintVar(&s.port, "port", 53, "port `N` on which name servers are asked")
			fs.Func("forward", "resolver at `ADDR` to ask in place of the zones' servers, may be repeated", s.addForward)
			fs.IntVar(&s.maxCache, "max-cache", resolver.DefaultCacheSize, "keep at most `N` octets")
			fs.BoolVar(&s.noMinimise, "no-minimise", false, "show each server the whole name")
			fs.Func("allow", "answer clients within `PREFIX`, may be repeated (default: loopback and private networks)", s.addAllow)
		},
		NotBuilt: []string{"trust-anchor", "validation-time"},
		Run:      s.run,
	}
}

const defaultAddr = "127.0.0.1:8053"

// settings are the program's flags.
type settings struct {
	addrs      []string
	hints      string
	port       uint
	forward    []netip.AddrPort
	maxCache   int
	noMinimise bool
	allow      []netip.Prefix
}

func (s *settings) addAddr(v string) error {
	s.addrs = append(s.addrs, v)
	return nil
}

// addForward takes an address with or without a port.
func (s *settings) addForward(v string) error {
	ap, err := netip.ParseAddrPort(v)
	if err != nil {
		a, err := netip.ParseAddr(v)
		if err != nil {
			return err
		}
		ap = netip.AddrPortFrom(a, 53)
	}
	s.forward = append(s.forward, ap)
	return nil
}

// addAllow takes a network, or one address.
func (s *settings) addAllow(v string) error {
	p, err := netip.ParsePrefix(v)
	if err != nil {
		a, err := netip.ParseAddr(v)
		if err != nil {
			return err
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	s.allow = append(s.allow, p)
	return nil
}

func (s *settings) run(ctx context.Context, env *cli.Env) error {
	switch {
	case len(env.Args) > 0:
		return cli.Usagef("unexpected argument %q", env.Args[0])
	case s.port == 0 || s.port > 1<<16-1:
		return cli.Usagef("-port: %d is no port", s.port)
	case s.maxCache <= 0:
		return cli.Usagef("-max-cache: %d octets are none", s.maxCache)
	}
	carrier := &mapped{env: env, transport: dns.Transport{MaxMismatches: -1}}
	defer carrier.transport.Close()
	r, err := s.resolver(carrier)
	if err != nil {
		return err
	}
	defer r.Close()
	h := &resolver.Handler{Resolver: r, Allow: s.allow}
	if env.Verbose {
		h.Resolved = func(res *resolver.Result) { env.Stderr.Write(appendTrace(nil, res)) }
	}
	server := &dns.Server{Handler: h, Logger: env.Log, Sockets: runtime.GOMAXPROCS(0), Batch: 32}
	if len(s.addrs) == 0 {
		s.addrs = []string{defaultAddr}
	}
	var services []cli.Service
	for _, addr := range s.addrs {
		l, err := dns.Listen(ctx, addr, server.Sockets)
		if err != nil {
			return errors.Join(err, server.Close())
		}
		defer l.Close()
		env.Listening("", l.Packets[0].LocalAddr())
		env.Listening("", l.Streams.Addr())
		services = append(services, cli.Service{
			Serve:    func() error { return server.Serve(l) },
			Shutdown: server.Shutdown,
			Closed:   dns.ErrServerClosed,
		})
	}
	return env.ServeAll(ctx, services...)
}

// resolver makes the resolver that the flags ask for.
func (s *settings) resolver(carrier resolver.Exchanger) (*resolver.Resolver, error) {
	r := &resolver.Resolver{Exchanger: carrier}
	r.Port = uint16(s.port)
	r.Forward = s.forward
	r.NoMinimise = s.noMinimise
	r.Cache = resolver.NewCache(s.maxCache)
	if s.hints == "" {
		return r, nil
	}
	text, err := os.ReadFile(s.hints)
	if err != nil {
		return nil, err
	}
	if r.Hints, err = resolver.ParseHints(text); err != nil {
		return nil, fmt.Errorf("%s: %w", s.hints, err)
	}
	return r, nil
}

// mapped carries messages to the local address of a server under -map.
type mapped struct {
	env       *cli.Env
	transport dns.Transport
}

func (m *mapped) Exchange(ctx context.Context, network string, server netip.AddrPort, query []byte, accept func([]byte) error) ([]byte, error) {
	local, err := netip.ParseAddrPort(m.env.LocalAddr(server.String()))
	if err != nil {
		return nil, err
	}
	return m.transport.Exchange(ctx, network, local, query, accept)
}

// appendTrace appends the messages that a question cost, as a dialogue.
func appendTrace(dst []byte, r *resolver.Result) []byte {
	for _, s := range r.Trace {
		dst = append(dst, "C: "+s.Question.String()+" to "+s.Network+" "+s.Server.String()+"\n"...)
		line := []string{"S:", s.Kind.String()}
		if s.Referred.IsValid() {
			line = append(line, "to "+s.Referred.String())
		}
		if s.RCode != dns.RCodeNoError {
			line = append(line, s.RCode.String())
		}
		if s.Octets > 0 {
			line = append(line, strconv.Itoa(s.Octets)+" octets")
		}
		line = append(line, "after "+s.RTT.Round(10*time.Microsecond).String())
		dst = append(dst, strings.Join(line, " ")+"\n"...)
	}
	return dst
}
