// Package resolver finds answers in the Domain Name System: it asks the name
// servers of the root, follows their referrals down to the zone that knows, and
// remembers what it was told (RFC 1034 §5.3.3).
//
// # Where to start
//
// A [Resolver] resolves over the network; its zero value is ready. It has the
// lookups of net.Resolver, and [Resolver.Lookup] for all else. A [Handler] makes
// a recursive name server of it and a dns.Server:
//
//	r := &resolver.Resolver{}
//	defer r.Close()
//	s := &dns.Server{Handler: &resolver.Handler{Resolver: r}}
//	err := s.ListenAndServe(ctx, "127.0.0.1:8053")
//
// Below is an [Engine], the algorithm, without a socket and without a clock: it
// is told the time and what came from the network, and tells what to send. A
// [Cache] is what is known; several may share one. A [Result] is what came of a
// question, with a [Step] for each message that it cost.
//
// # What is believed
//
// A message is the reply when it comes from where the question went, to the
// port that it left from, with its ID, its question letter for letter, case
// included, and its cookie (RFC 5452 §9.1, RFC 7873 §5.3); a [dns.Matcher]
// tells. What is none is ignored and the wait goes on. After eight of them, or
// one that errs in the case or the cookie alone, the question goes over TCP.
//
// Of a reply counts what the server may speak for: names at or below the zone
// that it was asked for. Addresses in referrals lead to servers and answer
// nothing; NS records beside an answer are not looked at; a delegation lives as
// long as the parent said, whatever the child says (RFC 2181 §5.4.1).
//
// # Who is answered
//
// A Handler answers loopback and private networks, unless it is told others. It
// sets no AD, since nothing is validated; CD goes on to forwarders, and what they
// give then is for those alone who set it. Without RD it tells what is in the
// cache. Names that mean nothing to the world, localhost and the reverse names of
// private networks among them, it answers by itself (RFC 6761, RFC 6303). What
// was answered once lies ready in the cache: to answer it again is a copy.
//
// # Limits
//
// [Limits] bounds what one question may cost. With the defaults it is 100
// messages, 8 seconds, 11 aliases, 16 name servers whose addresses are looked
// up (5 of one zone), 6 lookups deep, and 1 MiB of replies; 10000 questions are
// under way at most, and 1000 of one client ([Handler]). A cache takes 64 MiB
// unless NewCache is told otherwise.
//
// # Errors
//
// A question without an answer has the RCode SERVFAIL, and in Err the reason:
// [ErrNoServer], [ErrAliasLoop], a [*dns.LimitError] that names the limit.
//
// # Concurrency
//
// Resolver, Handler and Cache are for any number of goroutines, an Engine is for
// one.
//
// # Standards
//
// RFC 1034 and 1035; 2181 (ranking, sets), 2308 (negative answers), 5452
// (forged replies), 6672 (DNAME), 6891 (EDNS), 7873 (cookies), 8020 (nothing
// below NXDOMAIN), 8767 (stale answers), 9156 (minimised names), 9520
// (failures), 9609 (priming), and 7871 (client subnets) where it is asked for.
// Not here: validation of signatures (the cache has room for its result),
// RFC 8806 (a local root), prefetching, the client response timer of RFC 8767.
package resolver
