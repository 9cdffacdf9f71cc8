package dns

// Compressor compresses the names of one message: one that ends as an earlier
// one points there (RFC 1035 §4.1.4). Names that differ in case are not the
// same to it, so that each keeps its own (RFC 4343 §4.1). Its table has a fixed
// size; what does not fit there is written in full.
//
// A Compressor may not be used by several goroutines at once.
type Compressor struct {
	start int // where the message begins in the buffer
	used  int
	// table has where in the message a name or the end of one stands; 0 is
	// free, as the header has no name.
	table [compressorSize]uint16
}

const (
	compressorSize = 256 // a power of two
	compressorFull = compressorSize * 3 / 4
	// maxPointer is the last offset that the 14 bits of a pointer reach.
	maxPointer = 1<<14 - 1
)

// Reset forgets all names; the next message begins in its buffer at start.
func (c *Compressor) Reset(start int) {
	if c.used > 0 {
		c.table = [compressorSize]uint16{}
	}
	c.start, c.used = start, 0
}

// AppendName appends n to the message that dst ends with.
func (c *Compressor) AppendName(dst []byte, n Name) []byte {
	var at [MaxName/2 + 1]uint8
	var hash [MaxName/2 + 1]uint32
	labels := n.offsets(&at)
	h := uint32(2166136261)
	for i := labels - 1; i >= 0; i-- {
		h = hashLabel(h, n.wire[at[i]:int(at[i])+1+int(n.wire[at[i]])])
		hash[i] = h
	}
	for i := range labels {
		suffix := n.wire[at[i]:]
		slot := hash[i] % compressorSize
		for ; c.table[slot] != 0; slot = (slot + 1) % compressorSize {
			if off := int(c.table[slot]); sameName(dst[c.start:], off, suffix) {
				return append(dst, pointerBits|byte(off>>8), byte(off))
			}
		}
		if off := len(dst) - c.start; off <= maxPointer && c.used < compressorFull {
			c.table[slot] = uint16(off)
			c.used++
		}
		dst = append(dst, suffix[:1+suffix[0]]...)
	}
	return append(dst, 0)
}

// hashLabel goes on with an FNV-1a hash.
func hashLabel(h uint32, label string) uint32 {
	for i := range len(label) {
		h = (h ^ uint32(label[i])) * 16777619
	}
	return h
}

// sameName tells whether the name at off of a message that we wrote is wire,
// octet for octet. That name may be unfinished: the one that is being written.
func sameName(msg []byte, off int, wire string) bool {
	for {
		for off+1 < len(msg) && msg[off] >= pointerBits {
			off = int(msg[off]&^pointerBits)<<8 | int(msg[off+1])
		}
		if off >= len(msg) {
			return false
		}
		n := 1 + int(msg[off])
		if n > len(wire) || off+n > len(msg) || string(msg[off:off+n]) != wire[:n] {
			return false
		}
		if n == 1 {
			return true
		}
		off, wire = off+n, wire[n:]
	}
}
