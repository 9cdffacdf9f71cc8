package smtp

import "math"

// Limits bounds what a peer can make us hold or do. The zero value of a field
// means its default; a negative value, no limit. A nil *Limits is all defaults.
type Limits struct {
	// MaxMessageBytes bounds a message (default 50 MiB). It is announced by
	// SIZE, and answered 552 5.3.4 (RFC 1870 §6).
	MaxMessageBytes int64
	// MaxRecipients bounds the recipients of one transaction (default 1000; at
	// least 100 by RFC 5321 §4.5.3.1.8). One more is answered 452 4.5.3.
	MaxRecipients int
	// MaxLine is the longest command line in octets, its end included (default
	// 512, RFC 5321 §4.5.3.1.4). What extensions add for MAIL, RCPT and AUTH
	// is added to it.
	MaxLine int
	// MaxAuthLine is the longest line of an AUTH exchange, its end included
	// (default 12288, RFC 4954 §4).
	MaxAuthLine int
	// MaxTextLine is the longest line of a message in octets, its end included
	// (default 64 KiB). The RFC has 1000 (§4.5.3.1.6), which real mail does not
	// keep to.
	MaxTextLine int
	// MaxHeaderBytes bounds a message's header (default 1 MiB), so that nobody
	// behind us works on an endless one. It is answered 552 5.3.4.
	MaxHeaderBytes int
	// MaxHops bounds the Received fields of a message (default 100; at least
	// that by RFC 5321 §6.3). One more is a loop: 554 5.4.6.
	MaxHops int
	// MaxErrors is the number of refused commands that ends a session with 421
	// (default 20). Commands that lead nowhere, such as NOOP, RSET and VRFY,
	// count a fifth each.
	MaxErrors int
	// MaxAuthFailures is the number of refused logins that ends a session
	// (default 3).
	MaxAuthFailures int
	// MaxDiscard is how much of a refused message or of a line without end is
	// thrown away before the connection is closed (default 1 MiB beyond
	// MaxMessageBytes for messages, 64 KiB for lines).
	MaxDiscard int64
	// MaxReplyLines bounds the lines of one reply (default 512).
	MaxReplyLines int
	// MaxReplyLine bounds one line of a reply in octets, its end included
	// (default 4096; RFC 5321 §4.5.3.1.5 has 512).
	MaxReplyLine int
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
	fill64(&in.MaxMessageBytes, 50<<20)
	fill(&in.MaxRecipients, 1000)
	fill(&in.MaxLine, 512)
	fill(&in.MaxAuthLine, 12288)
	fill(&in.MaxTextLine, 64<<10)
	fill(&in.MaxHeaderBytes, 1<<20)
	fill(&in.MaxHops, 100)
	fill(&in.MaxErrors, 20)
	fill(&in.MaxAuthFailures, 3)
	fill64(&in.MaxDiscard, 1<<20)
	fill(&in.MaxReplyLines, 512)
	fill(&in.MaxReplyLine, 4096)
	return in
}
