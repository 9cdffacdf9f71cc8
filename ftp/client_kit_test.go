package ftp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// actor plays a server by a script, in a goroutine of its own: what a decent
// one does, and what none would.
type actor struct {
	tb      testing.TB
	network *testkit.Network
	nc      net.Conn
	in      *bufio.Reader
	data    net.Listener
	tls     *tls.Config // for StartTLS and secure data connections
}

const actorAddr = "192.0.2.1:21"

// play starts a server that plays the scripts for one connection after the
// other, and returns the network on which it is. The test waits for the end of
// the last.
func play(tb testing.TB, scripts ...func(a *actor)) *testkit.Network {
	tb.Helper()
	return stage(tb, func(run func()) { run() }, scripts)
}

// playTogether is play for connections that are open at once.
func playTogether(tb testing.TB, scripts ...func(a *actor)) *testkit.Network {
	tb.Helper()
	var all sync.WaitGroup
	tb.Cleanup(all.Wait)
	return stage(tb, all.Go, scripts)
}

func stage(tb testing.TB, how func(run func()), scripts []func(a *actor)) *testkit.Network {
	tb.Helper()
	network := testkit.NewNetwork()
	l, err := network.Listen(tb.Context(), "tcp", actorAddr)
	require.NoError(tb, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer l.Close()
		for _, script := range scripts {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			a := &actor{tb: tb, network: network, nc: nc, in: bufio.NewReader(nc)}
			how(func() { a.run(script) })
		}
	}()
	tb.Cleanup(func() {
		l.Close()
		<-done
	})
	return network
}

// run plays one script, which a failed expectation ends.
func (a *actor) run(script func(a *actor)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		script(a)
	}()
	<-done
	a.nc.Close()
	if a.data != nil {
		a.data.Close()
	}
}

// say sends lines.
func (a *actor) say(lines ...string) {
	_, err := io.WriteString(a.nc, strings.Join(lines, "\r\n")+"\r\n")
	a.check(err)
}

func (a *actor) check(err error) {
	if !assert.NoError(a.tb, err) {
		runtime.Goexit()
	}
}

// read returns the next command.
func (a *actor) read() string {
	line, err := a.in.ReadString('\n')
	a.check(err)
	return strings.TrimSuffix(line, "\r\n")
}

// expect reads a command and answers it.
func (a *actor) expect(command string, replies ...string) {
	got := a.read()
	if !assert.Equal(a.tb, command, got) {
		runtime.Goexit()
	}
	if len(replies) > 0 {
		a.say(replies...)
	}
}

// gone waits for the end of the connection, without another command.
func (a *actor) gone() {
	rest, _ := io.ReadAll(a.in)
	assert.Empty(a.tb, string(rest))
}

// login greets and lets anonymous in. The features are those of FEAT.
func (a *actor) login(features ...string) {
	a.say("220 ready")
	a.expect("USER anonymous", "331 password")
	a.expect("PASS anonymous@", "230 in")
	a.feat(features...)
}

func (a *actor) feat(features ...string) {
	if len(features) == 0 {
		a.expect("FEAT", "502 no")
		return
	}
	a.expect("FEAT", "211-Features:\r\n "+strings.Join(features, "\r\n ")+"\r\n211 End")
}

// listen makes a data listener.
func (a *actor) listen() netip.AddrPort {
	if a.data != nil {
		a.data.Close()
	}
	l, err := a.network.Listen(context.Background(), "tcp", "192.0.2.1:0")
	a.check(err)
	a.data = l
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// epsv answers EPSV with a listener.
func (a *actor) epsv() {
	a.expect("EPSV", fmt.Sprintf("229 Entering Extended Passive Mode (|||%d|)", a.listen().Port()))
}

// accept takes the client's data connection.
func (a *actor) accept() net.Conn {
	nc, err := a.data.Accept()
	a.check(err)
	return nc
}

// send answers a command by EPSV with octets.
func (a *actor) send(command, octets string) {
	a.epsv()
	a.expect(command, fmt.Sprintf("150 Opening BINARY mode data connection (%d bytes).", len(octets)))
	nc := a.accept()
	io.WriteString(nc, octets)
	nc.Close()
	a.say("226 Transfer complete.")
}

// take answers a command with EPSV that sends octets to us.
func (a *actor) take(command string) string {
	a.epsv()
	a.expect(command, "150 go")
	nc := a.accept()
	b, err := io.ReadAll(nc)
	a.check(err)
	nc.Close()
	a.say("226 done")
	return string(b)
}

func (a *actor) typ(letter string) { a.expect("TYPE "+letter, "200 ok") }

func (a *actor) quit() { a.expect("QUIT", "221 bye") }

// dialActor opens a session with what plays on the network.
func dialActor(tb testing.TB, network *testkit.Network, opts *ftp.Options) *ftp.Client {
	tb.Helper()
	c, err := dialActorErr(tb, network, opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { c.Close() })
	return c
}

func dialActorErr(tb testing.TB, network *testkit.Network, opts *ftp.Options) (*ftp.Client, error) {
	return ftp.Dial(tb.Context(), "tcp", actorAddr, onNetwork(network, opts))
}

// onNetwork makes a client's options use the network.
func onNetwork(network *testkit.Network, opts *ftp.Options) *ftp.Options {
	o := ftp.Options{}
	if opts != nil {
		o = *opts
	}
	if o.DialControl == nil {
		o.DialControl = func(ctx context.Context, nw, addr string) (net.Conn, error) {
			return network.DialFrom(ctx, nw, "192.0.2.9:0", addr)
		}
	}
	if o.ListenData == nil {
		o.ListenData = network.Listen
	}
	return &o
}

// portOctets is a port as 227 has it.
func portOctets(p uint16) string { return fmt.Sprintf("%d,%d", p>>8, p&255) }

func portText(p int) string { return fmt.Sprint(p) }
