// Package sockets is the ground floor: servers and clients over TCP, UDP and
// Unix-domain sockets, with limits, deadlines and graceful shutdown, for the
// protocol packages to stand on.
package sockets
