// Package dns speaks the Domain Name System (RFC 1034, RFC 1035 and their kin):
// names, records and messages, a client and a server.
//
// # Where to start
//
// A [Client] asks a server, and is told how it went:
//
//	var c dns.Client
//	defer c.Close()
//	m, how, err := c.Exchange(ctx, netip.MustParseAddrPort("192.0.2.53:53"), &dns.Message{
//		Header:   dns.Header{RecursionDesired: true},
//		Question: []dns.Question{{Name: dns.MustName("example.org"), Type: dns.TypeA, Class: dns.ClassIN}},
//	})
//
// A [Server] answers by a [Handler], over UDP, TCP and TLS:
//
//	s := &dns.Server{Handler: dns.HandlerFunc(func(ctx context.Context, w *dns.Responder, q *dns.Query) {
//		w.Add(dns.SectionAnswer, dns.RR{Name: q.Name(), Class: dns.ClassIN, TTL: 60, Data: &dns.A{Addr: addr}})
//	})}
//	err := s.ListenAndServe(ctx, "127.0.0.1:8053")
//
// The sub-packages: zone reads master files and answers with authority,
// resolver asks on behalf of others and remembers.
//
// # Names, records, messages
//
// A [Name] is a comparable value, kept as it stands on the wire and in the case
// in which it came; [Name.Canonical] makes keys of maps. An [RR] is a resource
// record, its [RData] one of this package's types or a program's own: the one
// method Fields describes wire, canonical and presentation form. A type that
// nobody knows is an [Unknown].
//
// Messages are read and written on three levels, by one grammar: [Parser] and
// [Builder] without an allocation, entry by entry; [Message] as a whole, by
// [ParseMessage] and [AppendMessage]. [ParseRR] reads a line of a master file.
//
// # EDNS
//
// [EDNS] has what the OPT record says (RFC 6891), with accessors for its options:
// [EDNS.NSID] (RFC 5001), [EDNS.Subnet] (RFC 7871), [EDNS.Cookie] (RFC 7873),
// [EDNS.Keepalive] (RFC 7828), [EDNS.Padding] (RFC 7830, by the policy of
// RFC 8467) and [EDNS.ExtendedErrors] (RFC 8914). Others are kept as octets.
// [CookieSecrets] makes and checks a server's cookies as RFC 9018 §4 has them,
// so that servers of several makers can share an address.
//
// # Asking
//
// A message answers a query if it comes from where that was sent, to where it
// came from, and if [Matcher] takes its ID, opcode, question, cookie and client
// subnet (RFC 5452 §9.1). All else is ignored until the time is over: a forged
// reply must not end the wait. Each query over UDP has a socket, a random port
// and a random ID of its own; after eight messages that do not match, a Client
// asks over TCP. What follows from what is a table of rules: see [Machine] and
// [WriteStates].
//
// A [Transport] carries a single query. Over TCP and TLS it keeps connections,
// with many queries under way on each (RFC 7766). It opens them by a
// [sockets.Dialer], whose Map and Connect send them elsewhere. [Client.Transfer]
// reads a whole zone (RFC 5936).
//
// # Limits
//
// Counts in a header size nothing; a name has 255 octets, and a pointer goes
// back or is refused. A Client waits 5 s a try, three times, and takes 1 GiB of
// a transfer; a Transport has two connections to a server with 64 queries under
// way on each, and keeps 256 idle ones for 10 s. The Server's are told there.
// Zero is the default, negative is none.
//
// # Errors
//
// [ParseError] tells section, octet and rule of what cannot be read, and the
// RCODE that a server answers; [ProtocolError] what was well-formed and not
// allowed; [LimitError] which limit was reached; [ReplyError] a refusal;
// [ServerError] which server it was. What ran out of time is a net.Error whose
// Timeout is true.
//
// # Concurrency
//
// Names, records that nobody changes, Matchers, Clients, Transports and Servers
// may be shared by goroutines. A Parser, a Builder, a Compressor and a Machine
// are for one at a time.
//
// # Not here
//
// Transfers as a server, NOTIFY, dynamic update (RFC 2136), TSIG's arithmetic
// (RFC 8945) and DNSSEC's; DNS over HTTPS (RFC 8484) and QUIC; of EDNS, CHAIN,
// EXPIRE and key tags.
package dns
