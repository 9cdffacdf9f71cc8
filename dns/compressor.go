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
	// table has where in the message a name or the end of one stands, above the
	// bits of a pointer some of its hash; 0 is free, as the header has no name.
	table [compressorSize]uint32
	// recent are the last names that were written.
	recent     [4]recentName
	nextRecent int
}

// recentName is a name and where in the message it stands, whole.
type recentName struct {
	wire string
	off  uint16
}

const (
	compressorSize = 1 << 8 // the top bits of a hash
	compressorFull = compressorSize * 3 / 4
	// maxPointer is the last offset that the 14 bits of a pointer reach.
	maxPointer = 1<<14 - 1
)

// Reset forgets all names; the next message begins in its buffer at start.
func (c *Compressor) Reset(start int) {
	if c.used > 0 {
		c.table = [compressorSize]uint32{}
	}
	c.start, c.used = start, 0
	c.recent = [4]recentName{}
}

// AppendName appends n to the message that dst ends with; of the zero Name,
// which no message can hold, nothing.
func (c *Compressor) AppendName(dst []byte, n Name) []byte {
	if len(n.wire) < 2 {
		return append(dst, n.wire...) // the root, which is shorter than a pointer
	}
	// Most names are those of the record before: its owner, what it points to.
	for i := range c.recent {
		if r := &c.recent[i]; len(r.wire) == len(n.wire) && r.wire == n.wire {
			return append(dst, pointerBits|byte(r.off>>8), byte(r.off))
		}
	}
	begin := len(dst) - c.start
	for suffix := n.wire; suffix[0] != 0; suffix = suffix[1+suffix[0]:] {
		h := hashSuffix(suffix)
		slot, tag := h>>24, h<<16&^maxPointer
		for ; c.table[slot] != 0; slot = (slot + 1) % compressorSize {
			if off := int(c.table[slot] & maxPointer); c.table[slot]&^maxPointer == tag && sameName(dst[c.start:], off, suffix) {
				if len(suffix) == len(n.wire) {
					begin = off
				}
				c.remember(n, begin)
				return append(dst, pointerBits|byte(off>>8), byte(off))
			}
		}
		if off := len(dst) - c.start; off <= maxPointer && c.used < compressorFull {
			c.table[slot] = tag | uint32(off)
			c.used++
		}
		dst = append(dst, suffix[:1+suffix[0]]...)
	}
	c.remember(n, begin)
	return append(dst, 0)
}

// appendOrCopy is AppendName, but for nil: that compresses nothing.
func (c *Compressor) appendOrCopy(dst []byte, n Name) []byte {
	if c == nil {
		return n.AppendWire(dst)
	}
	return c.AppendName(dst, n)
}

// remember keeps a name that was just written, whole, and where it stands.
func (c *Compressor) remember(n Name, off int) {
	if off <= maxPointer {
		c.recent[c.nextRecent] = recentName{n.wire, uint16(off)}
		c.nextRecent = (c.nextRecent + 1) % len(c.recent)
	}
}

// note enters the name that stands uncompressed in the message at off: the
// question's, which was copied there.
func (c *Compressor) note(wire []byte, off int) {
	for ; wire[0] != 0 && c.used < compressorFull; off, wire = off+1+int(wire[0]), wire[1+wire[0]:] {
		h := hashSuffix(wire)
		slot := h >> 24
		for c.table[slot] != 0 {
			slot = (slot + 1) % compressorSize
		}
		c.table[slot] = h<<16&^maxPointer | uint32(off)
		c.used++
	}
}

// forget forgets the names that stand at off and behind. They were entered
// after all others, so that no probe for another goes over their slots.
func (c *Compressor) forget(off int) {
	for i, v := range c.table {
		if v != 0 && int(v&maxPointer) >= off {
			c.table[i] = 0
			c.used--
		}
	}
	for i := range c.recent {
		if int(c.recent[i].off) >= off {
			c.recent[i] = recentName{}
		}
	}
}

// hashSuffix hashes the end of a name by its length and a few of its octets:
// names that collide are compared, and the table is small.
func hashSuffix[T string | []byte](wire T) uint32 {
	n, label := len(wire), int(wire[0])
	h := uint32(n)<<8 | uint32(label)
	h = h*0x01000193 ^ uint32(wire[1])<<16 ^ uint32(wire[label])<<8 ^ uint32(wire[1+label/2])
	h = h*0x01000193 ^ uint32(wire[n/2])<<8 ^ uint32(wire[n*3/4])
	return h * 0x9e3779b1
}

// sameName tells whether the name at off of a message that we wrote is wire,
// octet for octet. That name may be unfinished: the one that is being written.
func sameName(msg []byte, off int, wire string) bool {
	if end := off + len(wire); end <= len(msg) && string(msg[off:end]) == wire {
		return true // no pointer in it
	}
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
