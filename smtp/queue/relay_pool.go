package queue

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"applayer/smtp"
)

// RelayLimits bounds what a [Relay] holds and does at a time. The zero value of
// a field means its default; a negative value, no limit, save where it says
// otherwise.
type RelayLimits struct {
	// MaxPerHost bounds the sessions with one address at a time (default 4).
	// More messages wait.
	MaxPerHost int
	// MaxWait bounds that (default 1 minute; negative, none does): a slow host
	// with many domains must not take up all tries of a queue.
	MaxWait time.Duration
	// MaxIdle bounds the sessions that are kept for the next message (default
	// 32; negative, none are).
	MaxIdle int
	// IdleTimeout is how long one is kept (default 10 seconds).
	IdleTimeout time.Duration
	// MaxMessages is after how many messages a session ends (default 100).
	MaxMessages int
	// MaxRecipients bounds the recipients of one transaction (default 100, which
	// each server must take by RFC 5321 §4.5.3.1.8). Others get theirs in
	// another.
	MaxRecipients int
	// MaxAddresses bounds the hosts that are looked up in one turn, and the
	// addresses that are tried (default 10), whatever the records of a domain.
	MaxAddresses int
	// MaxDown bounds the addresses that are remembered since nobody answers
	// there (default 1000; negative, none are). One is left alone for four times
	// as long as was lost there, half an hour at most, and messages for it are
	// put off at once.
	MaxDown int
}

func (l RelayLimits) maxAddresses() int { return cmp.Or(l.MaxAddresses, 10) }

func (l RelayLimits) maxDown() int { return cmp.Or(l.MaxDown, 1000) }

func (l RelayLimits) maxRecipients() int {
	if l.MaxRecipients < 0 {
		return math.MaxInt
	}
	return cmp.Or(l.MaxRecipients, 100)
}

// relaySession is one with a host.
type relaySession struct {
	client   *smtp.Client
	host     string
	addr     string
	messages int
	timer    *time.Timer // ends it when it is idle for too long
}

// berth is where sessions with one address stand.
type berth struct {
	busy int
	idle []*relaySession
	free chan struct{} // closed when a session ends or gets idle; nil if nobody waits
}

// relayPool keeps the sessions of a [Relay], by address.
type relayPool struct {
	mu     sync.Mutex // guards what is below
	berths map[string]*berth
	idle   int
	closed bool
	wg     sync.WaitGroup // goodbyes under way

	down downList
}

// take returns a session with an address: an idle one that still answers, else
// a new one. It waits where there are too many, unless nobody answers there.
func (p *relayPool) take(ctx context.Context, r *Relay, host, addr string) (*relaySession, error) {
	patience := time.NewTimer(max(0, cmp.Or(r.Limits.MaxWait, time.Minute)))
	defer patience.Stop()
	for {
		if err := p.down.check(addr); err != nil {
			return nil, err
		}
		s, wait, err := p.claim(host, addr, cmp.Or(r.Limits.MaxPerHost, 4))
		switch {
		case err != nil:
			return nil, err
		case wait == nil:
			return p.open(ctx, r, s, host, addr)
		}
		select {
		case <-wait:
		case <-patience.C:
			return nil, errBusy
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// open returns the idle session that was claimed, if it still answers, else a new
// one. Without one it gives the right to it back.
func (p *relayPool) open(ctx context.Context, r *Relay, idle *relaySession, host, addr string) (s *relaySession, err error) {
	defer func() {
		if s == nil {
			p.leave(addr)
		}
	}()
	switch {
	case idle == nil:
	case idle.host != host:
		idle.quit(ctx)
	case idle.answers(ctx):
		return idle, nil
	default:
		idle.client.Close()
	}
	begun := time.Now()
	c, err := r.connect(ctx, host, addr)
	if err != nil {
		if ctx.Err() == nil {
			p.down.lost(addr, time.Since(begun), r.Limits.maxDown(), err)
		}
		return nil, err
	}
	p.down.won(addr)
	return &relaySession{client: c, host: host, addr: addr}, nil
}

// errBusy is what a message gets that waited for too long.
var errBusy = errors.New("smtp/queue: as many sessions as may be with this host")

// answers tells whether a session that was idle still is one.
func (s *relaySession) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return s.client.Reset(ctx) == nil
}

// errRelayClosed is what calls get after Close.
var errRelayClosed = fmt.Errorf("smtp/queue: relay: %w", net.ErrClosed)

// claim takes an idle session, or the right to make one, or else a channel to
// wait on. Where all that may stand with an address do, an idle one of another
// name is taken, which is to be ended first.
func (p *relayPool) claim(host, addr string, most int) (*relaySession, <-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, errRelayClosed
	}
	at := p.berths[addr]
	if at == nil {
		at = new(berth)
		if p.berths == nil {
			p.berths = make(map[string]*berth)
		}
		p.berths[addr] = at
	}
	full := most > 0 && at.busy+len(at.idle) >= most
	for _, s := range slices.Backward(at.idle) { // the one used last
		if s.host == host {
			p.drop(at, s)
			at.busy++
			return s, nil, nil
		}
	}
	switch {
	case full && len(at.idle) > 0:
		s := at.idle[0]
		p.drop(at, s)
		at.busy++
		return s, nil, nil
	case full:
		if at.free == nil {
			at.free = make(chan struct{})
		}
		return nil, at.free, nil
	}
	at.busy++
	return nil, nil, nil
}

// drop takes an idle session out, under the lock.
func (p *relayPool) drop(at *berth, s *relaySession) {
	s.timer.Stop()
	p.idle--
	at.idle = slices.DeleteFunc(at.idle, func(other *relaySession) bool { return other == s })
}

// leave gives the right to a session back.
func (p *relayPool) leave(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left(addr)
}

// left is leave under the lock.
func (p *relayPool) left(addr string) {
	at := p.berths[addr]
	at.busy--
	if at.free != nil {
		close(at.free)
		at.free = nil
	}
	p.tidy(addr, at)
}

// tidy forgets a berth where nothing stands.
func (p *relayPool) tidy(addr string, at *berth) {
	if at.busy == 0 && len(at.idle) == 0 && at.free == nil {
		delete(p.berths, addr)
	}
}

// give gives a session back, which is kept for the next message, or ends.
func (p *relayPool) give(r *Relay, s *relaySession) {
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.keep(s, r.Limits)
	}
	p.left(s.addr)
	p.mu.Unlock()
	if closed {
		s.client.Close() // Relay.Close does not wait for a goodbye of it
	}
}

