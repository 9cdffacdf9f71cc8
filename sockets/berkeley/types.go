package berkeley

import "strconv"

// FD is a socket descriptor, a small number that the kernel gave. It has no
// finalizer: who opened it closes it.
type FD int

// Family is a protocol family, and the first field of every socket address.
// The numbers are Linux's.
type Family uint16

// The protocol families.
const (
	PF_UNSPEC Family = 0
	PF_UNIX   Family = 1
	PF_INET   Family = 2
	PF_INET6  Family = 10
)

// String gives the name of the C constant.
func (f Family) String() string {
	switch f {
	case PF_UNSPEC:
		return "PF_UNSPEC"
	case PF_UNIX:
		return "PF_UNIX"
	case PF_INET:
		return "PF_INET"
	case PF_INET6:
		return "PF_INET6"
	}
	return "Family(" + strconv.Itoa(int(f)) + ")"
}

// Type is the kind of transport that a socket gives.
type Type int

// The socket types: a stream of octets (TCP) and datagrams (UDP).
const (
	SOCK_STREAM Type = 1
	SOCK_DGRAM  Type = 2
)

// String gives the name of the C constant.
func (t Type) String() string {
	switch t {
	case SOCK_STREAM:
		return "SOCK_STREAM"
	case SOCK_DGRAM:
		return "SOCK_DGRAM"
	}
	return "Type(" + strconv.Itoa(int(t)) + ")"
}

// Protocol chooses among the protocols of a family and type. Zero is the usual
// one: TCP for a stream, UDP for datagrams.
type Protocol int

// The protocols, by their numbers in the IP header.
const (
	IPPROTO_IP   Protocol = 0
	IPPROTO_TCP  Protocol = 6
	IPPROTO_UDP  Protocol = 17
	IPPROTO_IPV6 Protocol = 41
)

// How tells [FD.Shutdown] which direction ends.
type How int

// The directions of shutdown.
const (
	SHUT_RD   How = 0
	SHUT_WR   How = 1
	SHUT_RDWR How = 2
)

// String gives the name of the C constant.
func (h How) String() string {
	switch h {
	case SHUT_RD:
		return "SHUT_RD"
	case SHUT_WR:
		return "SHUT_WR"
	case SHUT_RDWR:
		return "SHUT_RDWR"
	}
	return "How(" + strconv.Itoa(int(h)) + ")"
}

// Flags modify one send or receive.
type Flags int

// The flags of send and recv. MSG_TRUNC and MSG_CTRUNC are also found in
// [Msg.Flags] after RecvMsg: the datagram or its control data were cut.
const (
	MSG_OOB      Flags = 0x1
	MSG_PEEK     Flags = 0x2
	MSG_CTRUNC   Flags = 0x8
	MSG_TRUNC    Flags = 0x20
	MSG_DONTWAIT Flags = 0x40
	MSG_WAITALL  Flags = 0x100
	MSG_NOSIGNAL Flags = 0x4000
	// MSG_CMSG_CLOEXEC has descriptors that RecvMsg receives closed in programs
	// that this one starts.
	MSG_CMSG_CLOEXEC Flags = 0x40000000
)

// SOMAXCONN is the backlog that Linux has by default; listen cuts a larger one
// to the system's limit.
const SOMAXCONN = 4096

// Msg is what [FD.SendMsg] and [FD.RecvMsg] carry, the msghdr of C.
type Msg struct {
	// Name is the address: the destination to send to, nil on a connected
	// socket; or the source of what was received, nil when the kernel gave
	// none.
	Name Sockaddr
	// Buffers are written out, or filled, one after the other.
	Buffers [][]byte
	// Control is ancillary data. RecvMsg fills it and cuts it to what came.
	Control []byte
	// Flags tells after RecvMsg what happened, as in [MSG_TRUNC].
	Flags Flags
}
