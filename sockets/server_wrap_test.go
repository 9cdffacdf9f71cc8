package sockets_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// A Wrap that waits for a silent peer, as one that reads a proxy's header does,
// keeps neither Close nor a Shutdown's context waiting.
func TestServerWrapThatWaits(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(*sockets.Server, context.Context) error
		want error
		took time.Duration
	}{
		{"Close", func(s *sockets.Server, _ context.Context) error { return s.Close() }, nil, 0},
		{"Shutdown", (*sockets.Server).Shutdown, context.DeadlineExceeded, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := testkit.NewNetwork()
				l, err := n.Listen(t.Context(), "tcp", "192.0.2.1:5100")
				require.NoError(t, err)
				s := &sockets.Server{
					Wrap: func(nc net.Conn) net.Conn {
						_, err := io.ReadFull(nc, make([]byte, 16))
						assert.ErrorIs(t, err, net.ErrClosed)
						return nc
					},
					Handler: sockets.HandlerFunc(func(context.Context, *sockets.Conn) { t.Error("served") }),
				}
				served := make(chan error, 1)
				go func() { served <- s.Serve(l) }()
				silent, err := n.Dial(t.Context(), "tcp", "192.0.2.1:5100")
				require.NoError(t, err)
				defer silent.Close()
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begin := time.Now()
				assert.ErrorIs(t, tt.end(s, ctx), tt.want)
				assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
				assert.Equal(t, tt.took, time.Since(begin))
			})
		})
	}
}

// A Wrap that fails costs its own connection alone, which is closed.
func TestServerWrapThatFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		wrap   func(net.Conn) net.Conn
		panics int64
		log    string
	}{
		{"nil", func(net.Conn) net.Conn { return nil }, 0, "Wrap gave no connection"},
		{"panic", func(net.Conn) net.Conn { panic("spoilt") }, 1, "spoilt"},
		{"panic when closed", func(nc net.Conn) net.Conn { return badCloser{nc} }, 1, "no close"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			testkit.NoLeaks(t)
			var log bytes.Buffer
			var calls atomic.Int64
			s := &sockets.Server{Logger: slog.New(slog.NewTextHandler(&log, nil)), Handler: echoHandler}
			s.Wrap = func(nc net.Conn) net.Conn {
				if calls.Add(1) == 1 {
					return tt.wrap(nc)
				}
				return nc
			}
			l := listenStream(t, "tcp")
			served := make(chan error, 1)
			go func() { served <- s.Serve(l) }()
			bad := dialStream(t, l)
			assert.NoError(t, bad.(*net.TCPConn).CloseWrite())
			b, err := io.ReadAll(bad)
			assert.NoError(t, err)
			assert.Empty(t, b)
			assert.Equal(t, "hello", exchange(t, dialStream(t, l), "hello"))
			require.NoError(t, s.Close())
			assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
			assert.Equal(t, tt.panics, s.Stats().Panics)
			assert.Contains(t, log.String(), tt.log)
			assert.Zero(t, s.Stats().Active)
		})
	}
}

// badCloser panics when it is closed.
type badCloser struct{ net.Conn }

func (badCloser) Close() error { panic(errors.New("no close")) }
