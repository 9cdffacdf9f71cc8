// Package smtp is the Simple Mail Transfer Protocol (RFC 5321): its commands,
// replies and messages as octets, the order of its dialogue as a table, a client
// and a server, also for submission (RFC 6409) and LMTP (RFC 2033).
package smtp
