package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	miekg "github.com/miekg/dns"
)

var dnsServerSubjects = []subject{
	{name: "dns-server", programs: []string{"dnsperf", "nsd"}, implementations: []implementation{
		{name: "applayer", bench: underLoad(startZone, noLosses)},
		{name: "nsd", bench: underLoad(startNSD, fewLosses)},
		{name: "miekg", bench: underLoad(startMiekgServer, fewLosses)},
	}},
	{name: "dns-resolver-hits", programs: []string{"dnsperf", "unbound", "nsd"}, implementations: []implementation{
		{name: "applayer", bench: underLoad(startResolver, noLosses)},
		{name: "unbound", bench: underLoad(startUnbound, fewLosses)},
	}},
	{name: "dns-server-p99", unit: "µs", programs: []string{"dnsperf", "nsd"}, implementations: []implementation{
		{name: "applayer", bench: lateness(startZone, noLosses)},
		{name: "nsd", bench: lateness(startNSD, fewLosses)},
		{name: "miekg", bench: lateness(startMiekgServer, fewLosses)},
	}},
	{name: "dns-resolver-hits-p99", unit: "µs", programs: []string{"dnsperf", "unbound", "nsd"}, implementations: []implementation{
		{name: "applayer", bench: lateness(startResolver, noLosses)},
		{name: "unbound", bench: lateness(startUnbound, fewLosses)},
	}},
}

// startNSD is NSD with a server process a CPU, each with a socket of its own.
func startNSD(site string) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "nsd")
	if err != nil {
		return nil, err
	}
	host, port, _ := strings.Cut(addr, ":")
	conf := filepath.Join(dir, "nsd.conf")
	err = os.WriteFile(conf, fmt.Appendf(nil, `server:
	ip-address: %s@%s
	port: %[2]s
	server-count: %[3]d
	reuseport: yes
	username: ""
	chroot: ""
	zonesdir: %[4]q
	database: ""
	pidfile: "%[4]s/pid"
	xfrdfile: "%[4]s/xfrd"
	xfrdir: %[4]q
	zonelistfile: "%[4]s/zones"
	cookie-secret-file: "%[4]s/cookies"
	rrl-ratelimit: 0
remote-control:
	control-enable: no
zone:
	name: %[5]q
	zonefile: %[6]q
`, host, port, runtime.NumCPU(), dir, loadZone, filepath.Join(site, "zone")), 0o644)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return daemon(addr, dir, "nsd", "-d", "-c", conf)
}

// startUnbound is Unbound with a thread a CPU, whose cache is filled from an
// NSD.
func startUnbound(site string) (*server, error) {
	origin, err := startNSD(site)
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, errors.Join(err, origin.stop())
	}
	dir, err := os.MkdirTemp("", "unbound")
	if err != nil {
		return nil, errors.Join(err, origin.stop())
	}
	conf := filepath.Join(dir, "unbound.conf")
	host, port, _ := strings.Cut(addr, ":")
	originHost, originPort, _ := strings.Cut(origin.addr, ":")
	err = os.WriteFile(conf, fmt.Appendf(nil, `server:
	interface: %s@%s
	port: %[2]s
	num-threads: %[3]d
	so-reuseport: yes
	so-rcvbuf: 1m
	username: ""
	chroot: ""
	directory: %[4]q
	pidfile: ""
	use-syslog: no
	do-ip6: no
	do-not-query-localhost: no
	access-control: 127.0.0.0/8 allow
	module-config: "iterator"
	minimal-responses: yes
remote-control:
	control-enable: no
stub-zone:
	name: %[5]q
	stub-addr: %[6]s@%[7]s
`, host, port, runtime.NumCPU(), dir, loadZone, originHost, originPort), 0o644)
	var srv *server
	if err == nil {
		srv, err = daemon(addr, dir, "unbound", "-d", "-p", "-c", conf)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir), origin.stop())
	}
	return &server{addr, func() error { return errors.Join(srv.stop(), origin.stop()) }}, nil
}

// startMiekgServer is a server of miekg/dns as its examples write one: a socket
// a CPU, and a handler that looks the name up in a map.
func startMiekgServer(site string) (*server, error) {
	text, err := os.ReadFile(filepath.Join(site, "zone"))
	if err != nil {
		return nil, err
	}
	zone := map[string][]miekg.RR{}
	parser := miekg.NewZoneParser(strings.NewReader(string(text)), loadZone, "")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		zone[rr.Header().Name] = append(zone[rr.Header().Name], rr)
	}
	if err := parser.Err(); err != nil {
		return nil, err
	}
	handler := miekg.HandlerFunc(func(w miekg.ResponseWriter, r *miekg.Msg) {
		m := new(miekg.Msg)
		m.SetReply(r)
		m.Authoritative = true
		if m.Answer = zone[strings.ToLower(r.Question[0].Name)]; m.Answer == nil {
			m.Rcode = miekg.RcodeNameError
		}
		_ = w.WriteMsg(m) // a peer that is gone
	})
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	var servers []*miekg.Server
	stop := func() error {
		var errs []error
		for _, s := range servers {
			errs = append(errs, s.Shutdown())
		}
		return errors.Join(errs...)
	}
	for range runtime.NumCPU() {
		ready := make(chan error, 1)
		s := &miekg.Server{Addr: addr, Net: "udp", ReusePort: true, Handler: handler, NotifyStartedFunc: func() { ready <- nil }}
		go func() {
			if err := s.ListenAndServe(); err != nil {
				ready <- err
			}
		}()
		if err := <-ready; err != nil {
			return nil, errors.Join(err, stop())
		}
		servers = append(servers, s)
	}
	return &server{addr, stop}, nil
}
