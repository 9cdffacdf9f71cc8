package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"applayer/examples/internal/cli"
	"applayer/sockets"
	"applayer/sockets/link"
)

const (
	// mappingTime is how long a client without replies is remembered, as a
	// NAT does (RFC 4787 §4.3: two minutes at least).
	mappingTime = 2 * time.Minute
	// maxMappings bounds the clients remembered at once: each has a socket.
	maxMappings = 1024
)

func relayDatagrams(ctx context.Context, env *cli.Env, l *link.Link, listen, to string) error {
	pc, err := net.ListenPacket("udp", listen)
	if err != nil {
		return err
	}
	r := &datagrams{
		dial:    l.Dialer(env.Dial),
		to:      to,
		log:     env.Log,
		clients: map[netip.AddrPort]net.Conn{},
	}
	server := &sockets.PacketServer{Handler: r, Logger: env.Log}
	env.Listening("", pc.LocalAddr())
	return serve(ctx, env, l, cli.Service{
		Serve: func() error {
			defer r.close()
			return server.Serve(pc)
		},
		Shutdown: server.Shutdown,
	})
}

// datagrams relays each client's datagrams through a socket of their own, so
// that the replies find back.
type datagrams struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
	to   string
	log  *slog.Logger

	replies sync.WaitGroup

	mu      sync.Mutex
	clients map[netip.AddrPort]net.Conn
}

// ServePacket sends a client's datagram on.
func (r *datagrams) ServePacket(ctx context.Context, p *sockets.Packet) {
	target, err := r.target(ctx, p)
	if err == nil {
		_, err = target.Write(p.Data)
	}
	if err != nil {
		r.log.Warn("datagram not relayed", "peer", p.Source, "err", err)
	}
}

var errTooMany = errors.New("too many clients")

// target returns the client's socket to the target, a new one for a new
// client. One loop calls it, so that nobody makes the same one meanwhile.
func (r *datagrams) target(ctx context.Context, p *sockets.Packet) (net.Conn, error) {
	r.mu.Lock()
	target, known := r.clients[p.Source]
	full := len(r.clients) >= maxMappings
	r.mu.Unlock()
	switch {
	case known:
		return target, nil
	case full:
		return nil, errTooMany
	}
	target, err := r.dial(ctx, "udp", r.to)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.clients[p.Source] = target
	r.mu.Unlock()
	client := p.Clone()
	r.replies.Go(func() { r.reply(client, target) })
	return target, nil
}

// reply sends the target's datagrams back until the client has been silent
// for long, or the relay ends.
func (r *datagrams) reply(client *sockets.Packet, target net.Conn) {
	defer r.forget(client.Source)
	b := make([]byte, 64<<10)
	for {
		target.SetReadDeadline(time.Now().Add(mappingTime))
		n, err := target.Read(b)
		switch {
		case errors.Is(err, syscall.ECONNREFUSED):
			r.log.Warn("target does not listen", "peer", client.Source, "err", err)
			continue
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			r.log.Warn("target is lost", "peer", client.Source, "err", err)
			return
		}
		if err := client.Reply(b[:n]); err != nil {
			return
		}
	}
}

func (r *datagrams) forget(client netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if target, ok := r.clients[client]; ok {
		target.Close()
		delete(r.clients, client)
	}
}

func (r *datagrams) close() {
	r.mu.Lock()
	for _, target := range r.clients {
		target.Close()
	}
	r.mu.Unlock()
	r.replies.Wait()
}
