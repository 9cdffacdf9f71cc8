package dns

import "strings"

// memory is where the names and octets of a message's or a master file's
// records are kept: they are cut from few larger pieces.
type memory struct {
	strings strings.Builder
	octets  []byte
	scratch []byte
	// seen are the names of this message, by where they stand in it.
	seen  [8]seenName
	nSeen int

	codec   Codec
	opt     OPT
	records int // of the message that is read, at most

	// The data of the records that most messages have: cut from slices, and
	// used again with the next message.
	a     slab[A]
	aaaa  slab[AAAA]
	ns    slab[NS]
	cname slab[CNAME]
	mx    slab[MX]
	txt   slab[TXT]

	piece int // octets of a piece; 0 is pieceSize
}

// slab is a slice from which values are cut, one by one.
type slab[T any] struct {
	all  []T
	used int
}

// next returns the next value. A new slice has room for n more, within reason.
func (s *slab[T]) next(n int) *T {
	if s.used == len(s.all) {
		s.all, s.used = make([]T, max(1, min(n, 8))), 0
	}
	s.used++
	return &s.all[s.used-1]
}

// startMessage forgets the names of the last message. The next has so many
// records.
func (m *memory) startMessage(records int) { m.nSeen, m.records = 0, records }

// reuse takes the records of the last message back.
func (m *memory) reuse() {
	m.a.used, m.aaaa.used, m.ns.used, m.cname.used, m.mx.used, m.txt.used = 0, 0, 0, 0, 0, 0
}

// newRData returns the value for the next record's data. Of OPT there is one:
// the second is an error.
func (m *memory) newRData(t Type, private PrivateTypes) RData {
	if private == nil {
		switch t {
		case TypeA:
			return m.a.next(m.records)
		case TypeAAAA:
			return m.aaaa.next(m.records)
		case TypeNS:
			return m.ns.next(m.records)
		case TypeCNAME:
			return m.cname.next(m.records)
		case TypeMX:
			return m.mx.next(m.records)
		case TypeTXT:
			return m.txt.next(m.records)
		case TypeOPT:
			return &m.opt
		}
	}
	return private.newRData(t)
}

// seenName is a name that was read from a message at off; as many octets of it
// as literal says stand there as they are, before a pointer.
type seenName struct {
	off, literal int
	name         Name
}

// The pieces of a message are small, since what is kept of it keeps them whole.
// Those of a master file are larger: it is kept whole.
const (
	pieceSize     = 512
	textPieceSize = 4 << 10
)

func (m *memory) pieceSize() int { return max(m.piece, pieceSize) }

// string returns b as a string that is kept.
func (m *memory) string(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if m.strings.Cap()-m.strings.Len() < len(b) {
		// What was cut from the piece before stays valid.
		m.strings.Reset()
		m.strings.Grow(max(len(b), m.pieceSize()))
	}
	start := m.strings.Len()
	m.strings.Write(b)
	return m.strings.String()[start:]
}

// bytes returns a copy of b that is kept.
func (m *memory) bytes(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if cap(m.octets)-len(m.octets) < len(b) {
		m.octets = make([]byte, 0, max(len(b), m.pieceSize()))
	}
	start := len(m.octets)
	m.octets = append(m.octets, b...)
	return m.octets[start:len(m.octets):len(m.octets)]
}

// name reads the name that stands in msg at off; those that were read before
// are not made again.
func (m *memory) name(msg []byte, off int) (n Name, next int, err error) {
	if off+1 < len(msg) && msg[off] >= pointerBits {
		to := int(msg[off]&^pointerBits)<<8 | int(msg[off+1])
		if n, ok := m.find(to); ok && to < off {
			return n, off + 2, nil
		}
	}
	var wire [MaxName]byte
	b, next, err := AppendNameAt(wire[:0], msg, off)
	if err != nil {
		return Name{}, off, err
	}
	n = Name{m.string(b)}
	if m.nSeen < len(m.seen) {
		literal := next - off
		if literal >= 2 && literal != len(b) {
			literal -= 2
		}
		m.seen[m.nSeen] = seenName{off, literal, n}
		m.nSeen++
	}
	return n, next, nil
}

// find returns the name that stands at an offset of the message, if it is one
// of those read, or the end of one.
func (m *memory) find(off int) (Name, bool) {
	for i := range m.nSeen {
		s := &m.seen[i]
		skip := off - s.off
		if skip < 0 || skip >= s.literal {
			continue
		}
		at := 0
		for at < skip {
			at += 1 + int(s.name.wire[at])
		}
		return Name{s.name.wire[at:]}, at == skip
	}
	return Name{}, false
}
