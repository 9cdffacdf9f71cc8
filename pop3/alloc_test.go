//go:build !race

package pop3_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/pop3"
)

// What is done for each command and each message costs nothing, or little.
func TestAllocations(t *testing.T) {
	line := []byte("TOP 1 10")
	assert.Zero(t, testing.AllocsPerRun(100, func() { pop3.ParseCommand(line) }))
	dst := make([]byte, 0, 100)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		pop3.AppendCommand(dst, pop3.Command{Verb: pop3.VerbRETR, Arg: line[4:5]})
		pop3.AppendResponse(dst, pop3.Response{Text: "follows"})
		pop3.AppendListing(dst, pop3.Listing{Number: 1, Size: 120})
		pop3.AppendUniqueID(dst, pop3.UniqueID{Number: 1, UID: "whqtswO00WBw418f9t5JxYwZ"})
	}))
	text := twoKB(1)
	c := pop3.NewConn(discard{}, nil)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		w := c.TextWriter()
		w.Write(text)
		w.Close()
	}), 2.0)
}
