package dns

// SerialCompare compares serial numbers, which go round from 2^32-1 to 0: it
// returns -1 where a comes before b, +1 where it comes behind, 0 where they are
// the same. Of two that are 2^31 apart neither is the later; ok is false then
// (RFC 1982 §3.2).
func SerialCompare(a, b uint32) (c int, ok bool) {
	switch d := b - a; {
	case d == 0:
		return 0, true
	case d < 1<<31:
		return -1, true
	case d > 1<<31:
		return +1, true
	}
	return 0, false
}

// MaxSerialAdd is the most that may be added to a serial number at once
// (RFC 1982 §3.1).
const MaxSerialAdd = 1<<31 - 1
