// Server is an authoritative name server: it answers for the zones whose master
// files it is given.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"log/slog"
	"runtime"
	"sync"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/examples/internal/cli"
	"applayer/examples/internal/recursion"
	"applayer/sockets"
)

func main() { cli.Main(program()) }

const defaultAddr = "127.0.0.1:8053"

// settings are the values of the flags.
type settings struct {
	addrs           []string
	zones           []zoneFile
	tlsAddr         string
	tlsCert, tlsKey string
	rotate          bool
	full            bool
	udpSize         int
	recursive       bool
	version, nsid   string
}

func program() *cli.Program {
	s := &settings{}
	return &cli.Program{
		Name:     "server",
		Synopsis: "[-addr ADDR]... -zone ORIGIN=FILE... [-tls-addr ADDR -tls-cert F -tls-key F] [-rotate] [-full] [-udp-size N] [-recursive-scene]",
		About: `
Server answers questions about its zones over UDP and TCP, and over TLS where it
has a certificate. SIGHUP has it read the files again: a zone whose file is wrong
stays as it was. SIGINT or SIGTERM ends it. -recursive-scene shows what no real
server does: where its zones lead to others it asks those itself.`,
		Example: `server -addr 127.0.0.1:8053 -zone example.org=example.org.zone
dig @127.0.0.1 -p 8053 www.example.org A`,
		Flags: func(fs *flag.FlagSet) {
			fs.Func("addr", "`ADDR` to answer on, may be repeated (default "+defaultAddr+")", s.addAddr)
			fs.Func("zone", "serve the zone `ORIGIN=FILE`, may be repeated; ORIGIN . is the root", s.addZone)
			fs.StringVar(&s.tlsAddr, "tls-addr", "", "`ADDR` to answer on over TLS")
			fs.StringVar(&s.tlsCert, "tls-cert", "", "`F` holds the certificate chain for -tls-addr (PEM)")
			fs.StringVar(&s.tlsKey, "tls-key", "", "`F` holds the key of -tls-cert (PEM)")
			fs.BoolVar(&s.rotate, "rotate", false, "begin each answer with the next of a name's addresses")
			fs.BoolVar(&s.full, "full", false, "add name servers and addresses that nobody asked for")
			fs.IntVar(&s.udpSize, "udp-size", dns.DefaultUDPSize, "longest answer over UDP, `N` octets")
			fs.BoolVar(&s.recursive, "recursive-scene", false, "ask the next server where a zone leads to another, on the port of the first -addr")
			fs.StringVar(&s.version, "version-bind", "", "`TEXT` that version.bind of class CHAOS says; without it that is refused")
			fs.StringVar(&s.nsid, "nsid", "", "`TEXT` that names this server to those that ask, as id.server of class CHAOS too")
		},
		NotBuilt: []string{"tsig", "allow-update", "allow-transfer", "notify", "secondary", "sign", "rrl"},
		Run:      s.run,
	}
}

func (s *settings) addAddr(v string) error {
	s.addrs = append(s.addrs, v)
	return nil
}

// check refuses flags that do not go together.
func (s *settings) check(env *cli.Env) error {
	switch {
	case len(env.Args) > 0:
		return cli.Usagef("unexpected argument %q", env.Args[0])
	case len(s.zones) == 0:
		return cli.Usagef("-zone: none to serve")
	case (s.tlsCert == "") != (s.tlsKey == ""):
		return cli.Usagef("-tls-cert and -tls-key: one is not enough")
	case (s.tlsAddr == "") != (s.tlsCert == ""):
		return cli.Usagef("-tls-addr and -tls-cert: one is not enough")
	case s.udpSize < dns.MinUDPSize || s.udpSize > dns.MaxMessage:
		return cli.Usagef("-udp-size: %d is not within %d and %d", s.udpSize, dns.MinUDPSize, dns.MaxMessage)
	}
	if len(s.addrs) == 0 {
		s.addrs = []string{defaultAddr}
	}
	return nil
}

func (s *settings) run(ctx context.Context, env *cli.Env) error {
	if err := s.check(env); err != nil {
		return err
	}
	var store zone.Store
	// A SIGHUP that comes while the files are read has them read again.
	var loading sync.Mutex
	loading.Lock()
	defer cli.OnHangup(ctx, func() {
		loading.Lock()
		defer loading.Unlock()
		reload(env.Log, &store, s.zones)
	})()
	err := loadAll(env.Log, &store, s.zones)
	loading.Unlock()
	if err != nil {
		return err
	}

	server, err := s.server(env)
	if err != nil {
		return err
	}
	listeners, err := s.listen(ctx, env, server)
	if err != nil {
		return err
	}
	h := &zone.Handler{Store: &store, Full: s.full, Version: s.version, ServerID: s.nsid}
	if s.rotate {
		h.Rotate = zone.RotateRoundRobin
	}
	server.Handler = h
	if s.recursive {
		client := s.client(env)
		defer client.Close()
		server.Handler = &recursion.Handler{Authority: h, Client: client, Port: listeners.port}
	}
	return env.ServeAll(ctx, listeners.services...)
}

// server makes the server, but for its handler.
func (s *settings) server(env *cli.Env) (*dns.Server, error) {
	server := &dns.Server{
		UDPSize: s.udpSize, Sockets: runtime.GOMAXPROCS(0), Batch: 32,
		NSID: s.nsid, Logger: env.Log,
	}
	if env.Verbose {
		server.QueryLog = slog.New(dialogue{env.Stderr})
	}
	if s.tlsCert != "" {
		pair, err := tls.LoadX509KeyPair(s.tlsCert, s.tlsKey)
		if err != nil {
			return nil, err
		}
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	return server, nil
}

// listeners are what the server answers on.
type listeners struct {
	services []cli.Service
	port     uint16 // of the first
	close    []func() error
}

// listen binds all addresses before any is served, and says so.
func (s *settings) listen(ctx context.Context, env *cli.Env, server *dns.Server) (ls listeners, err error) {
	defer func() {
		for _, c := range ls.close {
			if err != nil {
				err = errors.Join(err, c())
			}
		}
	}()
	add := func(serve func() error, close func() error) {
		ls.close = append(ls.close, close)
		ls.services = append(ls.services, cli.Service{Serve: serve, Shutdown: server.Shutdown, Closed: dns.ErrServerClosed})
	}
	var ready []func()
	for _, addr := range s.addrs {
		l, err := dns.Listen(ctx, addr, server.Sockets)
		if err != nil {
			return ls, err
		}
		if ls.port == 0 {
			ls.port = l.Addr().Port()
		}
		add(func() error { return server.Serve(l) }, l.Close)
		ready = append(ready, func() {
			env.Listening("", l.Packets[0].LocalAddr())
			env.Listening("", l.Streams.Addr())
		})
	}
	if s.tlsAddr != "" {
		l, err := env.Listen(ctx, "tcp", s.tlsAddr)
		if err != nil {
			return ls, err
		}
		add(func() error { return server.ServeTLS(l) }, l.Close)
		ready = append(ready, func() { env.Listening("tls", l.Addr()) })
	}
	for _, tell := range ready {
		tell()
	}
	return ls, nil
}

// client asks the next server in the recursive scene, where -map says it is.
func (s *settings) client(env *cli.Env) *dns.Client {
	return &dns.Client{Transport: &dns.Transport{Dialer: &sockets.Dialer{Connect: env.DialQuietly}}}
}
