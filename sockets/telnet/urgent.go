package telnet

import (
	"errors"
	"net"
	"os"
	"syscall"

	"applayer/sockets"
)

// PrepareUrgent makes the urgent octets of nc come in line with the others
// (SO_OOBINLINE). Without it the system takes an urgent octet out of the
// stream, so that of IAC DM the IAC alone is read, and it swallows the octet
// behind it. Every Telnet and FTP control connection needs it; [NewConn] calls
// it.
//
// The error is [errors.ErrUnsupported] where there are no urgent octets: on a
// connection that is no plain TCP connection, as over TLS (RFC 4217 §14), and
// on systems other than Linux and macOS. Nothing is lost then but the hurry.
func PrepareUrgent(nc net.Conn) error {
	raw, err := urgentRaw(nc)
	if err != nil {
		return err
	}
	return prepareUrgent(raw)
}

// SendUrgent sends b with its last octet marked as urgent (MSG_OOB), the DM of
// a Synch. The mark reaches the peer even where its window is full. Where there
// are no urgent octets, see [PrepareUrgent], b is sent like other data. It may
// not run beside a Write.
func SendUrgent(nc net.Conn, b []byte) (int, error) {
	raw, err := urgentRaw(nc)
	if err != nil {
		return nc.Write(b)
	}
	n := 0
	if c, ok := nc.(*sockets.Conn); ok && len(b) > 1 {
		// A Write of the Conn's own renews the deadline that the raw one goes by.
		if n, err = c.Write(b[:len(b)-1]); err != nil {
			return n, err
		}
	}
	m, err := sendUrgent(raw, b[n:])
	n += m
	if errors.Is(err, os.ErrDeadlineExceeded) {
		m, err = nc.Write(b[n:]) // not hurried, and for as long as nc allows
		return n + m, err
	}
	if err != nil {
		err = &net.OpError{Op: "write", Net: "tcp", Source: nc.LocalAddr(), Addr: nc.RemoteAddr(), Err: err}
	}
	return n, err
}

// AtMark tells whether the next octet to be read is the one that the peer
// marked as urgent (SIOCATMARK). No Read goes past it in one go. The errors are
// those of [PrepareUrgent].
func AtMark(nc net.Conn) (bool, error) {
	raw, err := urgentRaw(nc)
	if err != nil {
		return false, err
	}
	return atMark(raw)
}

// UrgentPending tells whether an urgent octet is on its way that was not yet
// read, however much there is to read before it. What stands before it is to be
// read and, its commands apart, dropped (RFC 854, "THE TELNET "SYNCH" SIGNAL").
// The errors are those of [PrepareUrgent].
func UrgentPending(nc net.Conn) (bool, error) {
	raw, err := urgentRaw(nc)
	if err != nil {
		return false, err
	}
	return urgentPending(raw)
}

// urgentRaw finds the TCP connection below taps and limits, if nothing stands
// between that changes the octets.
func urgentRaw(nc net.Conn) (syscall.RawConn, error) {
	for {
		switch c := nc.(type) {
		case *net.TCPConn:
			return rawOf(c)
		case *sockets.Conn:
			if _, encrypted := c.TLS(); encrypted {
				return nil, errNoUrgent
			}
			nc = c.NetConn()
		case tap:
			nc = c.NetConn()
		default:
			return nil, errNoUrgent
		}
	}
}

// tap is a connection that passes on what it gets, as [sockets.Transcript]
// makes one; a *tls.Conn has no SyscallConn.
type tap interface {
	syscall.Conn
	NetConn() net.Conn
}
