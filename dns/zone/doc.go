// Package zone serves zones of the Domain Name System: it reads and writes their
// master files, keeps their records and finds what they say to a question.
//
// A [Reader] reads the records of a master file, one by one (RFC 1035 §5,
// RFC 2308 §4, RFC 3597 §5), and a [Writer] writes them so that a Reader reads
// the same. [Check] tells what is wrong with a zone as a whole, [Sort] sorts it.
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
package zone
