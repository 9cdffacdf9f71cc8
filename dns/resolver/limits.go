package resolver

import (
	"math"
	"time"
)

// Limits bounds what clients and servers can make a resolver do or hold. The
// zero value of a field means its default; a negative value, no limit.
type Limits struct {
	// MaxMessages bounds the messages that one client's question costs, those
	// for the addresses of name servers included (default 100; RFC 9520 §3.1).
	MaxMessages int
	// MaxAliases bounds the CNAME and DNAME records that are followed
	// (default 11).
	MaxAliases int
	// MaxFetches bounds the name servers whose addresses are looked up for one
	// client's question (default 16). It and MaxFetchesPerZone answer referrals
	// to many servers without addresses (NXNSAttack, CVE-2020-8616).
	MaxFetches int
	// MaxFetchesPerZone is the same for one delegation (default 5).
	MaxFetchesPerZone int
	// MaxDepth bounds lookups for the sake of lookups: the address of a server
	// that is needed for the address of a server (default 6).
	MaxDepth int
	// MaxTime is how long a question may take in all (default 8 s).
	MaxTime time.Duration
	// MaxOctets bounds the octets of all replies to one question
	// (default 1 MiB).
	MaxOctets int
	// MaxQuestions bounds the questions under way, lookups of servers' addresses
	// included; one more fails (default 10000).
	MaxQuestions int
	// MaxWaiting bounds the clients that wait for one and the same question
	// (default 1000).
	MaxWaiting int
	// MaxPerServer bounds the questions under way at one server (default 1000).
	MaxPerServer int
	// MaxTries bounds the messages without a reply to one server in a row, for
	// one question (default 3; RFC 9520 §3.1).
	MaxTries int
	// MaxMismatches is after how many messages that are not its reply a question
	// goes over TCP (default 8; RFC 5452 §9.3).
	MaxMismatches int
	// MaxMinimise bounds the steps by which a name is shown to the servers of
	// one zone (default 10; RFC 9156 §2.3).
	MaxMinimise int
	// MaxSetRecords bounds the records of a set; a reply with a longer one is
	// of no use (default 500; CVE-2024-1737).
	MaxSetRecords int
	// MaxPerZone bounds the name servers of a zone that are looked at, and their
	// addresses (default 64): more serve nobody but those who want to fill our
	// memory.
	MaxPerZone int
	// MaxServers bounds the servers that are remembered (default 20000).
	MaxServers int
	// FirstTimeout is how long a server that was never asked has for its reply;
	// it doubles with each silence (default 376 ms), up to MaxTimeout
	// (default 6 s).
	FirstTimeout, MaxTimeout time.Duration
	// TCPTimeout is the same over TCP (default 2 s).
	TCPTimeout time.Duration
	// MaxTTL caps how long a set is kept (default a day).
	MaxTTL time.Duration
	// MaxNegativeTTL caps how long it is kept that there is nothing (default
	// 3 h; RFC 2308 §5).
	MaxNegativeTTL time.Duration
	// MaxStale is how long behind its end an answer may serve when no server
	// can be reached (default a day, negative never; RFC 8767 §5).
	MaxStale time.Duration
	// FailureTTL is how long a failure is remembered; it doubles with each
	// (default 5 s), up to MaxFailureTTL (default 5 min; RFC 9520 §3.2).
	FailureTTL, MaxFailureTTL time.Duration
}

// withDefaults fills in the defaults.
func (l Limits) withDefaults() Limits {
	count := func(v *int, d int) {
		switch {
		case *v == 0:
			*v = d
		case *v < 0:
			*v = math.MaxInt
		}
	}
	span := func(v *time.Duration, d time.Duration) {
		switch {
		case *v == 0:
			*v = d
		case *v < 0:
			*v = 1 << 61 // no end, and no overflow when added to a time
		}
	}
	count(&l.MaxMessages, 100)
	count(&l.MaxAliases, 11)
	count(&l.MaxFetches, 16)
	count(&l.MaxFetchesPerZone, 5)
	count(&l.MaxDepth, 6)
	span(&l.MaxTime, 8*time.Second)
	count(&l.MaxOctets, 1<<20)
	count(&l.MaxQuestions, 10000)
	count(&l.MaxWaiting, 1000)
	count(&l.MaxPerServer, 1000)
	count(&l.MaxTries, 3)
	count(&l.MaxMismatches, 8)
	count(&l.MaxMinimise, 10)
	count(&l.MaxSetRecords, 500)
	count(&l.MaxPerZone, 64)
	count(&l.MaxServers, 20000)
	span(&l.FirstTimeout, 376*time.Millisecond)
	span(&l.MaxTimeout, 6*time.Second)
	span(&l.TCPTimeout, 2*time.Second)
	span(&l.MaxTTL, 24*time.Hour)
	span(&l.MaxNegativeTTL, 3*time.Hour)
	if l.MaxStale == 0 {
		l.MaxStale = 24 * time.Hour
	}
	l.MaxStale = max(l.MaxStale, 0)
	span(&l.FailureTTL, 5*time.Second)
	span(&l.MaxFailureTTL, 5*time.Minute)
	return l
}
