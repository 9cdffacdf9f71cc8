package telnet

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"applayer/sockets"
)

// ClientOptions returns options for a user's end, to be changed at will: it
// lets the server echo and agrees to tell of the window and the terminal type,
// BINARY, SGA, STATUS and END-OF-RECORD. It offers its window, and asks for
// SGA, once the server has sent a command, so that one that speaks no Telnet,
// as for HTTP and SMTP, sees nothing but text. ECHO on our side, LINEMODE,
// NEW-ENVIRON and all else is refused: the server learns nothing of the
// environment.
func ClientOptions() *ConnOptions {
	return &ConnOptions{
		Local:   Options(OptionBinary, OptionSGA, OptionStatus, OptionTerminalType, OptionNAWS, OptionEOR),
		Remote:  Options(OptionBinary, OptionEcho, OptionSGA, OptionStatus, OptionEOR),
		Offer:   []Option{OptionNAWS},
		Request: []Option{OptionSGA},
		Await:   true,
	}
}

// Dial connects to a server, as [sockets.Dialer] does; nil options are those of
// [ClientOptions]. After Dial has returned, ctx has no effect on the
// connection.
func Dial(ctx context.Context, network, addr string, opts *ConnOptions) (*Conn, error) {
	nc, err := new(sockets.Dialer).Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return NewClient(nc, opts), nil
}

// NewClient is [Dial] for a connection that was made another way.
func NewClient(nc net.Conn, opts *ConnOptions) *Conn {
	if opts == nil {
		opts = ClientOptions()
	}
	return NewConn(nc, opts)
}

// Relay sends what it reads from in, and writes what comes to out, until the
// peer closes; then it closes the connection. Lines of in may end in LF, which
// goes as CR LF, save under BINARY. At the end of in it closes the sending side
// and goes on with what comes, as a command does that is piped into it.
//
// The error is nil where the peer closed in good order. The end of ctx closes
// the connection. In is closed then too, if it is an [io.Closer]; Relay returns
// when a Read of it that waits has ended.
func (c *Conn) Relay(ctx context.Context, in io.Reader, out io.Writer) error {
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	from := &source{r: in}
	var sending sync.WaitGroup
	sending.Go(func() {
		io.Copy(&userText{c: c, text: lineEnds{w: c}}, from) // reading tells why it broke
		c.CloseWrite()
	})
	_, err := io.Copy(out, struct{ io.Reader }{c})
	c.Close()
	from.close()
	sending.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return cmp.Or(err, from.err)
}

// source is what a user types from, and remembers why it broke.
type source struct {
	r      io.Reader
	err    error
	closed atomic.Bool // by us
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !s.closed.Load() {
		s.err = err
	}
	return n, err
}

func (s *source) close() {
	s.closed.Store(true)
	if c, ok := s.r.(io.Closer); ok {
		c.Close()
	}
}

// userText writes what a user types.
type userText struct {
	c    *Conn
	text lineEnds
}

func (u *userText) Write(p []byte) (int, error) {
	if u.c.Enabled(SideLocal, OptionBinary) {
		return u.c.Write(p)
	}
	return u.text.Write(p)
}
