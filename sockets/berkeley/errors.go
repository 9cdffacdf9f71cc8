package berkeley

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// Errors that a [*CallError] matches in errors.Is, beside its errno.
var (
	// ErrWouldBlock is EAGAIN: the descriptor is in non-blocking mode, or a
	// time-out of its own has passed, and the call would have to wait.
	ErrWouldBlock = errors.New("berkeley: call would block")
	// ErrInProgress is EINPROGRESS: a connect in non-blocking mode has begun.
	// It is done when [Poll] says [POLLOUT]; [FD.SocketError] tells how it went.
	ErrInProgress = errors.New("berkeley: connection in progress")
	// ErrUnsupported is [errors.ErrUnsupported]: this system is not one of
	// those for which the calls are written.
	ErrUnsupported = errors.ErrUnsupported
)

// CallError tells which call failed, on what, and why. It matches
// [ErrWouldBlock], [ErrInProgress] and, for EBADF, [net.ErrClosed], and wraps
// the [syscall.Errno], so that errors.Is(err, syscall.ECONNREFUSED) works.
type CallError struct {
	// Call is the name of the call, as in "connect".
	Call string
	// FD is the descriptor; −1 where there was none yet.
	FD FD
	// Addr is the address that was given; nil where the call has none.
	Addr Sockaddr
	// Err is the syscall.Errno, as a rule.
	Err error
}

func (e *CallError) Error() string {
	var s strings.Builder
	s.WriteString("berkeley: " + e.Call)
	if e.Addr != nil {
		fmt.Fprintf(&s, " %s", quoteAddr(e.Addr))
	}
	if e.FD >= 0 {
		fmt.Fprintf(&s, " (descriptor %d)", e.FD)
	}
	fmt.Fprintf(&s, ": %v", e.Err)
	return s.String()
}

func (e *CallError) Unwrap() error { return e.Err }

// Is matches the errors of this package that stand for an errno.
func (e *CallError) Is(target error) bool {
	switch target {
	case ErrWouldBlock:
		return isWouldBlock(e.Err)
	case ErrInProgress:
		return isInProgress(e.Err)
	case net.ErrClosed:
		return isBadFD(e.Err)
	}
	return false
}

// Timeout tells that waiting longer might have helped, as [net.Error] asks.
func (e *CallError) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(e.Err, &t) && t.Timeout()
}

// Temporary tells whether the errno is one that passes, as [net.Error] asks.
func (e *CallError) Temporary() bool {
	var t interface{ Temporary() bool }
	return errors.As(e.Err, &t) && t.Temporary()
}

// quoteAddr gives an address for people; names that a peer chose are quoted.
func quoteAddr(sa Sockaddr) string {
	if sa.Family() == PF_UNIX {
		return fmt.Sprintf("%.100q", sa.String())
	}
	return sa.String()
}

// ParseError tells that octets are not the socket address that they should be,
// or that a socket address has no octets.
type ParseError struct {
	// Offset counts octets from the start of the struct.
	Offset int64
	// What names the field or struct.
	What string
	// Ref is the section that defines it, where there is one.
	Ref string
	// Reply is always 0: socket addresses have no replies.
	Reply int
	// Err is the cause, io.ErrUnexpectedEOF for a struct cut short.
	Err error
}

func (e *ParseError) Error() string {
	s := "berkeley: " + e.What
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	s += fmt.Sprintf(" at byte %d", e.Offset)
	if e.Ref != "" {
		s += " (" + e.Ref + ")"
	}
	return s
}

func (e *ParseError) Unwrap() error { return e.Err }