// keep keeps a session for the next message, or says goodbye to it, under the
// lock.
func (p *relayPool) keep(s *relaySession, l RelayLimits) {
	most, messages := cmp.Or(l.MaxIdle, 32), cmp.Or(l.MaxMessages, 100)
	if most < 0 || p.idle >= most || messages > 0 && s.messages >= messages || !s.client.Alive() {
		p.farewell(s)
		return
	}
	at := p.berths[s.addr]
	at.idle = append(at.idle, s)
	p.idle++
	s.timer = time.AfterFunc(cmp.Or(max(l.IdleTimeout, 0), 10*time.Second), func() { p.expire(s) })
}

// expire ends a session that was idle for too long.
func (p *relayPool) expire(s *relaySession) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.berths[s.addr]
	if at == nil || !slices.Contains(at.idle, s) {
		return // it was taken in the same moment
	}
	p.drop(at, s)
	p.farewell(s)
	p.tidy(s.addr, at)
}

// farewell says goodbye in the background, under the lock.
func (p *relayPool) farewell(s *relaySession) { p.wg.Go(func() { s.quit(context.Background()) }) }

// quit ends a session, politely if the host lets it.
func (s *relaySession) quit(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	s.client.Quit(ctx)
}

// Close ends the sessions that are idle, and waits for that; those that are busy
// end with what they are at. Nothing can be delivered after it.
func (r *Relay) Close() error {
	p := &r.pool
	p.mu.Lock()
	p.closed = true
	for addr, at := range p.berths {
		for _, s := range slices.Clone(at.idle) {
			p.drop(at, s)
			p.farewell(s)
		}
		p.tidy(addr, at)
	}
	p.mu.Unlock()
	p.wg.Wait()
	return nil
}

// connect opens a session, and secures it as the options say.
func (r *Relay) connect(ctx context.Context, host, addr string) (*smtp.Client, error) {
	o := r.Options
	o.Hello = cmp.Or(o.Hello, r.Hostname)
	o.TLSConfig = r.tlsConfig(host)
	if o.Downgrade == nil {
		o.Downgrade = Downgrade
	}
	opportunistic := o.TLS == smtp.TLSOpportunistic
	if opportunistic {
		o.TLS = smtp.TLSOff // StartTLS is called here, to see what fails
	}
	c, err := smtp.Dial(ctx, "tcp", addr, &o)
	if err != nil {
		return nil, err
	}
	if name, _, _ := strings.Cut(c.Greeting().Text(), " "); r.SmartHost == "" && r.isSelf(name) {
		c.Close()
		return nil, errLoop(host)
	}
	if _, offered := c.Extension("STARTTLS"); opportunistic && offered {
		err := c.StartTLS(ctx, o.TLSConfig)
		switch {
		case err == nil || c.Alive(): // a refusal leaves it in the clear
		case ctx.Err() != nil:
			return nil, err
		default:
			r.log("no TLS", "", host, addr, err)
			if c, err = smtp.Dial(ctx, "tcp", addr, &o); err != nil {
				return nil, err
			}
		}
	}
	if r.User != "" {
		if err := c.Login(ctx, r.User, r.Password); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// tlsConfig is that for a session with host.
func (r *Relay) tlsConfig(host string) *tls.Config {
	config := r.Options.TLSConfig.Clone()
	if config == nil {
		config = new(tls.Config)
		// A listener in the middle could as well take STARTTLS off the list.
		config.InsecureSkipVerify = r.Options.TLS == smtp.TLSOpportunistic && r.User == ""
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	return config
}

// security tells how a session is secured, for the log.
func (s *relaySession) security() string {
	state, secure := s.client.TLS()
	switch {
	case !secure:
		return "none"
	case len(state.VerifiedChains) == 0:
		return tls.VersionName(state.Version) + ", not verified"
	}
	return tls.VersionName(state.Version)
}

// log tells of a try for a message, which id names where it is about one.
func (r *Relay) log(what, id, host, addr string, err error, more ...any) {
	if r.Logger == nil {
		return
	}
	level, attrs := slog.LevelDebug, []any{"peer", addr, "host", host}
	if id != "" {
		attrs = append([]any{"id", id}, attrs...)
	}
	if err != nil {
		level, attrs = slog.LevelInfo, append(attrs, "err", err)
	}
	r.Logger.Log(context.Background(), level, "relay: "+what, append(attrs, more...)...)
}
