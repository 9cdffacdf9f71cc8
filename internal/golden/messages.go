package golden

import (
	"encoding/binary"
	"iter"
	"testing"
)

// Message is a message that one side sent whole: a datagram, or on a stream
// the octets behind a length of two octets, as the DNS has them.
type Message struct {
	// FromClient tells the direction.
	FromClient bool
	// Data holds the octets, without the length.
	Data []byte
}

// Messages gives the messages of both sides in the order in which each was
// complete. What a stream ends with that is no whole message is left out.
func (c *Conversation) Messages() iter.Seq[Message] {
	return func(yield func(Message) bool) {
		var rest [2][]byte // of the server's stream and the client's
		for _, s := range c.Segments {
			if c.Network == "udp" {
				if !yield(Message{s.FromClient, s.Data}) {
					return
				}
				continue
			}
			side := &rest[0]
			if s.FromClient {
				side = &rest[1]
			}
			*side = append(*side, s.Data...)
			for len(*side) >= 2 {
				n := 2 + int(binary.BigEndian.Uint16(*side))
				if len(*side) < n {
					break
				}
				if !yield(Message{s.FromClient, (*side)[2:n:n]}) {
					return
				}
				*side = (*side)[n:]
			}
		}
	}
}

// Messages gives the messages of every conversation in dir; see
// [Conversation.Messages]. A folder that does not exist gives nothing.
func Messages(tb testing.TB, dir string) iter.Seq[Message] {
	return func(yield func(Message) bool) {
		tb.Helper()
		for c := range conversations(tb, dir) {
			for m := range c.Messages() {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// SeedMessages adds every message of both sides in dir to a fuzz target whose
// only argument is a []byte. A folder that does not exist adds nothing.
func SeedMessages(f *testing.F, dir string) {
	f.Helper()
	for m := range Messages(f, dir) {
		f.Add(m.Data)
	}
}
