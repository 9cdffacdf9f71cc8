package sockets

import (
	"net/netip"
	"time"
)

// Inside names for tests.

type RateTable struct{ t *rateTable }

func NewRateTable(r PacketRate) RateTable { return RateTable{newRateTable(r)} }

func (t RateTable) Allow(a netip.Addr, now time.Duration) bool { return t.t.allow(a, now) }

func (t RateTable) Places() int { return len(t.t.sets) * rateWays }
