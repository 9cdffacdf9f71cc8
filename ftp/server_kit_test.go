package ftp_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// site is a server on a network in memory, at 192.0.2.1:21.
type site struct {
	tb      testing.TB
	network *testkit.Network
	srv     *ftp.Server
}

// userP lets the user u in with password p, to a file system.
func userP(fsys ftp.FS) ftp.Authenticator {
	return ftp.AuthenticatorFunc(func(_ context.Context, l ftp.Login) (*ftp.Account, error) {
		if l.User == "u" && l.Password == "p" {
			return &ftp.Account{FS: fsys}, nil
		}
		return nil, ftp.ErrRefused
	})
}

// serve starts a server. It ends with the test.
func serve(tb testing.TB, srv *ftp.Server) *site {
	s := &site{tb: tb, network: testkit.NewNetwork(), srv: srv}
	srv.ListenData, srv.DialData = s.network.Listen, s.network.DialFrom
	s.listen("192.0.2.1:21", srv.Serve)
	if srv.TLSConfig != nil {
		s.listen("192.0.2.1:990", srv.ServeTLS)
	}
	return s
}

func (s *site) listen(addr string, serve func(net.Listener) error) {
	l, err := s.network.Listen(s.tb.Context(), "tcp", addr)
	require.NoError(s.tb, err)
	done := make(chan error, 1)
	go func() { done <- serve(l) }()
	s.tb.Cleanup(func() {
		s.srv.Close()
		require.ErrorIs(s.tb, <-done, ftp.ErrServerClosed)
	})
}

// rawClient speaks to a server line by line.
type rawClient struct {
	tb   testing.TB
	site *site
	from string // the address it comes from
	c    *ftp.Conn
}

// dial connects from an address, and reads no greeting.
func (s *site) dial(from string) *rawClient {
	nc, err := s.network.DialFrom(s.tb.Context(), "tcp", from+":0", "192.0.2.1:21")
	require.NoError(s.tb, err)
	c := &rawClient{tb: s.tb, site: s, from: from, c: ftp.NewConn(nc, &ftp.ConnOptions{Client: true})}
	s.tb.Cleanup(func() { nc.Close() })
	return c
}

// login is a client at 192.0.2.7 that is logged in.
func (s *site) login() *rawClient {
	c := s.dial("192.0.2.7")
	c.want("220")
	c.do("USER u", "331")
	c.do("PASS p", "230")
	return c
}

// send sends a line.
func (c *rawClient) send(line string) { require.NoError(c.tb, c.c.WriteLine(line), line) }

// want reads a reply and checks how it begins.
func (c *rawClient) want(prefix string) string {
	c.tb.Helper()
	r, err := c.c.ReadReply()
	require.NoError(c.tb, err, "waiting for %s", prefix)
	require.True(c.tb, strings.HasPrefix(r.String(), prefix), "got %q, want %q", r, prefix)
	return r.String()
}

// do sends a line and checks the replies.
func (c *rawClient) do(line string, prefixes ...string) (last string) {
	c.tb.Helper()
	c.send(line)
	for _, p := range prefixes {
		last = c.want(p)
	}
	return last
}

// end checks that the server closed the connection.
func (c *rawClient) end() {
	c.tb.Helper()
	_, err := c.c.ReadReply()
	require.ErrorIs(c.tb, err, io.EOF)
}

// passive opens a data port by EPSV and connects to it.
func (c *rawClient) passive() net.Conn {
	c.tb.Helper()
	return c.connect(c.port(), c.from)
}

// port opens a data port.
func (c *rawClient) port() string {
	c.tb.Helper()
	port, err := ftp.Parse229(strings.TrimPrefix(c.do("EPSV", "229"), "229 "))
	require.NoError(c.tb, err)
	return net.JoinHostPort("192.0.2.1", strconv.Itoa(int(port)))
}

func (c *rawClient) connect(addr, from string) net.Conn {
	c.tb.Helper()
	nc, err := c.site.network.DialFrom(c.tb.Context(), "tcp", from+":0", addr)
	require.NoError(c.tb, err)
	c.tb.Cleanup(func() { nc.Close() })
	return nc
}

// fetch does a download or listing.
func (c *rawClient) fetch(line string) string {
	c.tb.Helper()
	data := c.passive()
	c.do(line, "1")
	b, err := io.ReadAll(data)
	require.NoError(c.tb, err)
	data.Close()
	c.want("226")
	return string(b)
}

// store does an upload.
func (c *rawClient) store(line, text string) {
	c.tb.Helper()
	data := c.passive()
	c.do(line, "1")
	_, err := io.WriteString(data, text)
	require.NoError(c.tb, err)
	data.Close()
	c.want("226")
}

// startTLS begins TLS on the control connection.
func (c *rawClient) startTLS(config *tls.Config) {
	c.tb.Helper()
	c.do("AUTH TLS", "234")
	ctx, cancel := context.WithTimeout(c.tb.Context(), time.Minute)
	defer cancel()
	require.NoError(c.tb, c.c.StartTLS(ctx, config))
}
