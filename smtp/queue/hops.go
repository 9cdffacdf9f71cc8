package queue

import (
	"bytes"
	"fmt"

	"applayer/internal/ascii"
	"applayer/smtp"
)

// hops counts the Received fields of a message that is written to it, so that one
// that goes round in circles ends (RFC 5321 §6.3).
type hops struct {
	max   int
	n     int
	front []byte // of the line, as much as is looked at
	body  bool   // the header is over
}

const received = "Received:"

// Write looks at more of the message.
func (h *hops) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0 && !h.body; {
		end := bytes.IndexByte(rest, '\n')
		piece := rest
		if end >= 0 {
			piece = rest[:end]
		}
		h.front = append(h.front, piece[:min(len(piece), len(received)-len(h.front))]...)
		if end < 0 {
			break
		}
		rest = rest[end+1:]
		if err := h.line(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// line ends a line.
func (h *hops) line() error {
	front := h.front
	h.front = h.front[:0]
	switch {
	case len(front) == 0, string(front) == "\r":
		h.body = true
	case ascii.EqualFold(front, received):
		if h.n++; h.n > h.max {
			return tooManyHops(h.max)
		}
	}
	return nil
}

// tooManyHops is for good: a server that returns it answers 554.
func tooManyHops(most int) error {
	refusal := smtp.Refuse(554, statusLoop, "The message goes round in circles.")
	return fmt.Errorf("%w: %w", &smtp.LimitError{Name: "MaxHops", Max: int64(most), Reply: refusal.Code, Enhanced: refusal.Enhanced}, refusal)
}
