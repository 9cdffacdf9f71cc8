//go:build !race

package telnet_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/sockets/telnet"
)

// TestNoAllocations: neither way of the codec allocates, once what it holds a
// subnegotiation in has grown.
func TestNoAllocations(t *testing.T) {
	in := append(bytes.Repeat([]byte("a line of text\r\n"), 100), "\xff\xffx\r\x00y\xff\xf4\xff\xfd\x01\xff\xfa\x1f\x00P\x00\x18\xff\xf0"...)
	var c telnet.Codec
	decodeAll := func() {
		for rest := in; len(rest) > 0; {
			_, n, _ := c.Next(rest)
			rest = rest[n:]
		}
	}
	decodeAll()
	assert.Zero(t, testing.AllocsPerRun(100, decodeAll))

	out := make([]byte, 0, 2*len(in))
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		out = c.AppendData(out[:0], in)
		out, _ = c.Append(out, telnet.Event{Kind: telnet.EventNegotiation, Command: telnet.CommandDo})
	}))
}
