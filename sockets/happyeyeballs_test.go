package sockets_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"applayer/sockets"
)

// The engine of the race holds these under any order of events: no address
// comes twice, none is forgotten, an attempt follows another within the delay
// only if one failed, no more are tried than the limit allows, and it ends.
func FuzzRace(f *testing.F) {
	f.Add([]byte{0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add([]byte{0xff, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x03, 7, 1, 7, 1, 7, 1, 7, 1, 90, 250, 3, 33, 66, 99})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		w := &walk{t: t, split: b[0]&1 != 0, maxAttempts: 1 + int(b[0]>>4), tried: make(map[netip.Addr]bool)}
		w.race = sockets.NewRace(250*time.Millisecond, 1+int(b[0]>>1&3), w.maxAttempts)
		w.now = time.Unix(0, 0)
		for _, c := range b[1:] {
			w.step(c)
		}
		w.finish()
	})
}

type walk struct {
	t           *testing.T
	race        *sockets.Race
	split       bool
	maxAttempts int
	now         time.Time
	tried       map[netip.Addr]bool
	given       int // different addresses
	running     int
	last        time.Time // of the last attempt
	failed      bool      // one since then
	answered    [2]bool
}

func (w *walk) step(c byte) {
	switch c % 4 {
	case 0, 1:
		w.answer(int(c%2), int(c>>2)%6)
	case 2:
		w.now = w.now.Add(time.Duration(c) * 2 * time.Millisecond)
	case 3:
		if w.running > 0 {
			w.running--
			w.failed = true
			w.race.Failed(w.now)
		}
	}
	w.attempts()
}

// answer gives n addresses of the one family, or of both in turn.
func (w *walk) answer(family, n int) {
	if w.answered[family] {
		return
	}
	w.answered[family] = true
	if !w.split {
		w.answered = [2]bool{true, true}
	}
	var as []netip.Addr
	for i := range n {
		v := family
		if !w.split {
			v = (family + i) % 2
		}
		as = append(as, numbered(v, i))
	}
	w.given += n
	if w.split {
		w.race.AnsweredOne(w.now, as, family == 0)
	} else {
		w.race.Answered(w.now, as)
	}
}

// numbered is the i-th address of a family, 0 being IPv6.
func numbered(family, i int) netip.Addr {
	b := [16]byte{0x20, 0x01, 0x0d, 0xb8}
	binary.BigEndian.PutUint32(b[12:], uint32(i))
	if family == 0 {
		return netip.AddrFrom16(b)
	}
	return netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
}

func (w *walk) attempts() {
	for a, ok := w.race.Next(w.now); ok; a, ok = w.race.Next(w.now) {
		if w.tried[a] {
			w.t.Fatalf("%v comes twice", a)
		}
		if len(w.tried) > 0 && !w.failed && w.now.Sub(w.last) < 250*time.Millisecond {
			w.t.Fatalf("%v follows after %v", a, w.now.Sub(w.last))
		}
		w.tried[a] = true
		w.last, w.failed = w.now, false
		w.running++
	}
	if len(w.tried) > w.maxAttempts {
		w.t.Fatalf("%d attempts", len(w.tried))
	}
}

// finish answers what is open and lets every attempt fail: the race has to end
// with each address tried, as far as the limit goes.
func (w *walk) finish() {
	w.answer(0, 0)
	w.answer(1, 0)
	for range 100 {
		if at, ok := w.race.Wake(); ok && at.After(w.now) {
			w.now = at
		}
		w.attempts()
		if w.running > 0 {
			w.running--
			w.failed = true
			w.race.Failed(w.now)
		}
	}
	if !w.race.Lost() || len(w.tried) != min(w.given, w.maxAttempts) {
		w.t.Fatalf("lost %v, tried %d of %d", w.race.Lost(), len(w.tried), w.given)
	}
}
