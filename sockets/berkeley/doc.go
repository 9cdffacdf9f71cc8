// Package berkeley gives the Berkeley socket calls by their own names: socket,
// bind, listen, accept, connect, send, recv, sendto, recvfrom, shutdown, close
// and what stands beside them, on package syscall, with socket addresses in the
// octets that the kernel reads.
//
// It is for those who want to see the calls that package net makes for them,
// and for the few options that package net does not show. Start with [Socket],
// which gives an [FD]; the calls are its methods. Addresses are [SockaddrIn],
// [SockaddrIn6] and [SockaddrUn]; [SockaddrFrom] makes them of a
// [netip.AddrPort]. A TCP client is
//
//	fd, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
//	err = fd.Connect(berkeley.SockaddrIn{Port: 12000, Addr: berkeley.INADDR_LOOPBACK})
//	n, err := fd.Send([]byte("hello"), 0)
//	n, err = fd.Recv(buf, 0)
//	err = fd.Close()
//
// # Blocking
//
// Connect, Accept, Send, Recv, SendTo, RecvFrom, SendMsg, RecvMsg and [Poll]
// wait in the kernel, and while they wait they hold an operating-system thread;
// ten thousand goroutines in Recv are ten thousand threads. Closing an FD does
// not wake a call that waits on it; [FD.Shutdown] wakes Recv and Accept.
// Socket, Bind, Listen, Close and the rest return at once.
//
// Two ways lead to the runtime's poller, where a waiting goroutine holds no
// thread: [FileConn], [FileListener] and [FilePacketConn] hand the descriptor
// to package net for good, and [Polled] makes the same calls on a descriptor
// in non-blocking mode, by way of [syscall.RawConn].
//
// # Errors
//
// A call that fails returns −1 and a [*CallError] that names the call, the
// descriptor and the address and wraps the [syscall.Errno]. A call interrupted
// by a signal (EINTR) is made again, but not close, which has released the
// descriptor, nor connect, which goes on in the kernel and is waited for. A
// call that would have to wait on a descriptor in non-blocking mode gives
// [ErrWouldBlock] (EAGAIN); a connect that has begun gives [ErrInProgress]
// (EINPROGRESS): [Poll] for [POLLOUT], then ask [FD.SocketError]. The end of a
// stream is no error: Recv returns 0.
//
// # Systems
//
// The calls work on Linux on amd64, arm64 and 386. Elsewhere the package
// builds, addresses are marshalled as on Linux, and the calls give
// [ErrUnsupported].
//
// # Concurrency
//
// An FD is a number: any goroutine may use it, and as in C the one that closes
// it has to know that no other does. [Calls] and [Polled] may be shared.
package berkeley
