package smtp

import "math"

// HeaderCheck is what looks at headers, without limits.
type HeaderCheck struct{ h headCheck }

func (h *HeaderCheck) Look(b []byte) error {
	return h.h.look(b, &Limits{MaxHeaderBytes: math.MaxInt, MaxHops: math.MaxInt})
}
func (h *HeaderCheck) Hops() int   { return h.h.hops }
func (h *HeaderCheck) Octets() int { return h.h.octets }
func (h *HeaderCheck) Ended() bool { return h.h.ended }
