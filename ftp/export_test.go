package ftp

// LimitsInForce is what l means.
func LimitsInForce(l *Limits) Limits { return l.inForce() }

// OfFile tells an error of a file from one of a connection.
var OfFile = ofFile
