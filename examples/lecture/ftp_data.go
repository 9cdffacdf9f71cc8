package main

import (
	"context"
	"net"
	"net/netip"
	"strconv"

	"applayer/ftp"
)

// Data connections, each for one file.

// port listens beside the control connection and tells the server where.
func (f *ftpDialogue) port(ctx context.Context) (net.Listener, error) {
	host, _, err := net.SplitHostPort(f.control.LocalAddr().String())
	if err != nil {
		return nil, err
	}
	ln, err := f.n.network.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, err
	}
	at, err := netip.ParseAddrPort(ln.Addr().String())
	if err != nil {
		ln.Close()
		return nil, err
	}
	command, err := ftp.AppendPORT([]byte("PORT "), at)
	if err == nil {
		_, err = f.say(string(command), "where the client listens: "+host+", port "+strconv.Itoa(int(at.Port())), 200)
	}
	if err != nil {
		ln.Close()
		return nil, err
	}
	return ln, nil
}

// accept waits for the server's connection. It comes from the server's data
// port, which is the control port less one: 20 for 21.
func (f *ftpDialogue) accept(ctx context.Context, ln net.Listener) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	nc, err := ln.Accept()
	if err != nil {
		return nil, err
	}
	control, err := strconv.Atoi(portOf(f.control.RemoteAddr()))
	if err != nil {
		nc.Close()
		return nil, err
	}
	from := portOf(nc.RemoteAddr())
	if want := strconv.Itoa(control - 1); from != want {
		f.n.Printf("the server's data port would be %s, which something else has: it took %s", want, from)
	} else {
		f.n.Expect("the server's data port, its control port less one", want, from)
	}
	f.ports = append(f.ports, from)
	return f.data(ctx, nc), nil
}

// passive asks where to connect to, connects, and waits until the server has
// the connection.
func (f *ftpDialogue) passive(ctx context.Context, site *ftpSite) (net.Conn, error) {
	text, err := f.say("PASV", "where the server listens for the client to connect", 227)
	if err != nil {
		return nil, err
	}
	at, err := ftp.Parse227(text)
	if err != nil {
		return nil, err
	}
	select { // what an earlier data port left behind
	case <-site.taken:
	default:
	}
	nc, err := f.n.network.Dial(ctx, "tcp", at.String())
	if err != nil {
		return nil, err
	}
	select {
	case <-site.taken:
	case <-ctx.Done():
		nc.Close()
		return nil, ctx.Err()
	}
	return f.data(ctx, nc), nil
}

// data is a data connection with the taps on it.
func (f *ftpDialogue) data(ctx context.Context, nc net.Conn) net.Conn {
	if deadline, ok := ctx.Deadline(); ok {
		nc.SetDeadline(deadline)
	}
	return f.n.tapped(nc, "data")
}

func portOf(a net.Addr) string {
	_, port, _ := net.SplitHostPort(a.String())
	return port
}
