package main

import (
	"bytes"
	"sync"
)

// flipBehind flips one bit of the first octet that passes behind a text, in
// the writes or reads that have both.
func flipBehind(toClient bool, text string) func(toClient bool, b []byte) {
	var once sync.Once
	return func(to bool, b []byte) {
		i := bytes.Index(b, []byte(text))
		if to != toClient || i < 0 || i+len(text) >= len(b) {
			return
		}
		once.Do(func() { b[i+len(text)] ^= spoiledBit(b[i+len(text)]) })
	}
}

// spoiledBit is one that changes the case of a letter, and a digit into
// another.
func spoiledBit(c byte) byte {
	if c >= '0' && c <= '9' {
		return 1
	}
	return 0x20
}
