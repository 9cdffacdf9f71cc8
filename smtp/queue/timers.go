package queue

import (
	"container/heap"
	"sort"
	"time"
)

// timer is something that waits for its time: a job, a chore that failed, or
// else the notice of a delay.
type timer struct {
	at    time.Time
	n     uint64 // those of one time come in the order in which they were added
	entry *entry
	job   *job
	retry bool
	index int // where it is in the heap, negative if nowhere
}

// timers are those that wait, the earliest first.
type timers struct {
	heap timerHeap
	n    uint64
}

func (t *timers) add(v timer) *timer {
	t.n++
	v.n = t.n
	heap.Push(&t.heap, &v)
	return &v
}

// remove takes out one that is not to come; nil is none.
func (t *timers) remove(v *timer) {
	if v != nil && v.index >= 0 {
		heap.Remove(&t.heap, v.index)
	}
}

// next returns the time of the earliest, the zero time for none.
func (t *timers) next() time.Time {
	if len(t.heap) == 0 {
		return time.Time{}
	}
	return t.heap[0].at
}

// due takes the earliest, if its time has come.
func (t *timers) due(now time.Time) (*timer, bool) {
	if len(t.heap) == 0 || t.heap[0].at.After(now) {
		return nil, false
	}
	return heap.Pop(&t.heap).(*timer), true
}

// take takes those that want says, the earliest first.
func (t *timers) take(want func(*timer) bool) (taken timerHeap) {
	var rest timerHeap
	for _, v := range t.heap {
		if want(v) {
			taken = append(taken, v)
		} else {
			rest = append(rest, v)
		}
	}
	sort.Sort(taken)
	for _, v := range taken {
		v.index = -1
	}
	for i, v := range rest {
		v.index = i
	}
	t.heap = rest
	heap.Init(&t.heap)
	return taken
}

// timerHeap implements [heap.Interface].
type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	return h[i].at.Before(h[j].at) || h[i].at.Equal(h[j].at) && h[i].n < h[j].n
}
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements [heap.Interface].
func (h *timerHeap) Push(v any) {
	t := v.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

// Pop implements [heap.Interface].
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = -1
	return t
}
