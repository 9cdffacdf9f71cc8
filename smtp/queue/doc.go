// Package queue keeps mail on the disk until it is where it belongs: a message
// that [Queue.Submit] took is tried again until each recipient has it or its
// sender has a report that he has not (RFC 5321 §4.5.4.1).
package queue
