package http1

import "sync"

// exchange is what the answer to a request depends on.
type exchange struct {
	method  string
	version Version
	keeps   bool // it asked for keep-alive by name
	last    bool // nothing may follow its response
}

// order is what the two directions of a connection share: the machine, and the
// requests that are not answered, in the order in which they were sent
// (RFC 9112 §9.2).
type order struct {
	mu      sync.Mutex
	machine Machine
	asked   []exchange // the unanswered are asked[first:]
	first   int
}

// do takes a step of the machine. Remote tells that the peer made it.
func (o *order) do(by Side, e Event, remote bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.step(by, e, remote)
}

func (o *order) step(by Side, e Event, remote bool) error {
	err := o.machine.Do(by, e)
	if err != nil && remote {
		err.(*ProtocolError).Remote = true
		o.machine.Fail(by)
	}
	return err
}

func (o *order) can(by Side, e Event) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.machine.Can(by, e)
}

func (o *order) fail(by Side) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.machine.Fail(by)
}

// request takes the step of a request's head, and keeps what its response
// depends on.
func (o *order) request(x exchange, proposes, remote bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.step(SideClient, EventRequest, remote); err != nil {
		return err
	}
	if o.first > 0 && len(o.asked) == cap(o.asked) {
		o.asked = o.asked[:copy(o.asked, o.asked[o.first:])]
		o.first = 0
	}
	o.asked = append(o.asked, x)
	if x.last {
		o.machine.Last(SideClient)
	}
	if proposes {
		o.machine.Propose()
	}
	return nil
}

// next returns the first request that has no final response, ok if there is
// one. Of one that was not understood nobody knows the version: what HTTP/1.0
// takes, all take (RFC 9112 §6.1).
func (o *order) next() (x exchange, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.first == len(o.asked) {
		return exchange{version: HTTP10, last: true}, false
	}
	return o.asked[o.first], true
}

// response takes the step of a response's head.
func (o *order) response(e Event, last, remote bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.step(SideServer, e, remote); err != nil {
		return err
	}
	if last {
		o.machine.Last(SideServer)
	}
	return nil
}

// answered takes the step of a response's end.
func (o *order) answered(remote bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.step(SideServer, EventEndOfMessage, remote); err != nil {
		return err
	}
	if o.first < len(o.asked) {
		o.asked[o.first] = exchange{}
		o.first++
	}
	if o.first == len(o.asked) {
		o.asked, o.first = o.asked[:0], 0
	}
	return nil
}
