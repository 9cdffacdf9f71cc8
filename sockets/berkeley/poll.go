package berkeley

import (
	"strings"
	"time"
)

// PollEvents is a set of conditions of a descriptor.
type PollEvents int16

// The conditions. POLLERR, POLLHUP and POLLNVAL are told unasked.
const (
	// POLLIN: there is something to receive, or accept.
	POLLIN PollEvents = 0x1
	// POLLOUT: there is room to send; a connect is over.
	POLLOUT PollEvents = 0x4
	// POLLERR: an error waits, see [FD.SocketError].
	POLLERR PollEvents = 0x8
	// POLLHUP: both directions are closed, or none was opened.
	POLLHUP PollEvents = 0x10
	// POLLNVAL: the descriptor is not open.
	POLLNVAL PollEvents = 0x20
	// POLLRDHUP: the peer has ended its sending side.
	POLLRDHUP PollEvents = 0x2000
)

// String gives the names of the C constants, as in "POLLIN|POLLHUP".
func (e PollEvents) String() string {
	names := []struct {
		event PollEvents
		name  string
	}{
		{POLLIN, "POLLIN"}, {POLLOUT, "POLLOUT"}, {POLLERR, "POLLERR"},
		{POLLHUP, "POLLHUP"}, {POLLNVAL, "POLLNVAL"}, {POLLRDHUP, "POLLRDHUP"},
	}
	var set []string
	for _, n := range names {
		if e&n.event != 0 {
			set = append(set, n.name)
		}
	}
	if len(set) == 0 {
		return "0"
	}
	return strings.Join(set, "|")
}

// PollFD asks [Poll] about one descriptor.
type PollFD struct {
	// FD is the descriptor; a negative one is passed over.
	FD FD
	// Events are the conditions to wait for.
	Events PollEvents
	// Revents are those that Poll found.
	Revents PollEvents
}

// Poll waits until one of the descriptors has a condition that it was asked
// for, or the time is over, and returns how many have. A negative timeout waits
// without end; 0 only looks. Signals do not end it.
func Poll(fds []PollFD, timeout time.Duration) (int, error) {
	n, err := sysPoll(fds, timeout)
	if err != nil {
		return -1, &CallError{Call: "ppoll", FD: -1, Err: err}
	}
	return n, nil
}
