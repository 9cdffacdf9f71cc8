package telnet

import (
	"syscall"
	"unsafe"
)

// noSignal is nothing here: package net sets SO_NOSIGPIPE.
const noSignal = 0

// pollNow looks without waiting.
func pollNow(p *pollFD) syscall.Errno {
	_, _, errno := syscall.Syscall(syscall.SYS_POLL, uintptr(unsafe.Pointer(p)), 1, 0)
	return errno
}
