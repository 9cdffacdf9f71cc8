package telnet_test

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/golden"
	"applayer/sockets/telnet"
)

const captures = "testdata/golden"

// TestGolden prints what we read in what telnet and telnetd said.
func TestGolden(t *testing.T) {
	golden.Run(t, captures, func(t *testing.T, dst []byte, c *golden.Conversation) []byte {
		dst = fmt.Appendf(dst, "# %s, %s\n", c.Name, c.End)
		for _, s := range viewEvents(t, c, 0) {
			dst = append(append(dst, s...), '\n')
		}
		return dst
	})
}

// TestGoldenBytewise: octet by octet they are understood as they are whole,
// but that data comes in more pieces.
func TestGoldenBytewise(t *testing.T) {
	eachConversation(t, func(c *golden.Conversation) {
		assert.Equal(t, viewEvents(t, c, 0), viewEvents(t, c, 1), c.Name)
	})
}

// TestGoldenWrittenBack: what we write of what we read are the same octets. SE
// outside a subnegotiation, which is no event, is in no capture.
func TestGoldenWrittenBack(t *testing.T) {
	octets := 0
	eachConversation(t, func(c *golden.Conversation) {
		for _, stream := range [][]byte{c.Client, c.Server} {
			var in, out telnet.Codec
			// The options switch the rule for line ends on the way, so that it is
			// left out here: TestGolden has it.
			in.BinaryIn, out.BinaryOut = true, true
			var got []byte
			for b := stream; len(b) > 0; {
				ev, n, err := in.Next(b)
				require.NoError(t, err)
				b = b[n:]
				if ev.Kind == telnet.EventData {
					got = out.AppendData(got, ev.Data)
					continue
				}
				got, err = out.Append(got, ev)
				require.NoError(t, err)
			}
			assert.NoError(t, in.End())
			assert.Equal(t, string(stream), string(got), c.Name)
			octets += len(stream)
		}
	})
	assert.Greater(t, octets, 2000)
}

// TestGoldenAnswered: a Negotiator that hears what a program asks for gives each
// answer once, also where the program confirms what is on already. LINEMODE is
// refused as often as the user asks for it.
func TestGoldenAnswered(t *testing.T) {
	eachConversation(t, func(c *golden.Conversation) {
		for _, stream := range [][]byte{c.Client, c.Server} {
			var in telnet.Codec
			supported := telnet.Options(telnet.OptionBinary, telnet.OptionEcho, telnet.OptionSGA, telnet.OptionTerminalType, telnet.OptionNAWS)
			n := telnet.Negotiator{Local: supported, Remote: supported}
			answered := make(map[string]int)
			for b := stream; len(b) > 0; {
				ev, used, err := in.Next(b)
				require.NoError(t, err)
				b = b[used:]
				if ev.Kind != telnet.EventNegotiation {
					continue
				}
				if answer := n.Receive(ev.Command, ev.Option); answer != 0 {
					answered[fmt.Sprintf("%v %v", answer, ev.Option)]++
				}
			}
			assert.NotEmpty(t, answered)
			for answer, times := range answered {
				want := 1
				if strings.HasSuffix(answer, " LINEMODE") {
					want = bytes.Count(stream, []byte{telnet.IAC, byte(telnet.CommandWill), byte(telnet.OptionLineMode)}) +
						bytes.Count(stream, []byte{telnet.IAC, byte(telnet.CommandDo), byte(telnet.OptionLineMode)})
				}
				assert.Equal(t, want, times, "%s: %s", c.Name, answer)
			}
		}
	})
}

func eachConversation(t *testing.T, yield func(c *golden.Conversation)) {
	t.Helper()
	for _, path := range golden.Files(t, captures) {
		for _, c := range golden.Load(t, path) {
			yield(&c)
		}
	}
}

// viewEvents shows a conversation, a line an event, in pieces of at most size
// octets; 0 is as it was sent. Pieces of data that one side sent on end are
// one line.
func viewEvents(t *testing.T, c *golden.Conversation, size int) []string {
	t.Helper()
	var lines []string
	var data []byte
	speaks := byte('?')
	flush := func() {
		if len(data) > 0 {
			lines = append(lines, fmt.Sprintf("%c: %q", speaks, data))
		}
		data = nil
	}
	var codecs [2]telnet.Codec
	for _, s := range c.Segments {
		require.Zero(t, s.Gap)
		from, codec := byte('S'), &codecs[0]
		if s.FromClient {
			from, codec = 'C', &codecs[1]
		}
		if from != speaks {
			flush()
			speaks = from
		}
		for piece := range slices.Chunk(s.Data, cmp.Or(size, len(s.Data))) {
			for len(piece) > 0 {
				ev, n, err := codec.Next(piece)
				piece = piece[n:]
				if err == telnet.ErrIncomplete {
					break
				}
				require.NoError(t, err)
				if ev.Kind == telnet.EventData {
					data = append(data, ev.Data...)
					continue
				}
				flush()
				lines = append(lines, fmt.Sprintf("%c: IAC %v", from, ev))
				if ev.Kind == telnet.EventNegotiation && ev.Option == telnet.OptionBinary {
					codec.BinaryIn = binaryIs(ev.Command, codec.BinaryIn)
				}
			}
		}
	}
	flush()
	for i := range codecs {
		assert.NoError(t, codecs[i].End())
	}
	return lines
}

// binaryIs tells whether the sender of a negotiation about BINARY goes on to
// send octets as they are.
func binaryIs(c telnet.Command, was bool) bool {
	switch c {
	case telnet.CommandWill:
		return true
	case telnet.CommandWont:
		return false
	}
	return was
}
