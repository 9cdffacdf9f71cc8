// Package smtp is the Simple Mail Transfer Protocol (RFC 5321): its commands,
// replies and messages as octets, the order of its dialogue as a table, a client
// and a server, also for submission (RFC 6409) and LMTP (RFC 2033).
//
// # Where to start
//
// A [Client] sends mail: [Dial] connects, secures the session and says EHLO,
// [Client.Login] logs in, [Client.Send] brings a message to its recipients and
// tells what became of each in a [Receipt]. One client sends any number of
// messages.
//
//	c, err := smtp.Dial(ctx, "tcp", "mail.example.org:587", nil)
//	…
//	defer c.Close()
//	err = c.Login(ctx, "alice", password)
//	…
//	envelope, err := smtp.NewEnvelope("alice@example.org", "bob@hamburger.edu")
//	…
//	receipt, err := c.Send(ctx, envelope, message)
//
// A [Server] takes mail: it needs a [Backend], which makes a [Session] for each
// connection. What a Session's Data has taken without an error is answered 250,
// and is from then on the server's to keep.
//
// Package smtp/queue keeps mail on the disk until other hosts have it.
//
// Below these, a [Conn] is either end of a connection, [Machine] the order of
// the dialogue, and the Parse and Append functions are the octets: pure, and
// each other's inverse.
//
// # What is implemented
//
// RFC 5321 whole but for its TURN and SEND relics; STARTTLS (RFC 3207) and TLS
// from the start (RFC 8314); AUTH (RFC 4954) with PLAIN, LOGIN, CRAM-MD5, SCRAM
// with SHA-1 and SHA-256, bound to TLS or not, OAUTHBEARER and EXTERNAL;
// PIPELINING (RFC 2920), SIZE (RFC 1870), 8BITMIME (RFC 6152), SMTPUTF8
// (RFC 6531), CHUNKING (RFC 3030), DSN (RFC 3461), enhanced status codes
// (RFC 2034, RFC 3463); submission (RFC 6409); LMTP (RFC 2033). Domains in
// U-labels are compared with those in A-labels by Punycode (RFC 3492) and small
// letters; the mappings of IDNA are not done.
//
// Not here: BINARYMIME at the server, ETRN, REQUIRETLS, DELIVERBY, MT-PRIORITY;
// signatures and policies (DKIM, SPF, DMARC, MTA-STS, DANE).
//
// # What ends a message
//
// CRLF "." CRLF and nothing else (RFC 5321 §4.1.1.4). A CR or LF that stands
// alone is refused by default, or made CRLF ([PolicyNormalize]), and never sent
// on: a sender could else hide a second message from a host that takes it for a
// line end (CVE-2023-51764). What a client sends behind STARTTLS before the
// handshake is refused (CVE-2011-0411), by server and client.
//
// # Limits
//
// [Limits] bounds what a peer can make us hold: messages of 50 MiB, 1000
// recipients, lines of 512 octets and what extensions add, headers of 1 MiB, 100
// hops, 20 refused commands. [Timeouts] and [ClientTimeouts] bound the waiting.
// 0 is the default, negative is none. A session that waits for a command holds
// no buffer.
//
// # Errors
//
// A [*ParseError] tells which octet broke which rule, a [*ProtocolError] what
// came out of order, a [*LimitError] which limit was reached: each with the reply
// that a server gives. A [*ReplyError] is a refusal: what the peer answered, or
// what a Session wants answered ([Refuse]).
//
// # Concurrency
//
// A Server may be shared by goroutines; each session's methods are called one at
// a time. A Client does one thing at a time. Close may be called from anywhere.
package smtp
