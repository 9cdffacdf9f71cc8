//go:build !windows

package sockets

import "syscall"

const msgTrunc = syscall.MSG_TRUNC

func isSystemICMPError(syscall.Errno) bool { return false }

// isTruncation: a flag tells it, not an error.
func isTruncation(error) bool { return false }
