// Package sockets is the ground floor of this module: servers and clients over
// TCP, UDP and Unix-domain sockets, with limits, deadlines and graceful
// shutdown, for protocol packages to stand on.
//
// # Where to start
//
// A [Server] accepts stream connections and has a [Handler] serve each, given
// as a [Conn]; a Handler is all that it needs:
//
//	s := &sockets.Server{Handler: sockets.HandlerFunc(serve)}
//	err := s.ListenAndServe("tcp", "127.0.0.1:5100")
//
// A [PacketServer] does the same for datagrams, one [Packet] at a time. A
// [Dialer] connects: names by any [Resolver], several addresses tried as Happy
// Eyeballs asks (RFC 8305), TLS where it is wanted. [NewConn] gives a client's
// connection what a server's has. A [Transcript] records what passes as lines
// that begin with C: or S:. [PortClass], [ListenRange], [EphemeralRange] and
// [Services] are about port numbers (RFC 6335 §6). A [LazyListener] is for a
// port where one connection is expected.
//
// The sub-packages: berkeley has the system calls as they are, link shapes
// connections to a rate, a delay and a loss, pcap reads and writes captures.
//
// # Limits
//
// [Limits] is embedded by Server. Zero is the default (4096 connections, 256
// of one peer, 2 minutes idle, 5 minutes for a Read or for a Write of 1 MiB,
// 10 s for a TLS handshake, no end of life, no least rate), negative is none.
// A connection over a limit is answered by Server.OverLimit and closed in the
// accept loop, which nothing in it can hold up. When the system is short of
// descriptors or memory the server waits, 5 ms doubling to 1 s, and tries
// again. A connection that waits for its next octet takes less than 8 KiB of
// heap and stack: there is one goroutine a connection and no buffer.
//
// # Deadlines and contexts
//
// What stands on a Read or Write of a Conn at once, and which of it decides,
// is told there. [WithContext] is the one place where a context reaches a
// connection: the context's deadline becomes the connection's, its
// cancellation moves the deadline into the past. A handler's context ends with
// its connection and as soon as the server begins to shut down.
//
// # Ends
//
// [Server.Shutdown] stops accepting, tells handlers by their contexts and by
// [Conn.Draining], ends the Reads of connections marked idle ([Conn.MarkIdle]),
// and waits; [Server.Close] cuts. Serve returns [ErrServerClosed] when the last
// handler has returned. [Conn.CloseLingering] closes one connection so that its
// last reply arrives. [Conn.StartTLS] upgrades one, and refuses what was
// already read in plain text (CVE-2011-0411).
//
// # Errors
//
// [LimitError] names the limit that was reached, so that the operator knows
// the field; [ParseError] the octet outside a grammar. A Read or Write that a
// limit or context ended wraps [os.ErrDeadlineExceeded] as well, and is a
// net.Error whose Timeout is true. A closed connection gives [net.ErrClosed].
//
// # Concurrency
//
// Servers, dialers and transcripts may be shared by goroutines. A Conn has one
// reader and one writer at a time; Close, deadlines and marks may come from
// anywhere.
//
// # Not here
//
// The PROXY protocol, systemd's socket activation, GSO and GRO for datagrams,
// and the adoption of a listener by a successor process.
package sockets
