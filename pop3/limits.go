package pop3

import "math"

// Limits bounds what a peer can make us hold or do. The zero value of a field
// means its default; a negative value, no limit. A nil *Limits is all defaults.
type Limits struct {
	// MaxLine is the longest command line in octets, its end included (default
	// 255, RFC 2449 §4). A longer one is answered -ERR.
	MaxLine int
	// MaxAuthLine is the longest line of an AUTH exchange, its end included
	// (default 12288, as RFC 4954 §4 has it for SMTP; RFC 5034 §4 has none).
	MaxAuthLine int
	// MaxDiscard is how much of a line without end is thrown away before the
	// connection is closed (default 64 KiB), and how much of a message that is
	// not wanted any more a client reads to keep its session.
	MaxDiscard int
	// MaxErrors is the number of refused commands that ends a session (default
	// 20). NOOP and CAPA count a fifth.
	MaxErrors int
	// MaxAuthFailures is the number of refused logins that ends a session
	// (default 3). Each is answered later than the one before.
	MaxAuthFailures int
	// MaxResponse is the longest first line of a response in octets, its end
	// included (default 4096; RFC 1939 §3 has 512).
	MaxResponse int
	// MaxListing bounds the octets of one listing that a client keeps: LIST,
	// UIDL and CAPA (default 64 MiB; CAPA has 64 KiB at most).
	MaxListing int64
	// MaxMessages bounds the messages of a maildrop (default 1,000,000). At the
	// client it bounds listings, at the server what it opens.
	MaxMessages int
	// MaxMessageBytes bounds one message that a client reads (default 256 MiB).
	MaxMessageBytes int64
}

// inForce returns the limits with their defaults filled in and those that are
// none made as large as can be.
func (l *Limits) inForce() Limits {
	var in Limits
	if l != nil {
		in = *l
	}
	fill := func(v *int, byDefault int) {
		switch {
		case *v == 0:
			*v = byDefault
		case *v < 0:
			*v = math.MaxInt
		}
	}
	fill64 := func(v *int64, byDefault int64) {
		switch {
		case *v == 0:
			*v = byDefault
		case *v < 0:
			*v = math.MaxInt64
		}
	}
	fill(&in.MaxLine, 255)
	fill(&in.MaxAuthLine, 12288)
	fill(&in.MaxDiscard, 64<<10)
	fill(&in.MaxErrors, 20)
	fill(&in.MaxAuthFailures, 3)
	fill(&in.MaxResponse, 4096)
	fill64(&in.MaxListing, 64<<20)
	fill(&in.MaxMessages, 1_000_000)
	fill64(&in.MaxMessageBytes, 256<<20)
	return in
}
