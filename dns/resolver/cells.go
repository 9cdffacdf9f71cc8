package resolver

import "encoding/binary"

// A cell is the piece in which octets are kept: the number of the next one,
// then octets. Entries of any length are chains of cells, so that what one
// entry leaves another can take, whatever their lengths.
const (
	cellSize   = 128
	cellHead   = 4
	cellOctets = cellSize - cellHead
	chunkCells = 512
	noCell     = 0 // cell 0 is never handed out
)

// cells is a pool of cells. It holds few pointers however many octets there
// are, so that the garbage collector has nothing to look through.
type cells struct {
	chunks [][]byte
	free   uint32 // the first of those given back
	fresh  uint32 // the first never used
	used   int
}

func (c *cells) at(n uint32) []byte {
	i := int(n%chunkCells) * cellSize
	return c.chunks[n/chunkCells][i : i+cellSize : i+cellSize]
}

// need returns how many cells n octets take.
func need(n int) int { return (n + cellOctets - 1) / cellOctets }

func (c *cells) take() uint32 {
	c.used++
	if n := c.free; n != noCell {
		c.free = binary.LittleEndian.Uint32(c.at(n))
		return n
	}
	if c.fresh == 0 {
		c.fresh = 1
	}
	n := c.fresh
	if int(n/chunkCells) == len(c.chunks) {
		c.chunks = append(c.chunks, make([]byte, chunkCells*cellSize))
	}
	c.fresh++
	return n
}

// store puts the octets of a and b, one behind the other, into a new chain.
func (c *cells) store(a, b []byte) (first uint32) {
	first = c.take()
	cell := c.at(first)
	n := cellHead
	for _, part := range [...][]byte{a, b} {
		for len(part) > 0 {
			if n == cellSize {
				next := c.take()
				binary.LittleEndian.PutUint32(cell, next)
				cell, n = c.at(next), cellHead
			}
			k := copy(cell[n:], part)
			n, part = n+k, part[k:]
		}
	}
	binary.LittleEndian.PutUint32(cell, noCell)
	return first
}

// release gives a chain back.
func (c *cells) release(first uint32) {
	for n := first; n != noCell; {
		cell := c.at(n)
		next := binary.LittleEndian.Uint32(cell)
		binary.LittleEndian.PutUint32(cell, c.free)
		c.free = n
		c.used--
		n = next
	}
}

// hasPrefix tells whether the chain's octets begin with key.
func (c *cells) hasPrefix(first uint32, key []byte) bool {
	for n := first; n != noCell; {
		cell := c.at(n)
		k := min(len(key), cellOctets)
		if string(cell[cellHead:cellHead+k]) != string(key[:k]) {
			return false
		}
		if key = key[k:]; len(key) == 0 {
			return true
		}
		n = binary.LittleEndian.Uint32(cell)
	}
	return false
}

// append appends the chain's octets from the given one up to size.
func (c *cells) append(dst []byte, first uint32, from, size int) []byte {
	at := 0
	for n := first; n != noCell && at < size; {
		cell := c.at(n)
		end := min(size-at, cellOctets)
		if start := max(from-at, 0); start < end {
			dst = append(dst, cell[cellHead+start:cellHead+end]...)
		}
		at += cellOctets
		n = binary.LittleEndian.Uint32(cell)
	}
	return dst
}
