// Package pop3 is the Post Office Protocol, version 3 (RFC 1939), with the
// extensions that are in use: a server, a client, and the commands and responses
// that they speak in.
//
// # Where to start
//
// A [Server] gives the users of a [Backend] their mail, each a [Maildrop]:
//
//	s := &pop3.Server{Backend: backend, Hostname: "hamburger.edu", TLSConfig: config}
//	err := s.ListenAndServe("tcp", ":110")
//
// A [Client] gets it. What was not seen yet, to keep it on the server as well:
//
//	c, err := pop3.Dial(ctx, "tcp", "hamburger.edu:110", nil)
//	err = c.Login(ctx, "bob", "hungry")
//	for m, err := range c.Sync(ctx, seen) {
//		…
//		_, err = io.Copy(file, m)
//	}
//	err = c.Quit(ctx)
//
// # A session
//
// It begins with nobody logged in (AUTHORIZATION), goes on over one maildrop
// (TRANSACTION), whose messages have numbers from 1 up that hold for the session,
// and ends by QUIT, which removes the messages that DELE has marked (UPDATE).
// Any other end removes nothing; where not all could be removed QUIT is answered
// -ERR. [Machine] holds that order as a table, for both ends; [WriteStates]
// prints it. A [Conn] reads and writes commands, responses and what follows
// these.
//
// The server holds what it writes back until it has to wait for the client, so
// that the answers to commands that came together leave together; the client
// asks for messages ahead of the answers where the server has PIPELINING
// ([Client.RetrAll]). A message is passed on as it is read, at both ends.
//
// # Implemented
//
// RFC 1939 whole, APOP included; CAPA, response codes and PIPELINING (RFC 2449);
// STLS (RFC 2595) and TLS from the start (RFC 8314 §3.2); AUTH (RFC 5034) with
// PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1, SCRAM-SHA-256 and their -PLUS, EXTERNAL,
// and OAUTHBEARER at the client; AUTH-RESP-CODE and SYS (RFC 3206); UTF8 and
// LANG (RFC 6856), with English alone at the server.
//
// Not there: surrogates of messages with UTF-8 in their headers for clients
// without UTF8, who are refused them with -ERR [UTF8] (RFC 6856 §5) unless
// [Server].SendUTF8; LOGIN-DELAY and EXPIRE that differ by user.
//
// # Passwords
//
// They are taken and told in the clear only where nobody stands between: within
// TLS, on this host, or as AllowInsecureAuth says on either side. [Client.Login]
// takes the best way that the server offers, and does not go on to a weaker one
// after a refusal. What came in the clear behind STLS ends the session at both
// ends (CVE-2011-0411). APOP rests on MD5: a server has it whose Backend is an
// [APOPBackend], a client does it where it is told to, and only for a timestamp
// that is a msg-id (CVE-2007-1558). Refused logins are answered later and later,
// counted by the client's address over all connections.
//
// # Limits
//
// [Limits] bounds lines (255 octets, 12288 within AUTH), refused commands (20)
// and logins (3) of a session, listings (64 MiB, a million messages) and messages
// (256 MiB, at the client); [Timeouts] the waits (3 minutes until the login, 10
// minutes between two commands); [sockets.Limits] connections. Zero is the
// default, negative is none. A message in transit takes a buffer of 32 KiB.
//
// # Errors
//
// [ParseError] tells of octets outside the grammar, [ProtocolError] of a command
// out of order, [LimitError] of a limit that was reached. [ReplyError] is a
// refusal, -ERR, which errors.Is knows as [ErrAuthRefused] and [ErrInUse] by its
// response code. [Refuse] makes one for a Backend.
//
// # Concurrency
//
// A Server's methods may be called from several goroutines, and it calls its
// Backend from all sessions, each Maildrop from one. A Client is for one user at
// a time and says [ErrBusy] to another. Conn and Machine are for one goroutine at
// a time. Close may be called from anywhere.
package pop3
