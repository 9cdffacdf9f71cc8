package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"

	"applayer/examples/internal/upper"
	"applayer/sockets/berkeley"
)

var callsScene = Scene{
	Name:  "calls",
	Title: "the upper-casing pair on the Berkeley calls: which, in what order, which wait, how addresses lie in memory",
	Run:   playCalls,
}

// playCalls needs the system's own sockets: its stage is the loopback
// interface also in tests.
func playCalls(ctx context.Context, n *Net) error {
	for _, act := range []func(context.Context, *Net) error{
		callsOfTCP, callsOfUDP, callsThatWait, callsThatFail, callsWithoutBind,
		callsSockaddr, callsNames, callsPorts,
	} {
		if err := act(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// callsProgram is one of the programs of the scene: its calls are printed and
// remembered in order.
type callsProgram struct {
	berkeley.Calls
	n    *Net
	name string

	mu      sync.Mutex
	history []berkeley.Call
	entered map[string]chan struct{}
}

// newCallsProgram makes a program. Calls named in waits can be waited for.
func newCallsProgram(n *Net, name string, waits ...string) *callsProgram {
	p := &callsProgram{n: n, name: name, entered: map[string]chan struct{}{}}
	for _, call := range waits {
		p.entered[call] = make(chan struct{}, 1)
	}
	p.Trace = berkeley.Trace{Enter: p.enter, Leave: p.leave}
	return p
}

func (p *callsProgram) enter(c berkeley.Call) {
	select {
	case p.entered[c.Name] <- struct{}{}:
	default: // nobody waits for it
	}
}

func (p *callsProgram) leave(c berkeley.Call) {
	p.mu.Lock()
	p.history = append(p.history, c)
	p.mu.Unlock()
	p.n.Printf("%-10s  %s", p.name, c)
}

// order gives the names of the calls that have returned.
func (p *callsProgram) order() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for _, c := range p.history {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

// await waits until the program makes a call.
func (p *callsProgram) await(ctx context.Context, call string) error {
	select {
	case <-p.entered[call]:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s makes no %s: %w", p.name, call, ctx.Err())
	}
}

// wakeOn ends what waits on a socket when ctx ends: a blocking call knows no
// context. The function that it returns must be called before the socket is
// closed.
func wakeOn(ctx context.Context, fd berkeley.FD) (release func()) {
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		fd.Shutdown(berkeley.SHUT_RDWR)
		close(woken)
	})
	return func() {
		if !stop() {
			<-woken
		}
	}
}

// callsSocket opens a socket outside the table of calls; done closes it.
func callsSocket(ctx context.Context, family berkeley.Family, typ berkeley.Type) (fd berkeley.FD, done func(), err error) {
	fd, err = berkeley.Socket(family, typ, 0)
	if err != nil {
		return -1, nil, err
	}
	release := wakeOn(ctx, fd)
	return fd, func() { release(); fd.Close() }, nil
}

// onLoopbackPort is an address on this host with a port that the kernel picks.
var onLoopbackPort = berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK}

// callsOfTCP is the pair over TCP, as the lecture has it.
func callsOfTCP(ctx context.Context, n *Net) error {
	n.Printf("over TCP")
	server := newCallsProgram(n, "TCP server", "accept", "recv")
	welcome, err := server.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer welcome.Close()
	defer wakeOn(ctx, welcome)()
	if err := errors.Join(server.Bind(welcome, onLoopbackPort), server.Listen(welcome, berkeley.SOMAXCONN)); err != nil {
		return err
	}
	addr, err := welcome.GetSockName()
	if err != nil {
		return err
	}
	n.Expect("no client is there yet, and these have returned", "socket bind listen", server.order())

	var serving sync.WaitGroup
	var served error
	serving.Go(func() { served = serveOneByCalls(server, welcome) })
	client := newCallsProgram(n, "TCP client")
	reply, err := askByCalls(ctx, n, client, server, addr)
	welcome.Shutdown(berkeley.SHUT_RDWR) // wakes a server that waits in vain
	serving.Wait()
	if err := errors.Join(err, served); err != nil {
		return err
	}
	n.Expect("reply", "HELLO", reply)
	n.Expect("calls of the TCP client", "socket connect send recv close", client.order())
	n.Expect("calls of the TCP server", "socket bind listen accept recv send close", server.order())
	return nil
}

// serveOneByCalls accepts one client and answers one receive.
func serveOneByCalls(server *callsProgram, welcome berkeley.FD) error {
	conn, _, err := server.Accept(welcome)
	if err != nil {
		return err
	}
	server.n.Expect("accept gives a new socket", false, conn == welcome)
	buf := make([]byte, 1024)
	size, err := server.Recv(conn, buf, 0)
	if err == nil {
		_, err = server.Send(conn, upper.Append(nil, buf[:size]), 0)
	}
	return errors.Join(err, server.Close(conn))
}

// askByCalls sends one line and receives the reply. It connects and sends only
// when the server waits for it, so that the server's calls are seen to wait.
func askByCalls(ctx context.Context, n *Net, client, server *callsProgram, addr berkeley.Sockaddr) (string, error) {
	fd, err := client.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	if err != nil {
		return "", err
	}
	release := wakeOn(ctx, fd)
	reply, err := func() (string, error) {
		if err := server.await(ctx, "accept"); err != nil {
			return "", err
		}
		n.Expect("the server waits in accept", "socket bind listen", server.order())
		if err := client.Connect(fd, addr); err != nil {
			return "", err
		}
		if err := server.await(ctx, "recv"); err != nil {
			return "", err
		}
		n.Expect("the server waits in recv", "socket bind listen accept", server.order())
		wire, err := n.callsWire(fd, addr, "tcp",
			func(p []byte) (int, error) { return client.Send(fd, p, 0) },
			func(p []byte) (int, error) { return client.Recv(fd, p, 0) })
		if err != nil {
			return "", err
		}
		defer wire.Close()
		if _, err := wire.Write([]byte("hello")); err != nil {
			return "", err
		}
		buf := make([]byte, 1024)
		size, err := wire.Read(buf)
		return string(buf[:max(size, 0)]), err
	}()
	release()
	return reply, errors.Join(err, client.Close(fd))
}

// callsOfUDP is the pair over UDP: neither connects.
func callsOfUDP(ctx context.Context, n *Net) error {
	n.Printf("over UDP")
	server := newCallsProgram(n, "UDP server", "recvfrom")
	fd, err := server.Socket(berkeley.PF_INET, berkeley.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer fd.Close()
	release := wakeOn(ctx, fd)
	defer release()
	if err := server.Bind(fd, onLoopbackPort); err != nil {
		return err
	}
	addr, err := fd.GetSockName()
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	var served error
	serving.Go(func() {
		buf := make([]byte, upper.BufferSize)
		size, from, err := server.RecvFrom(fd, buf, 0)
		if err == nil {
			_, err = server.SendTo(fd, upper.Append(nil, buf[:size]), 0, from)
		}
		served = err
	})
	client := newCallsProgram(n, "UDP client")
	reply, err := askByDatagram(ctx, n, client, server, addr)
	fd.Shutdown(berkeley.SHUT_RDWR) // wakes a server that waits in vain
	serving.Wait()
	if err := errors.Join(err, served); err != nil {
		return err
	}
	n.Expect("reply", "HELLO", reply)
	n.Expect("calls of the UDP client", "socket sendto recvfrom close", client.order())
	n.Expect("calls of the UDP server", "socket bind recvfrom sendto", server.order())
	return nil
}

func askByDatagram(ctx context.Context, n *Net, client, server *callsProgram, addr berkeley.Sockaddr) (string, error) {
	fd, err := client.Socket(berkeley.PF_INET, berkeley.SOCK_DGRAM, 0)
	if err != nil {
		return "", err
	}
	release := wakeOn(ctx, fd)
	reply, err := func() (string, error) {
		if err := server.await(ctx, "recvfrom"); err != nil {
			return "", err
		}
		n.Expect("the server waits in recvfrom", "socket bind", server.order())
		// Sendto gives the socket its name, so the tap hears of it afterwards.
		sent, err := client.SendTo(fd, []byte("hello"), 0, addr)
		if err != nil {
			return "", err
		}
		var from berkeley.Sockaddr
		wire, err := n.callsWire(fd, addr, "udp",
			func([]byte) (int, error) { return sent, nil },
			func(p []byte) (size int, err error) {
				size, from, err = client.RecvFrom(fd, p, 0)
				return size, err
			})
		if err != nil {
			return "", err
		}
		defer wire.Close()
		wire.Write([]byte("hello"))
		buf := make([]byte, upper.BufferSize)
		size, err := wire.Read(buf)
		if err == nil {
			n.Expect("the reply comes from the address asked", addr.String(), from.String())
		}
		return string(buf[:max(size, 0)]), err
	}()
	release()
	return reply, errors.Join(err, client.Close(fd))
}

// callsThatFail shows what failure looks like, and that the welcoming socket
// carries no data.
func callsThatFail(ctx context.Context, n *Net) error {
	n.Printf("failure is -1, and the reason stands beside it")
	welcome, done, err := callsSocket(ctx, berkeley.PF_INET, berkeley.SOCK_STREAM)
	if err != nil {
		return err
	}
	defer done()
	if err := welcome.Bind(onLoopbackPort); err != nil {
		return err
	}
	addr, err := welcome.GetSockName()
	if err != nil {
		return err
	}
	p := newCallsProgram(n, "program")
	client, done, err := callsSocket(ctx, berkeley.PF_INET, berkeley.SOCK_STREAM)
	if err != nil {
		return err
	}
	defer done()
	err = p.Connect(client, addr)
	n.Expect("connect where nobody listens", "-1 ECONNREFUSED", p.failure(err, syscall.ECONNREFUSED, "ECONNREFUSED"))
	_, err = p.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, berkeley.IPPROTO_UDP)
	n.Expect("a stream by UDP", "-1 EPROTONOSUPPORT", p.failure(err, syscall.EPROTONOSUPPORT, "EPROTONOSUPPORT"))
	if err := welcome.Listen(1); err != nil {
		return err
	}
	_, err = p.Send(welcome, []byte("x"), 0)
	n.Expect("the listening socket sends no data", "-1 EPIPE", p.failure(err, syscall.EPIPE, "EPIPE"))
	_, err = p.Recv(welcome, make([]byte, 1), 0)
	n.Expect("the listening socket receives no data", "-1 ENOTCONN", p.failure(err, syscall.ENOTCONN, "ENOTCONN"))
	return nil
}

// failure names what the last call returned, with the name of the errno if it
// is the one expected.
func (p *callsProgram) failure(err error, want syscall.Errno, name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	result := p.history[len(p.history)-1].Result
	if !errors.Is(err, want) {
		name = fmt.Sprint(err)
	}
	return fmt.Sprintf("%d %s", result, name)
}

// callsWithoutBind shows that a client need not bind: the kernel gives its
// socket a port when it connects.
func callsWithoutBind(ctx context.Context, n *Net) error {
	n.Printf("a client need not bind")
	welcome, done, err := callsSocket(ctx, berkeley.PF_INET, berkeley.SOCK_STREAM)
	if err != nil {
		return err
	}
	defer done()
	if err := errors.Join(welcome.Bind(onLoopbackPort), welcome.Listen(1)); err != nil {
		return err
	}
	addr, err := welcome.GetSockName()
	if err != nil {
		return err
	}
	client, done, err := callsSocket(ctx, berkeley.PF_INET, berkeley.SOCK_STREAM)
	if err != nil {
		return err
	}
	defer done()
	before, err := client.GetSockName()
	if err != nil {
		return err
	}
	n.Expect("name of the client's socket before connect", "0.0.0.0:0", before.String())
	if err := client.Connect(addr); err != nil {
		return err
	}
	after, err := client.GetSockName()
	if err != nil {
		return err
	}
	conn, peer, err := welcome.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	n.Printf("after connect the kernel has named it %v", after)
	n.Expect("accept tells the server that name", after.String(), peer.String())
	return kernelsOwn(n, after)
}

// callsSockaddr shows the octets that bind hands to the kernel.
func callsSockaddr(_ context.Context, n *Net) error {
	n.Printf("struct sockaddr_in of port 5100 on INADDR_ANY")
	got, err := berkeley.SockaddrIn{Port: 5100, Addr: berkeley.INADDR_ANY}.Marshal()
	if err != nil {
		return err
	}
	if n.spoil != nil {
		n.spoil(false, got)
	}
	want := append([]byte{0x02, 0x00, 0x13, 0xec}, make([]byte, 12)...)
	if berkeley.Htons(1) == 1 {
		want[0], want[1] = 0x00, 0x02
		n.Printf("this machine is big-endian: the family, in its own order, is 00 02")
	}
	n.Expect("family (own order), port and address (network order), filling", want, got)
	n.Expect("port 5100 in network order", []byte{0x13, 0xec}, got[2:4])
	n.Expect("INADDR_ANY and 8 octets of zero", true, bytes.Equal(got[4:], make([]byte, 12)))
	return nil
}
