// Package http1 is HTTP/1.1 and HTTP/1.0: messages, connections, a client and
// a server.
package http1
