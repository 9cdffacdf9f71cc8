package sockets_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// Both of two servers hear of the shutdown at the same time: each has a
// connection that ends only when the other's is told to end.
func TestServersShutDownTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
		var all sockets.Servers
		served := make(chan error, 2)
		for i := range told {
			s := &sockets.Server{Handler: sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
				<-c.Draining()
				close(told[i])
				<-told[1-i]
			})}
			all = append(all, s)
			client, server := testkit.Pipe()
			defer client.Close()
			go func() { served <- s.ServeConn(context.Background(), server) }()
		}
		synctest.Wait()
		assert.NoError(t, all.Shutdown(t.Context()))
		<-served
		<-served
		assert.NoError(t, all.Close())
	})
}

// What one of them cannot do is told, and the other ends all the same.
func TestServersTellEachError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := &sockets.Server{Handler: sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
			c.Read(make([]byte, 1)) // until Close
		})}
		client, server := testkit.Pipe()
		defer client.Close()
		go stuck.ServeConn(context.Background(), server)
		synctest.Wait()
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		idle := new(sockets.Server)
		assert.Error(t, sockets.Servers{idle, stuck}.Shutdown(ctx))
		l, err := testkit.NewNetwork().Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", "25"))
		assert.NoError(t, err)
		assert.ErrorIs(t, idle.Serve(l), sockets.ErrServerClosed)
	})
}
