// Package pop3 is the Post Office Protocol, version 3 (RFC 1939): its commands
// and responses as octets, the order of a session as a table, a client and a
// server.
//
// # Where to start
//
// A [Client] fetches mail: [Dial] connects and secures the session,
// [Client.Login] logs in by the best way that the server offers, [Client.Sync]
// yields the messages that are not here yet, [Client.Retr] one of them,
// [Client.Dele] marks messages and [Client.Quit] removes those that are marked.
//
// A [Server] gives users their mail: it needs a [Backend], which tells who has
// logged in and opens his [Maildrop].
//
// Below these, a [Conn] is either end of a connection, [Machine] the order of a
// session, and the Parse and Append functions are the octets.
//
// # What is implemented
//
// RFC 1939 whole, APOP too where passwords are kept so that they can be read;
// CAPA and response codes (RFC 2449, RFC 3206), PIPELINING, STLS (RFC 2595) and
// TLS from the start (RFC 8314), AUTH (RFC 5034) with the mechanisms that package
// smtp has, UTF8 and LANG (RFC 6856).
//
// # What is removed when
//
// QUIT alone brings a session to its UPDATE state, in which what is marked is
// removed; a connection that breaks and a timer that runs out remove nothing
// (RFC 1939 §6). Where not all could be removed QUIT is answered -ERR.
//
// # Limits
//
// [Limits] bounds lines (255 octets, 12288 within AUTH), refused commands, and
// what a client holds of listings and messages. [Timeouts] bounds the waiting: a
// session ends after 10 minutes without a command. 0 is the default, negative is
// none.
//
// # Errors
//
// A [*ParseError] tells which octet broke which rule, a [*ProtocolError] what
// came out of order, a [*LimitError] which limit was reached. A [*ReplyError] is
// -ERR: what the server answered, or what a Backend wants answered ([Refuse]).
//
// # Concurrency
//
// A Server may be shared by goroutines. A Client does one thing at a time, and a
// message that is not closed is one. Close may be called from anywhere.
package pop3
