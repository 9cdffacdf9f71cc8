package queue

// Limits bounds what a [Queue] holds and does at a time. The zero value of a
// field means its default; a negative value, no limit.
type Limits struct {
	// MaxMessages bounds the messages in the queue (default 100000).
	MaxMessages int
	// MaxBytes bounds what their content takes on the disk (default 10 GiB).
	MaxBytes int64
	// MaxActive bounds the tries under way (default 20).
	MaxActive int
	// MaxPerDestination bounds those to one destination (default 2).
	MaxPerDestination int
	// MaxHops bounds the Received fields of a message that is submitted (default
	// 100; at least that by RFC 5321 §6.3). One more is a loop.
	MaxHops int
	// MaxReturn bounds what of a message is brought back in a report (default
	// 1 MiB): of a longer one the header comes back, and of that what fits.
	MaxReturn int64
}
