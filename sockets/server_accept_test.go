package sockets_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// failing is a listener whose Accept gives errors, and then waits for Close.
type failing struct {
	errs   []error
	at     []time.Time // of each Accept
	closed chan struct{}
	once   sync.Once
}

func (l *failing) Accept() (net.Conn, error) {
	l.at = append(l.at, time.Now())
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		if err == nil {
			_, nc := testkit.Pipe()
			return nc, nil
		}
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", err)}
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *failing) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *failing) Addr() net.Addr { return &net.TCPAddr{} }

func TestServerAcceptBackoff(t *testing.T) {
	ms := time.Millisecond
	full := error(syscall.EMFILE)
	tests := []struct {
		name  string
		errs  []error
		waits []time.Duration // between one Accept and the next
		lines int
	}{
		{"each kind", []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED, syscall.ENOBUFS, syscall.ENOMEM, syscall.EPROTO},
			[]time.Duration{5 * ms, 10 * ms, 20 * ms, 40 * ms, 80 * ms, 160 * ms}, 1},
		{"up to a second", []error{full, full, full, full, full, full, full, full, full, full},
			[]time.Duration{5 * ms, 10 * ms, 20 * ms, 40 * ms, 80 * ms, 160 * ms, 320 * ms, 640 * ms, time.Second, time.Second}, 1},
		{"two bursts", []error{full, full, nil, full}, []time.Duration{5 * ms, 10 * ms, 0, 5 * ms}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				l := &failing{errs: tt.errs, closed: make(chan struct{})}
				s := &sockets.Server{Handler: echoHandler, Logger: slog.New(slog.NewTextHandler(&log, nil))}
				served := make(chan error)
				go func() { served <- s.Serve(l) }()
				time.Sleep(time.Minute)
				s.Close()
				assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
				var waits []time.Duration
				for i := range l.at[1:] {
					waits = append(waits, l.at[i+1].Sub(l.at[i]))
				}
				assert.Equal(t, tt.waits, waits)
				assert.Equal(t, tt.lines, strings.Count(log.String(), "accept, trying again"), log.String())
			})
		})
	}
}

// Shutdown does not wait for a back-off.
func TestServerAcceptBackoffEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := make([]error, 100)
		for i := range errs {
			errs[i] = syscall.ENFILE
		}
		l := &failing{errs: errs, closed: make(chan struct{})}
		s := &sockets.Server{Handler: echoHandler}
		served := make(chan error)
		go func() { served <- s.Serve(l) }()
		time.Sleep(10*time.Second + time.Millisecond)
		begin := time.Now()
		assert.NoError(t, s.Shutdown(t.Context()))
		assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
		assert.Zero(t, time.Since(begin))
	})
}

// Other errors end Serve; what is open goes on.
func TestServerAcceptFatal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &failing{errs: []error{nil, syscall.EBADF}, closed: make(chan struct{})}
		ended := make(chan struct{})
		s := &sockets.Server{Handler: sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
			<-ctx.Done()
			close(ended)
		})}
		assert.ErrorIs(t, s.Serve(l), syscall.EBADF)
		synctest.Wait()
		assert.Equal(t, 1, s.Stats().Active)
		assert.NoError(t, s.Shutdown(t.Context()))
		<-ended
	})
}

// A panic ends its own connection and is logged with the stack.
func TestServerPanic(t *testing.T) {
	var log syncBuffer
	l := listenStream(t, "tcp")
	s := &sockets.Server{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Handler: sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
			b := make([]byte, 1)
			c.Read(b)
			if b[0] == 'p' {
				panic("out of cheese")
			}
			c.Write(b)
		}),
	}
	startServer(t, s, l)
	other := dialStream(t, l)
	c := dialStream(t, l)
	c.Write([]byte("p"))
	_, err := io.ReadAll(c)
	assert.NoError(t, err)
	assert.Equal(t, "x", exchange(t, other, "x"))
	require.Eventually(t, func() bool { return s.Stats().Panics == 1 }, 10*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "out of cheese") }, 10*time.Second, time.Millisecond)
	assert.Contains(t, log.String(), "TestServerPanic.func", "the stack")
	assert.Contains(t, log.String(), "peer="+c.LocalAddr().String())

	_, nc := testkit.Pipe()
	s2 := &sockets.Server{Handler: sockets.HandlerFunc(func(context.Context, *sockets.Conn) { panic("again") })}
	assert.ErrorContains(t, s2.ServeConn(t.Context(), nc), "again")
}

// syncBuffer is a bytes.Buffer that goroutines share.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// What is logged of a connection that ends well, and what Stats adds up.
func TestServerDebugLog(t *testing.T) {
	var log bytes.Buffer
	nc, client := testkit.Pipe()
	s := &sockets.Server{Handler: echoHandler, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	done := make(chan error)
	go func() { done <- s.ServeConn(t.Context(), nc) }()
	exchange(t, client, "hello")
	client.Close()
	require.NoError(t, <-done)
	for _, key := range []string{"peer=", "proto=tcp", "bytes=10", "dur="} {
		assert.Contains(t, log.String(), key)
	}
	stats := s.Stats()
	assert.Equal(t, []int64{5, 5}, []int64{stats.BytesRead, stats.BytesWritten})
}

// Wrap sees the octets of the wire, and ListenAndServe reports what it cannot.
func TestServerWrap(t *testing.T) {
	nc, client := testkit.Pipe()
	var tapped syncBuffer
	s := &sockets.Server{Handler: echoHandler, Wrap: func(nc net.Conn) net.Conn { return tap{nc, &tapped} }}
	done := make(chan error)
	go func() { done <- s.ServeConn(t.Context(), nc) }()
	exchange(t, client, "hello")
	client.Close()
	require.NoError(t, <-done)
	assert.Equal(t, "hello", tapped.String())

	assert.Error(t, s.ListenAndServe("tcp", "192.0.2.1:99999"))
	go func() { done <- s.ListenAndServe("tcp", "127.0.0.1:0") }()
	require.NoError(t, s.Shutdown(t.Context()))
	assert.ErrorIs(t, <-done, sockets.ErrServerClosed)
}

// tap copies what is written.
type tap struct {
	net.Conn
	w io.Writer
}

func (t tap) Write(b []byte) (int, error) {
	t.w.Write(b)
	return t.Conn.Write(b)
}

// The keep-alive fields reach the socket.
func TestServerKeepAlive(t *testing.T) {
	l := &keepAliveListener{Listener: listenStream(t, "tcp"), got: make(chan net.KeepAliveConfig, 1)}
	want := net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: time.Second, Count: 3}
	startServer(t, &sockets.Server{Handler: echoHandler, KeepAlive: want}, l)
	dialStream(t, l)
	assert.Equal(t, want, <-l.got)
}

type keepAliveListener struct {
	net.Listener
	got chan net.KeepAliveConfig
}

func (l *keepAliveListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &keepAliveConn{nc.(*net.TCPConn), l.got}, nil
}

type keepAliveConn struct {
	*net.TCPConn
	got chan net.KeepAliveConfig
}

func (c *keepAliveConn) SetKeepAliveConfig(k net.KeepAliveConfig) error {
	c.got <- k
	return errors.Join(c.TCPConn.SetKeepAliveConfig(k))
}
