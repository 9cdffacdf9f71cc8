package dns

import (
	"hash/maphash"
	"iter"
	"net/netip"
	"strconv"
	"strings"

	"applayer/internal/ascii"
)

// The limits of RFC 1035 §2.3.4.
const (
	// MaxName is the most octets that a name has on the wire, the root's
	// empty label included.
	MaxName = 255
	// MaxLabel is the most octets of a label.
	MaxLabel = 63
)

// Name is a domain name: a list of labels, each of up to 63 octets of any
// value, that ends with the root (RFC 1035 §3.1). It is always absolute. The
// zero Name is none: not even the root, which is [Root].
//
// A Name keeps its case (RFC 4343 §4.1). The operator == compares octets;
// [Name.Equal] ignores the case of ASCII letters, as the DNS does, and
// [Name.Canonical] makes a key for maps.
type Name struct {
	// wire is the name uncompressed on the wire, the root's label included.
	wire string
}

// Root is the name of the root: no label.
var Root = Name{"\x00"}

// IsValid tells whether n is a name, and not the zero Name.
func (n Name) IsValid() bool { return n.wire != "" }

// IsRoot tells whether n is the root.
func (n Name) IsRoot() bool { return n.wire == "\x00" }

// Len returns how many octets n has on the wire, uncompressed: 1 for the root,
// 255 at most.
func (n Name) Len() int { return len(n.wire) }

// Wire returns n as it stands on the wire, uncompressed (RFC 1035 §3.1); ""
// for the zero Name.
func (n Name) Wire() string { return n.wire }

// Labels goes through the labels as octets, the leftmost first; the root's
// empty label is not among them.
func (n Name) Labels() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; i < len(n.wire) && n.wire[i] != 0; i += 1 + int(n.wire[i]) {
			if !yield(n.wire[i+1 : i+1+int(n.wire[i])]) {
				return
			}
		}
	}
}

// CountLabels returns how many labels n has: 0 for the root.
func (n Name) CountLabels() (c int) {
	for i := 0; i < len(n.wire) && n.wire[i] != 0; i += 1 + int(n.wire[i]) {
		c++
	}
	return c
}

// FirstLabel returns the leftmost label; "" for the root.
func (n Name) FirstLabel() string {
	if len(n.wire) < 2 {
		return ""
	}
	return n.wire[1 : 1+int(n.wire[0])]
}

// Parent returns n without its leftmost label; the zero Name for the root.
func (n Name) Parent() Name {
	if len(n.wire) < 2 {
		return Name{}
	}
	return Name{n.wire[1+int(n.wire[0]):]}
}

// Ancestor returns the name of n's last labels, so many of them; n itself if
// it has no more, the root for none.
func (n Name) Ancestor(labels int) Name {
	for c := n.CountLabels(); c > labels; c-- {
		n = n.Parent()
	}
	return n
}

// IsWildcard tells whether the leftmost label is an asterisk (RFC 4592 §2.1.1).
func (n Name) IsWildcard() bool { return strings.HasPrefix(n.wire, "\x01*") }

// IsSubdomainOf tells whether n is zone or lies below it, whatever the case.
// Nothing is below the zero Name.
func (n Name) IsSubdomainOf(zone Name) bool {
	skip := len(n.wire) - len(zone.wire)
	if skip < 0 || zone.wire == "" {
		return false
	}
	i := 0
	for i < skip {
		i += 1 + int(n.wire[i])
	}
	return i == skip && equalFold(n.wire[skip:], zone.wire)
}

// Equal tells whether n and o are the same name: the same octets, but for the
// case of ASCII letters (RFC 4343 §3).
func (n Name) Equal(o Name) bool { return equalFold(n.wire, o.wire) }

// equalFold compares names on the wire. A length octet is below any letter, so
// that folding does not change it.
func equalFold(a, b string) bool { return a == b || len(a) == len(b) && ascii.EqualFold(a, b) }

// Compare orders names as RFC 4034 §6.1: by labels from the right, each as
// octets with ASCII letters in lower case, a name before those below it. It
// returns -1, 0 or +1; the zero Name comes before all.
func (n Name) Compare(o Name) int {
	var a, b [MaxName/2 + 1]uint8
	i, j := n.offsets(&a), o.offsets(&b)
	for i > 0 && j > 0 {
		i, j = i-1, j-1
		if c := compareFold(n.label(a[i]), o.label(b[j])); c != 0 {
			return c
		}
	}
	switch {
	case i == 0 && j == 0:
		return len(n.wire) - len(o.wire) // only the zero Name differs here
	case i == 0:
		return -1
	default:
		return +1
	}
}

// offsets fills in where each label begins and returns how many there are.
func (n Name) offsets(at *[MaxName/2 + 1]uint8) (c int) {
	for i := 0; i < len(n.wire) && n.wire[i] != 0; i += 1 + int(n.wire[i]) {
		at[c] = uint8(i)
		c++
	}
	return c
}

func (n Name) label(at uint8) string { return n.wire[int(at)+1 : int(at)+1+int(n.wire[at])] }

func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		x, y := ascii.Lower(a[i]), ascii.Lower(b[i])
		switch {
		case x < y:
			return -1
		case x > y:
			return +1
		}
	}
	switch {
	case len(a) < len(b):
		return -1
	case len(a) > len(b):
		return +1
	}
	return 0
}

