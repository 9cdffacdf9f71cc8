package dns

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"
)

const (
	defaultMaxPipelined = 64
	defaultMaxConns     = 2
	defaultMaxIdle      = 256
	defaultIdleTimeout  = 10 * time.Second
)

// peerKey names a server by one network.
type peerKey struct {
	network string
	server  netip.AddrPort
}

// peer is a server with the connections to it. Its fields but slots are
// guarded by Transport.mu.
type peer struct {
	// slots has a place for each query that may be under way.
	slots   chan struct{}
	users   int       // exchanges that hold the peer
	streams []*stream // until they have ended
}

// stream is a connection, or one that is being opened.
type stream struct {
	key    peerKey
	cancel context.CancelFunc // ends the opening
	ready  chan struct{}      // closed when conn is there, or the stream is over
	over   chan struct{}      // closed when the stream is over; err says why
	err    error
	conn   *Conn
	writes chan struct{} // holds a token for the one who writes

	// Guarded by Transport.mu:
	waiting map[uint16]*waiter // by ID
	closing bool               // takes no new query
	heard   int                // messages that came
	resting bool               // kept, with nobody waiting
	own     time.Duration      // how long we would keep it
	idle    time.Duration      // how long it is kept
}

// waiter waits for the answer to one query.
type waiter struct {
	replies chan []byte
	gone    chan struct{} // closed when nobody waits any more
	heard   int           // the stream's, when the wait began
}

// exchangeStream asks over a connection that is there, or a new one. A server
// may close a connection whenever it has answered (RFC 7766 §6.2.4), also while
// our query is on its way: that is no answer, and the query is sent once more.
func (t *Transport) exchangeStream(ctx context.Context, key peerKey, id uint16, query makeQuery) ([]byte, error) {
	p, err := t.hold(key)
	if err != nil {
		return nil, err
	}
	defer t.letGo(key, p)
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.slots }()
	for again := false; ; again = true {
		s, w, reused, err := t.join(key, p, id)
		if err != nil {
			return nil, err
		}
		reply, lost, err := s.exchange(ctx, w, query)
		over := contextError(ctx) != nil
		t.leave(s, id, over)
		if !lost || again || !reused || over {
			return reply, err
		}
	}
}

// errIdle ends connections that nobody used.
var errIdle = errors.New("dns: connection was idle")

func (t *Transport) hold(key peerKey) (*peer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, net.ErrClosed
	}
	p := t.peers[key]
	if p == nil {
		if t.peers == nil {
			t.peers = make(map[peerKey]*peer)
		}
		p = &peer{slots: make(chan struct{}, t.maxPipelined()*t.maxConns())}
		t.peers[key] = p
	}
	p.users++
	return p, nil
}

func (t *Transport) maxPipelined() int { return max(cmp.Or(t.MaxPipelined, defaultMaxPipelined), 1) }

func (t *Transport) maxConns() int { return max(cmp.Or(t.MaxConns, defaultMaxConns), 1) }

func (t *Transport) letGo(key peerKey, p *peer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p.users--
	t.forget(key, p)
}

// forget drops a peer that nobody uses and that has no connection.
func (t *Transport) forget(key peerKey, p *peer) {
	if p.users == 0 && len(p.streams) == 0 {
		delete(t.peers, key)
	}
}

// join finds a connection with room, on which no query with that ID is under
// way (RFC 7766 §6.2.1), or begins to open one. Room there is, unless IDs
// collide: then there is a connection more.
func (t *Transport) join(key peerKey, p *peer, id uint16) (s *stream, w *waiter, reused bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, nil, false, net.ErrClosed
	}
	w = &waiter{replies: make(chan []byte), gone: make(chan struct{})}
	for _, s := range p.streams {
		if s.closing || len(s.waiting) >= t.maxPipelined() || s.waiting[id] != nil {
			continue
		}
		if s.resting {
			s.conn.nc.SetReadDeadline(time.Time{})
			t.wake(s)
		}
		s.waiting[id] = w
		w.heard = s.heard
		return s, w, s.conn != nil, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	s = &stream{
		key: key, cancel: cancel,
		ready: make(chan struct{}), over: make(chan struct{}),
		writes:  make(chan struct{}, 1),
		waiting: map[uint16]*waiter{id: w},
		own:     t.idleTimeout(), idle: t.idleTimeout(),
	}
	p.streams = append(p.streams, s)
	t.wg.Go(func() { t.run(ctx, p, s) })
	return s, w, false, nil
}

func (t *Transport) idleTimeout() time.Duration {
	return max(cmp.Or(t.IdleTimeout, defaultIdleTimeout), 0)
}

// run opens a connection and reads what comes, until it ends.
func (t *Transport) run(ctx context.Context, p *peer, s *stream) {
	defer s.cancel()
	nc, err := t.dial(ctx, s.key.network, s.key.server)
	if err != nil {
		t.end(p, s, err)
		return
	}
	t.mu.Lock()
	s.conn = NewConn(nc)
	closing := s.closing
	t.mu.Unlock()
	if closing {
		t.end(p, s, net.ErrClosed)
		return
	}
	close(s.ready)
	t.end(p, s, t.read(s))
}

