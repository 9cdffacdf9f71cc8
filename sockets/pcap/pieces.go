package pcap

import (
	"bytes"
	"slices"
	"time"
)

// pieceCost is what a piece counts beside its octets, so that many small ones
// cannot hold more memory than few large ones.
const pieceCost = 64

// piece is a run of octets of a stream or datagram.
type piece struct {
	off  int64
	time time.Time
	data []byte
}

func (p *piece) end() int64 { return p.off + int64(len(p.data)) }

// pieces are runs of octets that came before their turn, in order and without
// overlap.
type pieces struct {
	list []piece
	cost int
}

// insert adds those of b's octets that are not there: the first to come wins.
// It copies what it keeps, and tells whether any octet was there already.
func (p *pieces) insert(off int64, t time.Time, b []byte) (overlap bool) {
	i, _ := slices.BinarySearchFunc(p.list, off, func(e piece, off int64) int {
		if e.end() <= off {
			return -1
		}
		return 1
	})
	for len(b) > 0 {
		if i < len(p.list) && p.list[i].off <= off {
			overlap = true
			n := min(int64(len(b)), p.list[i].end()-off)
			off, b = off+n, b[n:]
			i++
			continue
		}
		n := int64(len(b))
		if i < len(p.list) {
			n = min(n, p.list[i].off-off)
		}
		p.list = slices.Insert(p.list, i, piece{off, t, bytes.Clone(b[:n])})
		p.cost += int(n) + pieceCost
		off, b = off+n, b[n:]
		i++
	}
	return overlap
}

// shift takes the first piece out.
func (p *pieces) shift() piece {
	first := p.list[0]
	p.list[0] = piece{}
	p.list = p.list[1:]
	p.cost -= len(first.data) + pieceCost
	return first
}
