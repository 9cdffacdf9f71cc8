package ftp

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
	// TLSOff leaves all in the clear.
	TLSOff TLSMode = iota
	// TLSExplicit asks for TLS by AUTH (RFC 4217 §4) and sends no password
	// without it.
	TLSExplicit
	// TLSImplicit begins with TLS, as on port 990.
	TLSImplicit
)

// Options are the choices of a [Client]. The zero value of a field is its
// default. They are copied.
type Options struct {
	// User, Password and Account log in (default anonymous, with a password
	// that tells nothing).
	User, Password, Account string
	// NoLogin leaves the login to [Client.Login].
	NoLogin bool
	// Host is the virtual host to ask for before the login (RFC 7151 §3.2.2). It
	// is the name in TLS, too, if TLSConfig has none.
	Host string

	// TLS says whether to secure the session, and TLSConfig how. A ServerName
	// and a ClientSessionCache that it lacks are filled in: servers want the
	// session of the control connection resumed on data connections. Those are
	// to have the control connection's certificate (RFC 4217 §15.1.1).
	TLS       TLSMode
	TLSConfig *tls.Config
	// ClearData leaves data connections in the clear (PROT C).
	ClearData bool

	// Active has the server connect to us, by EPRT or PORT.
	Active bool
	// TrustPassiveHost connects to the host that a 227 reply names. By default
	// it is the control connection's: a server could send the client to any
	// address within its network (CVE-2021-4189).
	TrustPassiveHost bool
	// Hidden asks for names that begin with a dot where listings leave them
	// out (LIST -a).
	Hidden bool
	// Charset turns names into what the server takes (default UTF-8,
	// RFC 2640 §2.2; octets that are none pass as they are).
	Charset Charset
	// Location is the zone of the times in the server's LIST (default UTC).
	Location *time.Location

	// DialControl opens the control connection, DialData data connections
	// (default DialControl), and ListenData the listener of an active one.
	// Their default is package sockets'.
	DialControl, DialData func(ctx context.Context, network, addr string) (net.Conn, error)
	ListenData            func(ctx context.Context, network, addr string) (net.Listener, error)

	// Limits bounds what the server can make us hold.
	Limits Limits
	// ReplyTimeout bounds the wait for a reply (default 1 minute), DataTimeout
	// that for the next octets of a transfer (default 1 minute), ConnectTimeout
	// the opening of a data connection, its TLS handshake apart (default 30 s),
	// HandshakeTimeout a TLS handshake (default 10 s), and AbortTimeout that
	// for a server to be in step after a cancelled call (default 5 s). A
	// negative one is none.
	ReplyTimeout, DataTimeout, ConnectTimeout, HandshakeTimeout, AbortTimeout time.Duration
	// Rate bounds transfers in octets a second (default none). The sessions of
	// a [Pool] share it.
	Rate int64
	// Progress is called as a transfer goes on, by the goroutine that reads or
	// writes.
	Progress func(Progress)
	// Trace hears of commands and replies.
	Trace *Trace

	serverName string
	pace       *pacer
}

// Progress tells how far a transfer has come.
type Progress struct {
	// Name is the file's.
	Name string
	// Upload tells the direction.
	Upload bool
	// Done counts the file's octets, those before the offset included; Total is
	// the size, -1 where it is not known.
	Done, Total int64
}

// inForce returns the options with their defaults filled in.
func (o *Options) inForce() *Options {
	in := new(Options)
	if o != nil {
		*in = *o
	}
	if in.User == "" {
		in.User = "anonymous"
	}
	if in.User == "anonymous" && in.Password == "" {
		in.Password = "anonymous@" // some servers want the look of an address
	}
	if in.Charset == nil {
		in.Charset = utf8Charset{}
	}
	if in.Location == nil {
		in.Location = time.UTC
	}
	if in.DialControl == nil {
		in.DialControl = new(sockets.Dialer).Dial
	}
	if in.DialData == nil {
		in.DialData = in.DialControl
	}
	if in.ListenData == nil {
		in.ListenData = new(net.ListenConfig).Listen
	}
	for _, d := range []struct {
		v         *time.Duration
		byDefault time.Duration
	}{
		{&in.ReplyTimeout, time.Minute},
		{&in.DataTimeout, time.Minute},
		{&in.ConnectTimeout, 30 * time.Second},
		{&in.HandshakeTimeout, 10 * time.Second},
		{&in.AbortTimeout, 5 * time.Second},
	} {
		if *d.v == 0 {
			*d.v = d.byDefault
		}
	}
	if in.pace == nil && in.Rate > 0 {
		in.pace = newPacer(in.Rate)
	}
	return in
}

func (o *Options) dialControl(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := within(ctx, o.ConnectTimeout)
	defer cancel()
	return o.DialControl(ctx, network, addr)
}

// within bounds ctx by d, unless that is negative.
func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
