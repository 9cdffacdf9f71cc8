package smtp

// Held counts the octets of a Conn's buffers.
func Held(c *Conn) int { return cap(c.in) + cap(c.out) }
