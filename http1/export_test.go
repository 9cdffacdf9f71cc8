package http1

import "time"

// DateCache is the cache of the Date field.
type DateCache struct{ c dateCache }

// Append appends the date.
func (c *DateCache) Append(dst []byte, now time.Time) []byte { return c.c.append(dst, now) }

// MachineIn returns a machine whose side by stands in state s.
func MachineIn(by Side, s State) *Machine {
	m := new(Machine)
	m.states[by] = s
	return m
}

// DoAlone takes a step of one side without what binds it to the other.
func (m *Machine) DoAlone(by Side, e Event) error {
	next, _, ok := tables[by].Next(m.states[by], e)
	if !ok {
		return m.Do(by, e)
	}
	m.states[by] = next
	return nil
}

// Join applies the joint rules.
func (m *Machine) Join() { m.join() }

// ChunkReader is the reader of the chunked coding.
type ChunkReader struct {
	Padded    bool
	Extension func([]byte)
	Trailer   Header
	Limits    Limits
	c         chunkReader
}

// Next takes the front of b.
func (r *ChunkReader) Next(b []byte, most int) (data []byte, n int, err error) {
	r.c.padded, r.c.extension = r.Padded, r.Extension
	return r.c.next(b, most, &r.Trailer, &r.Limits)
}

// Reset makes it stand before a body.
func (r *ChunkReader) Reset() { r.c.reset() }

// AppendChunkSize appends a chunk's line.
func AppendChunkSize(dst []byte, n int) []byte { return appendChunkSize(dst, n) }

// Held counts the buffers that c holds.
func (c *Conn) Held() (n int) {
	for _, b := range [][]byte{c.in, c.out, c.held} {
		if b != nil {
			n++
		}
	}
	return n
}

// IdleUsable tells whether an idle connection could take a request.
func (c *Client) IdleUsable() bool {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	return c.pool.first != nil && c.pool.first.usable(time.Now())
}
