package link

import (
	"math/bits"
	"sync"
	"time"
)

// way is one direction of a Link: its serialiser and who waits for it.
type way struct {
	link *Link

	mu   sync.Mutex
	free time.Time // when the serialiser has sent all that it took
	// rest is what free leaves out, in 1/Rate nanoseconds, so that many
	// packets take as long as one of their size.
	rest  int64
	line  []*flow // streams with a segment to send; the first one's turn it is
	count Counters
}

// send takes a packet and returns when its last bit leaves.
func (w *way) send(now time.Time, octets int) time.Time {
	w.count.Packets++
	w.count.Octets += int64(octets)
	rate := w.link.Rate
	if rate <= 0 {
		return now
	}
	if !w.free.After(now) {
		w.free, w.rest = now, 0
	}
	t := int64(octets)*8*int64(time.Second) + w.rest
	d := time.Duration(t / rate)
	w.rest = t % rate
	w.free = w.free.Add(d)
	w.count.Busy += d
	return w.free
}

// backlog is how many octets the serialiser has still to send.
func (w *way) backlog(now time.Time) int {
	wait := w.free.Sub(now)
	if w.link.Rate <= 0 || wait <= 0 {
		return 0
	}
	const octet = 8 * uint64(time.Second) // bits by nanoseconds
	hi, lo := bits.Mul64(uint64(wait), uint64(w.link.Rate))
	lo, carry := bits.Add64(lo, octet-1, 0)
	n, _ := bits.Div64(hi+carry, lo, octet)
	return int(n)
}

// roomAt tells when the queue has room for a packet.
func (w *way) roomAt(now time.Time, octets int) time.Time {
	queue, backlog := w.link.queue(), w.backlog(now)
	if queue < 0 || backlog == 0 || backlog+octets <= queue {
		return now
	}
	left := int64(max(queue-octets, 0))
	return w.free.Add(-time.Duration(left * 8 * int64(time.Second) / w.link.Rate))
}

func (w *way) counters() Counters {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.count
	c.Busy -= max(0, time.Until(w.free))
	return c
}

// turn puts f into the line if it is not there, and tells whether it is the
// first.
func (w *way) turn(f *flow) bool {
	if !f.inLine {
		f.inLine = true
		w.line = append(w.line, f)
	}
	return w.line[0] == f
}

// leave takes f out of the line and wakes whose turn it is then.
func (w *way) leave(f *flow) {
	if !f.inLine {
		return
	}
	f.inLine = false
	first := w.line[0] == f
	for i, g := range w.line {
		if g == f {
			w.line = append(w.line[:i], w.line[i+1:]...)
			break
		}
	}
	if first && len(w.line) > 0 {
		w.line[0].cond.Broadcast()
	}
}
