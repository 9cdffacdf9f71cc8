package peers

import (
	"encoding/binary"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// names are what a name server's configuration needs of its place.
type names struct {
	*place
	zones   []zone
	forward []forward
	// hints is the file of the root servers, "" without.
	hints string
}

// zone is a zone with the path of its master file.
type zone struct{ name, file string }

// forward is a name and the server for it.
type forward struct{ name, host, port string }

// startNames starts a name server, which is ready when it answers for all its
// zones over UDP and accepts connections.
func startNames(tb testing.TB, c *Config, command func(at *names) []string) *Server {
	tb.Helper()
	if c == nil {
		c = &Config{}
	}
	s := startUntil(tb, c, func(at *place) []string {
		return command(&names{at, at.writeZones(tb, c), forwards(tb, c), at.writeHints(tb, c)})
	}, func(tb testing.TB, s *Server) bool { return answers(tb, s, c) })
	if c.TLS == nil {
		s.TLSAddr = ""
	}
	return s
}

func (at *place) writeZones(tb testing.TB, c *Config) (all []zone) {
	tb.Helper()
	in := &place{dir: at.root}
	for _, name := range slices.Sorted(maps.Keys(c.Zones)) {
		file := strings.TrimSuffix(name, ".") + ".zone"
		if name == "." {
			file = "root.zone"
		}
		all = append(all, zone{name, in.write(tb, file, c.Zones[name], 0o644)})
	}
	return all
}

func (at *place) writeHints(tb testing.TB, c *Config) string {
	tb.Helper()
	if c.Hints == "" {
		return ""
	}
	return at.write(tb, "hints", c.Hints, 0o644)
}

func forwards(tb testing.TB, c *Config) (all []forward) {
	tb.Helper()
	for _, name := range slices.Sorted(maps.Keys(c.Forward)) {
		host, port, err := net.SplitHostPort(c.Forward[name])
		if err != nil {
			tb.Fatalf("peers: %v", err)
		}
		all = append(all, forward{name, host, port})
	}
	return all
}

// path is that of a file in the server's own folder.
func (at *place) path(name string) string { return filepath.Join(at.dir, name) }

// answers waits until the server answers for all zones of c. One that has
// none, a resolver, answers when it answers anything.
func answers(tb testing.TB, s *Server, c *Config) bool {
	tb.Helper()
	for _, name := range slices.Sorted(maps.Keys(c.Zones)) {
		if !until(tb, s, "no answer about "+name+" at "+s.Addr, func() bool {
			flags, ok := ask(s.Addr, name)
			return ok && flags&0x040f == 0x0400 // AA and no error
		}) {
			return false
		}
	}
	return until(tb, s, "no answer at "+s.Addr, func() bool {
		_, ok := ask(s.Addr, ".")
		return ok && connects(s.Addr) && (c.TLS == nil || connects(s.TLSAddr))
	})
}

// ask asks a server over UDP for the SOA record of a name, without wish for
// recursion, and returns the flags of its answer (RFC 1035 §4.1.1).
func ask(addr, name string) (flags uint16, ok bool) {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return 0, false
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(250 * time.Millisecond))
	if _, err := conn.Write(question(name)); err != nil {
		return 0, false
	}
	b := make([]byte, 4096)
	n, err := conn.Read(b)
	if err != nil || n < 12 || b[0] != 'a' || b[1] != 'p' {
		return 0, false
	}
	flags = binary.BigEndian.Uint16(b[2:])
	return flags, flags&0x8000 != 0
}

// question is a message of a header and a question: name, SOA, IN.
func question(name string) []byte {
	b := []byte{'a', 'p', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if label != "" {
			b = append(b, byte(len(label)))
			b = append(b, label...)
		}
	}
	return append(b, 0, 0, 6, 0, 1)
}

// noZones fails for a server that has no zones here.
func noZones(tb testing.TB, c *Config, name string) {
	tb.Helper()
	if c != nil && c.Zones != nil {
		tb.Fatalf("peers: %s has no zones here", name)
	}
}
