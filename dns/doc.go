// Package dns speaks the Domain Name System (RFC 1034, RFC 1035 and their kin).
//
// A [Name] is a domain name, an [RR] a resource record with its [RData], a
// [Message] a query or a response. [ParseMessage] reads one, [AppendMessage]
// writes one; both are functions over octets, without a connection.
package dns
