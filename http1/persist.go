package http1

import (
	"strconv"
	"time"

	"applayer/internal/ascii"
)

// Persists tells whether the connection may carry another message behind this
// one, by its version and Connection field: in HTTP/1.1 unless it says close,
// in HTTP/1.0 only if it says keep-alive and not close (RFC 9112 §9.3). How the
// message is framed may forbid it still: see [Framing].
func Persists(v Version, h *Header) bool {
	closes, keeps, _ := connectionOptions(h)
	return !closes && (v >= HTTP11 || keeps)
}

// connectionOptions looks for the options close, keep-alive and upgrade in the
// Connection fields, whose case has no meaning (RFC 9110 §7.6.1).
func connectionOptions(h *Header) (closes, keeps, upgrades bool) {
	for i := range h.fields {
		f := &h.fields[i]
		if len(f.Name) != len("Connection") || !ascii.EqualFold(f.Name, "Connection") {
			continue
		}
		if f.Value == "keep-alive" { // what browsers send
			keeps = true
			continue
		}
		for option := range Members(f.Value) {
			switch {
			case ascii.EqualFold(option, "close"):
				closes = true
			case ascii.EqualFold(option, "keep-alive"):
				keeps = true
			case ascii.EqualFold(option, "upgrade"):
				upgrades = true
			}
		}
	}
	return closes, keeps, upgrades
}

// KeepAlive is what a server tells a peer of HTTP/1.0 that asked it to keep the
// connection: how long it waits for the next request, and how many it takes
// (RFC 2068 §19.7.1.1). A zero field is not told.
type KeepAlive struct {
	Timeout time.Duration
	Max     int
}

// append appends the field line, nothing where there is nothing to tell. The
// time is cut to whole seconds, so that the peer gives up first.
func (k KeepAlive) append(dst []byte) []byte {
	seconds := int64(k.Timeout / time.Second)
	if seconds <= 0 && k.Max <= 0 {
		return dst
	}
	dst = append(dst, "Keep-Alive: "...)
	if seconds > 0 {
		dst = append(dst, "timeout="...)
		dst = strconv.AppendInt(dst, seconds, 10)
		if k.Max > 0 {
			dst = append(dst, ", "...)
		}
	}
	if k.Max > 0 {
		dst = append(dst, "max="...)
		dst = strconv.AppendInt(dst, int64(k.Max), 10)
	}
	return append(dst, "\r\n"...)
}
