//go:build amd64 || arm64

package sockets

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"
)

// mmsghdr is the kernel's struct mmsghdr: a message and its length after the
// call (recvmmsg(2)).
type mmsghdr struct {
	hdr syscall.Msghdr
	n   uint32
	_   [4]byte
}

// mmsgReader reads with recvmmsg and sends the replies of a batch with
// sendmmsg: one system call for many datagrams each way. The calls run inside
// RawConn.Read and Write, so waiting is the runtime poller's and deadlines and
// Close work as ever.
type mmsgReader struct {
	socket *packetSocket
	conn   syscall.RawConn
	queue  bool // replies wait for flush
	zones  map[uint32]string

	in, out mmsgVector
	size    int // of in
	queued  int // replies in out
	sent    int // of queued
	replies [][]byte
	control [][]byte

	// What the last call gave. Fields and not results, because a function
	// that is made for each call would be an allocation for each.
	n          int
	errno      syscall.Errno
	recv, send func(fd uintptr) bool
}

// mmsgVector is the memory that a call points to.
type mmsgVector struct {
	msgs  []mmsghdr
	iovs  []syscall.Iovec
	names []syscall.RawSockaddrInet6 // large enough for both families
}

func newMmsgVector(n int) mmsgVector {
	return mmsgVector{make([]mmsghdr, n), make([]syscall.Iovec, n), make([]syscall.RawSockaddrInet6, n)}
}

// newPacketReader batches up to n datagrams where the socket and the system
// can. queue says that handlers run between read and flush.
func newPacketReader(k *packetSocket, n int, queue bool) packetReader {
	if k.udp == nil || n < 2 {
		return oneByOne{k}
	}
	conn, err := k.udp.SyscallConn()
	if err != nil {
		return oneByOne{k}
	}
	r := &mmsgReader{
		socket: k, conn: conn, queue: queue, zones: make(map[uint32]string),
		in: newMmsgVector(n), out: newMmsgVector(n),
		replies: make([][]byte, n), control: make([][]byte, n),
	}
	r.recv, r.send = r.recvmmsg, r.sendmmsg
	return r
}

// recvmmsg makes the call; false means that nothing is there yet and that
// nobody waits for us meanwhile.
func (r *mmsgReader) recvmmsg(fd uintptr) bool {
	r.n, r.errno = mmsg(syscall.SYS_RECVMMSG, fd, r.in.msgs[:r.size])
	return r.errno != syscall.EAGAIN || r.queued > 0
}

func (r *mmsgReader) sendmmsg(fd uintptr) bool {
	r.n, r.errno = mmsg(sysSendmmsg, fd, r.out.msgs[r.sent:r.queued])
	return r.errno != syscall.EAGAIN
}

// mmsg is recvmmsg and sendmmsg, which take the same arguments (the fifth is
// recvmmsg's timeout, none).
func mmsg(trap, fd uintptr, msgs []mmsghdr) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.Syscall6(trap, fd, uintptr(unsafe.Pointer(&msgs[0])),
			uintptr(len(msgs)), syscall.MSG_DONTWAIT, 0, 0)
		if errno == 0 {
			return int(n), 0
		}
		if errno != syscall.EINTR {
			return 0, errno
		}
	}
}

func (r *mmsgReader) read(ps []*Packet) (int, error) {
	r.size = min(len(ps), len(r.in.msgs))
	for i, p := range ps[:r.size] {
		m := &r.in.msgs[i].hdr
		r.in.point(i, p.buf[:r.socket.max])
		m.Name = (*byte)(unsafe.Pointer(&r.in.names[i]))
		m.Namelen = syscall.SizeofSockaddrInet6
		m.Flags = 0
		if r.socket.info.on() {
			m.Control = &p.oob[:1][0]
			m.SetControllen(cap(p.oob))
		}
	}
	for {
		if err := r.conn.Read(r.recv); err != nil {
			return 0, err
		}
		if r.errno != syscall.EAGAIN {
			break
		}
		// Replies leave when nothing more is there to read: under load many
		// share one call, and without load none waits.
		r.flush()
	}
	if r.errno != 0 {
		return 0, &net.OpError{Op: "read", Net: "udp", Addr: r.socket.pc.LocalAddr(), Err: r.errno}
	}
	for i, p := range ps[:r.n] {
		r.take(p, i)
	}
	return r.n, nil
}

