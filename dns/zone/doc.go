// Package zone serves zones of the Domain Name System: it reads and writes their
// master files, keeps their records and finds what they say to a question.
//
// A [Reader] reads the records of a master file, one by one (RFC 1035 §5,
// RFC 2308 §4, RFC 3597 §5), and a [Writer] writes them so that a Reader reads
// the same. [Check] tells what is wrong with a zone as a whole, [Sort] sorts it.
//
// [LoadFile] makes a [Zone] of a file, a [Builder] makes one of records, or the
// next version of another. A [Store] holds the zones that are served, and a
// [Handler] answers from it: the Handler of a [dns.Server].
//
// # Master files
//
// Entries are divided by line ends, but within parentheses; a semicolon begins a
// comment. A name without a dot at its end is relative to the origin, which "@"
// stands for; a record that begins with a blank belongs to the owner of the one
// before it. TTL and class stand in either order or not at all; times may have
// units, as in 1w2d3h4m5s. "\DDD" is an octet by its decimal value, and a
// backslash before another character takes its meaning from it.
//
//	$ORIGIN name            what relative names are relative to
//	$TTL time               the TTL of records that have none
//	$INCLUDE file [origin]  records from another file
//	$GENERATE 1-9 h$ A 192.0.2.$
//	                        records with a number in them, as in named
//
// A file is not trusted more than a peer: [Limits] bounds its words, its
// entries, what it includes and what it generates, and what it includes must lie
// in the file system given. The first thing that is wrong ends the reading with
// a [*ParseError], which has file, line and column.
//
// Quoted strings end on their line, as in named. Numbers below zero are written
// by $GENERATE in base d alone. $GENERATE takes data of several words without
// quotes around them too.
//
// # Zones
//
// A Zone is one version: it does not change, and any number of goroutines read
// it. The next version has the pages of names that did not change in common with
// it. [Store.Publish] puts it in the place of the one before, at once and whole;
// no query waits for that, and none sees half of it. A million records take 160
// octets each.
//
// # Answers
//
// Answers are those of RFC 1034 §4.3.2, as RFC 4592 has wildcards and empty names
// and RFC 6672 DNAME. Aliases are followed through all zones of the store, 16
// at most; the response code is that of the last name. A referral has the
// addresses that the zone has, and is truncated where one that is needed does
// not fit (RFC 9471). That there is nothing is said with the SOA record and its
// TTL (RFC 2308). Answers have no more than that, unless [Handler.Full] asks for
// it. What no zone has is REFUSED.
//
// Questions for all types get what [ANY] says (RFC 8482), addresses the order of
// [Rotation], or the choice of a [Policy] by the client's network (RFC 7871).
//
// A zone that was signed elsewhere is answered with its signatures and with the
// NSEC or NSEC3 records that prove what is not there (RFC 4035 §3.1,
// RFC 5155 §7.2), but for NSEC3 with more than 500 iterations (RFC 9276 §3.2).
// Signing, transfers and updates are not here yet.
//
// An answer to a question that comes often is a copy: of [Handler.Prepared]
// answers, of the one referral for all names below a cut, of the one answer that
// there is nothing. Others are made without an allocation as well.
package zone
