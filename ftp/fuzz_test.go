package ftp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/golden"
)

// What is parsed and appended parses to the same.
func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"USER bob", "RETR  a ", "noop", "XPWD", "STOR \x00", "SITE CHMOD 644 x", "FOOB", "A"} {
		f.Add([]byte(s))
	}
	for stream := range golden.Streams(f, "testdata/golden") {
		for line := range strings.SplitSeq(string(stream), "\r\n") {
			if len(line) < 100 && !strings.ContainsAny(line, "\r\n") {
				f.Add([]byte(line))
			}
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		cmd, err := ftp.ParseCommand(line)
		if err != nil || cmd.Verb == ftp.VerbUnknown {
			return
		}
		b, err := ftp.AppendCommand(nil, cmd)
		if err != nil {
			assert.ErrorIs(t, err, ftp.ErrControlOctet)
			return
		}
		again, err := ftp.ParseCommand(b[:len(b)-2])
		require.NoError(t, err)
		assert.Equal(t, cmd, again)
	})
}

// What is parsed and appended parses to the same, but for the padding of lines
// that begin with digits.
func FuzzParseReply(f *testing.F) {
	for _, s := range []string{"220 ready\r\n", "211-Features:\r\n MDTM\r\n211 End\r\n", "220-a\r\n220-b\r\n220\n", "213-1\r\n226 x\r\n213 \r\n"} {
		f.Add([]byte(s))
	}
	golden.Seed(f, "testdata/golden")
	f.Fuzz(func(t *testing.T, in []byte) {
		lim := &ftp.Limits{MaxReply: 512, MaxReplyLines: 64}
		r, n, err := ftp.ParseReply(in, lim)
		if err != nil {
			return
		}
		require.LessOrEqual(t, n, 512)
		require.LessOrEqual(t, len(r.Lines), 64)
		for i := range n {
			_, _, err := ftp.ParseReply(in[:i], lim)
			require.Equal(t, ftp.ErrIncomplete, err, "the front of a reply is part of one")
		}
		b, err := ftp.AppendReply(nil, r)
		if err != nil {
			require.ErrorIs(t, err, ftp.ErrControlOctet)
			return
		}
		again, n, err := ftp.ParseReply(append(b, "220 next\r\n"...), nil)
		require.NoError(t, err)
		require.Equal(t, len(b), n, "exactly one reply")
		require.Equal(t, r.Code, again.Code)
		for i, l := range r.Lines {
			require.Contains(t, []string{l, " " + l}, again.Lines[i])
		}
	})
}
