package dns

import (
	"bytes"
	"cmp"
	"slices"
)

// An RR set is the records of one owner, class and type (RFC 2181 §5); those
// that sign another type are a set of their own.

// setKey is what the records of a set have in common.
type setKey struct {
	name    Name
	class   Class
	typ     Type
	covered Type
}

func setKeyOf(rr *RR) setKey { return setKey{rr.Name.Canonical(), rr.Class, rr.Type(), covered(rr)} }

// covered returns the type that a signature is for, 0 for other records.
func covered(rr *RR) Type {
	switch d := rr.Data.(type) {
	case *RRSIG:
		return d.TypeCovered
	case *SIG:
		return d.TypeCovered
	}
	return 0
}

// SameSet tells whether two records are of one RR set: the same owner, class and
// type, and of signatures the same type covered.
func SameSet(a, b *RR) bool {
	return a.Class == b.Class && a.Type() == b.Type() && covered(a) == covered(b) && a.Name.Equal(b.Name)
}

// RRSets returns the RR sets of rrs, in the order of their first records, and
// the records of each in their order. Records that stand together already are
// not copied.
func RRSets(rrs []RR) [][]RR {
	var sets [][]RR
	var seen map[setKey]int // made when a second set comes
	for i := 0; i < len(rrs); {
		end := i + 1
		for end < len(rrs) && SameSet(&rrs[i], &rrs[end]) {
			end++
		}
		run := rrs[i:end:end]
		i = end
		if len(sets) == 0 {
			sets = append(sets, run)
			continue
		}
		if seen == nil {
			seen = map[setKey]int{setKeyOf(&rrs[0]): 0}
		}
		key := setKeyOf(&run[0])
		if at, ok := seen[key]; ok {
			sets[at] = append(sets[at], run...)
			continue
		}
		seen[key] = len(sets)
		sets = append(sets, run)
	}
	return sets
}

// MinTTL returns the lowest time to live of the records, which is that of a set
// whose records differ in it (RFC 2181 §5.2); 0 for no records.
func MinTTL(rrs []RR) uint32 {
	if len(rrs) == 0 {
		return 0
	}
	lowest := rrs[0].TTL
	for i := range rrs {
		lowest = min(lowest, rrs[i].TTL)
	}
	return lowest
}

// EqualRData tells whether a and b are the same data of the same type: octet for
// octet in canonical form, so that the case of names counts where signatures
// see it (RFC 4034 §6.2).
func EqualRData(a, b RData) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Type() != b.Type() {
		return false
	}
	var few [2][128]byte
	x, errX := AppendCanonicalRData(few[0][:0], a)
	y, errY := AppendCanonicalRData(few[1][:0], b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// canonicalRR is a record with what it is sorted by.
type canonicalRR struct {
	rr    RR
	rdata []byte
}

// CanonicalOrder sorts records in place by owner, class and type, and those of a
// set by their data in canonical form (RFC 4034 §6.1, §6.3), drops those that
// are there twice (RFC 2181 §5), and returns what is left. The first of equal
// records stays. The error is of a record whose data cannot be written.
func CanonicalOrder(rrs []RR) ([]RR, error) {
	sorted := make([]canonicalRR, len(rrs))
	var octets []byte
	for i, rr := range rrs {
		sorted[i].rr = rr
		if rr.Data == nil {
			continue
		}
		start := len(octets)
		var err error
		if octets, err = AppendCanonicalRData(octets, rr.Data); err != nil {
			return rrs, err
		}
		sorted[i].rdata = octets[start:len(octets):len(octets)]
	}
	slices.SortStableFunc(sorted, compareCanonical)
	sorted = slices.CompactFunc(sorted, func(a, b canonicalRR) bool { return compareCanonical(a, b) == 0 })
	kept := rrs[:len(sorted)]
	for i := range sorted {
		kept[i] = sorted[i].rr
	}
	clear(rrs[len(kept):])
	return kept, nil
}

// compareCanonical compares data as octets from the left, where what is missing
// comes before zero (RFC 4034 §6.3).
func compareCanonical(a, b canonicalRR) int {
	return cmp.Or(
		a.rr.Name.Compare(b.rr.Name),
		cmp.Compare(a.rr.Class, b.rr.Class),
		cmp.Compare(a.rr.Type(), b.rr.Type()),
		bytes.Compare(a.rdata, b.rdata),
	)
}
