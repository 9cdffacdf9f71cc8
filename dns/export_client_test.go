package dns

// SipHash24 is the hash of server cookies.
var SipHash24 = sipHash24

// MachineIn is a Machine in a state of one's choice.
func MachineIn(s State) Machine { return Machine{s} }

// Held is how many octets the buffer for reading has.
func (c *Conn) Held() int { return cap(c.in) }

// CookieCount is how many servers' cookies are remembered.
func (c *Client) CookieCount() int {
	c.cookies.mu.Lock()
	defer c.cookies.mu.Unlock()
	return len(c.cookies.cookies)
}

// PeerCount is how many servers there are with connections, or a query.
func (t *Transport) PeerCount() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.peers)
}
