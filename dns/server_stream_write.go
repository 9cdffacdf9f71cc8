package dns

import (
	"encoding/binary"
	"slices"
	"time"
)

// detach counts one more query that is answered later.
func (c *serverStream) detach(request []byte) (own []byte, front int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight++
	return slices.Clone(request), 2
}

// send has the answer of a detached query sent. It does not wait: what cannot
// leave at once is kept, no more than MaxInFlight answers.
func (c *serverStream) send(buf []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if buf == nil || c.err != nil {
		c.inFlight--
		c.changed.Broadcast()
		return c.err
	}
	binary.BigEndian.PutUint16(buf, uint16(len(buf)-2))
	c.waiting = append(c.waiting, buf...)
	c.waitingN++
	if !c.writing {
		c.writing = true
		go c.flush()
	}
	return nil
}

// write sends the answers that the reading loop made, which waits meanwhile: a
// peer that does not read is not read from. It is false where nothing can be
// sent any more.
func (c *serverStream) write(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	c.mu.Lock()
	for c.writing {
		c.changed.Wait()
	}
	if c.err != nil {
		c.mu.Unlock()
		return false
	}
	c.writing = true
	c.mu.Unlock()
	_, err := c.nc.Write(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	if c.waitingN > 0 {
		go c.flush()
		return err == nil
	}
	c.writing = false
	c.changed.Broadcast()
	return err == nil
}

// flush sends the answers of detached queries that wait. Its goroutine is
// waited for by drain, since writing is set.
func (c *serverStream) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.waitingN > 0 {
		out, n := c.waiting, c.waitingN
		c.waiting, c.waitingN = c.spare[:0], 0
		err := c.err
		if err == nil {
			c.mu.Unlock()
			if _, err = c.nc.Write(out); err != nil {
				c.nc.Close() // so that reading ends
			}
			c.mu.Lock()
			c.err = err
		}
		c.spare = out
		c.inFlight -= n
		c.lastLeft = time.Now()
		c.changed.Broadcast()
	}
	c.waiting, c.spare = nil, nil // an idle connection holds no buffer
	c.writing = false
	c.changed.Broadcast()
}

func (s *Server) maxInFlight() int {
	switch {
	case s.MaxInFlight == 0:
		return defaultMaxInFlight
	case s.MaxInFlight < 0:
		return int(^uint(0) >> 1)
	}
	return s.MaxInFlight
}

// room tells whether one more query may be under way.
func (c *serverStream) room() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inFlight < c.server.maxInFlight()
}

// waitForRoom waits until there is room. It is false where nothing can be sent
// any more.
func (c *serverStream) waitForRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.inFlight >= c.server.maxInFlight() && c.err == nil {
		c.changed.Wait()
	}
	return c.err == nil
}

// drain waits until the answers of detached queries have left.
func (c *serverStream) drain() {
	c.release()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.inFlight > 0 || c.writing {
		c.changed.Wait()
	}
}
