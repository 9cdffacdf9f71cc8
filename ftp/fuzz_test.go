package ftp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// What is parsed and appended parses to the same.
func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"USER bob", "RETR  a ", "noop", "XPWD", "STOR \x00", "SITE CHMOD 644 x", "FOOB", "A"} {
		f.Add([]byte(s))
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
