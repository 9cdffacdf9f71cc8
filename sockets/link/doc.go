// Package link shapes connections as a link of a given rate, delay and
// quality would: a [Link] wraps a net.Conn, a net.PacketConn, a listener or a
// dial function, and what passes arrives when it would have arrived over such
// a link.
//
// # The model
//
// Each direction has a serialiser that all connections of one Link share, as
// the hosts of a house share its access line. A packet of L octets keeps it
// busy for 8·L/Rate seconds, then travels for Delay ± Jitter. Octets are
// those of the payload; headers are not counted. "Up" is what the holder of
// the shaped connections sends, "down" what he receives. Wrap one end of a
// path; two Links, one at each end, model two access links, and their delays
// add up.
//
// Streams stay streams. They are cut into segments of at most MTU octets.
// Write returns when all octets are queued and blocks while the queue is
// full; several connections that wait are served one segment each in turn.
// Jitter does not reorder them. A lost segment shows as the delay of a
// retransmission: 2·Delay, at least 200 ms, doubled with each further loss of
// the same segment (RFC 6298 §5.5), and all that follows waits for it; the
// serialiser carries it again. Duplicate and Reorder mean nothing to them.
// Octets that were written and not yet read are bounded by Window, so a slow
// reader stops the sender.
//
// Datagrams are dropped where they find no room, are larger than MTU or are
// lost; they arrive twice or out of order as the Link says.
//
// Opening a stream costs a round trip. [Link.Dialer] returns after it, and
// the server's first octets count from the moment at which the third packet
// of the handshake would have reached it (RFC 9293 §3.5). [Link.Listener]
// cannot hold the client back: it gives the connection to Accept, and the
// client's first octets to its reader, as late as a handshake would have.
// Closing lets what is queued arrive; [Link.Flush] waits for that.
//
// # Time
//
// The package uses package time alone. In a testing/synctest bubble, over
// in-memory connections, a round trip of two seconds costs nothing and is
// exact to the nanosecond. Each direction of each connection draws from a
// generator of its own, seeded with Seed and the connection's number in the
// order of creation, so the same traffic has the same fate again.
//
// # Concurrency
//
// A Link and its connections may be shared by goroutines; the Link's fields
// must not change after the first use. A connection needs a goroutine that
// reads from what it wraps until Close.
package link
