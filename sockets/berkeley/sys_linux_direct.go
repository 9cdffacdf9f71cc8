//go:build linux && (amd64 || arm64)

package berkeley

import (
	"syscall"
	"unsafe"
)

// The numbers of the calls.
const (
	callBind        = syscall.SYS_BIND
	callConnect     = syscall.SYS_CONNECT
	callAccept4     = syscall.SYS_ACCEPT4
	callGetSockName = syscall.SYS_GETSOCKNAME
	callGetPeerName = syscall.SYS_GETPEERNAME
	callSendMsg     = syscall.SYS_SENDMSG
	callRecvMsg     = syscall.SYS_RECVMSG
)

// call3 makes bind, connect, sendmsg and recvmsg: a descriptor, a pointer, a
// number.
func call3(nr uintptr, fd FD, p unsafe.Pointer, n uintptr) (int, error) {
	r, _, errno := syscall.Syscall(nr, uintptr(fd), uintptr(p), n)
	return result(r, errno)
}

// callName makes accept4, getsockname and getpeername, which write an address.
func callName(nr uintptr, fd FD, name *storage, flags uintptr) (int, error) {
	r, _, errno := syscall.Syscall6(nr, uintptr(fd), uintptr(unsafe.Pointer(&name.octets)), uintptr(unsafe.Pointer(&name.len)), flags, 0, 0)
	return result(r, errno)
}

func sysSendTo(fd FD, p []byte, flags Flags, to []byte) (int, error) {
	r, _, errno := syscall.Syscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		uintptr(flags), uintptr(unsafe.Pointer(unsafe.SliceData(to))), uintptr(len(to)))
	return result(r, errno)
}

func sysRecvFrom(fd FD, p []byte, flags Flags, from *storage) (int, error) {
	var octets, n unsafe.Pointer
	if from != nil {
		octets, n = unsafe.Pointer(&from.octets), unsafe.Pointer(&from.len)
	}
	r, _, errno := syscall.Syscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		uintptr(flags), uintptr(octets), uintptr(n))
	return result(r, errno)
}

func sysGetSockOpt(fd FD, level, option int, value []byte) (int, error) {
	n := uint32(len(value))
	_, _, errno := syscall.Syscall6(syscall.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(option),
		uintptr(unsafe.Pointer(unsafe.SliceData(value))), uintptr(unsafe.Pointer(&n)), 0)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

func setIovlen(m *syscall.Msghdr, n int) { m.Iovlen = uint64(n) }
