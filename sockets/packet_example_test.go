package sockets_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"time"

	"applayer/sockets"
)

func ExamplePacketServer() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	pcs, err := sockets.ListenPackets(ctx, "udp", "127.0.0.1:0", 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := &sockets.PacketServer{
		Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
			p.Reply(bytes.ToUpper(p.Data))
		}),
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(pcs[0]) }()

	c, err := net.Dial("udp", pcs[0].LocalAddr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	deadline, _ := ctx.Deadline()
	c.SetDeadline(deadline)
	fmt.Fprint(c, "hello")
	b := make([]byte, 2048)
	n, err := c.Read(b)
	fmt.Printf("%s %v\n", b[:n], err)

	fmt.Println(s.Shutdown(ctx))
	fmt.Println(<-done)
	// Output:
	// HELLO <nil>
	// <nil>
	// sockets: server closed
}
