package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"applayer/examples/internal/directory"
	"applayer/sockets"
)

var hybridScene = Scene{
	Name:  "hybrid",
	Title: "a server says who is where, to those who say who they are; then two peers talk directly",
	Run:   playHybrid,
}

const directoryAddr = "directory.example:6000"

func playHybrid(ctx context.Context, n *Net) error {
	stop, err := serveDirectory(ctx, n)
	if err != nil {
		return err
	}
	defer stop()

	alice, err := newPeer(ctx, n, "alice")
	if err != nil {
		return err
	}
	defer alice.close()
	bob, err := newPeer(ctx, n, "bob")
	if err != nil {
		return err
	}
	defer bob.close()

	_, err = alice.directory.Where("bob")
	n.Expect("an address for somebody who has not logged in", "NO LOGIN first", refusal(err))
	err = alice.directory.Login("alice", "secret", alice.address())
	n.Expect("alice with bob's password", "NO wrong user or password", refusal(err))
	if err := errors.Join(alice.directory.Login("alice", "wonder", alice.address()), bob.directory.Login("bob", "secret", bob.address())); err != nil {
		return err
	}
	at, err := alice.directory.Where("bob")
	if err != nil {
		return err
	}
	n.Expect("bob is where his server process listens", bob.address(), at.String())

	// From here on alice's client process talks to bob's server process.
	ours, theirs, err := alice.call(ctx, n, at.String(), bob)
	if err != nil {
		return err
	}
	defer ours.Close()
	defer theirs.Close()
	if err := talk(ctx, n, "before", ours, theirs); err != nil {
		return err
	}
	if err := bob.directory.Logout(); err != nil {
		return err
	}
	_, err = alice.directory.Where("bob")
	n.Expect("bob has logged out: his address is told no more", "NO bob is not here", refusal(err))
	n.Printf("the server stops")
	stop()
	_, err = n.Dial(ctx, "tcp", directoryAddr)
	n.Expect("the directory answers no more", true, err != nil)
	return talk(ctx, n, "after", ours, theirs)
}

// serveDirectory starts the server of the two users.
func serveDirectory(ctx context.Context, n *Net) (stop func(), err error) {
	passwords := map[string]string{"alice": "wonder", "bob": "secret"}
	d := directory.New(func(user, password string) bool {
		want, ok := passwords[user]
		return ok && password == want
	})
	srv := &sockets.Server{Handler: sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
		remote, _ := c.RemoteAddr().(*net.TCPAddr)
		d.Serve(ctx, c, remote.AddrPort())
	})}
	ln, err := n.Listen(ctx, "tcp", directoryAddr)
	if err != nil {
		return nil, err
	}
	return serve(func() error { return srv.Serve(ln) }, srv.Close), nil
}

// peer has a client process, which asks the directory and calls others, and a
// server process, which others call.
type peer struct {
	name      string
	welcoming net.Listener
	conn      net.Conn
	directory *directory.Client
	release   func()
}

func newPeer(ctx context.Context, n *Net, name string) (*peer, error) {
	ln, err := n.Listen(ctx, "tcp", name+".example:5000")
	if err != nil {
		return nil, err
	}
	conn, err := n.DialNamed(ctx, name, "tcp", directoryAddr)
	if err != nil {
		ln.Close()
		return nil, err
	}
	return &peer{
		name: name, welcoming: ln, conn: conn,
		directory: directory.NewClient(conn),
		release:   sockets.WithContext(ctx, conn),
	}, nil
}

func (p *peer) address() string { return p.welcoming.Addr().String() }

func (p *peer) close() {
	p.release()
	p.conn.Close()
	p.welcoming.Close()
}

// call connects p's client process to the server process of other.
func (p *peer) call(ctx context.Context, n *Net, addr string, other *peer) (ours, theirs net.Conn, err error) {
	ours, err = n.DialNamed(ctx, p.name+"-"+other.name, "tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	theirs, err = other.welcoming.Accept()
	if err != nil {
		ours.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// talk passes a line each way.
func talk(ctx context.Context, n *Net, when string, ours, theirs net.Conn) error {
	for _, turn := range []struct {
		from, to net.Conn
		line     string
	}{
		{ours, theirs, "hello bob, " + when},
		{theirs, ours, "hello alice, " + when},
	} {
		release := sockets.WithContext(ctx, turn.to)
		_, err := io.WriteString(turn.from, turn.line+"\n")
		var got string
		if err == nil {
			got, err = bufio.NewReader(turn.to).ReadString('\n')
		}
		release()
		if err != nil {
			return err
		}
		n.Expect("a line between peers", turn.line+"\n", got)
	}
	return nil
}

// refusal is the reply with which the directory refused, or what came in its
// place.
func refusal(err error) string {
	if refused, ok := errors.AsType[*directory.RefusedError](err); ok {
		return refused.Reply
	}
	return fmt.Sprint(err)
}
