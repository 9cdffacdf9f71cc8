package queue

import "math"

// Limits bounds what a [Queue] holds and does at a time. The zero value of a
// field means its default; a negative value, no limit.
type Limits struct {
	// MaxMessages bounds the messages in the queue (default 100000).
	MaxMessages int
	// MaxRecipients bounds the recipients of all messages in the queue, which are
	// what it holds in memory (default 1000000).
	MaxRecipients int
	// MaxBytes bounds what their content takes on the disk (default 10 GiB).
	MaxBytes int64
	// MaxActive bounds the tries under way (default 100). A quarter of them is
	// kept for first tries, so that what is for hosts that do not answer keeps no
	// new message waiting.
	MaxActive int
	// MaxPerMessage bounds those of one message (default 20), but for those that
	// had to wait for their destination.
	MaxPerMessage int
	// MaxPerDestination bounds those to one destination (default 5).
	MaxPerDestination int
	// MaxHops bounds the Received fields of a message that is submitted (default
	// 100; at least that by RFC 5321 §6.3). One more is a loop.
	MaxHops int
	// MaxReturn bounds what of a message is brought back in a report (default
	// 1 MiB): of a longer one the header comes back, and of that what fits.
	MaxReturn int64
}

// inForce returns the limits with their defaults filled in and those that are
// none made as large as can be.
func (l Limits) inForce() Limits {
	fill(&l.MaxMessages, 100_000, math.MaxInt)
	fill(&l.MaxRecipients, 1_000_000, math.MaxInt)
	fill(&l.MaxBytes, 10<<30, math.MaxInt64)
	fill(&l.MaxActive, 100, math.MaxInt)
	fill(&l.MaxPerMessage, 20, math.MaxInt)
	fill(&l.MaxPerDestination, 5, math.MaxInt)
	fill(&l.MaxHops, 100, math.MaxInt)
	fill(&l.MaxReturn, 1<<20, math.MaxInt64)
	return l
}

// fill gives a setting its default where it is 0, and none where it is negative.
func fill[T ~int | ~int64](v *T, byDefault, none T) {
	switch {
	case *v == 0:
		*v = byDefault
	case *v < 0:
		*v = none
	}
}
