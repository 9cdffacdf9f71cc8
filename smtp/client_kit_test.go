package smtp_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// peer plays a server by a script, whose lines are what a real one might say and
// what none would:
//
//	S: 220 ready        it says so, with CRLF
//	S~ 220 rea          it says so, without; the text is as in Go
//	C: EHLO crepes.fr   it waits for that
//	C= chunk\r\n        it waits for that many octets, as in Go
//	C*                  it reads to the end of the connection
//	BDAT                it takes a message in chunks
//	TLS                 it shakes hands
//	close               it closes, with what is left unread
type peer struct {
	tb   testing.TB
	nc   net.Conn
	in   *bufio.Reader
	tls  *tls.Config
	rest strings.Builder // what C* read
	all  sync.WaitGroup
}

// playServer starts a peer and returns the other end of its connection. The test's end
// waits for the script's.
func playServer(tb testing.TB, config *tls.Config, script string) (net.Conn, *peer) {
	tb.Helper()
	near, far := testkit.Pipe()
	p := &peer{tb: tb, nc: far, in: bufio.NewReader(far), tls: config}
	p.all.Go(func() {
		defer func() { p.nc.Close() }()
		for line := range strings.Lines(script) {
			if !p.step(strings.Trim(line, "\t\n")) {
				return
			}
		}
	})
	tb.Cleanup(func() {
		near.Close()
		p.all.Wait()
	})
	return near, p
}

func (p *peer) step(line string) bool {
	kind, text := line, ""
	if i := strings.IndexAny(line, ":~="); i == 1 {
		kind, text = line[:2], strings.TrimPrefix(line[2:], " ")
	}
	switch kind {
	case "":
	case "S:":
		_, err := io.WriteString(p.nc, text+"\r\n")
		return assert.NoError(p.tb, err, "%s", line)
	case "S~":
		text, err := strconv.Unquote(`"` + text + `"`)
		require.NoError(p.tb, err, "%s", line)
		_, err = io.WriteString(p.nc, text)
		return assert.NoError(p.tb, err, "%s", line)
	case "C:":
		got, err := p.in.ReadString('\n')
		return assert.NoError(p.tb, err, "%s", line) && assert.Equal(p.tb, text+"\r\n", got)
	case "C=":
		want, err := strconv.Unquote(`"` + text + `"`)
		require.NoError(p.tb, err, "%s", line)
		got := make([]byte, len(want))
		_, err = io.ReadFull(p.in, got)
		return assert.NoError(p.tb, err, "%s", line) && assert.Equal(p.tb, want, string(got))
	case "C*":
		io.Copy(&p.rest, p.in)
	case "BDAT":
		return p.chunks()
	case "TLS":
		t := tls.Server(p.nc, p.tls)
		p.nc, p.in = t, bufio.NewReader(t)
		return assert.NoError(p.tb, t.Handshake())
	case "close":
		return false
	default:
		assert.Fail(p.tb, "script", "%q", line)
	}
	return true
}

// chunks takes a message by BDAT, and notes what it was.
func (p *peer) chunks() bool {
	for last := false; !last; {
		line, err := p.in.ReadString('\n')
		if !assert.NoError(p.tb, err) {
			return false
		}
		p.rest.WriteString(line)
		var n int64
		n, last, err = smtp.ParseBDAT([]byte(strings.TrimSpace(strings.TrimPrefix(line, "BDAT "))))
		if assert.NoError(p.tb, err, "%q", line) {
			_, err = io.CopyN(&p.rest, p.in, n)
			assert.NoError(p.tb, err)
		}
		io.WriteString(p.nc, "250 ok\r\n")
	}
	return true
}

// client opens a session with a peer that plays script.
func client(tb testing.TB, opts *smtp.Options, script string) *smtp.Client {
	tb.Helper()
	c, err := clientErr(tb, opts, script)
	require.NoError(tb, err)
	return c
}

func clientErr(tb testing.TB, opts *smtp.Options, script string) (*smtp.Client, error) {
	tb.Helper()
	o := smtp.Options{}
	if opts != nil {
		o = *opts
	}
	if o.Hello == "" {
		o.Hello = "crepes.fr"
	}
	nc, _ := playServer(tb, nil, script)
	c, err := smtp.NewClient(tb.Context(), nc, &o)
	if err == nil {
		tb.Cleanup(func() { c.Close() })
	}
	return c, err
}

// hello is the beginning of a session with the extensions.
func hello(extensions ...string) string {
	var s strings.Builder
	s.WriteString("S: 220 hamburger.edu\nC: EHLO crepes.fr\n")
	for i, line := range append([]string{"hamburger.edu"}, extensions...) {
		sep := "-"
		if i == len(extensions) {
			sep = " "
		}
		s.WriteString("S: 250" + sep + line + "\n")
	}
	return s.String()
}

var (
	alice = smtp.Path{Local: "alice", Domain: "crepes.fr"}
	bob   = smtp.Path{Local: "bob", Domain: "hamburger.edu"}
	carol = smtp.Path{Local: "carol", Domain: "hamburger.edu"}
)

// envelope is from Alice.
func envelope(to ...smtp.Path) smtp.Envelope {
	e := smtp.Envelope{From: alice, MailOptions: smtp.MailOptions{Body: smtp.BodySevenBit}}
	for _, p := range to {
		e.To = append(e.To, smtp.Recipient{Path: p})
	}
	return e
}

const ketchup = "Subject: question\r\n\r\nDo you like ketchup?\r\nHow about pickles?\r\n"

// at makes a connection one with a server at addr.
func at(nc net.Conn, addr string) net.Conn {
	return &addressed{nc, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))}
}

type addressed struct {
	net.Conn
	remote net.Addr
}

func (a *addressed) RemoteAddr() net.Addr { return a.remote }
