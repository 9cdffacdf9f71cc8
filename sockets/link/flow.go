package link

import (
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"
)

// flow is one direction of one connection: what is under way and unread. The
// way's mutex guards it.
type flow struct {
	way    *way
	cond   *sync.Cond
	rng    *rand.Rand
	notify func() // called after each change, under the mutex

	items   []item // by time of arrival
	octets  int    // in items
	last    time.Time
	inLine  bool // of way
	writing bool // a put is in progress: puts do not mix

	ended  bool      // nothing follows
	endAt  time.Time // when the reader learns of it
	endErr error     // and as what

	putErr  error // why nothing can be put, once that is so
	takeErr error // why nothing can be taken

	putDeadline, takeDeadline deadline
	putAlarm, takeAlarm       alarm
}

// item arrives at a time: a segment, a datagram, or an error that the reader
// gets in its place.
type item struct {
	at   time.Time
	data []byte
	addr net.Addr
	err  error
}

func newFlow(w *way, rng *rand.Rand) *flow {
	f := &flow{way: w, cond: sync.NewCond(&w.mu), rng: rng}
	f.notify = f.cond.Broadcast
	f.putAlarm.ring, f.takeAlarm.ring = f.wake, f.wake
	f.putDeadline.ring, f.takeDeadline.ring = f.wake, f.wake
	return f
}

func (f *flow) wake() {
	f.way.mu.Lock()
	defer f.way.mu.Unlock()
	f.cond.Broadcast()
}

