package pop3

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"applayer/sockets"
)

// TLSMode says whether a session is secured.
type TLSMode uint8

// The modes.
const (
	// TLSOpportunistic begins TLS by STLS where the server offers it. Where it
	// does not, passwords are not told in the clear all the same; see
	// [Options].AllowInsecureAuth.
	TLSOpportunistic TLSMode = iota
	// TLSRequired ends the session where the server does not offer STLS.
	TLSRequired
	// TLSImplicit begins with TLS, as on port 995 (RFC 8314 §3.2).
	TLSImplicit
	// TLSOff leaves all in the clear.
	TLSOff
)

// Options are the choices of a [Client]. The zero value of a field is its
// default. They are copied.
type Options struct {
	// TLS says whether to secure the session, and TLSConfig how. A ServerName
	// that it lacks is that of the address dialled.
	TLS       TLSMode
	TLSConfig *tls.Config
	// AllowInsecureAuth lets [Client.Login] and [Client.Auth] tell passwords in
	// the clear to any host. Without it they do so within TLS, to this host,
	// and by Unix-domain sockets.
	AllowInsecureAuth bool
	// AllowAPOP lets Login use APOP. It rests on MD5, and who stands in between
	// can find passwords by it with greetings of his own (CVE-2007-1558).
	AllowAPOP bool
	// Window is how many commands [Client.RetrAll], [Client.Sync] and
	// [Client.Dele] send ahead of the answers, where the server has PIPELINING
	// (default 32, and 100 at most: a server that waits for its answers to be
	// taken takes no more commands meanwhile, RFC 2449 §6.6).
	Window int

	// Dial opens the connection (default package sockets').
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Limits bounds what the server can make us hold.
	Limits Limits
	// ReplyTimeout bounds the wait for the whole of a response, and for the next
	// octets of a listing (default 2 minutes: servers look through maildrops),
	// StallTimeout that for the next octets of a
	// message (default 1 minute), ConnectTimeout the connecting (default 30 s)
	// and HandshakeTimeout a TLS handshake (default 10 s). A negative one is
	// none.
	ReplyTimeout, StallTimeout, ConnectTimeout, HandshakeTimeout time.Duration
	// Trace hears of commands and responses.
	Trace *Trace
}

// inForce returns the options with their defaults filled in.
func (o *Options) inForce() Options {
	var in Options
	if o != nil {
		in = *o
	}
	if in.Dial == nil {
		in.Dial = new(sockets.Dialer).Dial
	}
	if in.Window <= 0 {
		in.Window = 32
	}
	in.Window = min(in.Window, 100)
	for _, d := range []struct {
		v         *time.Duration
		byDefault time.Duration
	}{
		{&in.ReplyTimeout, 2 * time.Minute},
		{&in.StallTimeout, time.Minute},
		{&in.ConnectTimeout, 30 * time.Second},
		{&in.HandshakeTimeout, 10 * time.Second},
	} {
		switch {
		case *d.v == 0:
			*d.v = d.byDefault
		case *d.v < 0:
			*d.v = 0
		}
	}
	return in
}

// within bounds ctx by d, where that is not zero.
func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d)
}
