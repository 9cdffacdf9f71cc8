package sockets

import "syscall"

// errAddrInUse is Winsock's WSAEADDRINUSE: syscall.EADDRINUSE is an invented
// number on Windows, which no call returns.
const errAddrInUse = syscall.Errno(10048)

// errAddrNotAvail is Winsock's WSAEADDRNOTAVAIL.
const errAddrNotAvail = syscall.Errno(10049)
