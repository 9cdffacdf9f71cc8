package berkeley

import (
	"syscall"
	"unsafe"
)

// On 386 the calls are one call, socketcall, with these numbers
// (linux/net.h).
const (
	callBind        = 2
	callConnect     = 3
	callGetSockName = 6
	callGetPeerName = 7
	callSendTo      = 11
	callRecvFrom    = 12
	callGetSockOpt  = 15
	callSendMsg     = 16
	callRecvMsg     = 17
	callAccept4     = 18
)

// socketcall hands over the arguments of a call, which lie in memory one word
// each. Pointers among them are kept as pointers, so that the collector sees
// what the kernel writes to.
func socketcall(nr uintptr, args unsafe.Pointer) (int, error) {
	r, _, errno := syscall.Syscall(syscall.SYS_SOCKETCALL, nr, uintptr(args), 0)
	return result(r, errno)
}

// call3 makes bind, connect, sendmsg and recvmsg: a descriptor, a pointer, a
// number.
func call3(nr uintptr, fd FD, p unsafe.Pointer, n uintptr) (int, error) {
	args := struct {
		fd FD
		p  unsafe.Pointer
		n  uintptr
	}{fd, p, n}
	return socketcall(nr, unsafe.Pointer(&args))
}

// callName makes accept4, getsockname and getpeername, which write an address.
func callName(nr uintptr, fd FD, name *storage, flags uintptr) (int, error) {
	args := struct {
		fd     FD
		octets *[sizeStorage]byte
		len    *uint32
		flags  uintptr
	}{fd, &name.octets, &name.len, flags}
	return socketcall(nr, unsafe.Pointer(&args))
}

func sysSendTo(fd FD, p []byte, flags Flags, to []byte) (int, error) {
	args := struct {
		fd    FD
		p     *byte
		n     int
		flags Flags
		to    *byte
		len   int
	}{fd, unsafe.SliceData(p), len(p), flags, unsafe.SliceData(to), len(to)}
	return socketcall(callSendTo, unsafe.Pointer(&args))
}

func sysRecvFrom(fd FD, p []byte, flags Flags, from *storage) (int, error) {
	args := struct {
		fd     FD
		p      *byte
		n      int
		flags  Flags
		octets *[sizeStorage]byte
		len    *uint32
	}{fd: fd, p: unsafe.SliceData(p), n: len(p), flags: flags}
	if from != nil {
		args.octets, args.len = &from.octets, &from.len
	}
	return socketcall(callRecvFrom, unsafe.Pointer(&args))
}

func sysGetSockOpt(fd FD, level, option int, value []byte) (int, error) {
	n := uint32(len(value))
	args := struct {
		fd            FD
		level, option int
		value         *byte
		n             *uint32
	}{fd, level, option, unsafe.SliceData(value), &n}
	if _, err := socketcall(callGetSockOpt, unsafe.Pointer(&args)); err != nil {
		return -1, err
	}
	return int(n), nil
}

func setIovlen(m *syscall.Msghdr, n int) { m.Iovlen = uint32(n) }
