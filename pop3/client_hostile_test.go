package pop3_test

import (
	"bufio"
	"context"
	"io"
	"math"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/pop3"
)

// What a server says unasked is not waited for: no context would end that.
func TestClientUnaskedPart(t *testing.T) {
	for _, part := range []string{"+OK", "-ERR [SYS/TEMP] going", "x"} {
		server := func(nc net.Conn) {
			io.WriteString(nc, "+OK\r\n")
			io.ReadFull(nc, make([]byte, len("CAPA\r\n")))
			io.WriteString(nc, "-ERR\r\n"+part)
			io.Copy(io.Discard, nc)
		}
		withServer(t, server, &pop3.Options{TLS: pop3.TLSOff}, func(t *testing.T, c *pop3.Client) {
			_, err := c.Capabilities(t.Context())
			require.NoError(t, err)
			begun := time.Now()
			assert.EqualError(t, c.UTF8(t.Context()), "pop3: peer: no response that nobody asked for in state Authorization (RFC 1939 §3)")
			assert.Zero(t, time.Since(begun))
			assert.ErrorIs(t, c.UTF8(t.Context()), net.ErrClosed)
		})
	}
}

// A response of an octet now and then is late all the same.
func TestClientSlowResponse(t *testing.T) {
	server := func(nc net.Conn) {
		io.WriteString(nc, "+OK\r\n")
		for {
			time.Sleep(time.Minute)
			if _, err := io.WriteString(nc, "+"); err != nil {
				return
			}
		}
	}
	withServer(t, server, &pop3.Options{TLS: pop3.TLSOff}, func(t *testing.T, c *pop3.Client) {
		begun := time.Now()
		_, err := c.Capabilities(t.Context())
		assert.Error(t, err)
		assert.Equal(t, 2*time.Minute, time.Since(begun))
	})
}

// Capabilities take more memory than their octets, and there are few.
func TestClientManyCapabilities(t *testing.T) {
	server := func(nc net.Conn) {
		io.WriteString(nc, "+OK\r\n")
		io.ReadFull(nc, make([]byte, len("CAPA\r\n")))
		io.WriteString(nc, "+OK\r\n")
		for lines := strings.Repeat("A\r\n", 10_000); ; {
			if _, err := io.WriteString(nc, lines); err != nil {
				return
			}
		}
	}
	withServer(t, server, &pop3.Options{TLS: pop3.TLSOff}, func(t *testing.T, c *pop3.Client) {
		var before, behind runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := c.Capabilities(t.Context())
		runtime.ReadMemStats(&behind)
		assert.EqualError(t, err, "pop3: CAPA: pop3: limit MaxListing of 65536 reached")
		assert.Less(t, behind.TotalAlloc-before.TotalAlloc, uint64(16<<20))
	})
}

// The answer for one message is for that one.
func TestClientOtherNumber(t *testing.T) {
	loggedIn(t, "C: LIST 2\nS: +OK 3 200\nC: UIDL 2\nS: +OK 1 a\nC: NOOP\nS: +OK", nil, func(t *testing.T, c *pop3.Client) {
		_, err := c.ListOne(t.Context(), 2)
		assert.EqualError(t, err, "pop3: LIST: pop3: message-number: value at byte 0 (RFC 1939 §5)")
		_, err = c.UIDLOne(t.Context(), 2)
		assert.ErrorIs(t, err, pop3.ErrValue)
		assert.NoError(t, c.Noop(context.Background()))
	})
}

// RFC 2449 §6.6: the commands that go ahead are few enough for a server that
// takes none while it writes, whatever Window says.
func TestClientWindow(t *testing.T) {
	asked := make(chan int, 1)
	server := func(nc net.Conn) {
		in := bufio.NewReader(nc)
		io.WriteString(nc, "+OK\r\n")
		for _, answer := range []string{"-ERR\r\n", "+OK\r\n", "+OK\r\n", "+OK\r\nPIPELINING\r\n.\r\n"} {
			in.ReadString('\n')
			io.WriteString(nc, answer)
		}
		nc.SetReadDeadline(time.Now().Add(time.Second))
		all, _ := io.ReadAll(in)
		asked <- strings.Count(string(all), "\r\n")
	}
	withServer(t, server, &pop3.Options{TLS: pop3.TLSOff, Window: 1 << 20}, func(t *testing.T, c *pop3.Client) {
		require.NoError(t, c.Login(t.Context(), "bob", "hungry"))
		for _, err := range c.RetrAll(t.Context(), func(yield func(int) bool) {
			for yield(math.MaxInt32) {
			}
		}) {
			assert.Error(t, err)
		}
		assert.Equal(t, 100, <-asked)
	})
}
