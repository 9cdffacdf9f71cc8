package main

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"applayer/sockets"
	"applayer/sockets/link"
)

const echoAddr = "echo.someSchool.edu:7"

// serveEcho sends back what comes (RFC 862).
func serveEcho(ctx context.Context, n *Net) (stop func(), err error) {
	ln, err := n.Listen(ctx, "tcp", echoAddr)
	if err != nil {
		return nil, err
	}
	srv := &sockets.Server{Handler: sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) { io.Copy(c, c) })}
	return serve(func() error { return srv.Serve(ln) }, srv.Close), nil
}

// ping measures the round-trip time of a link such as the page's, as long as
// that is fetched. On a machine that does other work every timer is late, and
// so is every octet: a round trip then takes longer for both.
type ping struct {
	conn    net.Conn
	release func()
	done    chan struct{}
	ended   chan error
	took    time.Duration
	count   time.Duration
}

func startPing(ctx context.Context, n *Net) (*ping, error) {
	lk := &link.Link{Delay: roundTrip / 2, Rate: linkRate}
	conn, err := lk.Dialer(n.DialUntold)(ctx, "tcp", echoAddr)
	if err != nil {
		return nil, err
	}
	p := &ping{
		conn: conn, release: sockets.WithContext(ctx, conn),
		done: make(chan struct{}), ended: make(chan error, 1),
	}
	go func() { p.ended <- p.run() }()
	return p, nil
}

// run sends an octet and waits for it, again and again, until it is stopped.
func (p *ping) run() error {
	for b := []byte{'p'}; ; p.count++ {
		began := time.Now()
		if _, err := p.conn.Write(b); err != nil {
			return err
		}
		if _, err := io.ReadFull(p.conn, b); err != nil {
			return err
		}
		if b[0] != 'p' {
			return errors.New("ping: another octet came back")
		}
		p.took += time.Since(began)
		select {
		case <-p.done:
			p.count++
			return nil
		default:
		}
	}
}

// stop ends it behind the round trip under way, and returns what one took.
func (p *ping) stop() (time.Duration, error) {
	close(p.done)
	err := <-p.ended
	p.release()
	if err := errors.Join(err, p.conn.Close()); err != nil {
		return 0, err
	}
	return p.took / p.count, nil
}
