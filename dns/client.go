package dns

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"net/netip"
	"time"
)

// Client asks servers. The zero value is ready: it asks over UDP with EDNS and
// a cookie, and over TCP where the answer is truncated. It is for any number of
// goroutines; its fields may not change once it is used. [Client.Close] ends
// the connections that it keeps.
type Client struct {
	// Transport carries the messages; nil is a zero one of the Client's own.
	Transport *Transport
	// Network is by what is asked: [NetworkTCP], [NetworkTLS], or, where it is
	// empty or [NetworkUDP], UDP and then TCP where UDP will not do.
	Network string
	// Timeout is how long one try waits (default 5 s; negative, until the
	// context ends).
	Timeout time.Duration
	// Tries is how often a server is asked that does not answer, or not so
	// that it can be understood (default 3).
	Tries int

	// NoEDNS leaves EDNS out of messages that have none. Without it they get
	// an OPT record, and lose it again where the server answers FORMERR or
	// NOTIMP without one: never because of silence.
	NoEDNS bool
	// UDPSize is the size of datagrams that is offered in an EDNS that says
	// none (default 1232).
	UDPSize uint16
	// NoCookies leaves out the cookie that else is sent in EDNS, one for each
	// server (RFC 7873 §5.1, RFC 9018 §3).
	NoCookies bool
	// MixCase mixes the case of the letters in the question at random, which
	// whoever forges an answer has to guess too. A server that does not repeat
	// it is asked over TCP.
	MixCase bool
	// NoFallback takes a truncated answer as it is: no TCP.
	NoFallback bool
	// Types are types of records that the program adds.
	Types PrivateTypes
	// Rand is where IDs, cookies and the mix of the case come from; nil is
	// crypto/rand, and anything else is for tests.
	Rand io.Reader
	// MaxTransfer is how many octets of messages [Client.Transfer] takes
	// (default 1 GiB; negative is no limit).
	MaxTransfer int64

	own     Transport
	cookies cookieJar
}

// Exchanged tells how an answer was got.
type Exchanged struct {
	// Server is who answered.
	Server netip.AddrPort
	// Network is by what: [NetworkUDP], [NetworkTCP] or [NetworkTLS].
	Network string
	// RTT is the time between the query and its answer, a new connection
	// included.
	RTT time.Duration
	// Sent is how many queries it took.
	Sent int
	// Ignored is how many messages came that did not answer a query.
	Ignored int
	// Query and Reply are the octets of the last query and of its answer.
	Query, Reply []byte
}

const (
	defaultTimeout = 5 * time.Second
	defaultTries   = 3
	// DefaultUDPSize is the size of datagrams that is offered and, without
	// another limit, sent: what passes the Internet in one piece (DNS flag day
	// 2020).
	DefaultUDPSize = 1232
	// MinUDPSize is the size that everybody takes (RFC 1035 §2.3.4), and what a
	// smaller one in EDNS means (RFC 6891 §6.2.3).
	MinUDPSize = 512
)

// Exchange asks a server and returns its answer, whatever its RCode is. It does
// not change m, whose ID does not matter: each query gets a new one from Rand.
// A message with a TSIG is sent as it is, with its ID.
//
// A reply that does not answer the query is ignored (see [Matcher]). Where the
// tries are used up the error is that of the last one; one that ran out of time
// is a net.Error with Timeout true. How is nil with an error.
func (c *Client) Exchange(ctx context.Context, server netip.AddrPort, m *Message) (answer *Message, how *Exchanged, err error) {
	x := &exchange{c: c, server: server, m: m, stream: NetworkTCP}
	if c.Network == NetworkTLS {
		x.stream = NetworkTLS
	}
	answer, err = x.run(ctx)
	if err != nil {
		return nil, nil, &ServerError{Server: server, Network: x.how.Network, Err: err}
	}
	return answer, &x.how, nil
}

// ServerError tells which server did not answer.
type ServerError struct {
	Server  netip.AddrPort
	Network string
	Err     error
}

// Error tells where and why, such as "dns: udp 192.0.2.1:53: i/o timeout".
func (e *ServerError) Error() string {
	s := "dns: "
	if e.Network != "" {
		s += e.Network + " "
	}
	return s + e.Server.String() + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *ServerError) Unwrap() error { return e.Err }

// Close ends the connections of the Client's own Transport and waits for them;
// a Transport that it was given stays as it is.
func (c *Client) Close() error { return c.own.Close() }

func (c *Client) transport() *Transport {
	if c.Transport != nil {
		return c.Transport
	}
	return &c.own
}

func (c *Client) rand() io.Reader {
	if c.Rand != nil {
		return c.Rand
	}
	return rand.Reader
}

func (c *Client) tries() int { return max(cmp.Or(c.Tries, defaultTries), 1) }

// tryContext bounds one try.
func (c *Client) tryContext(ctx context.Context) (context.Context, context.CancelFunc) {
	d := cmp.Or(c.Timeout, defaultTimeout)
	if d < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
