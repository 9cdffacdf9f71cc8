package sockets

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// Conn returns a connection that reads and writes nc and records what passes.
// The name tells several connections apart and may be empty; server tells that
// our side is the server, so that what is written is the server's.
//
// What is written is recorded when it is handed to nc, so that it stands
// before the answer to it; what is read, when it has arrived. The connection
// has CloseWrite and SyscallConn, which give errors.ErrUnsupported where nc
// has none; what is moved through the raw connection is not recorded. It has no
// ReadFrom and WriteTo, so that io.Copy shows it every octet.
func (t *Transcript) Conn(nc net.Conn, name string, server bool) net.Conn {
	return &transcriptConn{Conn: nc, tap: newTranscriptTap(t, isPacketConn(nc), name, server)}
}

// PacketConn is [Transcript.Conn] for packets. Each is one line.
func (t *Transcript) PacketConn(pc net.PacketConn, name string, server bool) net.PacketConn {
	return &transcriptPacketConn{PacketConn: pc, tap: newTranscriptTap(t, true, name, server)}
}

// transcriptTap knows both directions of one connection.
type transcriptTap struct {
	t       *Transcript
	packets bool
	// Guarded by t.recording.
	said, heard transcriptDirection
}

func newTranscriptTap(t *Transcript, packets bool, name string, server bool) *transcriptTap {
	return &transcriptTap{
		t:       t,
		packets: packets,
		said:    transcriptDirection{t: t, conn: name, server: server},
		heard:   transcriptDirection{t: t, conn: name, server: !server},
	}
}

// isPacketConn tells whether a Write on nc is a message of its own.
func isPacketConn(nc net.Conn) bool {
	local := nc.LocalAddr()
	if local == nil {
		return false
	}
	network := local.Network()
	return strings.HasPrefix(network, "udp") || network == "unixgram" || network == "unixpacket"
}

func (p *transcriptTap) say(b []byte)  { p.record(&p.said, &p.heard, b) }
func (p *transcriptTap) hear(b []byte) { p.record(&p.heard, &p.said, b) }

func (p *transcriptTap) record(from, other *transcriptDirection, b []byte) {
	p.t.recording.Lock()
	defer p.t.recording.Unlock()
	if p.packets {
		from.packet(b)
		return
	}
	if len(b) > 0 {
		other.flush() // it was the other side's turn until here
	}
	from.write(b)
}

func (p *transcriptTap) flush(directions ...*transcriptDirection) {
	p.t.recording.Lock()
	defer p.t.recording.Unlock()
	for _, d := range directions {
		d.flush()
	}
}

type transcriptConn struct {
	net.Conn
	tap *transcriptTap
}

func (c *transcriptConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 || err == nil && c.tap.packets && len(b) > 0 {
		c.tap.hear(b[:n])
	}
	if errors.Is(err, io.EOF) {
		c.tap.flush(&c.tap.heard)
	}
	return n, err
}

func (c *transcriptConn) Write(b []byte) (int, error) {
	c.tap.say(b)
	return c.Conn.Write(b)
}

func (c *transcriptConn) Close() error {
	c.tap.flush(&c.tap.heard, &c.tap.said)
	return c.Conn.Close()
}

// CloseWrite tells the peer that nothing more comes.
func (c *transcriptConn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	c.tap.flush(&c.tap.said)
	return half.CloseWrite()
}

// SyscallConn gives the system's own connection, past the transcript.
func (c *transcriptConn) SyscallConn() (syscall.RawConn, error) {
	return rawConn(c.Conn)
}

// NetConn returns the connection that is recorded.
func (c *transcriptConn) NetConn() net.Conn { return c.Conn }

type transcriptPacketConn struct {
	net.PacketConn
	tap *transcriptTap
}

func (c *transcriptPacketConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := c.PacketConn.ReadFrom(b)
	if err == nil {
		c.tap.hear(b[:n])
	}
	return n, addr, err
}

func (c *transcriptPacketConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	c.tap.say(b)
	return c.PacketConn.WriteTo(b, addr)
}

// SyscallConn gives the system's own socket, past the transcript.
func (c *transcriptPacketConn) SyscallConn() (syscall.RawConn, error) {
	return rawConn(c.PacketConn)
}

func rawConn(c any) (syscall.RawConn, error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, err
	}
	return plainRaw{raw}, nil
}
