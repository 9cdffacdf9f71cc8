package testkit

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Relay stands between two programs: it listens on an address of its own on
// network (tcp, tcp4, tcp6 or unix), connects to target for each client, and
// passes on what either side sends, half-closes too. Before octets go on,
// record gets them with the direction; its calls come one at a time, in the
// order in which the octets passed. It must not keep b. The relay's
// connections and goroutines end with the test.
func Relay(tb testing.TB, network, target string, record func(fromClient bool, b []byte)) (addr string) {
	tb.Helper()
	return startRelay(tb, network, &relay{record: record, dial: func() (net.Conn, error) { return net.Dial(network, target) }}, nil)
}

// RelayTLS is [Relay] over TCP for two programs that speak TLS from the
// beginning: it shows the client the certificate of server, makes a connection
// of its own to target as client says, and records what is inside.
func RelayTLS(tb testing.TB, target string, server, client *tls.Config, record func(fromClient bool, b []byte)) (addr string) {
	tb.Helper()
	return startRelay(tb, "tcp", &relay{record: record, dial: func() (net.Conn, error) { return tls.Dial("tcp", target, client) }}, server)
}

// startRelay makes the relay listen, over TLS where server is not nil.
func startRelay(tb testing.TB, network string, r *relay, server *tls.Config) (addr string) {
	tb.Helper()
	l, err := relayListener(tb, network)
	if err != nil {
		tb.Fatalf("testkit: relay: %v", err)
		return ""
	}
	if server != nil {
		l = tls.NewListener(l, server)
	}
	r.tb, r.open = tb, map[net.Conn]bool{}
	r.wg.Go(func() { r.accept(l) })
	tb.Cleanup(func() {
		l.Close()
		r.closeAll()
		r.wg.Wait()
	})
	return l.Addr().String()
}

func relayListener(tb testing.TB, network string) (net.Listener, error) {
	switch network {
	case "unix":
		// The test's own folder may have a name longer than a socket's path.
		dir, err := os.MkdirTemp("", "relay")
		if err != nil {
			return nil, err
		}
		tb.Cleanup(func() { os.RemoveAll(dir) })
		return net.Listen(network, filepath.Join(dir, "s"))
	case "tcp6":
		return net.Listen(network, "[::1]:0")
	default:
		return net.Listen(network, "127.0.0.1:0")
	}
}

type relay struct {
	tb     testing.TB
	dial   func() (net.Conn, error) // connects to the target
	record func(fromClient bool, b []byte)
	wg     sync.WaitGroup

	recording sync.Mutex // keeps the calls of record apart

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

func (r *relay) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return // closed at the end of the test
		}
		server, err := r.dial()
		if err != nil {
			r.tb.Logf("testkit: relay: %v", err)
			client.Close()
			continue
		}
		if !r.add(client, server) {
			return
		}
		r.wg.Go(func() { r.serve(client, server) })
	}
}

// add keeps the connections for closeAll, and closes them if that has run.
func (r *relay) add(conns ...net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		if r.closed {
			c.Close()
			continue
		}
		r.open[c] = true
	}
	return !r.closed
}

func (r *relay) closeAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for c := range r.open {
		c.Close()
	}
}

func (r *relay) serve(client, server net.Conn) {
	var up sync.WaitGroup
	up.Go(func() { r.pass(server, client, true) })
	r.pass(client, server, false)
	up.Wait()
	client.Close()
	server.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, client)
	delete(r.open, server)
}

// pass copies until src ends, then half-closes dst. An error on either side
// closes both, so that the other direction ends too.
func (r *relay) pass(dst, src net.Conn, fromClient bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			r.note(fromClient, buf[:n])
			if _, werr := dst.Write(buf[:n]); werr != nil {
				err = werr
			}
		}
		switch {
		case err == io.EOF:
			if half, ok := dst.(interface{ CloseWrite() error }); ok {
				half.CloseWrite()
			}
			return
		case err != nil:
			src.Close()
			dst.Close()
			return
		}
	}
}

func (r *relay) note(fromClient bool, b []byte) {
	r.recording.Lock()
	defer r.recording.Unlock()
	r.record(fromClient, b)
}
