package dns

import (
	"context"
	"log/slog"
	"slices"
)

// Server answers requests: over UDP, TCP and TLS, or those that a program has
// by other means ([Server.AppendResponse]). Its fields may not change once it
// is used, and all its methods may be called from several goroutines.
//
// What is no query it answers by itself: NOTIMP to opcodes other than QUERY,
// FORMERR to what cannot be parsed, to more than one question, and to OPT, TSIG
// or TKEY as a question's type, BADVERS to another version of EDNS. Responses,
// fragments shorter than a header and datagrams from port 0 it never answers.
type Server struct {
	// Handler answers queries; nil refuses them all.
	Handler Handler
	// UDPSize is the longest response over UDP, in octets, whatever a client
	// takes, and what the server says that it takes itself (default 1232, which
	// goes through nearly all networks unfragmented). It is 512 at least, and
	// 512 holds for clients without EDNS (RFC 6891 §6.2.3).
	UDPSize int
	// Logger gets panics of handlers and errors of sockets; nil is silent.
	Logger *slog.Logger
}

func (s *Server) udpSize() uint16 {
	if s.UDPSize <= 0 {
		return DefaultUDPSize
	}
	return uint16(min(max(s.UDPSize, MinUDPSize), MaxMessage))
}

// responseLimit returns how long the response to q may be.
func (s *Server) responseLimit(q *Query) int {
	switch {
	case q.origin.Transport != TransportUDP:
		return MaxMessage
	case !q.hasEDNS:
		return MinUDPSize // RFC 1035 §4.2.1
	}
	return int(min(max(q.edns.UDPSize, MinUDPSize), s.udpSize()))
}

func (s *Server) log() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}

// AppendResponse answers one request as if it had come on a transport, and
// appends the response to dst; nothing, where there is no answer. It waits for
// a handler that detaches the query, unless ctx ends before.
func (s *Server) AppendResponse(ctx context.Context, dst, request []byte, from Origin) []byte {
	c := make(appendCarrier, 1)
	x := s.newServing(c)
	defer x.free()
	if buf := x.serve(ctx, dst, request, from); !x.detached {
		return buf
	}
	select {
	case b := <-c:
		return append(dst, b...)
	case <-ctx.Done():
		return dst
	}
}

// appendCarrier carries the one response of AppendResponse.
type appendCarrier chan []byte

func (c appendCarrier) detach(request []byte) (own []byte, front int) {
	return slices.Clone(request), 0
}

func (c appendCarrier) send(buf []byte) error {
	c <- buf
	return nil
}
