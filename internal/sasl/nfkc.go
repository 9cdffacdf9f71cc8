package sasl

import (
	"cmp"
	"slices"
)

// classRange are code points of one canonical combining class.
type classRange struct {
	first, last rune
	class       uint8
}

// decomposition is what r is made of, as far as it goes.
type decomposition struct {
	r     rune
	parts string
}

// composition is the one character that two make.
type composition struct{ first, second, r rune }

// normalize brings text into normalization form KC of Unicode 3.2 (RFC 3454 §4):
// all is taken apart, marks are put into order, and what fits is put together.
func normalize(text []rune) []rune {
	return compose(order(decompose(text)))
}

// decompose takes characters apart. Hangul syllables may stay: composition would
// make them again, and a syllable takes on a final consonant as well.
func decompose(text []rune) []rune {
	out := make([]rune, 0, len(text))
	for _, r := range text {
		i, found := slices.BinarySearchFunc(decompositions, r, func(d decomposition, r rune) int {
			return cmp.Compare(d.r, r)
		})
		if found {
			out = append(out, []rune(decompositions[i].parts)...)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// order sorts each run of marks by their classes; those of one class stay as
// they are, since they lie upon each other.
func order(text []rune) []rune {
	for i := 0; i < len(text); {
		if combiningClass(text[i]) == 0 {
			i++
			continue
		}
		end := i + 1
		for end < len(text) && combiningClass(text[end]) != 0 {
			end++
		}
		slices.SortStableFunc(text[i:end], func(a, b rune) int {
			return cmp.Compare(combiningClass(a), combiningClass(b))
		})
		i = end
	}
	return text
}

func combiningClass(r rune) uint8 {
	if r < classes[0].first {
		return 0
	}
	i, found := slices.BinarySearchFunc(classes, r, func(c classRange, r rune) int {
		switch {
		case c.last < r:
			return -1
		case c.first > r:
			return 1
		}
		return 0
	})
	if !found {
		return 0
	}
	return classes[i].class
}

// compose puts each character together with the starter before it, unless one
// between them keeps them apart: another starter, or a mark of the same class
// or a higher one. It works in place.
func compose(text []rune) []rune {
	out := text[:0]
	starter := -1 // in out
	var last uint8
	for _, r := range text {
		class := combiningClass(r)
		if starter >= 0 && (starter == len(out)-1 || last < class) {
			if made, ok := composite(out[starter], r); ok {
				out[starter] = made
				continue
			}
		}
		if class == 0 {
			starter = len(out)
		}
		last = class
		out = append(out, r)
	}
	return out
}

// The blocks of Hangul, whose syllables are put together by arithmetic (The
// Unicode Standard, section 3.12).
const (
	hangulL, hangulLCount = 0x1100, 19 // first consonants
	hangulV, hangulVCount = 0x1161, 21 // vowels
	hangulT, hangulTCount = 0x11a7, 28 // last consonants, the first of them none
	hangulSyllable        = 0xac00
	hangulSyllables       = hangulLCount * hangulVCount * hangulTCount
)

// composite returns the one character that two make, if there is one.
func composite(first, second rune) (rune, bool) {
	if l, v := first-hangulL, second-hangulV; 0 <= l && l < hangulLCount && 0 <= v && v < hangulVCount {
		return hangulSyllable + (l*hangulVCount+v)*hangulTCount, true
	}
	if s, t := first-hangulSyllable, second-hangulT; 0 <= s && s < hangulSyllables && s%hangulTCount == 0 && 0 < t && t < hangulTCount {
		return first + t, true
	}
	i, found := slices.BinarySearchFunc(compositions, composition{first, second, 0}, func(a, b composition) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.second, b.second))
	})
	if !found {
		return 0, false
	}
	return compositions[i].r, true
}
