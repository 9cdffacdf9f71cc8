package sockets_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// Idle connections end at once, busy ones when their work is done, stuck ones
// when Shutdown's context ends; each in virtual time.
func TestServerShutdown(t *testing.T) {
	readIdle := func(ctx context.Context, c *sockets.Conn) {
		c.MarkIdle()
		_, err := c.Read(make([]byte, 1))
		if errors.Is(err, sockets.ErrServerClosed) {
			io.WriteString(c, "421 shutting down\r\n")
		}
	}
	tests := []struct {
		name    string
		handler sockets.HandlerFunc
		want    time.Duration
		wantErr error
		says    string
	}{
		{"idle", readIdle, 0, nil, "421 shutting down\r\n"},
		{"idle only after it began", func(ctx context.Context, c *sockets.Conn) {
			<-c.Draining()
			time.Sleep(time.Second)
			readIdle(ctx, c)
		}, time.Second, nil, "421 shutting down\r\n"},
		{"busy, told by ctx", func(ctx context.Context, c *sockets.Conn) {
			<-ctx.Done()
			fmt.Fprint(c, context.Cause(ctx))
		}, 0, nil, "sockets: server closed"},
		{"busy for 3 s", func(ctx context.Context, c *sockets.Conn) {
			<-c.Draining()
			time.Sleep(3 * time.Second)
			io.WriteString(c, "done")
		}, 3 * time.Second, nil, "done"},
		{"stuck in a Read", func(ctx context.Context, c *sockets.Conn) {
			_, err := c.Read(make([]byte, 1))
			assert.ErrorIs(t, err, net.ErrClosed)
		}, 10 * time.Second, context.DeadlineExceeded, ""},
		{"stuck in a Write", func(ctx context.Context, c *sockets.Conn) {
			_, err := c.Write(make([]byte, 1<<20))
			assert.ErrorIs(t, err, net.ErrClosed)
		}, 10 * time.Second, context.DeadlineExceeded, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := testkit.NewNetwork()
				l, err := n.Listen(t.Context(), "tcp", "192.0.2.1:5100")
				require.NoError(t, err)
				s := &sockets.Server{Handler: tt.handler}
				served := make(chan error, 1)
				go func() { served <- s.Serve(l) }()
				client, err := n.Dial(t.Context(), "tcp", "192.0.2.1:5100")
				require.NoError(t, err)
				defer client.Close()
				synctest.Wait()

				begin := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				assert.ErrorIs(t, s.Shutdown(ctx), tt.wantErr)
				assert.Equal(t, tt.want, time.Since(begin))
				assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
				assert.Zero(t, s.Stats().Active)
				if tt.says != "" {
					b, err := io.ReadAll(client)
					assert.NoError(t, err)
					assert.Equal(t, tt.says, string(b))
				}
				_, err = n.Dial(t.Context(), "tcp", "192.0.2.1:5100")
				assert.Error(t, err, "nobody listens any more")
				assert.ErrorIs(t, s.Serve(l), sockets.ErrServerClosed)
				assert.ErrorIs(t, s.ServeConn(t.Context(), client), sockets.ErrServerClosed)
				assert.NoError(t, s.Shutdown(t.Context()), "once more")
			})
		})
	}
}

// A request that came before the shutdown is answered, though the handler
// marks the connection busy only after it.
func TestServerShutdownLosesNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		marked := make(chan struct{})
		s := &sockets.Server{Handler: sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
			b := make([]byte, 1)
			for {
				c.MarkIdle()
				if _, err := c.Read(b); err != nil {
					return
				}
				<-marked
				c.MarkBusy()
				io.ReadFull(c, b)
				c.Write(b)
			}
		})}
		nc, client := testkit.Pipe()
		go s.ServeConn(t.Context(), nc)
		client.Write([]byte("1"))
		synctest.Wait()
		down := make(chan error)
		go func() { down <- s.Shutdown(t.Context()) }()
		synctest.Wait()
		close(marked)
		synctest.Wait()
		client.Write([]byte("2"))
		b, err := io.ReadAll(client)
		assert.NoError(t, err)
		assert.Equal(t, "2", string(b))
		assert.NoError(t, <-down)
	})
}

