package sockets

// packetReader is the way from a socket to its loop: one datagram a system
// call, or many.
type packetReader interface {
	// read fills ps from the front and returns how many came, at least one
	// where there is no error.
	read(ps []*Packet) (int, error)
	// flush sends the replies that read's packets have queued. read does so
	// itself before it waits.
	flush()
}

// oneByOne reads a datagram at a time; replies are sent at once.
type oneByOne struct{ socket *packetSocket }

func (r oneByOne) read(ps []*Packet) (int, error) {
	if err := r.socket.read(ps[0]); err != nil {
		return 0, err
	}
	return 1, nil
}

func (oneByOne) flush() {}
