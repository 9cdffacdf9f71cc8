package ftp

import "math"

// Limits bounds what a peer can make us hold or do. The zero value of a field
// means its default; a negative value, no limit. A nil *Limits is all defaults.
type Limits struct {
	// MaxLine is the longest command line in octets, its end included (default
	// 4096: a path of Linux). A longer one gets 500.
	MaxLine int
	// MaxDiscard is how much of a line without end is thrown away before the
	// connection is closed with 421 (default 64 KiB).
	MaxDiscard int
	// MaxReplyLines bounds the lines of one reply (default 512), which answers
	// servers that never come to an end.
	MaxReplyLines int
	// MaxReply bounds the octets of one reply (default 64 KiB).
	MaxReply int
	// MaxQueue bounds the commands that wait while one is worked on (default
	// 64).
	MaxQueue int
	// MaxPathDepth bounds the elements of a path (default 128).
	MaxPathDepth int
	// MaxName bounds one element of a path in octets (default 255).
	MaxName int
	// MaxListLine bounds one line of a listing in octets, its end included
	// (default 8 KiB), at the client that reads it.
	MaxListLine int
	// MaxEntries bounds the entries of one listing that a client keeps
	// (default 1,000,000). Walking and streaming keep none.
	MaxEntries int
	// MaxListing bounds the octets of one listing that a client keeps (default
	// 64 MiB): a name may be as long as a line.
	MaxListing int
}

// The defaults of [Limits].
const (
	defaultMaxLine       = 4096
	defaultMaxDiscard    = 64 << 10
	defaultMaxReplyLines = 512
	defaultMaxReply      = 64 << 10
	defaultMaxQueue      = 64
	defaultMaxPathDepth  = 128
	defaultMaxName       = 255
	defaultMaxListLine   = 8 << 10
	defaultMaxEntries    = 1_000_000
	defaultMaxListing    = 64 << 20
)

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
	fill(&in.MaxLine, defaultMaxLine)
	fill(&in.MaxDiscard, defaultMaxDiscard)
	fill(&in.MaxReplyLines, defaultMaxReplyLines)
	fill(&in.MaxReply, defaultMaxReply)
	fill(&in.MaxQueue, defaultMaxQueue)
	fill(&in.MaxPathDepth, defaultMaxPathDepth)
	fill(&in.MaxName, defaultMaxName)
	fill(&in.MaxListLine, defaultMaxListLine)
	fill(&in.MaxEntries, defaultMaxEntries)
	fill(&in.MaxListing, defaultMaxListing)
	return in
}