// Over real sockets, several listeners and kinds of connection leave no
// goroutine and no descriptor.
func TestServerLeavesNothing(t *testing.T) {
	testkit.NoLeaks(t)
	for _, end := range []string{"Shutdown", "Close", "Shutdown cut"} {
		t.Run(end, func(t *testing.T) {
			tcp, unix := listenStream(t, "tcp"), listenStream(t, "unix")
			entered := make(chan struct{}, 6)
			s := &sockets.Server{Handler: sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
				b := make([]byte, 1)
				c.Read(b)
				entered <- struct{}{}
				switch b[0] {
				case 'i': // idle
					c.MarkIdle()
					c.Read(b)
				case 'b': // busy
					<-ctx.Done()
				case 's': // stuck
					c.Read(b)
				}
			})}
			served := make(chan error, 2)
			for _, l := range []net.Listener{tcp, unix} {
				go func() { served <- s.Serve(l) }()
			}
			kinds := "ibs"
			if end == "Shutdown" {
				kinds = "ib"
			}
			for _, l := range []net.Listener{tcp, unix} {
				for _, kind := range kinds {
					fmt.Fprintf(dialStream(t, l), "%c", kind)
					<-entered
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			switch end {
			case "Shutdown":
				assert.NoError(t, s.Shutdown(ctx))
			case "Close":
				assert.NoError(t, s.Close())
			case "Shutdown cut":
				cancel()
				assert.ErrorIs(t, s.Shutdown(ctx), context.Canceled)
			}
			cancel()
			assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
			assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
			assert.Zero(t, s.Stats().Active)
		})
	}
}

// The handler's context ends with its connection, and says why.
func TestServerContext(t *testing.T) {
	tests := []struct {
		name string
		act  func(c *sockets.Conn, peer net.Conn, cancel func())
		want error
	}{
		{"closed by the handler", func(c *sockets.Conn, _ net.Conn, _ func()) { c.Close() }, net.ErrClosed},
		{"a Write that fails", func(c *sockets.Conn, peer net.Conn, _ func()) {
			peer.Close()
			for range 10 {
				c.Write([]byte("x"))
			}
		}, nil},
		{"MaxLifetime", func(c *sockets.Conn, _ net.Conn, _ func()) { time.Sleep(time.Hour) }, context.DeadlineExceeded},
		{"ServeConn's context", func(c *sockets.Conn, _ net.Conn, cancel func()) { cancel(); c.Read(make([]byte, 1)) }, context.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, peer := testkit.Pipe()
				defer peer.Close()
				outer, cancel := context.WithCancel(t.Context())
				defer cancel()
				s := &sockets.Server{Limits: sockets.Limits{MaxLifetime: time.Hour}}
				s.Handler = sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
					assert.NoError(t, ctx.Err())
					tt.act(c, peer, cancel)
					<-ctx.Done()
					switch tt.want {
					case nil:
						assert.Error(t, context.Cause(ctx))
					case context.DeadlineExceeded:
						assert.ErrorIs(t, ctx.Err(), tt.want)
						assert.ErrorAs(t, context.Cause(ctx), new(*sockets.LimitError))
					default:
						assert.ErrorIs(t, context.Cause(ctx), tt.want)
					}
				})
				assert.NoError(t, s.ServeConn(outer, nc))
			})
		})
	}
}

// The peer's half-close and a timeout do not end the context.
func TestServerContextOutlivesEOF(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		s := &sockets.Server{Limits: sockets.Limits{ReadTimeout: time.Second}}
		s.Handler = sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
			_, err := c.Read(make([]byte, 1))
			checkTimeout(t, err, "ReadTimeout")
			peer.(interface{ CloseWrite() error }).CloseWrite()
			_, err = c.Read(make([]byte, 1))
			assert.Equal(t, io.EOF, err)
			assert.NoError(t, ctx.Err())
			io.WriteString(c, "still here")
		})
		assert.NoError(t, s.ServeConn(t.Context(), nc))
		b, err := io.ReadAll(peer)
		assert.NoError(t, err)
		assert.Equal(t, "still here", string(b))
	})
}
