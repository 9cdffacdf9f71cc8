package berkeley

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Call is one call as it was made, for a [Trace].
type Call struct {
	// Name is the call's name, as in "accept".
	Name string
	// FD is the descriptor that it was made on; −1 for socket.
	FD FD
	// Args are the other arguments in words, as in "127.0.0.1:80".
	Args []string
	// Result is what it returned, −1 for a failure.
	Result int
	// Peer is the address that accept, recvfrom and the like gave.
	Peer Sockaddr
	// Err tells why it failed.
	Err error
}

// String writes the call as the C programmer knows it, with its result:
// "bind(3, 127.0.0.1:5100) = 0".
func (c Call) String() string {
	var s strings.Builder
	s.WriteString(c.Name + "(")
	args := c.Args
	if c.FD >= 0 {
		args = append([]string{fmt.Sprint(int(c.FD))}, args...)
	}
	fmt.Fprintf(&s, "%s) = %d", strings.Join(args, ", "), c.Result)
	if c.Peer != nil {
		s.WriteString(" " + quoteAddr(c.Peer))
	}
	var errno syscall.Errno
	switch {
	case errors.As(c.Err, &errno):
		s.WriteString(" " + errno.Error())
	case c.Err != nil:
		s.WriteString(" " + c.Err.Error())
	}
	return s.String()
}

// Trace holds functions that are told of each call; either may be nil. They run
// in the goroutine that makes the call, so those of several may overlap.
type Trace struct {
	// Enter is told of a call before it is made; Result and Err are not set.
	Enter func(Call)
	// Leave is told of it when it has returned.
	Leave func(Call)
}

// Calls makes the calls in the form that C has, the descriptor first, and tells
// a [Trace] of them. The zero value and nil tell nobody.
type Calls struct {
	// Trace must not be changed once calls are made.
	Trace Trace
}

// Socket is [Socket].
func (c *Calls) Socket(family Family, typ Type, proto Protocol) (fd FD, err error) {
	c.tell(Call{Name: "socket", FD: -1, Args: []string{family.String(), typ.String(), fmt.Sprint(int(proto))}}, func(call *Call) error {
		fd, err = Socket(family, typ, proto)
		call.Result = int(fd)
		return err
	})
	return fd, err
}

// Bind is [FD.Bind].
func (c *Calls) Bind(fd FD, sa Sockaddr) error {
	return c.tell(Call{Name: "bind", FD: fd, Args: addrArg(sa)}, func(*Call) error { return fd.Bind(sa) })
}

// Listen is [FD.Listen].
func (c *Calls) Listen(fd FD, backlog int) error {
	return c.tell(Call{Name: "listen", FD: fd, Args: []string{fmt.Sprint(backlog)}}, func(*Call) error { return fd.Listen(backlog) })
}

// Accept is [FD.Accept].
func (c *Calls) Accept(fd FD) (nfd FD, peer Sockaddr, err error) {
	c.tell(Call{Name: "accept", FD: fd}, func(call *Call) error {
		nfd, peer, err = fd.Accept()
		call.Result, call.Peer = int(nfd), peer
		return err
	})
	return nfd, peer, err
}

// Connect is [FD.Connect].
func (c *Calls) Connect(fd FD, sa Sockaddr) error {
	return c.tell(Call{Name: "connect", FD: fd, Args: addrArg(sa)}, func(*Call) error { return fd.Connect(sa) })
}

// Send is [FD.Send].
func (c *Calls) Send(fd FD, p []byte, flags Flags) (n int, err error) {
	c.tell(Call{Name: "send", FD: fd, Args: octetArg(p)}, func(call *Call) error {
		n, err = fd.Send(p, flags)
		call.Result = n
		return err
	})
	return n, err
}

// Recv is [FD.Recv].
func (c *Calls) Recv(fd FD, p []byte, flags Flags) (n int, err error) {
	c.tell(Call{Name: "recv", FD: fd, Args: octetArg(p)}, func(call *Call) error {
		n, err = fd.Recv(p, flags)
		call.Result = n
		return err
	})
	return n, err
}

// SendTo is [FD.SendTo].
func (c *Calls) SendTo(fd FD, p []byte, flags Flags, to Sockaddr) (n int, err error) {
	c.tell(Call{Name: "sendto", FD: fd, Args: append(octetArg(p), addrArg(to)...)}, func(call *Call) error {
		n, err = fd.SendTo(p, flags, to)
		call.Result = n
		return err
	})
	return n, err
}

// RecvFrom is [FD.RecvFrom].
func (c *Calls) RecvFrom(fd FD, p []byte, flags Flags) (n int, from Sockaddr, err error) {
	c.tell(Call{Name: "recvfrom", FD: fd, Args: octetArg(p)}, func(call *Call) error {
		n, from, err = fd.RecvFrom(p, flags)
		call.Result, call.Peer = n, from
		return err
	})
	return n, from, err
}

// Shutdown is [FD.Shutdown].
func (c *Calls) Shutdown(fd FD, how How) error {
	return c.tell(Call{Name: "shutdown", FD: fd, Args: []string{how.String()}}, func(*Call) error { return fd.Shutdown(how) })
}

// Close is [FD.Close].
func (c *Calls) Close(fd FD) error {
	return c.tell(Call{Name: "close", FD: fd}, func(*Call) error { return fd.Close() })
}

// tell makes a call between the two functions of the trace.
func (c *Calls) tell(call Call, do func(*Call) error) error {
	var trace Trace
	if c != nil {
		trace = c.Trace
	}
	if trace.Enter != nil {
		trace.Enter(call)
	}
	call.Err = do(&call)
	if call.Err != nil {
		call.Result = -1
	}
	if trace.Leave != nil {
		trace.Leave(call)
	}
	return call.Err
}

func addrArg(sa Sockaddr) []string {
	if sa == nil {
		return []string{"NULL"}
	}
	return []string{quoteAddr(sa)}
}

func octetArg(p []byte) []string { return []string{fmt.Sprintf("%d octets", len(p))} }
