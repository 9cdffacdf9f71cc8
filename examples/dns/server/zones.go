package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"applayer/dns"
	"applayer/dns/zone"
)

// zoneFile is a zone and where its records are.
type zoneFile struct {
	origin dns.Name
	file   string
}

// addZone takes ORIGIN=FILE.
func (s *settings) addZone(v string) error {
	origin, file, ok := strings.Cut(v, "=")
	if !ok || file == "" {
		return errors.New("is not ORIGIN=FILE")
	}
	n, err := dns.ParseName(origin)
	if err != nil {
		return err
	}
	for _, z := range s.zones {
		if z.origin.Equal(n) {
			return fmt.Errorf("%s is there twice", n)
		}
	}
	s.zones = append(s.zones, zoneFile{n, file})
	return nil
}

// loadAll reads all zones and serves them; the first that is wrong ends it.
func loadAll(log *slog.Logger, store *zone.Store, files []zoneFile) error {
	var loaded []*zone.Zone
	for _, f := range files {
		z, err := load(log, f)
		if err != nil {
			return fmt.Errorf("-zone %s: %w", f.origin, err)
		}
		loaded = append(loaded, z)
	}
	store.Publish(loaded...)
	return nil
}

// reload reads all zones again. One that is wrong stays as it was.
func reload(log *slog.Logger, store *zone.Store, files []zoneFile) {
	var loaded []*zone.Zone
	for _, f := range files {
		z, err := load(log, f)
		if err != nil {
			log.Error("zone not loaded; the old one stays", "zone", f.origin.String(), "err", err)
			continue
		}
		loaded = append(loaded, z)
	}
	store.Publish(loaded...)
	for _, z := range loaded {
		log.Info("zone loaded", "zone", z.Origin().String(), "serial", z.Serial(), "records", z.Len())
	}
}

// load reads a zone and logs what is strange about it.
func load(log *slog.Logger, f zoneFile) (*zone.Zone, error) {
	z, warnings, err := zone.LoadFile(f.origin, f.file)
	for _, w := range warnings {
		log.Warn("zone", "file", f.file, "err", w)
	}
	return z, err
}
