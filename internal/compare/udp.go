package main

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"applayer/sockets"
)

const (
	udpMessage = 512
	udpClients = 4
	inFlight   = 16 // datagrams of each client at saturation
	batch      = 32
)

func listenUDP() (*net.UDPConn, error) {
	return net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
}

var echoPacket = sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) { _ = p.Reply(p.Data) })

func startUDP() (*server, error) { return startPackets(&sockets.PacketServer{Handler: echoPacket}) }

func startBatchedUDP() (*server, error) {
	return startPackets(&sockets.PacketServer{Handler: echoPacket, Batch: batch})
}

func startPackets(s *sockets.PacketServer) (*server, error) {
	c, err := listenUDP()
	if err != nil {
		return nil, err
	}
	return &server{c.LocalAddr().String(), servePackets(s, c)}, nil
}

// servePackets serves one socket; what it returns closes it and waits.
func servePackets(s *sockets.PacketServer, c *net.UDPConn) (stop func() error) {
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(c) }()
	return func() error {
		err := s.Close()
		if serveErr := <-ended; !errors.Is(serveErr, sockets.ErrServerClosed) {
			return serveErr
		}
		return err
	}
}

// startBareUDP is what anyone would write first.
func startBareUDP() (*server, error) {
	c, err := listenUDP()
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 65535)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			_, _ = c.WriteToUDPAddrPort(buf[:n], from)
		}
	})
	return &server{c.LocalAddr().String(), func() error {
		err := c.Close()
		wg.Wait()
		return err
	}}, nil
}

// driveUDP sends b.N datagrams from 4 sockets, each of which waits for its echo
// before it sends the next: too few to fill a kernel's buffer, so none is lost.
func driveUDP(b *testing.B, addr string) error {
	conns, err := dialUDP(addr)
	if err != nil {
		return err
	}
	b.SetBytes(udpMessage)
	var left atomic.Int64
	left.Store(int64(b.N))
	errs := make([]error, len(conns))
	var wg sync.WaitGroup
	b.ResetTimer()
	b.StartTimer()
	for i, c := range conns {
		wg.Go(func() {
			defer c.Close()
			errs[i] = echoes(c, udpMessage, &left)
		})
	}
	wg.Wait()
	b.StopTimer()
	return errors.Join(errs...)
}

// dialUDP connects the clients' sockets. A datagram that is lost all the same
// shows as a timeout.
func dialUDP(addr string) ([]*net.UDPConn, error) {
	conns := make([]*net.UDPConn, udpClients)
	for i := range conns {
		c, err := net.Dial("udp4", addr)
		if err != nil {
			return nil, err
		}
		conns[i] = c.(*net.UDPConn)
		if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			return nil, err
		}
	}
	return conns, nil
}

// saturateUDP keeps 64 datagrams in flight until b.N have come back. The
// clients are batched, whoever the server is, so that they spend less on a
// datagram than it does, and it is what is measured.
func saturateUDP(b *testing.B, addr string) (err error) {
	conns, err := dialUDP(addr)
	if err != nil {
		return err
	}
	var unsent, missing atomic.Int64
	unsent.Store(int64(b.N))
	missing.Store(int64(b.N))
	back := make(chan struct{})
	again := sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
		if unsent.Add(-1) >= 0 {
			_ = p.Reply(p.Data)
		}
		if missing.Add(-1) == 0 {
			close(back)
		}
	})
	for _, c := range conns {
		_ = c.SetDeadline(time.Time{}) // the server sets its own
		stop := servePackets(&sockets.PacketServer{Handler: again, Batch: batch}, c)
		defer func() {
			if stopErr := stop(); err == nil {
				err = stopErr
			}
		}()
	}
	b.SetBytes(udpMessage)
	datagram := make([]byte, udpMessage)
	b.ResetTimer()
	b.StartTimer()
	for range inFlight {
		for _, c := range conns {
			if unsent.Add(-1) < 0 {
				continue
			}
			if _, err := c.Write(datagram); err != nil {
				return err
			}
		}
	}
	select {
	case <-back:
		b.StopTimer()
		return nil
	case <-time.After(time.Minute):
		return errors.New("datagrams were lost")
	}
}
