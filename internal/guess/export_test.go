package guess

// Len is how many peers are remembered.
func (c *Counter) Len() int { return len(c.peers) }
