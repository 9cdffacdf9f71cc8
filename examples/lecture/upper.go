package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"applayer/examples/internal/upper"
	"applayer/sockets"
)

var upperScene = Scene{
	Name:  "upper",
	Title: "a client reads a line, the server answers it in upper case: UDP, TCP, Unix-domain sockets",
	Run:   playUpper,
}

const upperAddr = "upper.example:12000"

func playUpper(ctx context.Context, n *Net) error {
	for _, act := range []func(context.Context, *Net) error{
		upperByUDP, upperByTCP, upperOneShot, upperWithinHost,
	} {
		if err := act(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// upperByUDP has no connection: each datagram is addressed by itself.
func upperByUDP(ctx context.Context, n *Net) error {
	n.Printf("over UDP: no connection, each datagram names its receiver")
	var source atomic.Value
	srv := &sockets.PacketServer{Handler: sockets.PacketHandlerFunc(func(ctx context.Context, p *sockets.Packet) {
		source.Store(p.Source.String())
		p.Reply(upper.Append(nil, p.Data))
	})}
	pc, err := n.ListenPacket(ctx, "udp", upperAddr)
	if err != nil {
		return err
	}
	defer serve(func() error { return srv.Serve(pc) }, srv.Close)()

	client, err := n.DialNamed(ctx, "udp", "udp", upperAddr)
	if err != nil {
		return err
	}
	defer client.Close()
	defer sockets.WithContext(ctx, client)()
	for _, tt := range []struct{ line, want string }{
		{"hello, world", "HELLO, WORLD"},
		{"größe in ångström", "GRÖßE IN ÅNGSTRÖM"},
		{strings.Repeat("x", upper.BufferSize), strings.Repeat("X", upper.BufferSize)},
	} {
		if _, err := io.WriteString(client, tt.line); err != nil {
			return err
		}
		reply := make([]byte, upper.BufferSize)
		size, err := client.Read(reply)
		if err != nil {
			return err
		}
		n.Expect("reply to "+short(tt.line), short(tt.want), short(string(reply[:size])))
	}
	n.Expect("the server answers the address that the datagram names", client.LocalAddr().String(), source.Load())
	return nil
}

// upperByTCP has a welcoming socket and a new socket for each client.
func upperByTCP(ctx context.Context, n *Net) error {
	n.Printf("over TCP: a welcoming socket, and a new socket for each client")
	stop, err := serveUpper(ctx, n, "tcp", upperAddr)
	if err != nil {
		return err
	}
	defer stop()

	alice, err := n.DialNamed(ctx, "alice", "tcp", upperAddr)
	if err != nil {
		return err
	}
	defer alice.Close()
	bob, err := n.DialNamed(ctx, "bob", "tcp", upperAddr)
	if err != nil {
		return err
	}
	defer bob.Close()
	n.Expect("each client has a socket of its own", false, alice.LocalAddr().String() == bob.LocalAddr().String())
	for _, tt := range []struct {
		what       string
		client     net.Conn
		sent, want string
	}{
		{"bob, while alice is connected", bob, "how about pickles?\n", "HOW ABOUT PICKLES?\n"},
		{"alice, in the same connection as before", alice, "do you like ketchup?\n", "DO YOU LIKE KETCHUP?\n"},
		{"alice, in Greek", alice, "ναι\n", "ΝΑΙ\n"},
		{"bob, without a line end", bob, "bye", "BYE"},
	} {
		got, err := ask(ctx, tt.client, tt.sent, len(tt.want))
		if err != nil {
			return err
		}
		n.Expect(tt.what, tt.want, got)
	}
	// The two octets of é in two segments: the first alone brings no reply.
	if _, err := ask(ctx, alice, "caf\xc3", len("CAF")); err != nil {
		return err
	}
	got, err := ask(ctx, alice, "\xa9\n", len("É\n"))
	if err != nil {
		return err
	}
	n.Expect("a character cut by a segment waits for its rest", "É\n", got)
	return nil
}

// upperOneShot is the textbook's server: it answers one receive of 1024
// octets and closes.
func upperOneShot(ctx context.Context, n *Net) error {
	n.Printf("against a server that answers one receive and closes: a connection for each line")
	const addr = "oneshot.example:12000"
	var conns atomic.Int64
	srv := &sockets.Server{Handler: sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
		conns.Add(1)
		buf := make([]byte, 1024)
		size, _ := c.Read(buf)
		c.Write(upper.Append(nil, buf[:size]))
	})}
	ln, err := n.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer serve(func() error { return srv.Serve(ln) }, srv.Close)()

	client := dialUpper(ctx, n, "oneshot", "tcp", addr)
	defer client.Close()
	for _, line := range []string{"first", "second", "third"} {
		reply, err := client.Convert([]byte(line + "\n"))
		if err != nil {
			return err
		}
		n.Expect("reply to "+line, strings.ToUpper(line)+"\n", string(reply))
	}
	n.Expect("connections for three lines", int64(3), conns.Load())
	return nil
}

// upperWithinHost is inter-process communication: no host, no port, a name in
// the file system.
func upperWithinHost(ctx context.Context, n *Net) error {
	n.Printf("within one host: Unix-domain sockets")
	stop, err := serveUpper(ctx, n, "unix", "upper.sock")
	if err != nil {
		return err
	}
	defer stop()
	client := dialUpper(ctx, n, "unix", "unix", "upper.sock")
	defer client.Close()
	for _, line := range []string{"one host\n", "two processes"} {
		reply, err := client.Convert([]byte(line))
		if err != nil {
			return err
		}
		n.Expect("reply to "+short(line), strings.ToUpper(line), string(reply))
	}
	return nil
}

// serveUpper starts the stream server of the pair.
func serveUpper(ctx context.Context, n *Net, network, addr string) (stop func(), err error) {
	srv := &sockets.Server{Handler: sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
		upper.ServeStream(c)
	})}
	ln, err := n.Listen(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return serve(func() error { return srv.Serve(ln) }, srv.Close), nil
}

// dialUpper makes the stream client of the pair.
func dialUpper(ctx context.Context, n *Net, name, network, addr string) *upper.Client {
	return &upper.Client{Dial: func() (upper.Conn, error) {
		nc, err := n.DialNamed(ctx, name, network, addr)
		if err != nil {
			return nil, err
		}
		conn, ok := nc.(upper.Conn)
		if !ok {
			nc.Close()
			return nil, fmt.Errorf("%s: its sending side can't be closed alone", network)
		}
		return conn, nil
	}}
}

// serve runs a server beside the scene; the function it returns closes it
// and waits.
func serve(serve, shut func() error) (stop func()) {
	var running sync.WaitGroup
	running.Go(func() { serve() })
	return func() {
		shut()
		running.Wait()
	}
}

// ask sends a text and reads a reply of so many octets.
func ask(ctx context.Context, c net.Conn, text string, size int) (string, error) {
	defer sockets.WithContext(ctx, c)()
	if _, err := io.WriteString(c, text); err != nil {
		return "", err
	}
	reply := make([]byte, size)
	_, err := io.ReadFull(c, reply)
	return string(reply), err
}

// short drops the line end and cuts a text that would fill the line.
func short(s string) string {
	s = strings.TrimSuffix(s, "\n")
	if len(s) > 60 {
		return fmt.Sprintf("%s… (%d octets)", s[:20], len(s))
	}
	return s
}
