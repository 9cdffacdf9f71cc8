package sockets

import (
	"net"
	"net/netip"
	"time"
)

// Inside names for tests.

type RateTable struct{ t *rateTable }

func NewRateTable(r PacketRate) RateTable { return RateTable{newRateTable(r)} }

func (t RateTable) Allow(a netip.Addr, now time.Duration) bool { return t.t.allow(a, now) }

func (t RateTable) Places() int { return len(t.t.sets) * rateWays }

// Addrs are the addresses that s serves at the moment.
func (s *PacketServer) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	var addrs []net.Addr
	for k := range s.sockets {
		addrs = append(addrs, k.pc.LocalAddr())
	}
	return addrs
}