// put sends p as segments of a stream. It returns when all are queued.
func (f *flow) put(p []byte) (n int, err error) {
	f.way.mu.Lock()
	defer f.way.mu.Unlock()
	for f.writing {
		if err := f.putError(); err != nil {
			return 0, err
		}
		f.cond.Wait()
	}
	f.writing = true
	defer func() {
		f.writing = false
		f.cond.Broadcast()
	}()
	if err := f.putError(); err != nil {
		return 0, err
	}
	for n < len(p) {
		segment := p[n:min(len(p), n+f.way.link.segment())]
		err := f.awaitRoom(len(segment))
		if err == nil {
			f.sendSegment(segment)
			n += len(segment)
		}
		f.way.leave(f)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (f *flow) putError() error {
	switch {
	case f.putErr != nil:
		return f.putErr
	case f.putDeadline.passed():
		return os.ErrDeadlineExceeded
	}
	return nil
}

// awaitRoom returns when it is f's turn and the queue has room.
func (f *flow) awaitRoom(octets int) error {
	window := f.way.link.window()
	for {
		if err := f.putError(); err != nil {
			return err
		}
		now := time.Now()
		switch {
		case f.octets > 0 && f.octets+octets > window:
			// Whoever waits for the reader must not hold up the others.
			f.way.leave(f)
		case f.way.turn(f):
			at := f.way.roomAt(now, octets)
			if !at.After(now) {
				return nil
			}
			f.putAlarm.set(at)
		}
		f.cond.Wait()
	}
}

// sendSegment loses what it must, but a stream gets all its octets in order.
func (f *flow) sendSegment(p []byte) {
	l, now := f.way.link, time.Now()
	sent := f.way.send(now, len(p))
	late, rto := time.Duration(0), l.rto()
	chance := l.draw(f.rng)
	for range maxRetries {
		if !chance.lost {
			break
		}
		f.way.count.Drops++
		sent = f.way.send(now, len(p))
		late, rto = late+rto, 2*rto
		chance = l.draw(f.rng)
	}
	at := sent.Add(late + l.propagation(chance.jitter[0]))
	if at.Before(f.last) {
		at = f.last
	}
	f.add(item{at: at, data: append([]byte(nil), p...)})
}

// offer sends a datagram, or drops it.
func (f *flow) offer(p []byte, addr net.Addr) error {
	f.way.mu.Lock()
	defer f.way.mu.Unlock()
	if err := f.putError(); err != nil {
		return err
	}
	l, now := f.way.link, time.Now()
	chance := l.draw(f.rng)
	if (l.MTU > 0 && len(p) > l.MTU) || !f.room(now, len(p)) {
		f.way.count.Drops++
		return nil
	}
	sent := f.way.send(now, len(p))
	if chance.lost {
		f.way.count.Drops++
		return nil
	}
	late := time.Duration(0)
	if chance.late {
		late = max(l.Delay, minLate)
	}
	data := append([]byte(nil), p...)
	f.add(item{at: sent.Add(late + l.propagation(chance.jitter[0])), data: data, addr: addr})
	if chance.twice && f.room(now, len(p)) {
		f.way.count.Duplicates++
		sent = f.way.send(now, len(p))
		f.add(item{at: sent.Add(l.propagation(chance.jitter[1])), data: data, addr: addr})
	}
	return nil
}

func (f *flow) room(now time.Time, octets int) bool {
	if n := len(f.items); n > 0 && f.octets+octets+(n+1)*datagramCost > maxUnderWay {
		return false
	}
	return !f.way.roomAt(now, octets).After(now)
}

// add puts an item into its place by time; equals stay in order.
func (f *flow) add(it item) {
	i := len(f.items)
	for i > 0 && f.items[i-1].at.After(it.at) {
		i--
	}
	f.items = append(f.items, item{})
	copy(f.items[i+1:], f.items[i:])
	f.items[i] = it
	f.octets += len(it.data)
	if it.at.After(f.last) {
		f.last = it.at
	}
	f.notify()
}

// end says that nothing follows; err is what the reader gets after the rest.
func (f *flow) end(err error) {
	if f.ended {
		return
	}
	l := f.way.link
	f.ended, f.endErr = true, err
	f.endAt = time.Now().Add(l.propagation(l.draw(f.rng).jitter[0]))
	if f.endAt.Before(f.last) {
		f.endAt = f.last
	}
	f.notify()
}

// next tells when the reader has something to look at.
func (f *flow) next() (at time.Time, ok bool) {
	if len(f.items) > 0 {
		return f.items[0].at, true
	}
	return f.endAt, f.ended
}

// due removes the first item if it has arrived.
func (f *flow) due(now time.Time) (item, bool) {
	if len(f.items) == 0 || f.items[0].at.After(now) {
		return item{}, false
	}
	it := f.items[0]
	f.items[0] = item{}
	f.items = f.items[1:]
	f.octets -= len(it.data)
	f.cond.Broadcast()
	return it, true
}

// drop forgets what is under way.
func (f *flow) drop() {
	f.items, f.octets = nil, 0
	f.cond.Broadcast()
}

// await blocks until the first item has arrived, or nothing will.
func (f *flow) await() error {
	for {
		now := time.Now()
		at, ok := f.next()
		switch {
		case f.takeErr != nil:
			return f.takeErr
		case f.takeDeadline.passed():
			return os.ErrDeadlineExceeded
		case ok && !at.After(now):
			if len(f.items) == 0 {
				return f.endErr
			}
			return nil
		case ok:
			f.takeAlarm.set(at)
		}
		f.cond.Wait()
	}
}

// read takes octets of a stream.
func (f *flow) read(p []byte) (n int, err error) {
	f.way.mu.Lock()
	defer f.way.mu.Unlock()
	if len(p) == 0 {
		return 0, f.takeErr
	}
	if err := f.await(); err != nil {
		return 0, err
	}
	now := time.Now()
	for n < len(p) && len(f.items) > 0 && !f.items[0].at.After(now) {
		first := &f.items[0]
		k := copy(p[n:], first.data)
		n += k
		if k < len(first.data) {
			first.data = first.data[k:]
			f.octets -= k
			break
		}
		f.due(now)
	}
	f.cond.Broadcast()
	return n, nil
}

// receive takes a datagram; what p cannot hold of it is lost.
func (f *flow) receive(p []byte) (int, net.Addr, error) {
	f.way.mu.Lock()
	defer f.way.mu.Unlock()
	if err := f.await(); err != nil {
		return 0, nil, err
	}
	it, _ := f.due(time.Now())
	return copy(p, it.data), it.addr, it.err
}

// closeReader ends reading and tells the sender.
func (f *flow) closeReader() {
	f.takeErr, f.putErr = net.ErrClosed, io.ErrClosedPipe
	f.drop()
	f.takeDeadline.stop()
	f.takeAlarm.stop()
}
