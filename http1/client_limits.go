package http1

import (
	"cmp"
	"time"

	"applayer/sockets"
)

// Mode is how a [Client] uses connections, in the lecture's terms.
type Mode uint8

// The modes. The first is that of a zero Client.
const (
	// Persistent keeps a connection for the requests that follow
	// (RFC 9112 §9.3).
	Persistent Mode = iota
	// NonPersistent opens a connection for each request.
	NonPersistent
	// Parallel is NonPersistent, with several connections at once where a
	// page is fetched; see package http1/page.
	Parallel
	// Pipelined sends requests on one connection without waiting for the
	// responses to those before (RFC 9112 §9.3.2). They come one after another:
	// a body that is not read to its end holds up all behind it, so whoever asks
	// for the next before he has read the last waits for ever.
	Pipelined
)

// String returns the mode's name in lower case.
func (m Mode) String() string {
	return [...]string{"persistent", "nonpersistent", "parallel", "pipelined"}[m&3]
}

// ClientLimits bounds what servers can make a [Client] hold or do. The zero
// value of a field means its default; a negative value, no limit.
type ClientLimits struct {
	// Message bounds each response. A client's defaults are 8 KiB for the
	// status line and 256 KiB for the field section.
	Message Limits
	// MaxInterim bounds the interim responses before a final one (default 32).
	// They could otherwise go on for ever.
	MaxInterim int
	// MaxIdle bounds the idle connections to all hosts (default 100); the one
	// that has been idle for longest is closed first.
	MaxIdle int
	// MaxDrain bounds the octets that are read and dropped of a body that was
	// closed before its end, so that its connection can be used again (default
	// 64 KiB). Where there are more the connection is closed.
	MaxDrain int64
	// MaxPipeline bounds the requests without a response on one connection
	// (default 16).
	MaxPipeline int
	// MaxDecompressed bounds what a body grows to under [Client].Decompress
	// (default 1 GiB), and MaxRatio how many times the octets received
	// (default 100), counted from 1 MiB on: a few kilobytes can stand for
	// gigabytes.
	MaxDecompressed, MaxRatio int64
}

func (l *ClientLimits) message() *Limits {
	m := l.Message
	m.MaxStartLine = cmp.Or(m.MaxStartLine, 8<<10)
	m.MaxFieldSection = cmp.Or(m.MaxFieldSection, 256<<10)
	return &m
}

func (l *ClientLimits) maxInterim() int  { return limit(l.MaxInterim, 32) }
func (l *ClientLimits) maxIdle() int     { return limit(l.MaxIdle, 100) }
func (l *ClientLimits) maxDrain() int64  { return limit64(l.MaxDrain, 64<<10) }
func (l *ClientLimits) maxPipeline() int { return limit(l.MaxPipeline, 16) }

// ClientTimeouts bounds how long a [Client] waits. The zero value of a field
// means its default; a negative value, no limit. The context of a call bounds
// the whole of it besides, until the response's body is closed.
type ClientTimeouts struct {
	// Dial bounds the opening of a connection (default 30 s), a proxy's tunnel
	// included, and TLS a handshake on it (default 10 s).
	Dial, TLS time.Duration
	// Header bounds the time from the end of a request to the final response's
	// head (default none but Read).
	Header time.Duration
	// Read bounds the wait for any octet of a response, Write for the peer to
	// take any of a request (default 5 minutes each).
	Read, Write time.Duration
	// Expect is how long a request with Expect: 100-continue waits for a
	// response before its body is sent all the same (default 1 s;
	// RFC 9110 §10.1.1).
	Expect time.Duration
	// Idle bounds how long a connection is kept without a request (default
	// 90 s). A server that says less in Keep-Alive is believed.
	Idle time.Duration
	// Rate is the least rate at which responses must come (default none).
	Rate sockets.Rate
}

// timeout returns the value in force; 0 is none.
func timeout(d, byDefault time.Duration) time.Duration {
	if d == 0 {
		return byDefault
	}
	return max(d, 0)
}

func (t *ClientTimeouts) conn() *sockets.ConnOptions {
	return &sockets.ConnOptions{
		ReadTimeout:      timeout(t.Read, 5*time.Minute),
		WriteTimeout:     timeout(t.Write, 5*time.Minute),
		HandshakeTimeout: timeout(t.TLS, 10*time.Second),
		MinReadRate:      t.Rate,
	}
}
