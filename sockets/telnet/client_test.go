package telnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/telnet"
)

// client returns a client in memory and its peer.
func client(t *testing.T, opts *telnet.ConnOptions) (*telnet.Conn, peer) {
	ours, theirs := testkit.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return telnet.NewClient(ours, opts), peer{t, theirs}
}

// TestRelay types HTTP by hand: lines end in CR LF, no option is offered, the
// end of what is typed closes the sending side, and the answer is read to its
// end.
func TestRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := client(t, nil)
		var out bytes.Buffer
		done := make(chan error, 1)
		go func() { done <- c.Relay(t.Context(), strings.NewReader("GET / HTTP/1.0\nHost: x\r\n\n"), &out) }()
		request, err := io.ReadAll(p.nc)
		require.NoError(t, err)
		assert.Equal(t, "GET / HTTP/1.0\r\nHost: x\r\n\r\n", string(request))
		synctest.Wait()
		p.send("HTTP/1.0 200 OK\r\n\r\nhi\n")
		synctest.Wait()
		p.send("more")
		p.nc.Close()
		require.NoError(t, <-done)
		assert.Equal(t, "HTTP/1.0 200 OK\r\n\r\nhi\nmore", out.String())
	})
}

// TestClientNegotiates with a server that speaks Telnet.
func TestClientNegotiates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := telnet.ClientOptions()
		opts.Window = telnet.Window{Columns: 80, Rows: 24}
		opts.TerminalTypes = []string{"XTERM"}
		c, p := client(t, opts)
		in, typed := io.Pipe()
		done := make(chan error, 1)
		go func() { done <- c.Relay(t.Context(), in, io.Discard) }()
		p.getsNothing()
		p.send(will + echo)
		p.gets(will + naws + do + sga + do + echo)
		p.send(do + naws + will + sga + do + ttype + do + newEnviron + do + "\x22" + do + echo + do + "\x20")
		p.gets(sb + naws + "\x00P\x00\x18" + se + will + ttype + wont + newEnviron + wont + "\x22" + wont + echo + wont + "\x20")
		p.send(sb + ttype + "\x01" + se + sb + newEnviron + "\x01\x00USER\x03" + se)
		p.gets(sb + ttype + "\x00XTERM" + se)
		io.WriteString(typed, "a\n")
		p.gets("a\r\n")
		p.send(do + binary)
		p.gets(will + binary)
		io.WriteString(typed, "a\n\r")
		p.gets("a\n\r")
		p.nc.Close()
		require.NoError(t, <-done)
		_, err := typed.Write([]byte("late"))
		assert.ErrorIs(t, err, io.ErrClosedPipe, "what was typed from is closed")
	})
}

func TestRelayEnds(t *testing.T) {
	failure := errors.New("broken")
	t.Run("by its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := client(t, nil)
			in, _ := io.Pipe()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			assert.ErrorIs(t, c.Relay(ctx, in, io.Discard), context.DeadlineExceeded)
		})
	})
	t.Run("where what is typed breaks", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, p := client(t, nil)
			done := make(chan error, 1)
			go func() { done <- c.Relay(t.Context(), iotest.ErrReader(failure), io.Discard) }()
			rest, err := io.ReadAll(p.nc) // the sending side is closed all the same
			require.NoError(t, err)
			assert.Empty(t, rest)
			p.nc.Close()
			assert.ErrorIs(t, <-done, failure)
		})
	})
	t.Run("where nothing can be shown", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, p := client(t, nil)
			in, out := io.Pipe()
			out.CloseWithError(failure)
			p.send("x")
			_, w := io.Pipe()
			w.CloseWithError(failure)
			assert.Error(t, c.Relay(t.Context(), in, w))
		})
	})
	t.Run("inside a command", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, p := client(t, nil)
			p.send("x\xff")
			p.nc.Close()
			assert.ErrorIs(t, c.Relay(t.Context(), strings.NewReader(""), io.Discard), io.ErrUnexpectedEOF)
		})
	})
}

func TestDialFails(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	_, err = telnet.Dial(t.Context(), "tcp", ln.Addr().String(), nil)
	assert.Error(t, err)
}
