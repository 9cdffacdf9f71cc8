package pop3_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/pop3"
)

// A client that goes on sending hears why the session ended: a kernel that
// closes a socket with octets unread resets it, and what the client has not read
// by then is lost (RFC 2525 §2.17).
func TestLastResponseArrives(t *testing.T) {
	tests := []struct{ name, say, want string }{
		{"a line without end", strings.Repeat("x", 200<<10), "-ERR A line without end.\r\n"},
		{"too many errors", strings.Repeat("XXXX\r\n", 20) + strings.Repeat("NOOP\r\n", 30<<10), "-ERR Too many errors.\r\n"},
		{"refused logins", strings.Repeat("USER bob\r\nPASS x\r\n", 3) + strings.Repeat("NOOP\r\n", 30<<10), "-ERR [AUTH] Name or password is not right.\r\n"},
		{"behind QUIT", "QUIT\r\n" + strings.Repeat("NOOP\r\n", 30<<10), "+OK Goodbye.\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			srv := &pop3.Server{Backend: letters(), Timeouts: pop3.Timeouts{LoginDelay: -1}}
			done := make(chan error, 1)
			go func() { done <- srv.Serve(l) }()
			defer func() {
				srv.Close()
				<-done
			}()
			nc, err := net.Dial("tcp", l.Addr().String())
			require.NoError(t, err)
			defer nc.Close()
			in := bufio.NewReader(nc)
			_, err = in.ReadString('\n')
			require.NoError(t, err)
			io.WriteString(nc, tt.say)
			nc.SetReadDeadline(time.Now().Add(time.Minute))
			said, err := io.ReadAll(in)
			require.NoError(t, err)
			assert.True(t, strings.HasSuffix(string(said), tt.want), "%q", said)
		})
	}
}

// What a client has asked for and cannot have been sent is not removed by
// EXPIRE 0; what it has marked is.
func TestExpireWhatWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(first, second)
		s := serve(t, &pop3.Server{Backend: m, Expire: pop3.ExpireAtOnce})
		c := s.login()
		c.send("RETR 1\r\nDELE 2\r\nQUIT\r\n")
		c.nc.Close()
		synctest.Wait()
		assert.Equal(t, []string{"7.1"}, m.left())
		assert.False(t, m.isLocked())
	})
}
