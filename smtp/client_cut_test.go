package smtp_test

import (
	"context"
	"errors"
	"fmt"
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
	"applayer/smtp"
)

// ways are those in which a message goes.
var ways = []struct {
	name string
	opts smtp.Options
	step int // of the places where it is cut
}{
	{"DATA", smtp.Options{NoChunking: true}, 1},
	{"DATA one by one", smtp.Options{NoChunking: true, NoPipelining: true}, 1},
	{"BDAT", smtp.Options{}, 1},
	{"chunks", smtp.Options{ChunkSize: 20}, 1},
	{"chunks one by one", smtp.Options{ChunkSize: 20, NoPipelining: true}, 1},
	{"LMTP by DATA", smtp.Options{LMTP: true, NoChunking: true}, 1},
	{"LMTP by chunks", smtp.Options{LMTP: true, ChunkSize: 20}, 1},
	{"LMTP by BDAT", smtp.Options{LMTP: true}, 1},
	{"DATA over TLS", smtp.Options{NoChunking: true, TLS: smtp.TLSRequired}, 29},
	{"chunks over TLS", smtp.Options{ChunkSize: 20, TLS: smtp.TLSRequired}, 29},
}

// Wherever the connection is cut, or the call given up: who is told that the
// message was taken has it, the server has all of it or nothing, and where it has
// it and the client does not know, the receipt is in doubt.
func TestSendCutAnywhere(t *testing.T) {
	for i := range ways {
		way := &ways[i]
		for _, how := range []string{"read", "write", "cancelled read", "cancelled write"} {
			t.Run(way.name+", "+how, func(t *testing.T) {
				step, whole := way.step, false
				if strings.HasPrefix(how, "cancelled") {
					step = 3 * step
				}
				for n := 0; !whole; n += step {
					synctest.Test(t, func(t *testing.T) { whole = cutAt(t, way.opts, how, n) })
					require.Less(t, n, 10000)
				}
			})
		}
	}
}

// withoutEve takes mail for all but Eve.
func withoutEve() *mailbox {
	return &mailbox{onRcpt: func(to smtp.Path, _ smtp.RcptOptions) error {
		if to == eve {
			return smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "No such mailbox.")
		}
		return nil
	}}
}

var eve = smtp.Path{Local: "eve", Domain: "hamburger.edu"}

// cutAt sends a message over a connection that is cut behind n octets, and tells
// whether that was behind the end.
func cutAt(t *testing.T, opts smtp.Options, how string, n int) (whole bool) {
	box := withoutEve()
	server := &smtp.Server{Hostname: "hamburger.edu", Backend: box, LMTP: opts.LMTP}
	if opts.TLS == smtp.TLSRequired {
		server.TLSConfig, opts.TLSConfig = testkit.Certificate(t, "hamburger.edu")
	}
	near, far := testkit.Pipe()
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.ServeConn(context.WithoutCancel(t.Context()), far)
	}()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	nc := &cutConn{Conn: near, reads: 1 << 20, writes: 1 << 20, cut: func() { near.Close() }}
	if strings.HasPrefix(how, "cancelled") {
		nc.cut = cancel
	}
	if strings.HasSuffix(how, "read") {
		nc.reads = n
	} else {
		nc.writes = n
	}
	opts.Hello = "crepes.fr"
	c, err := smtp.NewClient(ctx, nc, &opts)
	if err != nil {
		<-served
		require.Empty(t, box.got())
		return false
	}
	to := []smtp.Path{bob, eve, carol}
	r, err := c.Send(ctx, envelope(to...), strings.NewReader(ketchup))
	alive := c.Alive()
	c.Close()
	<-served

	letters := box.got()
	require.LessOrEqual(t, len(letters), 1, "at %d", n)
	if len(letters) == 1 {
		require.Equal(t, ketchup, letters[0].Text, "at %d", n)
	}
	taken := 0
	for i, result := range r.Results {
		if result.Err == nil {
			taken++
			require.Len(t, letters, 1, "at %d", n)
			require.NotEqual(t, 1, i)
		}
	}
	if len(letters) == 1 && taken < 2 {
		require.True(t, r.Doubtful, "at %d: %v", n, err)
	}
	if taken == 2 {
		require.False(t, r.Doubtful, "at %d", n)
	}
	require.Error(t, err) // Eve
	if !alive && strings.HasPrefix(how, "cancelled") {
		require.ErrorIs(t, errors.Join(r.Results[0].Err, r.Results[2].Err), context.Canceled, "at %d", n)
	}
	return alive && nc.reads >= 0 && nc.writes >= 0
}

