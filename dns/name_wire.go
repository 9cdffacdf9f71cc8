package dns

import "io"

// A pointer takes two octets, of which the first has its top bits set
// (RFC 1035 §4.1.4).
const (
	pointerBits = 0xc0
	// maxPointers bounds the hops of one name: a name has 127 labels at most,
	// and no pointer of a sound message leads to another with none between.
	maxPointers = 126
)

// AppendNameAt appends to dst the name that stands in msg at off, uncompressed,
// and returns the offset behind it in msg. Pointers must go back: each to
// before where the octets that hold it began, so that the work is bounded
// whatever the message says, and what lies behind the name does not matter.
// The error is a [*ParseError].
func AppendNameAt(dst, msg []byte, off int) (_ []byte, next int, err error) {
	start := len(dst)
	limit := off // where the labels now read began: pointers go below it
	i := off
	for hops := 0; ; {
		if i >= len(msg) {
			return dst, off, nameError(i, "name", io.ErrUnexpectedEOF)
		}
		c := int(msg[i])
		switch {
		case c == 0:
			if next == 0 {
				next = i + 1
			}
			return append(dst, 0), next, nil
		case c < 64:
			if i+1+c > len(msg) {
				return dst, off, nameError(i, "label", io.ErrUnexpectedEOF)
			}
			if len(dst)-start+1+c+1 > MaxName {
				return dst, off, &ParseError{Offset: int64(i), What: "name", Ref: "RFC 1035 §2.3.4", Reply: int(RCodeFormErr), Err: ErrNameTooLong}
			}
			dst = append(dst, msg[i:i+1+c]...)
			i += 1 + c
		case c >= pointerBits:
			if i+2 > len(msg) {
				return dst, off, nameError(i, "pointer", io.ErrUnexpectedEOF)
			}
			to := (c&^pointerBits)<<8 | int(msg[i+1])
			if hops++; to >= limit || hops > maxPointers {
				return dst, off, nameError(i, "name", ErrPointer)
			}
			if next == 0 {
				next = i + 2
			}
			i, limit = to, to
		default:
			// 01 was used for what RFC 6891 §5 gave up, 10 never.
			return dst, off, &ParseError{Offset: int64(i), What: "label type", Ref: "RFC 6891 §5", Reply: int(RCodeFormErr), Err: ErrLabel}
		}
	}
}

func nameError(at int, what string, err error) *ParseError {
	return &ParseError{Offset: int64(at), What: what, Ref: "RFC 1035 §4.1.4", Reply: int(RCodeFormErr), Err: err}
}

// ParseNameAt reads the name that stands in msg at off, compressed or not, and
// returns the offset behind it. See [AppendNameAt], which does the same without
// an allocation.
func ParseNameAt(msg []byte, off int) (n Name, next int, err error) {
	var wire [MaxName]byte
	b, next, err := AppendNameAt(wire[:0], msg, off)
	if err != nil {
		return Name{}, off, err
	}
	return Name{string(b)}, next, nil
}

// CutName returns the name that wire begins with, uncompressed, and what
// follows it. The name is cut from wire without an allocation, and keeps it in
// memory. False where wire begins with no name.
func CutName(wire string) (n Name, rest string, ok bool) {
	for i := 0; i < len(wire) && i < MaxName; {
		c := wire[i]
		switch {
		case c == 0:
			return Name{wire[:i+1]}, wire[i+1:], true
		case c > MaxLabel:
			return Name{}, wire, false
		}
		i += 1 + int(c)
	}
	return Name{}, wire, false
}
