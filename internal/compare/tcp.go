package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cloudwego/netpoll"
	"github.com/panjf2000/gnet/v2"

	"applayer/sockets"
)

const (
	tcpConns   = 64
	tcpMessage = 1024
	readBuffer = 4096 // of each echo loop
)

const loopback = "127.0.0.1:0"

// echoStream is the loop that ours and the bare server share.
func echoStream(c net.Conn) {
	buf := make([]byte, readBuffer)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

func startTCP() (*server, error) {
	return startStream(&sockets.Server{
		Handler: sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) { echoStream(c) }),
	})
}

func startStream(s *sockets.Server) (*server, error) {
	l, err := net.Listen("tcp", loopback)
	if err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	return &server{l.Addr().String(), func() error {
		err := s.Close()
		if serveErr := <-ended; !errors.Is(serveErr, sockets.ErrServerClosed) {
			return serveErr
		}
		return err
	}}, nil
}

// startBareTCP is what anyone would write first.
func startBareTCP() (*server, error) { return startAccepting(echoStream) }

// startAccepting serves each connection in a goroutine of its own.
func startAccepting(serve func(net.Conn)) (*server, error) {
	l, err := net.Listen("tcp", loopback)
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	})
	return &server{l.Addr().String(), func() error {
		err := l.Close()
		wg.Wait() // the clients have closed
		return err
	}}, nil
}

type gnetEcho struct {
	gnet.BuiltinEventEngine
	booted chan gnet.Engine
}

func (e *gnetEcho) OnBoot(eng gnet.Engine) gnet.Action {
	e.booted <- eng
	return gnet.None
}

func (e *gnetEcho) OnTraffic(c gnet.Conn) gnet.Action {
	b, err := c.Next(-1)
	if err == nil {
		_, err = c.Write(b)
	}
	if err != nil {
		return gnet.Close
	}
	return gnet.None
}

// silent is a logger for gnet, which tells of each start at level info.
type silent struct{}

func (silent) Debugf(string, ...any) {}
func (silent) Infof(string, ...any)  {}
func (silent) Warnf(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(string, ...any) {}

func startGnet() (*server, error) {
	echo := &gnetEcho{booted: make(chan gnet.Engine, 1)}
	ended := make(chan error, 1)
	go func() {
		ended <- gnet.Run(echo, "tcp://"+loopback, gnet.WithMulticore(true), gnet.WithLogger(silent{}))
	}()
	var eng gnet.Engine
	select {
	case eng = <-echo.booted:
	case err := <-ended:
		return nil, err
	}
	stop := func() error {
		if err := eng.Stop(context.Background()); err != nil {
			return err
		}
		return <-ended
	}
	addr, err := gnetAddr(eng)
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return &server{addr, stop}, nil
}

// gnetAddr asks the system for the port, which gnet does not tell.
func gnetAddr(eng gnet.Engine) (string, error) {
	fd, err := eng.Dup()
	if err != nil {
		return "", err
	}
	f := os.NewFile(uintptr(fd), "gnet")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func startNetpoll() (*server, error) {
	l, err := netpoll.CreateListener("tcp", loopback)
	if err != nil {
		return nil, err
	}
	loop, err := netpoll.NewEventLoop(func(_ context.Context, c netpoll.Connection) error {
		r, w := c.Reader(), c.Writer()
		b, err := r.Next(r.Len())
		if err != nil {
			return err
		}
		if _, err := w.WriteBinary(b); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
		return r.Release()
	})
	if err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- loop.Serve(l) }()
	return &server{l.Addr().String(), func() error {
		err := loop.Shutdown(context.Background())
		<-ended // it says that it was shut down
		return err
	}}, nil
}

// driveTCP sends b.N messages over 64 connections, each of which waits for its
// echo before it sends the next.
func driveTCP(b *testing.B, addr string) error {
	conns := make([]net.Conn, tcpConns)
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		defer c.Close()
		conns[i] = c
	}
	b.SetBytes(tcpMessage)
	var left atomic.Int64
	left.Store(int64(b.N))
	errs := make([]error, tcpConns)
	var wg sync.WaitGroup
	b.ResetTimer()
	b.StartTimer()
	for i, c := range conns {
		wg.Go(func() { errs[i] = echoes(c, tcpMessage, &left) })
	}
	wg.Wait()
	b.StopTimer()
	return errors.Join(errs...)
}

// echoes sends messages for as long as some are left, and looks at each echo.
func echoes(c net.Conn, size int, left *atomic.Int64) error {
	sent, got := bytes.Repeat([]byte("applayer"), size/8), make([]byte, size)
	for n := left.Add(-1); n >= 0; n = left.Add(-1) {
		sent[0], sent[size-1] = byte(n), byte(n>>8)
		if _, err := c.Write(sent); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, got); err != nil {
			return err
		}
		if !bytes.Equal(sent, got) {
			return fmt.Errorf("echo %d differs", n)
		}
	}
	return nil
}
