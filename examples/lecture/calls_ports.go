package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"applayer/sockets"
	"applayer/sockets/berkeley"
)

// callsNames shows what names a socket: address, protocol and port; among the
// processes of one host the port tells which is meant.
func callsNames(ctx context.Context, n *Net) error {
	n.Printf("a socket is named by address, protocol and port")
	stream, datagram, done, err := samePort(ctx)
	if err != nil {
		return err
	}
	defer done()
	addr, err := stream.GetSockName()
	if err != nil {
		return err
	}
	n.Printf("two sockets are bound to %v: one of TCP, one of UDP", addr)
	second, done, err := callsSocket(ctx, berkeley.PF_INET, berkeley.SOCK_STREAM)
	if err != nil {
		return err
	}
	defer done()
	n.Expect("a second one of TCP gets EADDRINUSE", true, errors.Is(second.Bind(addr), syscall.EADDRINUSE))
	elsewhere := addr.(berkeley.SockaddrIn)
	elsewhere.Addr++ // 127.0.0.2
	n.Expect("but on another address, "+elsewhere.String(), nil, second.Bind(elsewhere))

	other, done, err := callsSocket(ctx, berkeley.PF_INET, berkeley.SOCK_DGRAM)
	if err != nil {
		return err
	}
	defer done()
	if err := other.Bind(onLoopbackPort); err != nil {
		return err
	}
	return portTellsProcess(ctx, n, datagram, other)
}

// samePort binds a socket of TCP and one of UDP to one address and port.
func samePort(ctx context.Context) (stream, datagram berkeley.FD, done func(), err error) {
	// The port that the kernel picked for TCP may be taken for UDP.
	for range 20 {
		var closeStream, closeDatagram func()
		stream, closeStream, err = callsSocket(ctx, berkeley.PF_INET, berkeley.SOCK_STREAM)
		if err != nil {
			return -1, -1, nil, err
		}
		datagram, closeDatagram, err = callsSocket(ctx, berkeley.PF_INET, berkeley.SOCK_DGRAM)
		if err != nil {
			closeStream()
			return -1, -1, nil, err
		}
		done = func() { closeStream(); closeDatagram() }
		var addr berkeley.Sockaddr
		if err = stream.Bind(onLoopbackPort); err == nil {
			if addr, err = stream.GetSockName(); err == nil {
				if err = datagram.Bind(addr); err == nil {
					return stream, datagram, done, nil
				}
			}
		}
		done()
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return -1, -1, nil, err
}

// portTellsProcess sends a datagram to each of two servers on one host.
func portTellsProcess(ctx context.Context, n *Net, first, second berkeley.FD) error {
	client, done, err := callsSocket(ctx, berkeley.PF_INET, berkeley.SOCK_DGRAM)
	if err != nil {
		return err
	}
	defer done()
	servers := []berkeley.FD{first, second}
	for i, fd := range servers {
		addr, err := fd.GetSockName()
		if err != nil {
			return err
		}
		if _, err := client.SendTo(fmt.Appendf(nil, "for server %d", i+1), 0, addr); err != nil {
			return err
		}
	}
	for i, fd := range servers {
		buf := make([]byte, 64)
		size, err := fd.Recv(buf, 0)
		if err != nil {
			return err
		}
		n.Expect("on one host the port tells the process", fmt.Sprintf("for server %d", i+1), n.received(buf[:size]))
	}
	return nil
}

// received is what came to a socket without a tap: a test may spoil it here,
// as it does on the wire elsewhere.
func (n *Net) received(b []byte) string {
	if n.spoil != nil {
		n.spoil(true, b)
	}
	return string(b)
}

// lectureServices are the ports that the lecture names.
var lectureServices = []struct {
	name  string
	ports string
}{
	{"ftp-data", "20"}, {"ftp", "21"}, {"ssh", "22"}, {"telnet", "23"},
	{"smtp", "25"}, {"domain", "53"}, {"http", "80"}, {"pop3", "110"},
}

// callsPorts shows the classes of ports and the services' own.
func callsPorts(_ context.Context, n *Net) error {
	n.Printf("classes of ports (RFC 6335 §6)")
	for _, tt := range []struct {
		port uint16
		want string
	}{
		{0, "well-known"}, {1023, "well-known"}, {1024, "registered"}, {5100, "registered"},
		{12000, "registered"}, {49151, "registered"}, {49152, "dynamic"}, {65535, "dynamic"},
	} {
		n.Expect(fmt.Sprintf("port %d", tt.port), tt.want, sockets.PortClass(tt.port).String())
	}
	ports := map[string][]string{}
	rows := [][]string{{"service", "port", "transport", "class", "reference"}}
	for _, s := range sockets.Services() {
		port := fmt.Sprint(s.Port)
		if len(ports[s.Name]) == 0 || ports[s.Name][0] != port {
			ports[s.Name] = append(ports[s.Name], port)
		}
		rows = append(rows, []string{s.Name, port, s.Network, sockets.PortClass(s.Port).String(), s.Ref})
	}
	n.Table(rows...)
	for _, s := range lectureServices {
		n.Expect("port of "+s.name, s.ports, strings.Join(ports[s.name], " "))
	}
	n.Printf("the slides give Telnet's port as 22; 22 is SSH's, Telnet's is %s (RFC 854)", strings.Join(ports["telnet"], " "))
	lo, hi, err := sockets.EphemeralRange()
	if err != nil {
		return err
	}
	n.Printf("the slides have private ports above 49151; this kernel hands out %d-%d (Linux by default 32768-60999)", lo, hi)
	return nil
}

// kernelsOwn checks that a port that nobody bound is of the kernel's range.
func kernelsOwn(n *Net, sa berkeley.Sockaddr) error {
	lo, hi, err := sockets.EphemeralRange()
	if err != nil {
		return err
	}
	ap, _ := berkeley.AddrPortOf(sa)
	n.Printf("the kernel's own range of ports is %d-%d", lo, hi)
	n.Expect("the client's port lies in it", true, ap.Port() >= lo && ap.Port() <= hi)
	return nil
}
