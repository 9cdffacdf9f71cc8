package smtp

import (
	"cmp"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"time"

	"applayer/sockets"
)

// TLSMode says whether a client's session is secured.
type TLSMode uint8

// The modes.
const (
	// TLSOpportunistic, the zero value, secures the session by STARTTLS where
	// the server offers it (RFC 3207), and goes on in the clear where it does
	// not. Whoever is on the way can take the offer out, so that it answers
	// listeners and no attackers; [Client.Login] sends no password in the clear
	// all the same. A handshake that fails is an error.
	TLSOpportunistic TLSMode = iota
	// TLSOff leaves all in the clear.
	TLSOff
	// TLSRequired secures the session by STARTTLS, or gives [ErrTLSRequired].
	TLSRequired
	// TLSImplicit begins with TLS, as on port 465 (RFC 8314 §3.3).
	TLSImplicit
)

// Options are the choices of a [Client]. The zero value of a field is its
// default. They are copied.
type Options struct {
	// Hello is the name of this host, which the server is greeted by. The
	// default is an address literal of the connection's own address, as
	// RFC 5321 §4.1.4 asks of hosts without a name.
	Hello string
	// LMTP speaks LMTP (RFC 2033): LHLO, and an answer for each recipient.
	LMTP bool

	// TLS says whether to secure the session, and TLSConfig how. A ServerName
	// that it lacks is filled in.
	TLS       TLSMode
	TLSConfig *tls.Config
	// AllowInsecureAuth lets [Client.Login] send a password in the clear. By
	// default it does so over TLS, over loopback and over Unix-domain sockets
	// alone.
	AllowInsecureAuth bool

	// NoChunking sends messages by DATA where the server offers BDAT too.
	NoChunking bool
	// ChunkSize is the most octets of one BDAT command (default 64 KiB).
	ChunkSize int
	// NoPipelining waits for each reply where the server offers PIPELINING.
	NoPipelining bool
	// NoExtensions says HELO and does as in RFC 821: no extension is used.
	NoExtensions bool
	// Downgrade turns a message with octets beyond ASCII, with NUL, or of lines
	// too long or none, into one of 7-bit lines, for servers without 8BITMIME or
	// BINARYMIME (RFC 6152 §3); what it returns is read to its end or closed
	// before. Without it such a message is [ErrUnsupported]. Package mime has
	// what is needed.
	Downgrade func(message io.Reader) (io.ReadCloser, error)

	// Dial opens the connection (default package sockets').
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Limits bounds what the server can make us hold, which is replies:
	// MaxReplyLines, MaxReplyLine, and MaxAuthLine for challenges.
	Limits Limits
	// Timeouts bound the waiting.
	Timeouts ClientTimeouts
	// Trace hears of commands and replies.
	Trace *Trace
}

// ClientTimeouts bound each wait of a [Client], beside the deadlines of contexts.
// 0 is the default, which is at least what RFC 5321 §4.5.3.2 asks; negative is
// none.
type ClientTimeouts struct {
	// Connect bounds the opening of a connection (default 1 minute).
	Connect time.Duration
	// Greeting bounds the wait for the server's first words, which a busy one
	// delays (default 5 minutes).
	Greeting time.Duration
	// Handshake bounds that for TLS (default 1 minute).
	Handshake time.Duration
	// Command bounds the wait for the reply to MAIL, RCPT and all commands that
	// follow here not (default 5 minutes).
	Command time.Duration
	// DataStart bounds the wait for 354 (default 2 minutes).
	DataStart time.Duration
	// DataBlock bounds each write (default 3 minutes).
	DataBlock time.Duration
	// DataEnd bounds the wait for the reply to the message (default 10
	// minutes). The server is delivering meanwhile: who leaves too soon sends
	// the message twice.
	DataEnd time.Duration
	// Quit bounds the wait for the reply to QUIT (default 30 seconds): by then
	// there is nothing to lose.
	Quit time.Duration
}

// inForce returns the options with their defaults filled in.
func (o *Options) inForce() *Options {
	in := new(Options)
	if o != nil {
		*in = *o
	}
	in.ChunkSize = cmp.Or(max(in.ChunkSize, 0), 64<<10)
	if in.Dial == nil {
		in.Dial = new(sockets.Dialer).Dial
	}
	t := &in.Timeouts
	t.Connect = cmp.Or(t.Connect, time.Minute)
	t.Greeting = cmp.Or(t.Greeting, 5*time.Minute)
	t.Handshake = cmp.Or(t.Handshake, time.Minute)
	t.Command = cmp.Or(t.Command, 5*time.Minute)
	t.DataStart = cmp.Or(t.DataStart, 2*time.Minute)
	t.DataBlock = cmp.Or(t.DataBlock, 3*time.Minute)
	t.DataEnd = cmp.Or(t.DataEnd, 10*time.Minute)
	t.Quit = cmp.Or(t.Quit, 30*time.Second)
	return in
}

// deadline is d from now, or none.
func deadline(d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}

// within bounds ctx by the timeout of that name, unless it is negative.
func within(ctx context.Context, name string, d time.Duration) (context.Context, context.CancelFunc) {
	if d < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, d, timedOut(name, d))
}

// helloName is what a host without a name calls itself: the literal of its
// address (RFC 5321 §4.1.3).
func helloName(local net.Addr) string {
	ip := addrOf(local)
	switch {
	case !ip.IsValid():
		return "localhost"
	case ip.Is4():
		return "[" + ip.String() + "]"
	}
	return "[IPv6:" + ip.String() + "]"
}

// isLocal tells that nobody outside this host hears what is said to the peer.
func isLocal(remote net.Addr) bool {
	return remote != nil && remote.Network() == "unix" || addrOf(remote).IsLoopback()
}

// addrOf returns the IP address of a, if it has one.
func addrOf(a net.Addr) netip.Addr {
	if a == nil { // so that of many a tunnel
		return netip.Addr{}
	}
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap().WithZone("")
}
