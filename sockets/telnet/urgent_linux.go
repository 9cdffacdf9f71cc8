package telnet

import (
	"syscall"
	"unsafe"
)

const noSignal = syscall.MSG_NOSIGNAL

// pollNow looks without waiting.
func pollNow(p *pollFD) syscall.Errno {
	var now syscall.Timespec
	_, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(p)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return errno
}
