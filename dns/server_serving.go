package dns

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// serving is one request and its response: what the transports keep and use
// again for each.
type serving struct {
	server    *Server
	carrier   carrier
	query     Query
	responder Responder
	parser    Parser
	packet    packetCarrier
	call      callCarrier
	out       []byte    // the transport's buffer for responses
	shard     uint32    // of the counters
	began     time.Time // for the query log
	detached  bool
}

// carrier is a transport, as a query that is detached needs it.
type carrier interface {
	// detach is called while the request's octets are still there; it returns
	// some that stay, and how many octets the carrier wants before the response.
	detach(request []byte) (own []byte, front int)
	// send sends buf, the octets before the response and the response, and
	// ends the serving. Nil is no answer.
	send(buf []byte) error
}

// maxKeptBuffer is how large a buffer may be that is used again.
const maxKeptBuffer = 64 << 10

var servings = sync.Pool{New: func() any {
	x := new(serving)
	x.query.x, x.responder.x = x, x
	x.shard = nextShard.Add(1) % counterShards
	return x
}}

func (s *Server) newServing(c carrier) *serving {
	x := servings.Get().(*serving)
	x.server, x.carrier = s, c
	return x
}

// free lets x be used again, unless a handler holds it.
func (x *serving) free() {
	if x.detached {
		return
	}
	x.server, x.carrier, x.packet = nil, nil, packetCarrier{}
	if cap(x.out) > maxKeptBuffer {
		x.out = nil
	}
	x.query.raw, x.query.origin, x.query.name = nil, Origin{}, Name{}
	x.responder.b.buf = nil
	servings.Put(x)
}

// serve is the way of every request on every transport: it appends the response
// to dst, or nothing. When the query was detached it returns nil, and x is no
// longer the caller's.
func (x *serving) serve(ctx context.Context, dst, request []byte, from Origin) []byte {
	q := &x.query
	q.raw, q.origin = request, from
	q.forget()
	next, rcode := q.read(&x.parser)
	if next == stepDrop || from.Peer.IsValid() && from.Peer.Port() == 0 {
		x.ignored()
		return dst
	}
	if x.server.QueryLog != nil {
		x.began = time.Now()
	}
	w := &x.responder
	w.start(dst)
	w.SetRCode(rcode)
	if next == stepServe {
		x.handle(ctx)
		if x.detached {
			return nil
		}
	}
	if buf := w.finish(); buf != nil {
		return buf
	}
	return dst
}

// forget takes back all that was read from the last request.
func (q *Query) forget() {
	q.Type, q.Class = 0, 0
	q.nameLen, q.lowered, q.name = 0, false, Name{}
	q.hasEDNS, q.hasCookie, q.verdict = false, false, CookieNone
}

// handle has the handler answer. One that panics loses its query alone, which
// is answered with SERVFAIL.
func (x *serving) handle(ctx context.Context) {
	if x.server.Handler == nil {
		x.responder.SetRCode(RCodeRefused)
		return
	}
	defer x.survivePanic()
	x.server.Handler.ServeDNS(ctx, &x.responder, &x.query)
}

func (x *serving) survivePanic() {
	v := recover()
	if v == nil {
		return
	}
	q := &x.query
	x.server.panics.Add(1)
	question := "detached" // and another goroutine's
	if !x.detached {
		question = q.Question().String()
		x.responder.Reset()
		x.responder.SetRCode(RCodeServFail)
	}
	x.server.log().Error("dns: panic in a handler", slog.Any("peer", q.Peer()), slog.String("proto", q.Transport().String()),
		slog.String("question", question), slog.Any("err", v), slog.String("stack", string(debug.Stack())))
}

// detach gives the serving octets of its own.
func (x *serving) detach() {
	if x.detached {
		return
	}
	x.detached = true
	own, front := x.carrier.detach(x.query.raw)
	x.query.rebase(own)
	b := &x.responder.b
	buf := append(make([]byte, front, front+max(b.Len()*2, 512)), b.buf[b.start:]...)
	b.limit += front - b.start
	b.set.at += front - b.start
	b.start, b.buf = front, buf
	b.w.comp.start = front
}

// rebase moves the query's views to another copy of the request.
func (q *Query) rebase(own []byte) {
	q.raw = own
	if q.hasEDNS {
		q.readOptions(own[q.optAt:][:q.optLen])
	}
}
