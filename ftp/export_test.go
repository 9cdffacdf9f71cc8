package ftp

// LimitsInForce is what l means.
func LimitsInForce(l *Limits) Limits { return l.inForce() }
