package smtp

import (
	"errors"
	"math"
	"unicode/utf8"
)

// errPunycode means text that is no Punycode.
var errPunycode = errors.New("punycode")

// The parameters of RFC 3492 §5.
const (
	punyBase        = 36
	punyTMin        = 1
	punyTMax        = 26
	punySkew        = 38
	punyDamp        = 700
	punyInitialBias = 72
	punyInitialN    = 0x80
)

// appendPunycode appends the encoding of label (RFC 3492 §6.3), which is UTF-8.
// It has 255 octets at most, so that no number overflows and few steps are taken.
func appendPunycode(dst []byte, label string) []byte {
	start := len(dst)
	total := 0
	for _, r := range label {
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
		}
		total++
	}
	handled := len(dst) - start
	basic := handled
	if basic > 0 {
		dst = append(dst, '-')
	}
	n, delta, bias := rune(punyInitialN), int32(0), int32(punyInitialBias)
	for handled < total {
		next := rune(utf8.MaxRune) // the least that is not handled yet
		for _, r := range label {
			if n <= r && r < next {
				next = r
			}
		}
		delta += (next - n) * int32(handled+1)
		n = next
		for _, r := range label {
			if r < n {
				delta++
			}
			if r == n {
				dst = appendPunyNumber(dst, delta, bias)
				bias = punyAdapt(delta, int32(handled+1), handled == basic)
				delta = 0
				handled++
			}
		}
		delta++
		n++
	}
	return dst
}

// appendPunyNumber appends a number of variable length (RFC 3492 §3.3).
func appendPunyNumber(dst []byte, q, bias int32) []byte {
	for k := int32(punyBase); ; k += punyBase {
		t := min(max(k-bias, punyTMin), punyTMax)
		if q < t {
			return append(dst, punyDigit(q))
		}
		dst = append(dst, punyDigit(t+(q-t)%(punyBase-t)))
		q = (q - t) / (punyBase - t)
	}
}

// punyDigit is the digit of value d: a to z, then 0 to 9 (RFC 3492 §5).
func punyDigit(d int32) byte {
	if d < 26 {
		return 'a' + byte(d)
	}
	return '0' + byte(d-26)
}

// punyValue is the value of a digit in lower case, punyBase for what is none.
func punyValue(c byte) int32 {
	switch {
	case '0' <= c && c <= '9':
		return int32(c-'0') + 26
	case 'a' <= c && c <= 'z':
		return int32(c - 'a')
	}
	return punyBase
}

// punyAdapt is the bias after a delta (RFC 3492 §6.1).
func punyAdapt(delta, points int32, first bool) int32 {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := int32(0)
	for ; delta > (punyBase-punyTMin)*punyTMax/2; k += punyBase {
		delta /= punyBase - punyTMin
	}
	return k + (punyBase-punyTMin+1)*delta/(delta+punySkew)
}

// decodePunycode decodes s (RFC 3492 §6.2), in lower case. Surrogates are refused.
func decodePunycode(s string) (string, error) {
	var out []rune
	rest := s
	for i := len(s) - 1; i > 0; i-- {
		if s[i] == '-' {
			out, rest = []rune(s[:i]), s[i+1:]
			break
		}
	}
	n, i, bias := int32(punyInitialN), int32(0), int32(punyInitialBias)
	for first := true; len(rest) > 0; first = false {
		delta, used := punyNumber(rest, bias)
		if used == 0 || delta > math.MaxInt32-i {
			return "", errPunycode
		}
		rest = rest[used:]
		points := int32(len(out) + 1)
		i += delta
		bias = punyAdapt(delta, points, first)
		if i/points > utf8.MaxRune-n {
			return "", errPunycode
		}
		n += i / points
		i %= points
		if !utf8.ValidRune(n) {
			return "", errPunycode
		}
		out = append(out, 0)
		copy(out[i+1:], out[i:])
		out[i] = n
		i++
	}
	return string(out), nil
}

// punyNumber reads the number of variable length at the front of s
// (RFC 3492 §3.3), of n octets; 0 where there is none or it is too large.
func punyNumber(s string, bias int32) (v int32, n int) {
	w := int64(1)
	sum := int64(0)
	for k := int32(punyBase); n < len(s); k += punyBase {
		digit := punyValue(s[n])
		n++
		sum += int64(digit) * w
		if digit == punyBase || sum > math.MaxInt32 {
			return 0, 0
		}
		t := min(max(k-bias, punyTMin), punyTMax)
		if digit < t {
			return int32(sum), n
		}
		if w *= int64(punyBase - t); w > math.MaxInt32 {
			w = math.MaxInt32 + 1 // another digit but 0 is too large
		}
	}
	return 0, 0
}
