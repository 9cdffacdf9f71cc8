// Package testkit is what tests stand on: buffered in-memory connections and
// an in-memory network that work inside testing/synctest bubbles, throw-away
// certificates, the starting of real programs, and a check for leaks.
//
// It uses the standard library alone. No package outside tests imports it,
// save the frame of examples/lecture, whose tests play scenes in memory.
package testkit
