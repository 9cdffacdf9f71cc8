package pop3

import (
	"math"
	"strconv"

	"applayer/internal/ascii"
)

// Listing is a scan listing: a message and its size (RFC 1939 §5, LIST).
type Listing struct {
	// Number is the message-number, from 1 up. It holds for the session.
	Number int
	// Size is the message's octets, its lines ending in CRLF.
	Size int64
}

// UniqueID is a unique-id listing (RFC 1939 §7, UIDL).
type UniqueID struct {
	// Number is the message-number, from 1 up. It holds for the session.
	Number int
	// UID is the message's own in all sessions.
	UID string
}

// maxUID is the longest unique-id in octets (RFC 1939 §7).
const maxUID = 70

// ParseListing takes a scan listing, or STAT's drop listing, which has the
// number of messages in place of a message-number. What follows the size is not
// looked at (RFC 1939 §5).
func ParseListing(line []byte) (Listing, error) {
	number, rest, err := parseNumber(line, 0)
	if err != nil {
		return Listing{}, err
	}
	at := len(line) - len(rest)
	size, n, err := ascii.Decimal(rest, math.MaxInt64)
	switch {
	case err != nil:
		return Listing{}, &ParseError{Offset: int64(at), What: "size", Ref: "RFC 1939 §5", Err: numberError(err)}
	case n < len(rest) && rest[n] != ' ':
		return Listing{}, &ParseError{Offset: int64(at + n), What: "scan listing", Ref: "RFC 1939 §5", Err: ErrSyntax}
	}
	return Listing{Number: number, Size: int64(size)}, nil
}

// AppendListing appends a scan listing, without a line end.
func AppendListing(dst []byte, l Listing) []byte {
	dst = strconv.AppendInt(dst, int64(max(l.Number, 0)), 10)
	return strconv.AppendInt(append(dst, ' '), max(l.Size, 0), 10)
}

// ParseUniqueID takes a unique-id listing. Spaces behind it are not looked at;
// anything else there is an error (RFC 1939 §7).
func ParseUniqueID(line []byte) (UniqueID, error) {
	number, rest, err := parseNumber(line, 1)
	if err != nil {
		return UniqueID{}, err
	}
	at := len(line) - len(rest)
	n := ascii.Span(&ascii.VChar, rest)
	switch {
	case n == 0 || n > maxUID:
		return UniqueID{}, &ParseError{Offset: int64(at + min(n, maxUID)), What: "unique-id", Ref: "RFC 1939 §7", Err: ErrValue}
	case ascii.Span(&spaces, rest[n:]) != len(rest)-n:
		return UniqueID{}, &ParseError{Offset: int64(at + n), What: "unique-id", Ref: "RFC 1939 §7", Err: ErrSyntax}
	}
	return UniqueID{Number: number, UID: string(rest[:n])}, nil
}

// AppendUniqueID appends a unique-id listing, without a line end.
func AppendUniqueID(dst []byte, u UniqueID) ([]byte, error) {
	if n := ascii.Span(&ascii.VChar, u.UID); n == 0 || n > maxUID || n != len(u.UID) {
		return dst, &ParseError{Offset: int64(min(n, maxUID)), What: "unique-id", Ref: "RFC 1939 §7", Err: ErrValue}
	}
	dst = strconv.AppendInt(dst, int64(max(u.Number, 0)), 10)
	return append(append(dst, ' '), u.UID...), nil
}

var spaces = ascii.Chars(" ")

// parseNumber takes a message-number of at least least, and the spaces behind
// it, which should be one.
func parseNumber(line []byte, least int) (number int, rest []byte, err error) {
	v, n, err := ascii.Decimal(line, math.MaxInt32)
	switch {
	case err != nil:
		return 0, nil, &ParseError{What: "message-number", Ref: "RFC 1939 §5", Err: numberError(err)}
	case int(v) < least:
		return 0, nil, &ParseError{What: "message-number", Ref: "RFC 1939 §4", Err: ErrValue}
	}
	gap := ascii.Span(&spaces, line[n:])
	if gap == 0 {
		return 0, nil, &ParseError{Offset: int64(n), What: "listing", Ref: "RFC 1939 §5", Err: ErrSyntax}
	}
	return int(v), line[n+gap:], nil
}

func numberError(err error) error {
	if err == ascii.ErrOverflow {
		return ErrValue
	}
	return ErrSyntax
}

// argCount takes a number of lines that is a whole argument. There may be less
// than that: one too large for a message is as good as any that is.
func argCount(arg []byte) (int, bool) {
	if ascii.Span(&ascii.Digit, arg) != len(arg) {
		return 0, false
	}
	v, _, err := ascii.Decimal(arg, math.MaxInt32)
	if err == ascii.ErrOverflow {
		return math.MaxInt32, true
	}
	return int(v), err == nil
}

// argNumber takes a message-number that is a whole argument.
func argNumber(arg []byte) (int, bool) {
	v, n, err := ascii.Decimal(arg, math.MaxInt32)
	return int(v), err == nil && n == len(arg)
}
