package ftp_test

import (
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"applayer/ftp"
)

// writesConn counts what is written at once.
type writesConn struct {
	net.Conn
	writes *atomic.Int32
}

func (c writesConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// A reply is one write, however many lines it has: in pieces each would be a
// segment, or wait for the one before to be acknowledged.
func TestServerReplyIsOneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writes atomic.Int32
		s := serve(t, &ftp.Server{
			Auth: userP(files(t)),
			Wrap: func(nc net.Conn) net.Conn { return writesConn{nc, &writes} },
		})
		c := s.login()
		for _, tt := range []struct{ command, want string }{
			{"NOOP", "200 "}, {"FEAT", "211 "}, {"HELP", "214 "}, {"STAT", "211 "}, {"MLST a.txt", "250 "}, {"STAT /", "212 "}, {"NOPE", "500 "},
		} {
			before := writes.Load()
			c.do(tt.command, tt.want)
			assert.EqualValues(t, 1, writes.Load()-before, tt.command)
		}
	})
}
