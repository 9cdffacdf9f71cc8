package zone

import (
	"math/rand/v2"
	"sync/atomic"
)

// Rotation says in which order the addresses of a name go into its answers.
// Most who ask take the first.
type Rotation uint8

const (
	// RotateNone leaves the order of the zone. It is the default.
	RotateNone Rotation = iota
	// RotateRoundRobin begins each answer one address further than the one
	// before.
	RotateRoundRobin
	// RotateRandom begins at any.
	RotateRandom
)

// rotor says where the next answer begins.
type rotor struct{ turns atomic.Uint32 }

func (r *rotor) next(how Rotation, n int) int {
	switch how {
	case RotateRoundRobin:
		return int((r.turns.Add(1) - 1) % uint32(n))
	case RotateRandom:
		return rand.IntN(n)
	}
	return 0
}

// rotate lets n records of equal size begin with the record at first.
func rotate(b []byte, size, first int) {
	if first == 0 {
		return
	}
	// Turned over, and each part turned over again, record by record.
	reverse(b, size)
	cut := len(b) - first*size
	reverse(b[:cut], size)
	reverse(b[cut:], size)
}

func reverse(b []byte, size int) {
	for i, j := 0, len(b)-size; i < j; i, j = i+size, j-size {
		for k := range size {
			b[i+k], b[j+k] = b[j+k], b[i+k]
		}
	}
}
