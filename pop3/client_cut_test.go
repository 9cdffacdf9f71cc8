package pop3_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/pop3"
)

// tripwire calls trip at the n-th read or write of a connection.
type tripwire struct {
	net.Conn
	left int
	trip func()
}

func (w *tripwire) step() {
	if w.left--; w.left == 0 {
		w.trip()
	}
}

func (w *tripwire) Read(b []byte) (int, error) {
	w.step()
	return w.Conn.Read(b)
}

func (w *tripwire) Write(b []byte) (int, error) {
	w.step()
	return w.Conn.Write(b)
}

// fetchAll gets all messages, marks them, and quits. What it returns came whole.
func fetchAll(ctx context.Context, nc net.Conn) (got []string, err error) {
	c, err := pop3.NewClient(ctx, nc, &pop3.Options{TLS: pop3.TLSOff})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.Login(ctx, "bob", "hungry"); err != nil {
		return nil, err
	}
	var numbers []int
	for m, err := range c.Sync(ctx, func(string) bool { return false }) {
		if err != nil {
			return got, err
		}
		text, err := io.ReadAll(m)
		if err != nil {
			return got, err
		}
		got, numbers = append(got, string(text)), append(numbers, m.Number)
	}
	if err := c.Dele(ctx, numbers...); err != nil {
		return got, err
	}
	return got, c.Quit(ctx)
}

// Wherever a context ends, the call that is under way ends at once and says so.
func TestClientCancelledAnywhere(t *testing.T) {
	texts := []string{first, second, strings.Repeat("x", 100_000) + "\r\n"}
	for n := 1; ; n++ {
		tripped := false
		synctest.Test(t, func(t *testing.T) {
			m := letters(texts...)
			client, server := testkit.Pipe()
			go (&pop3.Server{Backend: m}).ServeConn(t.Context(), server)
			why := errors.New("why")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			w := &tripwire{client, n, func() { tripped = true; cancel(why) }}
			begun := time.Now()
			_, err := fetchAll(ctx, w)
			assert.Zero(t, time.Since(begun))
			if err != nil {
				assert.ErrorIs(t, err, why)
			}
			client.Close()
			synctest.Wait()
			assert.False(t, m.isLocked())
			if err == nil {
				assert.Empty(t, m.left())
			}
		})
		if !tripped {
			require.Greater(t, n, 10)
			return
		}
	}
}

// cutConn ends after so many octets.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// Wherever a server's octets end, what came without an error is whole, and all
// that came; the rest is an error.
func TestClientCutAnywhere(t *testing.T) {
	texts := []string{"Subject: x\r\n\r\n.\r\n..\r\n", "\r\n", "a\r\n.\r\n"}
	for n := 0; ; n++ {
		whole := false
		synctest.Test(t, func(t *testing.T) {
			m := letters(texts...)
			client, server := testkit.Pipe()
			go (&pop3.Server{Backend: m}).ServeConn(t.Context(), server)
			cut := &cutConn{client, n}
			got, err := fetchAll(t.Context(), cut)
			client.Close()
			synctest.Wait()
			assert.False(t, m.isLocked())
			assert.True(t, slices.Equal(texts[:len(got)], got), "at octet %d: %q", n, got)
			if whole = err == nil; whole {
				assert.Len(t, got, len(texts))
				assert.Empty(t, m.left())
			}
		})
		if whole {
			require.Greater(t, n, 300)
			return
		}
		require.Less(t, n, 2000)
	}
}
