package berkeley

import (
	"net"
	"os"
)

// FileConn hands a connected socket over to package net, which has it on the
// runtime's poller from then on. The descriptor is closed; on an error it stays
// open and is still the caller's.
func FileConn(fd FD) (net.Conn, error) { return handOver(fd, net.FileConn) }

// FileListener hands a listening socket over to package net, as [FileConn].
func FileListener(fd FD) (net.Listener, error) { return handOver(fd, net.FileListener) }

// FilePacketConn hands a datagram socket over to package net, as [FileConn].
func FilePacketConn(fd FD) (net.PacketConn, error) { return handOver(fd, net.FilePacketConn) }

// handOver gives take a duplicate, which it duplicates again for itself, and
// closes fd when take took it. An os.File of fd itself would close it behind
// the caller's back when take fails.
func handOver[T interface{ Close() error }](fd FD, take func(*os.File) (T, error)) (c T, err error) {
	f, err := fd.dupFile()
	if err != nil {
		return c, err
	}
	defer f.Close()
	if c, err = take(f); err != nil {
		return c, fd.failed("file", nil, err)
	}
	if err := fd.Close(); err != nil {
		c.Close()
		var none T
		return none, err
	}
	return c, nil
}

// dupFile gives a second descriptor of the socket as a file.
func (fd FD) dupFile() (*os.File, error) {
	dup, err := sysDup(fd)
	if err != nil {
		return nil, fd.failed("fcntl", nil, err)
	}
	return os.NewFile(uintptr(dup), "socket"), nil
}
