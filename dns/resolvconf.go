package dns

import (
	"bytes"
	"net/netip"
	"time"

	"applayer/internal/ascii"
)

// ResolvConf is what /etc/resolv.conf says: whom a program asks.
type ResolvConf struct {
	// Servers are the name servers, in their order: at least one, that of the
	// machine itself where the file names none.
	Servers []netip.AddrPort
	// Search are the names below which a relative name is looked for.
	Search []Name
	// Ndots is how many dots a name has that is tried as it is first.
	Ndots int
	// Timeout and Attempts are for each server.
	Timeout  time.Duration
	Attempts int
}

// The defaults and the bounds are those of the C libraries that read the file.
const (
	maxServers     = 3
	maxSearch      = 6
	maxNdots       = 15
	maxConfTimeout = 30
	maxAttempts    = 5
	domainPort     = 53
)

// ParseResolvConf reads the text of /etc/resolv.conf. Lines that it does not
// know, and parts that make no sense, are passed over, as the C libraries do:
// a file that people write by hand must not cut them off.
func ParseResolvConf(b []byte) *ResolvConf {
	r := &ResolvConf{Ndots: 1, Timeout: 5 * time.Second, Attempts: 2}
	for line := range bytes.Lines(b) {
		if len(line) > 0 && (line[0] == '#' || line[0] == ';') {
			continue
		}
		fields := bytes.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch string(fields[0]) {
		case "nameserver":
			r.addServer(string(fields[1]))
		case "domain":
			r.setSearch(fields[1:2])
		case "search":
			r.setSearch(fields[1:])
		case "options":
			for _, f := range fields[1:] {
				r.option(f)
			}
		}
	}
	if len(r.Servers) == 0 {
		r.Servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), domainPort)}
	}
	return r
}

func (r *ResolvConf) addServer(s string) {
	if a, err := netip.ParseAddr(s); err == nil && len(r.Servers) < maxServers {
		r.Servers = append(r.Servers, netip.AddrPortFrom(a, domainPort))
	}
}

// setSearch replaces the list: the last line decides.
func (r *ResolvConf) setSearch(fields [][]byte) {
	r.Search = nil
	for _, f := range fields {
		if n, err := ParseName(string(f)); err == nil && len(r.Search) < maxSearch {
			r.Search = append(r.Search, n)
		}
	}
}

func (r *ResolvConf) option(f []byte) {
	key, value, _ := bytes.Cut(f, []byte{':'})
	n, used, err := ascii.Decimal(value, 1<<16)
	if err != nil || used != len(value) {
		return
	}
	switch string(key) {
	case "ndots":
		r.Ndots = min(int(n), maxNdots)
	case "timeout":
		r.Timeout = time.Duration(min(max(n, 1), maxConfTimeout)) * time.Second
	case "attempts":
		r.Attempts = min(max(int(n), 1), maxAttempts)
	}
}
