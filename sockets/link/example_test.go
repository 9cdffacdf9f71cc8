package link_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"applayer/sockets/link"
)

// A client with an access link of 20 Mb/s, 10 ms from a server.
func ExampleLink_Dialer() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ln.Close()
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.Copy(c, c)
	}()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	l := &link.Link{Rate: 20_000_000, Delay: 10 * time.Millisecond}
	c, err := l.Dialer(nil)(ctx, "tcp", ln.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	b := []byte("hello")
	if _, err = c.Write(b); err == nil {
		_, err = io.ReadFull(c, b)
	}
	up, down := l.Counters()
	fmt.Println(string(b), err, up.Octets, down.Octets)
	// Output: hello <nil> 5 5
}
