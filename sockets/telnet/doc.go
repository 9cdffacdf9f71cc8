// Package telnet is the terminal of the early Internet: a line between a user
// and another machine that carries text, commands beside the text, and options
// that the two sides agree on. FTP's control connection is a Telnet connection
// too.
//
// # Where to start
//
// A [Server] has users log in and a [Handler] talk with them, a line at a time:
//
//	s := &telnet.Server{Handler: telnet.HandlerFunc(talk), Authenticator: users}
//	err := s.ListenAndServe("tcp", "127.0.0.1:8023")
//
// [Dial] is the user's end; [Conn.Relay] carries what he types and sees. Below
// both is [Conn], a net.Conn whose data is the text while commands and options
// are dealt with inside Read. Whoever has a connection of his own, as package
// ftp does, takes the parts: [Codec] turns octets into events and back,
// [Negotiator] keeps the options, [LineDiscipline] makes lines of what a user
// types, and [PrepareUrgent], [SendUrgent], [AtMark] and [UrgentPending] are
// about TCP's urgent octet. None of the first three has a socket.
//
// # What is spoken
//
// RFC 854 with the commands of it, EOR (RFC 885) and EOF, SUSP and ABORT
// (RFC 1184). RFC 855 negotiation by the whole of the Q method (RFC 1143), in
// which two sides come to rest whatever they want. The options BINARY
// (RFC 856), ECHO (RFC 857), SUPPRESS-GO-AHEAD (RFC 858), STATUS (RFC 859),
// TIMING-MARK (RFC 860), END-OF-RECORD (RFC 885), NAWS (RFC 1073) and
// TERMINAL-TYPE (RFC 1091). RFC 1123 §3 where it decides.
//
// LINEMODE (RFC 1184), NEW-ENVIRON (RFC 1572), TERMINAL-SPEED (RFC 1079) and
// TOGGLE-FLOW-CONTROL (RFC 1372) are read for a trace, by
// [ParseSubnegotiation], and refused. AUTHENTICATION and ENCRYPT are refused;
// for privacy there is TLS (Server.TLSConfig). EXTENDED-OPTIONS-LIST (RFC 861)
// is not there.
//
// # Line ends
//
// A line ends in CR LF on the wire, both ways. A CR that is meant alone is
// CR NUL; the NUL is put in and taken away here. A user's Return may come as
// either, or as LF, and LineDiscipline takes all three. Under BINARY octets
// are octets. A [Session] and Relay take lines that end in LF.
//
// # Urgent data
//
// A Synch is a DM whose octet TCP marks as urgent: the peer drops what text
// stands before it and obeys the commands in that. It needs the octet to come
// in line, which [NewConn] asks the system for, and works on plain TCP on Linux
// and macOS. Elsewhere, and over TLS (RFC 4217 §14), the commands go and come
// in their turn.
//
// # Limits
//
// A subnegotiation 4 KiB, a typed line 1024 octets, 20 names of a terminal,
// 64 KiB held while those are waited for; 60 s to log in, three tries with 1 s
// after each failure; 15 minutes idle; connections as [sockets.Limits] has it.
// Each is a field: 0 is the default, negative is none. A peer that asks for
// options and reads no answer is itself not read any more.
//
// # Trust
//
// Nothing that a client says of its user, name or environment is used to log
// in; a name is what is typed at the prompt, and no process is started
// (CVE-2026-24061). Names of terminals that do not print are refused. Telnet
// itself is clear text.
//
// # Errors
//
// [io.ErrUnexpectedEOF] where the stream ends within a command; a [*LimitError]
// names the field; a [*ParseError] with [ErrSubnegotiation] tells of parameters
// that say nothing, which Conn skips and tells [Trace] of; a [*ProtocolError]
// of an option that is asked for in vain. Unknown commands are events to take
// no notice of, and no error.
//
// # Concurrency
//
// A Server may be shared. A Conn has one reader and any number of writers. The
// others are for one goroutine at a time; a Codec, for one a direction.
package telnet
