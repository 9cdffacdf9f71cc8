package cookie

import "unicode/utf8"

// The parameters of RFC 3492 §5.
const (
	punyBase        = 36
	punyMin         = 1
	punyMax         = 26
	punySkew        = 38
	punyDamp        = 700
	punyInitialBias = 72
	punyInitialN    = 0x80
)

// appendPunycode appends the label as RFC 3492 §6.3 writes it. It takes labels
// of at most 63 characters, so no number in it comes near an overflow.
func appendPunycode(dst []byte, label string) ([]byte, bool) {
	if !utf8.ValidString(label) || utf8.RuneCountInString(label) > 63 {
		return dst, false
	}
	runes := []rune(label)
	basic := 0
	for _, r := range runes {
		if r < punyInitialN {
			dst = append(dst, byte(r))
			basic++
		}
	}
	if basic > 0 {
		dst = append(dst, '-')
	}
	n, delta, bias := rune(punyInitialN), 0, punyInitialBias
	for done := basic; done < len(runes); n++ {
		// The least character that has not been written yet.
		next := rune(utf8.MaxRune)
		for _, r := range runes {
			if r >= n {
				next = min(next, r)
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			switch {
			case r < n:
				delta++
			case r == n:
				dst = appendPunyNumber(dst, delta, bias)
				bias = punyAdapt(delta, done+1, done == basic)
				delta = 0
				done++
			}
		}
		delta++
	}
	return dst, true
}

// appendPunyNumber appends a generalised variable-length integer
// (RFC 3492 §3.3).
func appendPunyNumber(dst []byte, q, bias int) []byte {
	for k := punyBase; ; k += punyBase {
		t := min(max(k-bias, punyMin), punyMax)
		if q < t {
			return append(dst, punyDigit(q))
		}
		dst = append(dst, punyDigit(t+(q-t)%(punyBase-t)))
		q = (q - t) / (punyBase - t)
	}
}

func punyDigit(v int) byte { return "abcdefghijklmnopqrstuvwxyz0123456789"[v] }

// punyAdapt is the adaptation of the bias (RFC 3492 §6.1).
func punyAdapt(delta, points int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for delta > (punyBase-punyMin)*punyMax/2 {
		delta /= punyBase - punyMin
		k += punyBase
	}
	return k + (punyBase-punyMin+1)*delta/(delta+punySkew)
}
