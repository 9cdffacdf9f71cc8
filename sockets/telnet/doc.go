// Package telnet speaks Telnet: the network virtual terminal of RFC 854, its
// options, and the negotiation of them without loops (RFC 1143).
package telnet
