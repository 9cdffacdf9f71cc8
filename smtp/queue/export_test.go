package queue

import (
	"bytes"
	"hash/crc32"
	"io"
	"strings"
	"time"

	"applayer/internal/fsm"
	"applayer/smtp"
)

// The table of a recipient's states.
var Table = table

const (
	States = states
	Events = events
)

func NewMachine() *fsm.Machine[State, Event] {
	m := fsm.NewMachine(table, StateWaiting)
	return &m
}

// Read reads the file of a message, as the queue does when it is opened: what is
// told of it, and how much of the file is whole.
func Read(b []byte) (Entry, int64, error) {
	e, err := read(bytes.NewReader(b))
	if err != nil {
		return Entry{}, 0, err
	}
	return e.snapshot(), e.file.end, nil
}

// File is the octets of a file of a message.
func File(arrived time.Time, env smtp.Envelope, content string) ([]byte, error) {
	head, err := appendHeader(make([]byte, firstLen), arrived, &env)
	if err != nil {
		return nil, err
	}
	x := extent{offset: int64(len(head)), size: int64(len(content)), sum: sumOf(content)}
	copy(head, appendFirst(nil, x))
	return append(head, content...), nil
}

func sumOf(s string) uint32 { return crc32.Checksum([]byte(s), castagnoli) }

// Line returns a line with a payload.
func Line(payload string) string {
	return string(appendLine(nil, func(b []byte) []byte { return append(b, payload...) }))
}

// WithHeader is a file without content that has lines before it.
func WithHeader(payloads []string) string {
	var lines strings.Builder
	for _, p := range payloads {
		lines.WriteString(Line(p))
	}
	return string(appendFirst(nil, extent{offset: int64(firstLen + len(lines.String()))})) + lines.String()
}

func OneLine(s string) string { return oneLine(s) }

func NoSpace(err error) error { return noSpace(err) }

func NewHops(n int) io.Writer { return &hops{max: n} }

// Berths returns how many addresses the relay knows of.
func Berths(r *Relay) int {
	r.pool.mu.Lock()
	defer r.pool.mu.Unlock()
	return len(r.pool.berths)
}