// cutConn does cut behind some octets.
type cutConn struct {
	net.Conn
	reads, writes int // octets left
	cut           func()
}

func (c *cutConn) Read(b []byte) (int, error) {
	if c.reads <= 0 {
		c.cut()
		c.reads = -1
		return c.Conn.Read(b[:1])
	}
	n, err := c.Conn.Read(b[:min(len(b), c.reads)])
	c.reads -= n
	return n, err
}

func (c *cutConn) Write(b []byte) (int, error) {
	n := min(len(b), max(c.writes, 0))
	m, err := c.Conn.Write(b[:n])
	c.writes -= m
	if err != nil || n == len(b) {
		return m, err
	}
	c.writes = -1
	c.cut()
	k, err := c.Conn.Write(b[n:])
	return m + k, err
}

// However replies come, what they say is the same.
func TestSendRepliesInPieces(t *testing.T) {
	pieces := map[string]func(io.Reader) io.Reader{
		"octets": iotest.OneByteReader, "halves": iotest.HalfReader,
	}
	for i := range ways {
		way := &ways[i]
		for name, cut := range pieces {
			t.Run(way.name+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					box, opts := withoutEve(), way.opts
					opts.Hello = "crepes.fr"
					server := &smtp.Server{Hostname: "hamburger.edu", Backend: box, LMTP: opts.LMTP}
					if opts.TLS == smtp.TLSRequired {
						server.TLSConfig, opts.TLSConfig = testkit.Certificate(t, "hamburger.edu")
					}
					near, far := testkit.Pipe()
					served := make(chan struct{})
					go func() {
						defer close(served)
						server.ServeConn(context.WithoutCancel(t.Context()), far)
					}()
					c, err := smtp.NewClient(t.Context(), &readThrough{near, cut(near)}, &opts)
					require.NoError(t, err)
					for n := range 3 {
						r, err := c.Send(t.Context(), envelope(bob, eve), strings.NewReader(ketchup))
						assert.ErrorContains(t, err, "550")
						assert.NoError(t, r.Results[0].Err)
						assert.Len(t, box.got(), n+1)
					}
					assert.NoError(t, c.Quit(t.Context()))
					<-served
				})
			})
		}
	}
}

type readThrough struct {
	net.Conn
	r io.Reader
}

func (r *readThrough) Read(b []byte) (int, error) { return r.r.Read(b) }

// A message whose reader fails, wherever that is, is never the server's.
func TestSendFailsAnywhere(t *testing.T) {
	for i := range ways {
		way := &ways[i]
		if way.opts.TLS == smtp.TLSRequired {
			continue // as in the clear
		}
		t.Run(way.name, func(t *testing.T) {
			for n := range len(ketchup) + 1 {
				for _, err := range []error{errSource, io.ErrUnexpectedEOF, fmt.Errorf("wrapped: %w", io.EOF)} {
					for _, body := range []smtp.BodyType{smtp.BodyUnsaid, smtp.BodySevenBit} {
						synctest.Test(t, func(t *testing.T) { failAt(t, way.opts, body, n, err) })
					}
				}
			}
		})
	}
}

func failAt(t *testing.T, opts smtp.Options, body smtp.BodyType, n int, why error) {
	box := new(mailbox)
	c := meet(t, &smtp.Server{Backend: box, LMTP: opts.LMTP}, &opts)
	e := envelope(bob)
	e.Body = body
	message := io.MultiReader(strings.NewReader(ketchup[:n]), readerFunc(func([]byte) (int, error) { return 0, why }))
	from := time.Now()
	r, err := c.Send(t.Context(), e, message)
	require.ErrorIs(t, err, why)
	require.Zero(t, time.Since(from), "nothing is waited for")
	require.False(t, r.Doubtful)
	if c.Alive() {
		_, err = c.Send(t.Context(), e, strings.NewReader("Hi.\r\n"))
		require.NoError(t, err)
		require.Equal(t, "Hi.\r\n", box.got()[0].Text)
	}
	c.Close()
	synctest.Wait()
	for _, l := range box.got() {
		require.Equal(t, "Hi.\r\n", l.Text)
	}
}