// point makes message i of v point to b.
func (v *mmsgVector) point(i int, b []byte) {
	v.iovs[i].Base = unsafe.SliceData(b)
	v.iovs[i].SetLen(len(b))
	v.msgs[i].hdr.Iov = &v.iovs[i]
	v.msgs[i].hdr.Iovlen = 1
}

// take makes a Packet of message i.
func (r *mmsgReader) take(p *Packet, i int) {
	m := &r.in.msgs[i]
	p.Data = p.buf[:m.n]
	p.Truncated = m.hdr.Flags&syscall.MSG_TRUNC != 0
	p.peer = r.source(&r.in.names[i])
	p.Source = p.peer
	p.Destination, p.local = r.socket.local, localAddr{}
	if n := m.hdr.Controllen; r.socket.info.on() && n > 0 {
		r.socket.info.take(p, p.oob[:n])
	}
	p.queue = nil
	if r.queue {
		p.queue, p.slot = r, i
	}
}

// source reads the address of either family. In an IPv4 one the address stands
// where an IPv6 one has the flow.
func (r *mmsgReader) source(sa *syscall.RawSockaddrInet6) netip.AddrPort {
	var port [2]byte
	binary.NativeEndian.PutUint16(port[:], sa.Port)
	var a netip.Addr
	switch sa.Family {
	case syscall.AF_INET:
		var b [4]byte
		binary.NativeEndian.PutUint32(b[:], sa.Flowinfo)
		a = netip.AddrFrom4(b)
	case syscall.AF_INET6:
		a = netip.AddrFrom16(sa.Addr).Unmap()
		if sa.Scope_id != 0 {
			a = a.WithZone(r.zone(sa.Scope_id))
		}
	}
	return netip.AddrPortFrom(a, binary.BigEndian.Uint16(port[:]))
}

// zone names an interface as package net does.
func (r *mmsgReader) zone(index uint32) string {
	z, ok := r.zones[index]
	if !ok {
		z = strconv.FormatUint(uint64(index), 10)
		if i, err := net.InterfaceByIndex(int(index)); err == nil {
			z = i.Name
		}
		r.zones[index] = z
	}
	return z
}

// enqueue copies b for flush.
func (r *mmsgReader) enqueue(p *Packet, b []byte) error {
	if r.queued == len(r.out.msgs) {
		r.flush()
	}
	i := r.queued
	r.queued++
	r.replies[i] = append(r.replies[i][:0], b...)
	r.out.point(i, r.replies[i])
	m := &r.out.msgs[i].hdr
	m.Control = nil
	m.SetControllen(0)
	if r.socket.conn != nil {
		return nil
	}
	r.out.names[i] = r.in.names[p.slot]
	m.Name = (*byte)(unsafe.Pointer(&r.out.names[i]))
	m.Namelen = r.in.msgs[p.slot].hdr.Namelen
	if p.local != (localAddr{}) {
		r.control[i] = r.socket.info.appendTo(r.control[i][:0], p.local)
		m.Control = unsafe.SliceData(r.control[i])
		m.SetControllen(len(r.control[i]))
	}
	return nil
}

// flush sends what is queued. A reply that cannot be sent is counted and the
// others go on; on a connected socket an error may be what ICMP said of an
// earlier one, so the same is tried once more.
func (r *mmsgReader) flush() {
	c := r.socket.counters
	retried := -1
	for r.sent = 0; r.sent < r.queued; {
		if err := r.conn.Write(r.send); err != nil {
			c.writeErrors.Add(int64(r.queued - r.sent))
			break
		}
		switch {
		case r.errno == 0:
			octets := 0
			for _, m := range r.out.msgs[r.sent : r.sent+r.n] {
				octets += int(m.n)
			}
			c.replies.Add(int64(r.n))
			c.replyOctets.Add(int64(octets))
			r.sent += r.n
		case r.socket.conn != nil && retried != r.sent && isICMPError(r.errno):
			retried = r.sent
		default:
			c.writeErrors.Add(1)
			r.sent++
		}
	}
	r.queued = 0
}
