package dns

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"applayer/sockets"
)

// ServerStats counts what a [Server] did.
type ServerStats struct {
	// UDP counts datagrams, TCP and TLS connections.
	UDP      sockets.PacketStats
	TCP, TLS sockets.ServerStats
	// Queries counts the requests that were answered or will be, by transport.
	Queries [3]int64
	// Answers counts the answers by their RCode; one above 15 is the last.
	Answers [17]int64
	// Truncated counts the answers with TC.
	Truncated int64
	// Ignored counts what deserved no answer, and what a handler dropped.
	Ignored int64
	// Panics counts handlers that panicked.
	Panics int64
}

// Stats returns the counts up to this moment.
func (s *Server) Stats() ServerStats {
	s.init()
	t := ServerStats{UDP: s.udp.Stats(), TCP: s.tcp.Stats(), TLS: s.tls.Stats(), Panics: s.panics.Load()}
	for i := range s.counters {
		c := &s.counters[i]
		for k := range c.queries {
			t.Queries[k] += c.queries[k].Load()
		}
		for k := range c.answers {
			t.Answers[k] += c.answers[k].Load()
		}
		t.Truncated += c.truncated.Load()
		t.Ignored += c.ignored.Load()
	}
	return t
}

// counterShards is over how many places the counters are spread, so that loops
// on several CPUs do not write the same cache lines.
const counterShards = 16

type serverCounters struct {
	queries            [3]atomic.Int64
	answers            [17]atomic.Int64
	truncated, ignored atomic.Int64
	_                  [64]byte
}

// nextShard deals the shards out.
var nextShard atomic.Uint32

// ignored counts a request that is not answered.
func (x *serving) ignored() { x.server.counters[x.shard].ignored.Add(1) }

// answered counts an answer, and logs the query.
func (x *serving) answered() {
	c, b := &x.server.counters[x.shard], &x.responder.b
	c.queries[min(int(x.query.origin.Transport), len(c.queries)-1)].Add(1)
	c.answers[min(int(b.Header.RCode), len(c.answers)-1)].Add(1)
	if b.Header.Truncated {
		c.truncated.Add(1)
	}
	if x.server.QueryLog != nil {
		x.logQuery()
	}
}

func (x *serving) logQuery() {
	q, b := &x.query, &x.responder.b
	attrs := []slog.Attr{
		slog.String("peer", q.origin.Peer.String()),
		slog.String("proto", q.origin.Transport.String()),
		slog.Int("id", int(q.Header.ID)),
	}
	if q.nameLen > 0 {
		attrs = append(attrs, slog.String("name", q.Name().String()), slog.String("class", q.Class.String()), slog.String("type", q.Type.String()))
	}
	attrs = append(attrs, slog.String("rcode", b.Header.RCode.String()), slog.Int("bytes", b.Len()), slog.Duration("dur", time.Since(x.began)))
	x.server.QueryLog.LogAttrs(context.Background(), slog.LevelInfo, "query", attrs...)
}
