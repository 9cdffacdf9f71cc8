package mailstore

import (
	"math/bits"

	"applayer/mime/maildir"
)

// flagSet is what a message's name and directory tell: a bit for each of the
// letters A to Z and a to z, and one for messages in new.
type flagSet uint64

const (
	flagNew  flagSet = 1 << 63 // the file is in new
	flagDead flagSet = 1 << 62 // expunged, and still in the slice

	letterBits flagSet = 1<<52 - 1
	seenBit    flagSet = 1 << ('S' - 'A')
)

// flagBit returns the bit of a letter, 0 for what is none.
func flagBit(c byte) flagSet {
	switch {
	case c >= 'A' && c <= 'Z':
		return 1 << (c - 'A')
	case c >= 'a' && c <= 'z':
		return 1 << (c - 'a' + 26)
	}
	return 0
}

// setOf returns the set of flags, for a message in cur.
func setOf(f maildir.Flags) (s flagSet) {
	for i := range len(f) {
		s |= flagBit(f[i])
	}
	return s
}

// setOfFile returns the set that a file tells.
func setOfFile(m maildir.Message) flagSet {
	s := setOf(m.Flags)
	if m.New {
		s |= flagNew
	}
	return s
}

// append appends the letters, in the order of ASCII.
func (s flagSet) append(dst []byte) []byte {
	for s &= letterBits; s != 0; s &= s - 1 {
		i := bits.TrailingZeros64(uint64(s))
		if i < 26 {
			dst = append(dst, 'A'+byte(i))
		} else {
			dst = append(dst, 'a'+byte(i-26))
		}
	}
	return dst
}

func (s flagSet) flags() maildir.Flags {
	if s&letterBits == 0 {
		return ""
	}
	return maildir.Flags(s.append(make([]byte, 0, 8)))
}
