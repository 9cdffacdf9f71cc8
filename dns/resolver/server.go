package resolver

import (
	"net/netip"
	"time"

	"applayer/dns"
)

// memorySpan is how long what a server showed of itself is believed.
const memorySpan = 15 * time.Minute

// server is what is known of a name server at an address.
type server struct {
	addr netip.AddrPort
	// srtt and rttvar are smoothed as RFC 6298 §2 does; before the first reply
	// srtt is a small random number, so that each server is tried once.
	srtt, rttvar time.Duration
	measured     bool
	silences     int // in a row
	inFlight     int
	used         time.Time
	noEDNS       time.Time // until then it is asked without
	caseLost     time.Time // until then names are sent in lower case
	cookie       []byte    // the server's cookie (RFC 7873 §4.2)
}

// lameKey is a server that does not serve a zone, asked for a type: there are
// those that serve A and are lost with AAAA.
type lameKey struct {
	addr netip.AddrPort
	zone dns.Name
	typ  dns.Type
}

// servers is the memory of all servers, bounded.
type servers struct {
	byAddr map[netip.AddrPort]*server
	lame   map[lameKey]time.Time
	max    int
}

// at returns the server at an address, which it adds where it was not met for a
// while.
func (m *servers) at(now time.Time, addr netip.AddrPort, first func() time.Duration) *server {
	s := m.byAddr[addr]
	if s != nil && (s.inFlight > 0 || now.Sub(s.used) < memorySpan) {
		return s
	}
	if s == nil {
		m.makeRoom(now)
	}
	s = &server{addr: addr, srtt: first(), used: now}
	m.byAddr[addr] = s
	return s
}

// makeRoom forgets what is old and, where that is not enough, any one server:
// the order of a map is a fair draw.
func (m *servers) makeRoom(now time.Time) {
	if len(m.byAddr) < m.max {
		return
	}
	looked := 0
	for addr, s := range m.byAddr {
		if s.inFlight == 0 {
			delete(m.byAddr, addr)
			if now.Sub(s.used) < memorySpan {
				return
			}
		}
		if looked++; looked == 16 {
			return
		}
	}
}

// isLame tells whether the server is known not to serve the zone.
func (m *servers) isLame(now time.Time, addr netip.AddrPort, zone dns.Name, typ dns.Type) bool {
	until, ok := m.lame[lameKey{addr, zone, typ}]
	return ok && now.Before(until)
}

// setLame remembers that it does not.
func (m *servers) setLame(now time.Time, addr netip.AddrPort, zone dns.Name, typ dns.Type) {
	if len(m.lame) >= m.max {
		looked := 0
		for k := range m.lame {
			delete(m.lame, k)
			if looked++; looked == 16 {
				break
			}
		}
	}
	m.lame[lameKey{addr, zone, typ}] = now.Add(memorySpan)
}

// timeout is how long the server has for its next reply over UDP.
func (s *server) timeout(l *Limits) time.Duration {
	d := l.FirstTimeout
	if s.measured {
		d = max(d, s.srtt+4*s.rttvar)
	}
	for range min(s.silences, 10) {
		d *= 2
	}
	return min(d, l.MaxTimeout)
}

// replied takes a round trip into account (RFC 6298 §2).
func (s *server) replied(rtt time.Duration) {
	s.silences = 0
	if !s.measured {
		s.measured, s.srtt, s.rttvar = true, rtt, rtt/2
		return
	}
	s.rttvar += ((rtt - s.srtt).Abs() - s.rttvar) / 4
	s.srtt += (rtt - s.srtt) / 8
}

// silent takes into account that no reply came within d.
func (s *server) silent(d time.Duration) {
	s.silences++
	s.srtt = min(max(2*s.srtt, d), 30*time.Second)
}

// passedOver lets a server that was not chosen look a little better each time,
// so that it is tried again some day.
func (s *server) passedOver() { s.srtt -= s.srtt / 50 }