// hashSeed makes hashes that no peer can foresee.
var hashSeed = maphash.MakeSeed()

// Hash returns a hash that is the same for names that are [Name.Equal]. It
// differs from process to process.
func (n Name) Hash() uint64 {
	var lower [MaxName]byte
	return maphash.Bytes(hashSeed, appendLower(lower[:0], n.wire))
}

// Canonical returns n with its ASCII letters in lower case (RFC 4034 §6.2):
// names that are [Name.Equal] have the same.
func (n Name) Canonical() Name {
	for i := range len(n.wire) {
		if ascii.Lower(n.wire[i]) != n.wire[i] {
			var lower [MaxName]byte
			return Name{string(appendLower(lower[:0], n.wire))}
		}
	}
	return n
}

func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, ascii.Lower(s[i]))
	}
	return dst
}

// Prepend returns the name of n's child with that label, whose octets are
// taken as they are. The error is [ErrLabel] for an empty or too long label and
// for the zero Name, [ErrNameTooLong] for too long a name.
func (n Name) Prepend(label string) (Name, error) {
	switch {
	case label == "" || len(label) > MaxLabel || !n.IsValid():
		return Name{}, ErrLabel
	case len(n.wire)+1+len(label) > MaxName:
		return Name{}, ErrNameTooLong
	}
	return Name{string(rune(len(label))) + label + n.wire}, nil
}

// Concat returns the name of n's labels followed by suffix's; the error is
// [ErrNameTooLong] where that is no name (RFC 6672 §2.2), [ErrLabel] where one
// of them is the zero Name.
func (n Name) Concat(suffix Name) (Name, error) {
	switch {
	case !n.IsValid() || !suffix.IsValid():
		return Name{}, ErrLabel
	case len(n.wire)-1+len(suffix.wire) > MaxName:
		return Name{}, ErrNameTooLong
	}
	return Name{n.wire[:len(n.wire)-1] + suffix.wire}, nil
}

// ReplaceSuffix returns n with its ancestor old replaced by target, as a DNAME
// record does (RFC 6672 §2.2). The error is [ErrNameTooLong] where that is no
// name, and [ErrLabel] where n is not below old or target is the zero Name.
func (n Name) ReplaceSuffix(old, target Name) (Name, error) {
	if !n.IsSubdomainOf(old) {
		return Name{}, ErrLabel
	}
	return Name{n.wire[:len(n.wire)-len(old.wire)] + "\x00"}.Concat(target)
}

// AppendWire appends n as it stands on the wire, uncompressed.
func (n Name) AppendWire(dst []byte) []byte { return append(dst, n.wire...) }

// AppendCanonical appends n uncompressed and in lower case (RFC 4034 §6.2).
func (n Name) AppendCanonical(dst []byte) []byte { return appendLower(dst, n.wire) }

// The two suffixes below which addresses stand as names.
var (
	inAddrArpa = Name{"\x07in-addr\x04arpa\x00"} // RFC 1035 §3.5
	ip6Arpa    = Name{"\x03ip6\x04arpa\x00"}     // RFC 3596 §2.5
)

// ReverseName returns the name at which the PTR record of an address stands
// (RFC 1035 §3.5, RFC 3596 §2.5). An IPv4 address mapped into IPv6 counts as
// IPv4; the zero address has the zero Name.
func ReverseName(a netip.Addr) Name {
	a = a.Unmap()
	var b strings.Builder
	switch {
	case a.Is4():
		v4 := a.As4()
		for i := range v4 {
			s := strconv.Itoa(int(v4[3-i]))
			b.WriteByte(byte(len(s)))
			b.WriteString(s)
		}
		b.WriteString(inAddrArpa.wire)
	case a.Is6():
		v6 := a.As16()
		const hex = "0123456789abcdef"
		for i := range v6 {
			o := v6[15-i]
			b.Write([]byte{1, hex[o&15], 1, hex[o>>4]})
		}
		b.WriteString(ip6Arpa.wire)
	}
	return Name{b.String()}
}

// ReverseAddr returns the address of which n is the [ReverseName]; false where
// it is none: too few or too many labels, or labels of another form.
func (n Name) ReverseAddr() (netip.Addr, bool) {
	switch {
	case n.CountLabels() == 6 && n.IsSubdomainOf(inAddrArpa):
		var v4 [4]byte
		i := len(v4)
		for label := range n.Labels() {
			if i == 0 {
				break
			}
			o, used, err := ascii.Decimal(label, 255)
			if err != nil || used != len(label) || len(label) > 1 && label[0] == '0' {
				return netip.Addr{}, false
			}
			i--
			v4[i] = byte(o)
		}
		return netip.AddrFrom4(v4), true
	case n.CountLabels() == 34 && n.IsSubdomainOf(ip6Arpa):
		var v6 [16]byte
		i := 2 * len(v6)
		for label := range n.Labels() {
			if i == 0 {
				break
			}
			digit, ok := hexDigit(label[0])
			if !ok || len(label) != 1 {
				return netip.Addr{}, false
			}
			i--
			v6[i/2] |= digit << (4 * (1 - i%2))
		}
		return netip.AddrFrom16(v6), true
	}
	return netip.Addr{}, false
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case ascii.Lower(c) >= 'a' && ascii.Lower(c) <= 'f':
		return ascii.Lower(c) - 'a' + 10, true
	}
	return 0, false
}
