package sockets

import (
	"bytes"
	"fmt"
	"strconv"
)

// Class is the range of RFC 6335 §6 that a port number lies in.
type Class uint8

// The three ranges of port numbers.
const (
	// ClassWellKnown holds 0 to 1023, the System Ports: the servers of the
	// standard services, which need a privilege to bind.
	ClassWellKnown Class = iota
	// ClassRegistered holds 1024 to 49151, the User Ports: assigned by IANA on
	// request, and free for anybody to bind.
	ClassRegistered
	// ClassDynamic holds 49152 to 65535, the Private or Ephemeral Ports: never
	// assigned. A kernel may hand out others; [EphemeralRange] tells.
	ClassDynamic
)

var classNames = [...]string{"well-known", "registered", "dynamic"}

// String returns the name of the range as the lecture gives it.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "Class(" + strconv.Itoa(int(c)) + ")"
}

// PortClass tells which of the ranges of RFC 6335 §6 holds the port.
func PortClass(port uint16) Class {
	switch {
	case port < 1024:
		return ClassWellKnown
	case port < 49152:
		return ClassRegistered
	}
	return ClassDynamic
}

// EphemeralRange returns the first and the last port that the kernel gives to
// sockets that did not bind one. It need not be the dynamic range of
// RFC 6335 §6: Linux hands out 32768 to 60999. Where the system does not tell,
// the error is [errors.ErrUnsupported].
func EphemeralRange() (lo, hi uint16, err error) { return ephemeralRange() }

// parseEphemeralRange takes the two decimal numbers of
// /proc/sys/net/ipv4/ip_local_port_range.
func parseEphemeralRange(b []byte) (lo, hi uint16, err error) {
	fields := bytes.Fields(b)
	if len(fields) != 2 {
		return 0, 0, &ParseError{What: "two ports"}
	}
	lo, err = parsePort(fields[0], 0)
	if err != nil {
		return 0, 0, err
	}
	hi, err = parsePort(fields[1], int64(bytes.LastIndex(b, fields[1])))
	if err != nil {
		return 0, 0, err
	}
	if lo > hi {
		return 0, 0, &ParseError{What: "ports in ascending order"}
	}
	return lo, hi, nil
}

// PortRange is the ports from Lo to Hi, both included. The zero value means no
// choice: the system picks.
type PortRange struct{ Lo, Hi uint16 }

// ParsePortRange takes a range as programs' flags write it: "5000-5100", or
// "5000" for one port. Port 0 is refused, because to bind it means any port.
func ParsePortRange(b []byte) (PortRange, error) {
	first, last, isRange := bytes.Cut(b, []byte("-"))
	lo, err := parsePort(first, 0)
	if err != nil {
		return PortRange{}, err
	}
	if lo == 0 {
		return PortRange{}, &ParseError{What: "port above 0", Ref: "RFC 6335 §6"}
	}
	if !isRange {
		return PortRange{lo, lo}, nil
	}
	at := int64(len(first) + 1)
	hi, err := parsePort(last, at)
	if err != nil {
		return PortRange{}, err
	}
	if hi < lo {
		return PortRange{}, &ParseError{Offset: at, What: "last port not below the first"}
	}
	return PortRange{lo, hi}, nil
}

// parsePort takes a decimal port number without sign; at is its offset in what
// is parsed.
func parsePort(b []byte, at int64) (uint16, error) {
	n := 0
	for i, c := range b {
		if c < '0' || c > '9' {
			return 0, &ParseError{Offset: at + int64(i), What: "decimal port", Ref: "RFC 6335 §6"}
		}
		if n = n*10 + int(c-'0'); n > 65535 {
			return 0, &ParseError{Offset: at, What: "port up to 65535", Ref: "RFC 6335 §6"}
		}
	}
	if len(b) == 0 {
		return 0, &ParseError{Offset: at, What: "port", Ref: "RFC 6335 §6"}
	}
	return uint16(n), nil
}

// IsZero tells that the range is the zero value, which leaves the choice to
// the system.
func (r PortRange) IsZero() bool { return r == PortRange{} }

// String writes the range as [ParsePortRange] reads it.
func (r PortRange) String() string {
	if r.Lo == r.Hi {
		return strconv.Itoa(int(r.Lo))
	}
	return fmt.Sprintf("%d-%d", r.Lo, r.Hi)
}

// MarshalText writes the range for package flag and encoders; the zero value
// is empty.
func (r PortRange) MarshalText() ([]byte, error) {
	if r.IsZero() {
		return nil, nil
	}
	return []byte(r.String()), nil
}

// UnmarshalText is [ParsePortRange], so that flag.TextVar takes a range.
func (r *PortRange) UnmarshalText(b []byte) error {
	parsed, err := ParsePortRange(b)
	if err == nil {
		*r = parsed
	}
	return err
}
