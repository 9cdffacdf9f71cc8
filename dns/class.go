package dns

import (
	"strconv"

	"applayer/internal/ascii"
)

// Class is the class of a record or a question (RFC 1035 §3.2.4).
type Class uint16

// The classes. NONE and ANY stand in questions and updates alone
// (RFC 2136 §1.3).
const (
	ClassIN   Class = 1 // the Internet
	ClassCH   Class = 3 // CHAOS; what servers tell of themselves
	ClassHS   Class = 4 // Hesiod
	ClassNONE Class = 254
	ClassANY  Class = 255
)

var classesByName = map[string]Class{"IN": ClassIN, "CH": ClassCH, "HS": ClassHS, "NONE": ClassNONE, "ANY": ClassANY}

// String returns the mnemonic, or "CLASS" and the number (RFC 3597 §5).
func (c Class) String() string {
	switch c {
	case ClassIN:
		return "IN"
	case ClassCH:
		return "CH"
	case ClassHS:
		return "HS"
	case ClassNONE:
		return "NONE"
	case ClassANY:
		return "ANY"
	}
	return "CLASS" + strconv.Itoa(int(c))
}

// ParseClass reads a mnemonic in any case, or "CLASS" and a number
// (RFC 3597 §5).
func ParseClass(s string) (Class, error) {
	if c, ok := lookUpper(classesByName, s); ok {
		return c, nil
	}
	if n, ok := numbered(s, "CLASS"); ok {
		return Class(n), nil
	}
	return 0, textError(0, "class "+quoted(s), "RFC 3597 §5", ErrSyntax)
}

// longestMnemonic is that of RSASHA1-NSEC3-SHA1, with room.
const longestMnemonic = 20

// lookUpper finds s in any case without an allocation.
func lookUpper[V any, T ~string | ~[]byte](m map[string]V, s T) (v V, ok bool) {
	if len(s) > longestMnemonic {
		return v, false
	}
	var upper [longestMnemonic]byte
	for i := range len(s) {
		upper[i] = ascii.Upper(s[i])
	}
	v, ok = m[string(upper[:len(s)])]
	return v, ok
}

// numbered reads a prefix in any case with a number of 16 bits behind it.
func numbered[T ~string | ~[]byte](s T, prefix string) (n uint16, ok bool) {
	if len(s) <= len(prefix) || !ascii.EqualFold(s[:len(prefix)], prefix) {
		return 0, false
	}
	digits := s[len(prefix):]
	v, used, err := ascii.Decimal(digits, 1<<16-1)
	return uint16(v), err == nil && used == len(digits)
}

// quoted quotes a peer's text for an error, cut at 100 octets.
func quoted[T ~string | ~[]byte](s T) string { return strconv.Quote(string(s[:min(len(s), 100)])) }
