package smtp

// InForce is what holds under l.
func (l *Limits) InForce() Limits { return l.inForce() }
