package pop3_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/pop3"
)

// A limit that is negative is none, in each way that a line is read.
func TestNoLimits(t *testing.T) {
	none := &pop3.Limits{MaxLine: -1, MaxAuthLine: -1, MaxDiscard: -1, MaxResponse: -1}
	long := strings.Repeat("x", 100_000)
	client, server := conns(t, none)
	require.NoError(t, client.WriteCommand(pop3.Command{Verb: pop3.VerbPASS, Arg: []byte(long)}))
	require.NoError(t, client.WriteAuthLine([]byte(long)))
	require.NoError(t, client.Flush())
	cmd, err := server.ReadCommand()
	require.NoError(t, err)
	assert.Equal(t, long, string(cmd.Arg))
	line, err := server.ReadAuthLine()
	require.NoError(t, err)
	assert.Equal(t, long, string(line))
	require.NoError(t, server.WriteResponse(pop3.Response{Text: long}))
	require.NoError(t, server.Flush())
	r, err := client.ReadResponse()
	require.NoError(t, err)
	assert.Equal(t, long, r.Text)
}
