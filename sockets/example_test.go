package sockets_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"applayer/sockets"
)

// upperLines answers each line in capitals, and says goodbye at a shutdown.
func upperLines(_ context.Context, c *sockets.Conn) {
	r := bufio.NewReaderSize(c, 1024)
	for {
		c.MarkIdle()
		line, err := r.ReadSlice('\n')
		if errors.Is(err, sockets.ErrServerClosed) {
			io.WriteString(c, "BYE\n")
		}
		if err != nil {
			return
		}
		c.MarkBusy()
		if _, err := c.Write(bytes.ToUpper(line)); err != nil {
			return
		}
	}
}

func ExampleServer() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	s := &sockets.Server{
		Limits:  sockets.Limits{MaxConns: 100, IdleTimeout: time.Minute},
		Handler: sockets.HandlerFunc(upperLines),
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()

	c, err := new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	defer sockets.WithContext(ctx, c)()
	fmt.Fprintln(c, "hello")
	r := bufio.NewReader(c)
	line, err := r.ReadString('\n')
	fmt.Printf("%q %v\n", line, err)

	fmt.Println(s.Shutdown(ctx))
	line, err = r.ReadString('\n')
	fmt.Printf("%q %v\n", line, err)
	fmt.Println(<-served)
	// Output:
	// "HELLO\n" <nil>
	// <nil>
	// "BYE\n" <nil>
	// sockets: server closed
}

func ExampleNewConn() {
	here, there := net.Pipe()
	defer there.Close()
	c := sockets.NewConn(here, &sockets.ConnOptions{ReadTimeout: 10 * time.Millisecond})
	defer c.Close()
	_, err := c.Read(make([]byte, 1))
	limit, ok := errors.AsType[*sockets.LimitError](err)
	fmt.Println(ok, limit.Name)
	// Output: true ReadTimeout
}
