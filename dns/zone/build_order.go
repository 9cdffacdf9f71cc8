package zone

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// entries is a list of entries that grows without being copied.
type entries struct {
	pieces [][]entry
	n      int
}

const entryPiece = 512

func (l *entries) add(key string, n *node) {
	if l.n%entryPiece == 0 {
		size := entryPiece
		if l.n == 0 {
			size = 4 // most changes are small
		}
		l.pieces = append(l.pieces, make([]entry, 0, size))
	}
	last := &l.pieces[l.n/entryPiece]
	*last = append(*last, entry{key, n})
	l.n++
}

func (l *entries) at(i int) *entry { return &l.pieces[i/entryPiece][i%entryPiece] }

// ranked is where an entry stands in a list, with how its key begins: most keys
// need no more to be told apart, and nothing that points is moved.
type ranked struct {
	begins uint64
	at     int
}

// sortedByKey returns the order of a list's entries by key, and of those with
// the same key as they came. Keys are distributed by their first octets, and
// those that begin the same are compared.
func sortedByKey(list *entries) []ranked {
	order := make([]ranked, list.n)
	sorted := true
	for i := range order {
		var begins [8]byte
		copy(begins[:], list.at(i).key)
		order[i] = ranked{binary.BigEndian.Uint64(begins[:]), i}
		sorted = sorted && (i == 0 || order[i-1].begins <= order[i].begins)
	}
	if !sorted {
		order = distributed(order)
	}
	for rest := order; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].begins == rest[0].begins {
			n++
		}
		if n > 1 {
			slices.SortFunc(rest[:n], func(a, b ranked) int {
				return cmp.Or(strings.Compare(list.at(a.at).key, list.at(b.at).key), cmp.Compare(a.at, b.at))
			})
		}
		rest = rest[n:]
	}
	return order
}

// distributed returns a list, which it uses, in the order of how keys begin. It
// takes them octet by octet from the last on: what is in order by those behind
// stays so where an octet is the same.
func distributed(list []ranked) []ranked {
	spare := make([]ranked, len(list))
	for shift := 0; shift < 64; shift += 8 {
		var next [256]int // for each value how many there are, and then where the next goes
		for i := range list {
			next[byte(list[i].begins>>shift)]++
		}
		if next[byte(list[0].begins>>shift)] == len(list) {
			continue
		}
		start := 0
		for v, n := range next {
			next[v] = start
			start += n
		}
		for _, r := range list {
			v := byte(r.begins >> shift)
			spare[next[v]] = r
			next[v]++
		}
		list, spare = spare, list
	}
	return list
}
