package smtp

import "net"

// Conn is a connection of either end: commands, replies and messages over a
// net.Conn.
type Conn struct {
	nc net.Conn
}

// NetConn returns the connection below, under TLS too, to set deadlines on.
func (c *Conn) NetConn() net.Conn { return c.nc }
