package sockets_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets"
)

// askingPackets calls ask before its deadline moves and before it closes.
type askingPackets struct {
	net.PacketConn
	ask func()
}

func (c askingPackets) SetReadDeadline(t time.Time) error {
	c.ask()
	return c.PacketConn.SetReadDeadline(t)
}

func (c askingPackets) Close() error {
	c.ask()
	return c.PacketConn.Close()
}

// A net.PacketConn of another package may call the server while it is ended.
func TestPacketServerHoldsNoLockOverCallbacks(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(*sockets.PacketServer) error
	}{
		{"Shutdown", func(s *sockets.PacketServer) error { return s.Shutdown(context.Background()) }},
		{"Close", (*sockets.PacketServer).Close},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pc, err := net.ListenPacket("udp", "127.0.0.1:0")
			require.NoError(t, err)
			s := &sockets.PacketServer{Handler: upper}
			served := make(chan error, 1)
			go func() {
				served <- s.Serve(askingPackets{pc, func() {
					other, err := net.ListenPacket("udp", "127.0.0.1:0")
					if err == nil {
						s.Serve(other) // at once: the server is closing
					}
				}})
			}()
			assert.Equal(t, "X", ask(t, dialPackets(t, "udp", pc.LocalAddr().String()), "x"))
			ended := make(chan error, 1)
			go func() { ended <- tt.end(s) }()
			select {
			case err := <-ended:
				assert.NoError(t, err)
			case <-time.After(time.Minute):
				t.Fatal("locked up")
			}
			assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
		})
	}
}

// Drain keeps the sockets open until the replies to cloned packets have left.
func TestPacketServerDrain(t *testing.T) {
	cloned := make(chan *sockets.Packet, 1)
	draining, drained := make(chan struct{}), make(chan struct{})
	s := &sockets.PacketServer{
		Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) { cloned <- p.Clone() }),
		Drain:   func() { close(draining); <-drained },
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(pc) }()
	nc := dialPackets(t, "udp", pc.LocalAddr().String())
	_, err = nc.Write([]byte("x"))
	require.NoError(t, err)
	p := <-cloned
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(context.Background()) }()
	<-draining
	assert.NoError(t, p.Reply([]byte("late")))
	close(drained)
	assert.NoError(t, <-ended)
	assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
	assert.ErrorIs(t, p.Reply([]byte("too late")), net.ErrClosed)
}