// read hands each message to who waits for its ID.
func (t *Transport) read(s *stream) error {
	for {
		msg, err := s.conn.ReadMessage()
		if err != nil {
			return err
		}
		if len(msg) < HeaderSize {
			return errShort
		}
		keepalive, said := keepaliveOf(msg)
		t.mu.Lock()
		s.heard++
		w := s.waiting[binary.BigEndian.Uint16(msg)]
		if said {
			s.keep(keepalive)
		}
		t.mu.Unlock()
		if w == nil {
			continue // who asked has given up
		}
		select {
		case w.replies <- bytes.Clone(msg):
		case <-w.gone:
		}
	}
}

// keepaliveOf returns what the server says of how long it keeps the connection.
func keepaliveOf(msg []byte) (d time.Duration, ok bool) {
	opt, _, _ := findOPT(msg)
	b, _ := findOption(opt, OptionKeepalive)
	if len(b) != 2 {
		return 0, false
	}
	return time.Duration(binary.BigEndian.Uint16(b)) * keepaliveUnit, true
}

// keep lets the server say how long we keep the connection, up to what we
// would: 0 is to close it when all is answered (RFC 7828 §3.2.2).
func (s *stream) keep(d time.Duration) {
	s.idle = min(s.own, d)
	s.closing = s.closing || d == 0
}

// end closes a stream for all who wait on it.
func (t *Transport) end(p *peer, s *stream, err error) {
	t.mu.Lock()
	s.closing = true
	t.wake(s)
	p.streams = slices.DeleteFunc(p.streams, func(o *stream) bool { return o == s })
	t.forget(s.key, p)
	switch {
	case t.closed:
		err = net.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded) && s.conn != nil:
		err = errIdle // no other deadline is set for reading
	}
	t.mu.Unlock()
	s.err = err
	close(s.over)
	if s.conn != nil {
		s.conn.Close()
	}
}

// leave takes a query off its stream. A stream on which a query got no answer,
// and nothing else came meanwhile, is not trusted with another.
func (t *Transport) leave(s *stream, id uint16, timedOut bool) {
	t.mu.Lock()
	w := s.waiting[id]
	delete(s.waiting, id)
	if timedOut && s.conn != nil && s.heard == w.heard {
		s.closing = true
	}
	if len(s.waiting) == 0 {
		t.rest(s)
	}
	t.mu.Unlock()
	close(w.gone)
}

// rest sees to a stream on which nobody waits: it is kept for a while, if it is
// open and may be used again, and not too many are kept.
func (t *Transport) rest(s *stream) {
	limit := cmp.Or(t.MaxIdle, defaultMaxIdle)
	if s.conn != nil && !s.closing && s.idle > 0 && (limit < 0 || t.resting < limit) {
		s.resting = true
		t.resting++
		s.conn.nc.SetReadDeadline(time.Now().Add(s.idle))
		return
	}
	s.closing = true
	s.cancel()
	if s.conn != nil {
		s.conn.nc.SetReadDeadline(time.Unix(1, 0)) // its reader ends, and closes it
	}
}

// wake counts a stream that rested no more.
func (t *Transport) wake(s *stream) {
	if s.resting {
		s.resting = false
		t.resting--
	}
}

// exchange sends a query and waits for its answer. It is lost where the
// connection ended before that came.
func (s *stream) exchange(ctx context.Context, w *waiter, query makeQuery) (reply []byte, lost bool, err error) {
	select {
	case <-s.ready:
	case <-s.over:
		return nil, true, s.err
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	octets, accept, err := query(localAddr(s.conn.nc))
	if err != nil {
		return nil, false, err
	}
	if len(octets) > MaxMessage {
		return nil, false, ErrMessageTooLong
	}
	if err := s.send(ctx, octets); err != nil {
		return nil, true, err
	}
	for {
		select {
		case reply := <-w.replies:
			if accept(reply) == nil {
				return reply, false, nil
			}
		case <-s.over:
			return nil, true, s.err
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// send writes a query when its turn comes. One that was cut in the middle
// spoils the stream for all.
func (s *stream) send(ctx context.Context, octets []byte) error {
	select {
	case s.writes <- struct{}{}:
	case <-s.over:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.writes }()
	at, _ := ctx.Deadline() // or the zero time, which is none
	s.conn.nc.SetWriteDeadline(at)
	cut := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(cut)
		s.conn.nc.SetWriteDeadline(time.Unix(1, 0))
	})
	err := s.conn.WriteMessage(octets)
	if !stop() {
		<-cut // or it would cut the next one
	}
	if err != nil {
		s.conn.Close()
	}
	return err
}

// CloseIdle closes the connections on which no query is under way.
func (t *Transport) CloseIdle() { t.closeStreams(func(s *stream) bool { return len(s.waiting) == 0 }) }

// Close ends all connections, and with them the exchanges over TCP and TLS that
// are under way, whose error is [net.ErrClosed]; so is that of later ones. It
// waits until all goroutines of the Transport have ended.
func (t *Transport) Close() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.closeStreams(func(*stream) bool { return true })
	t.wg.Wait()
	return nil
}

// closeStreams ends streams by their readers, each of which closes its own: a
// peer that takes nothing holds up the end of TLS for seconds.
func (t *Transport) closeStreams(which func(*stream) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.peers {
		for _, s := range p.streams {
			if !which(s) {
				continue
			}
			s.closing = true
			s.cancel()
			if s.conn != nil {
				s.conn.nc.SetReadDeadline(time.Unix(1, 0))
			}
		}
	}
}
