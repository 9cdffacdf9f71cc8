package sockets

import (
	"errors"
	"syscall"
)

// Winsock's own numbers, which differ from package syscall's portable ones.
const (
	wsaEMSGSIZE     syscall.Errno = 10040
	wsaENETRESET    syscall.Errno = 10052
	wsaECONNRESET   syscall.Errno = 10054
	wsaECONNREFUSED syscall.Errno = 10061
)

// msgTrunc is MSG_TRUNC.
const msgTrunc = 0x0100

func isSystemICMPError(no syscall.Errno) bool {
	return no == wsaECONNRESET || no == wsaENETRESET || no == wsaECONNREFUSED
}

// isTruncation: Winsock fills the buffer and fails the call.
func isTruncation(err error) bool { return errors.Is(err, wsaEMSGSIZE) }
