//go:build linux && (amd64 || arm64 || 386)

package berkeley_test

import (
	"bytes"
	"fmt"
	"strings"

	"applayer/sockets/berkeley"
)

// The lecture's pair over TCP: a server with a welcoming socket and a new
// socket for its client, a client that need not bind.
func Example() {
	welcome, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer welcome.Close()
	if err := welcome.Bind(berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK}); err != nil {
		fmt.Println(err)
		return
	}
	if err := welcome.Listen(berkeley.SOMAXCONN); err != nil {
		fmt.Println(err)
		return
	}
	addr, err := welcome.GetSockName()
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- serveOne(welcome) }()

	client, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	if err := client.Connect(addr); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.Send([]byte("hello"), 0); err != nil {
		fmt.Println(err)
		return
	}
	buf := make([]byte, 1024)
	n, err := client.Recv(buf, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", buf[:n])
	if err := <-served; err != nil {
		fmt.Println(err)
	}
	// Output: HELLO
}

// serveOne accepts a client and answers what it sends in upper case.
func serveOne(welcome berkeley.FD) error {
	conn, _, err := welcome.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	buf := make([]byte, 1024)
	n, err := conn.Recv(buf, 0)
	if err != nil {
		return err
	}
	_, err = conn.Send(bytes.ToUpper(buf[:n]), 0)
	return err
}

// A UDP client and server, each in one goroutine's hands, and the calls that
// they made.
func ExampleCalls() {
	var names []string
	calls := &berkeley.Calls{Trace: berkeley.Trace{Leave: func(c berkeley.Call) { names = append(names, c.Name) }}}
	buf := make([]byte, 2048)

	server, _ := calls.Socket(berkeley.PF_INET, berkeley.SOCK_DGRAM, 0)
	calls.Bind(server, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	addr, err := server.GetSockName()
	if err != nil {
		fmt.Println(err)
		return
	}
	client, _ := calls.Socket(berkeley.PF_INET, berkeley.SOCK_DGRAM, 0)
	calls.SendTo(client, []byte("hello"), 0, addr)
	n, from, _ := calls.RecvFrom(server, buf, 0)
	calls.SendTo(server, bytes.ToUpper(buf[:n]), 0, from)
	n, _, err = calls.RecvFrom(client, buf, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", buf[:n])
	calls.Close(client)
	calls.Close(server)
	fmt.Println(strings.Join(names, " "))
	// Output:
	// HELLO
	// socket bind socket sendto recvfrom sendto recvfrom close close
}
