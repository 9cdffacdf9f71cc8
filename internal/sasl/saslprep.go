package sasl

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

//go:generate sh -c "python3 testdata/gen/saslprep_tables.py > saslprep_tables.go"

// Kind tells what a string is prepared for (RFC 3454 §7).
type Kind bool

const (
	// Query strings are compared with stored ones, and may have code points in
	// them that Unicode 3.2 does not assign.
	Query Kind = false
	// Stored strings may not: what they will become is not known.
	Stored Kind = true
)

// PrepError tells why a string cannot be prepared. It does not show the string,
// which may be a password.
type PrepError struct {
	What string // is wrong
	Ref  string // the section that says so
}

func (e *PrepError) Error() string {
	return e.What + " (" + e.Ref + ")"
}

// Saslprep prepares a user name or a password, so that what looks the same is
// the same (RFC 4013). It can become empty, if all of it is mapped to nothing.
func Saslprep(s string, kind Kind) (string, error) {
	if isPlainText(s) {
		return s, nil
	}
	if !utf8.ValidString(s) {
		return "", &PrepError{"octets outside UTF-8", "RFC 4013 §2"}
	}
	text := normalize(mapped(s))
	for _, r := range text {
		if isIn(prohibited, r) {
			return "", &PrepError{"prohibited character " + strconv.QuoteRuneToASCII(r), "RFC 4013 §2.3"}
		}
		if kind == Stored && isIn(unassigned, r) {
			return "", &PrepError{fmt.Sprintf("unassigned code point %U", r), "RFC 4013 §2.5"}
		}
	}
	if err := checkDirection(text); err != nil {
		return "", err
	}
	return string(text), nil
}

// isPlainText tells whether s is visible ASCII and spaces, which is prepared as
// it stands.
func isPlainText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// mapped makes a space of each space and drops what is commonly mapped to
// nothing (RFC 4013 §2.1). U+200B is in both tables; the first one has it.
func mapped(s string) []rune {
	text := make([]rune, 0, len(s))
	for _, r := range s {
		switch {
		case isIn(spaces, r):
			text = append(text, ' ')
		case !isIn(nothing, r):
			text = append(text, r)
		}
	}
	return text
}

// checkDirection refuses text whose order on the screen would not be clear
// (RFC 3454 §6): text from right to left has none in it from left to right, and
// begins and ends with it.
func checkDirection(text []rune) error {
	isRight := func(r rune) bool { return isIn(rightToLeft, r) }
	isLeft := func(r rune) bool { return isIn(leftToRight, r) }
	switch {
	case !slices.ContainsFunc(text, isRight):
		return nil
	case slices.ContainsFunc(text, isLeft):
		return &PrepError{"text in both directions", "RFC 3454 §6"}
	case !isRight(text[0]) || !isRight(text[len(text)-1]):
		return &PrepError{"text from right to left that begins or ends otherwise", "RFC 3454 §6"}
	}
	return nil
}

// runeRange is first to last.
type runeRange struct{ first, last rune }

// isIn tells whether r is in one of the ranges, which are in order.
func isIn(ranges []runeRange, r rune) bool {
	_, found := slices.BinarySearchFunc(ranges, r, func(x runeRange, r rune) int {
		switch {
		case x.last < r:
			return -1
		case x.first > r:
			return 1
		}
		return 0
	})
	return found
}
