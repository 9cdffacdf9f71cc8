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
}

// timers are those that wait, the earliest first.
type timers struct {
	heap timerHeap
	n    uint64
}

func (t *timers) add(v timer) {
	t.n++
	v.n = t.n
	heap.Push(&t.heap, v)
}

// next returns the time of the earliest, the zero time for none.
func (t *timers) next() time.Time {
	if len(t.heap) == 0 {
		return time.Time{}
	}
	return t.heap[0].at
}

// due takes the earliest, if its time has come.
func (t *timers) due(now time.Time) (timer, bool) {
	if len(t.heap) == 0 || t.heap[0].at.After(now) {
		return timer{}, false
	}
	return heap.Pop(&t.heap).(timer), true
}

// takeJobs takes those of jobs, the earliest first.
func (t *timers) takeJobs() (jobs timerHeap) {
	var rest timerHeap
	for _, v := range t.heap {
		if v.job != nil {
			jobs = append(jobs, v)
		} else {
			rest = append(rest, v)
		}
	}
	heap.Init(&rest)
	sort.Sort(jobs)
	t.heap = rest
	return jobs
}

// timerHeap implements [heap.Interface].
type timerHeap []timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	return h[i].at.Before(h[j].at) || h[i].at.Equal(h[j].at) && h[i].n < h[j].n
}
func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements [heap.Interface].
func (h *timerHeap) Push(v any) { *h = append(*h, v.(timer)) }

// Pop implements [heap.Interface].
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	v := (*h)[last]
	(*h)[last] = timer{}
	*h = (*h)[:last]
	return v
}
