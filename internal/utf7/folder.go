package utf7

import (
	"errors"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrInvalid means a folder name that is none of modified UTF-7, or a name to be
// written that is not UTF-8.
var ErrInvalid = errors.New("utf7: invalid folder name")

// alphabet is that of modified Base64: "," stands for "/" (RFC 3501 §5.1.3).
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,"

var folderDigits = table(alphabet)

// printable tells whether an octet stands for itself: printable US-ASCII
// (RFC 3501 §5.1.3), "&" apart.
func printable(c byte) bool { return c >= 0x20 && c <= 0x7E }

// AppendFolder appends a folder name in UTF-8 to dst in modified UTF-7
// (RFC 3501 §5.1.3). It refuses what is not UTF-8 with [ErrInvalid].
func AppendFolder(dst []byte, name string) ([]byte, error) {
	if !utf8.ValidString(name) {
		return dst, ErrInvalid
	}
	for i := 0; i < len(name); {
		switch c := name[i]; {
		case c == '&':
			dst = append(dst, "&-"...)
			i++
		case printable(c):
			dst = append(dst, c)
			i++
		default:
			n := shiftedRun(name[i:])
			dst = appendShifted(dst, name[i:i+n])
			i += n
		}
	}
	return dst, nil
}

// shiftedRun returns how many octets at the front of s do not stand for
// themselves.
func shiftedRun(s string) (n int) {
	for n < len(s) && !printable(s[n]) {
		n++
	}
	return n
}

// appendShifted appends one run of modified Base64.
func appendShifted(dst []byte, s string) []byte {
	var bits uint32
	var n uint8
	dst = append(dst, '&')
	unit := func(u uint16) {
		bits = bits<<16 | uint32(u)
		for n += 16; n >= 6; {
			n -= 6
			dst = append(dst, alphabet[bits>>n&63])
		}
		bits &= 1<<n - 1
	}
	for _, r := range s {
		if r < 0x10000 {
			unit(uint16(r))
			continue
		}
		high, low := utf16.EncodeRune(r)
		unit(uint16(high))
		unit(uint16(low))
	}
	if n > 0 {
		dst = append(dst, alphabet[bits<<(6-n)&63])
	}
	return append(dst, '-')
}

// DecodeFolder returns the folder name in UTF-8 that s is in modified UTF-7. A
// name has one form alone, so all others are refused with [ErrInvalid]: an
// octet that has to be encoded and is not or the other way round, a run of Base64
// that is not ended, or is two where one would do (RFC 3501 §5.1.3).
func DecodeFolder(s string) (string, error) {
	dst := make([]byte, 0, len(s))
	for i, after := 0, false; i < len(s); {
		c := s[i]
		if !printable(c) {
			return "", ErrInvalid
		}
		if c != '&' {
			dst = append(dst, c)
			i, after = i+1, false
			continue
		}
		var n int
		if dst, n = appendUnshifted(dst, s[i+1:]); n < 0 {
			return "", ErrInvalid
		}
		shifted := n > 1
		if shifted && after {
			return "", ErrInvalid // a null shift
		}
		i, after = i+1+n, shifted
	}
	return string(dst), nil
}

// appendUnshifted appends what follows "&" up to its "-" and returns how many
// octets those are with the "-", or -1.
func appendUnshifted(dst []byte, s string) ([]byte, int) {
	if len(s) > 0 && s[0] == '-' {
		return append(dst, '&'), 1
	}
	var run unshifter
	begin := len(dst)
	for i := range len(s) {
		if s[i] == '-' {
			if !run.end() || len(dst) == begin {
				return dst, -1
			}
			if slices.ContainsFunc(dst[begin:], printable) {
				return dst, -1
			}
			return dst, i + 1
		}
		v := folderDigits[s[i]]
		if v == none {
			return dst, -1
		}
		var lone bool
		if dst, lone = run.digit(v, dst); lone {
			return dst, -1
		}
	}
	return dst, -1
}
