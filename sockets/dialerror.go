package sockets

import (
	"context"
	"errors"
	"net"
	"strings"
)

// DialError tells why there is no connection: the cause of each attempt, in
// the order in which they failed. errors.Is and errors.As look into all of
// them. It is a net.Error.
type DialError struct {
	// Network and Addr are what was to be dialled.
	Network, Addr string
	// Causes has an [*AttemptError] for each attempt, and what else went
	// wrong: a *net.DNSError, a [*LimitError], the error of the context.
	Causes []error
}

func (e *DialError) Error() string {
	var b strings.Builder
	b.WriteString("sockets: dial " + e.Network + " " + e.Addr)
	sep := ": "
	for _, err := range e.Causes {
		b.WriteString(sep + err.Error())
		sep = "; "
	}
	return b.String()
}

// Unwrap returns the causes.
func (e *DialError) Unwrap() []error { return e.Causes }

// Timeout tells that time ran out: the context's, or that of every attempt.
func (e *DialError) Timeout() bool {
	if errors.Is(e, context.DeadlineExceeded) {
		return true
	}
	for _, err := range e.Causes {
		if ne, ok := errors.AsType[net.Error](err); !ok || !ne.Timeout() {
			return false
		}
	}
	return len(e.Causes) > 0
}

// Temporary is always false; net.Error asks for the method.
func (e *DialError) Temporary() bool { return false }

// AttemptError is the failure of one connection attempt.
type AttemptError struct {
	// Addr is the address that was tried.
	Addr string
	// Err is the cause, mostly a *net.OpError.
	Err error
}

func (e *AttemptError) Error() string {
	// An OpError says dial, network and address again; its cause suffices.
	if op, ok := e.Err.(*net.OpError); ok && op.Op == "dial" && op.Err != nil {
		return e.Addr + ": " + op.Err.Error()
	}
	return e.Addr + ": " + e.Err.Error()
}

func (e *AttemptError) Unwrap() error { return e.Err }
