package sockets

import (
	"slices"
	"strings"
)

// Service is one row of [Services]: which port of which transport a server of
// a protocol waits on.
type Service struct {
	// Name is the service name of the IANA registry (RFC 6335 §5).
	Name string
	// Network is the transport as package net names it: "tcp" or "udp".
	Network string
	// Port is the server's port.
	Port uint16
	// Title tells what the service is for.
	Title string
	// Ref is the document that gives the port.
	Ref string
	// Assigned is false where the port is a habit, not an IANA assignment.
	Assigned bool
}

var services = [...]Service{
	{"ftp-data", "tcp", 20, "file transfer, data of active mode", "RFC 959 §5.2", true},
	{"ftp", "tcp", 21, "file transfer, control", "RFC 959 §8", true},
	{"ssh", "tcp", 22, "secure shell", "RFC 4251", true},
	{"telnet", "tcp", 23, "remote terminal", "RFC 854", true},
	{"smtp", "tcp", 25, "mail transfer", "RFC 5321 §4.5.4.2", true},
	{"domain", "udp", 53, "domain names", "RFC 1035 §4.2.1", true},
	{"domain", "tcp", 53, "domain names, long answers and transfers", "RFC 1035 §4.2.2", true},
	{"http", "tcp", 80, "the Web", "RFC 9110 §4.2.1", true},
	{"pop3", "tcp", 110, "mail access, download", "RFC 1939 §3", true},
	{"imap", "tcp", 143, "mail access, mail kept on the server", "RFC 9051 §2.1", true},
	{"https", "tcp", 443, "the Web over TLS", "RFC 9110 §4.2.2", true},
	{"submissions", "tcp", 465, "mail submission over TLS", "RFC 8314 §7.3", true},
	{"submission", "tcp", 587, "mail submission", "RFC 6409 §3.1", true},
	{"domain-s", "tcp", 853, "domain names over TLS", "RFC 7858 §3.1", true},
	{"ftps-data", "tcp", 989, "file transfer over TLS, data", "RFC 4217", true},
	{"ftps", "tcp", 990, "file transfer over TLS, control", "RFC 4217", true},
	{"imaps", "tcp", 993, "mail access over TLS, mail kept on the server", "RFC 8314 §3.2", true},
	{"pop3s", "tcp", 995, "mail access over TLS, download", "RFC 8314 §3.1", true},
	{"bittorrent", "tcp", 6881, "peer wire, first port of the usual nine", "BEP 3", false},
	{"dht", "udp", 6881, "distributed hash table, on the peer's own port", "BEP 5", false},
	{"upper", "tcp", 12000, "the lecture's upper-casing server", "lecture", false},
	{"upper", "udp", 12000, "the lecture's upper-casing server", "lecture", false},
}

// Services returns the services of the lecture and of this module, in the
// order of their ports. The slice is the caller's own.
func Services() []Service { return slices.Clone(services[:]) }

// servicePort finds the port that a service name stands for in an address.
func servicePort(network, name string) (uint16, bool) {
	for _, s := range services {
		if strings.HasPrefix(network, s.Network) && strings.EqualFold(s.Name, name) {
			return s.Port, true
		}
	}
	return 0, false
}
