// Package pop3 is the Post Office Protocol, version 3 (RFC 1939): its commands
// and responses as octets, the order of a session as a table, a client and a
// server.
package pop3
