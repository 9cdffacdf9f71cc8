package zone

import "strings"

// slab is where a builder keeps what it makes: cut from pieces, of which each
// is larger than the one before, so that a zone of a million names takes few
// and a small change takes little.
type slab struct {
	sets   pieces[rrset]
	nodes  pieces[node]
	octets strings.Builder
	piece  int
	// scratch is for what is put together before it is kept.
	scratch []byte
}

const (
	maxPiece     = 1024     // elements
	minTextPiece = 256      // octets
	maxTextPiece = 64 << 10 // octets
)

// string returns b as a string.
func (m *slab) string(b []byte) string {
	start := m.room(len(b))
	m.octets.Write(b)
	return m.octets.String()[start:]
}

// copy returns s, cut from what is kept.
func (m *slab) copy(s string) string {
	start := m.room(len(s))
	m.octets.WriteString(s)
	return m.octets.String()[start:]
}

// room sees to it that n octets fit, and returns where they begin.
func (m *slab) room(n int) (start int) {
	if m.octets.Cap()-m.octets.Len() < n {
		// What was cut from the piece before stays valid.
		m.piece = min(max(2*m.piece, minTextPiece), maxTextPiece)
		m.octets.Reset()
		m.octets.Grow(max(n, m.piece))
	}
	return m.octets.Len()
}

func (m *slab) rrsets(n int) []rrset { return m.sets.cut(n) }

func (m *slab) node(n node) *node {
	kept := &m.nodes.cut(1)[0]
	*kept = n
	return kept
}

type pieces[T any] struct {
	free []T
	size int
}

// cut returns n elements.
func (p *pieces[T]) cut(n int) []T {
	if len(p.free) < n {
		p.size = min(max(2*p.size, 4), maxPiece)
		p.free = make([]T, max(n, p.size))
	}
	cut := p.free[:n:n]
	p.free = p.free[n:]
	return cut
}
