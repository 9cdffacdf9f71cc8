package main

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"

	"applayer/dns"
	"applayer/dns/resolver"
	"applayer/dns/zone"
)

// startDNS serves with a socket a CPU, and batches.
func startDNS(h dns.Handler) (*server, error) {
	l, err := dns.Listen(context.Background(), loopback, runtime.NumCPU())
	if err != nil {
		return nil, err
	}
	srv := &dns.Server{Handler: h, Sockets: runtime.NumCPU(), Batch: 32}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	return &server{l.Packets[0].LocalAddr().String(), func() error {
		err := srv.Close()
		if serveErr := <-served; !errors.Is(serveErr, dns.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	}}, nil
}

// loadOurs reads the zone's file.
func loadOurs(site string) (*zone.Zone, error) {
	text, err := os.ReadFile(filepath.Join(site, "zone"))
	if err != nil {
		return nil, err
	}
	b := zone.NewBuilder(dns.MustName(loadZone))
	for rr, err := range zone.NewReader(bytes.NewReader(text), nil).All() {
		if err != nil {
			return nil, err
		}
		if err := b.Add(rr); err != nil {
			return nil, err
		}
	}
	return b.Zone()
}

func startZone(site string) (*server, error) {
	z, err := loadOurs(site)
	if err != nil {
		return nil, err
	}
	store := new(zone.Store)
	store.Publish(z)
	return startDNS(&zone.Handler{Store: store})
}

// startResolver is our resolver, which forwards what it does not know to an NSD.
func startResolver(site string) (*server, error) {
	origin, err := startNSD(site)
	if err != nil {
		return nil, err
	}
	r := &resolver.Resolver{EngineOptions: resolver.EngineOptions{Forward: []netip.AddrPort{netip.MustParseAddrPort(origin.addr)}}}
	srv, err := startDNS(&resolver.Handler{Resolver: r, MaxPerClient: -1})
	if err != nil {
		return nil, errors.Join(err, origin.stop())
	}
	return &server{srv.addr, func() error { return errors.Join(srv.stop(), r.Close(), origin.stop()) }}, nil
}
