package mime

import "iter"

// Walk yields the entity and all that are in it, in the order of the message,
// with their depth: 0 for the entity itself.
func (e *Entity) Walk() iter.Seq2[int, *Entity] {
	return func(yield func(int, *Entity) bool) {
		depth := 0
		for at := e; yield(depth, at); {
			if at.first != nil {
				at = at.first
				depth++
				continue
			}
			for at != e && at.next == nil {
				at = at.parent
				depth--
			}
			if at == e {
				return
			}
			at = at.next
		}
	}
}
