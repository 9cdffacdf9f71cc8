package queue

// fifo is a list that is taken from in the order in which it was added to.
type fifo[T any] struct {
	items []T
	head  int
}

func (f *fifo[T]) push(v T) { f.items = append(f.items, v) }

// pop takes the first, if there is one.
func (f *fifo[T]) pop() (v T, ok bool) {
	if f.head == len(f.items) {
		return v, false
	}
	var none T
	v, f.items[f.head] = f.items[f.head], none
	f.head++
	// What was taken is dropped once it is half of the slice, so that each pop
	// moves one item on average.
	if f.head*2 >= len(f.items) {
		n := copy(f.items, f.items[f.head:])
		clear(f.items[n:])
		f.items, f.head = f.items[:n], 0
	}
	return v, true
}

func (f *fifo[T]) len() int { return len(f.items) - f.head }
