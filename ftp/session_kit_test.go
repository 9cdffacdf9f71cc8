package ftp_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// driven carries out what a Session asks for, without sockets: data connections
// are buffers.
type driven struct {
	tb   testing.TB
	s    *ftp.Session
	fs   ftp.FS
	auth func(ftp.Login) (*ftp.Account, error)

	upload string // what the next uploads bring
	data   string // what the last download or listing brought
	fail   error  // what becomes of transfers
	noPort bool   // no data port can be opened

	replies   []string // of the command under way
	ports     int      // data ports open
	target    netip.AddrPort
	closed    bool
	tlsStarts int
	tlsStops  int
	idle      int
}

var (
	peerAddr  = net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.7:50000"))
	localAddr = net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:21"))
)

// drive makes a session over fsys. Nil options are those of a client at
// 192.0.2.7.
func drive(tb testing.TB, fsys ftp.FS, opts *ftp.SessionOptions) *driven {
	if opts == nil {
		opts = new(ftp.SessionOptions)
	}
	if opts.Peer == nil {
		opts.Peer, opts.Local = peerAddr, localAddr
	}
	d := &driven{tb: tb, fs: fsys}
	d.auth = func(l ftp.Login) (*ftp.Account, error) {
		switch {
		case l.User == "u" && l.Password == "p":
			return &ftp.Account{FS: d.fs}, nil
		case l.User == "acct" && l.Password == "p" && l.Account == "":
			return nil, ftp.ErrAccountNeeded
		case l.User == "acct" && l.Account == "a":
			return &ftp.Account{FS: d.fs}, nil
		}
		return nil, ftp.ErrRefused
	}
	d.s = ftp.NewSession(opts)
	return d
}

// do gives the session a command line and returns the replies, one a line, the
// lines of each with slashes between them.
func (d *driven) do(line string) string {
	d.replies = nil
	cmd, err := ftp.ParseCommand([]byte(line))
	if err != nil {
		d.perform(d.s.Unreadable(err))
	} else {
		d.perform(d.s.Handle(cmd))
	}
	return strings.Join(d.replies, "\n")
}

// login logs the user u in.
func (d *driven) login() *driven {
	d.do("USER u")
	require.True(d.tb, strings.HasPrefix(d.do("PASS p"), "230"))
	return d
}

func (d *driven) perform(actions []ftp.Action) {
	for len(actions) > 0 {
		a := actions[0]
		actions = actions[1:]
		switch a.Kind {
		case ftp.ActionReply:
			d.replies = append(d.replies, a.Reply.String())
		case ftp.ActionList:
			d.list(a)
		case ftp.ActionAuthenticate:
			account, err := d.auth(a.Login)
			actions = d.s.Authenticated(account, err)
		case ftp.ActionListen:
			d.drop()
			if d.noPort {
				actions = d.s.Listening(nil, errors.New("no port"))
				continue
			}
			d.ports++
			actions = d.s.Listening(net.TCPAddrFromAddrPort(netip.AddrPortFrom(d.local(), 40000)), nil)
		case ftp.ActionConnect:
			d.drop()
			d.target = a.Addr
		case ftp.ActionDropData:
			d.drop()
		case ftp.ActionTransfer:
			d.replies = append(d.replies, a.Transfer.Begin.String())
			d.drop()
			actions = d.s.Transferred(d.transfer(a.Transfer))
		case ftp.ActionStartTLS:
			d.tlsStarts++
			actions = d.s.Secured(&tls.ConnectionState{HandshakeComplete: true}, nil)
		case ftp.ActionStopTLS:
			d.tlsStops++
		case ftp.ActionIdle:
			d.idle = int(a.Idle.Seconds())
		case ftp.ActionClose:
			d.closed = true
		}
	}
}

func (d *driven) local() netip.Addr { return netip.MustParseAddr("192.0.2.1") }

func (d *driven) drop() {
	d.ports = 0
	d.target = netip.AddrPort{}
}

// list is a reply with lines between its first and its last.
func (d *driven) list(a ftp.Action) {
	lines := []string{a.Reply.Lines[0]}
	for line, err := range a.List {
		require.NoError(d.tb, err)
		lines = append(lines, strings.TrimSuffix(string(line), "\r\n"))
	}
	d.replies = append(d.replies, ftp.Reply{Code: a.Reply.Code, Lines: append(lines, a.Reply.Lines[1])}.String())
}

// transfer is a data connection.
func (d *driven) transfer(t *ftp.Transfer) error {
	if d.fail != nil {
		return d.fail
	}
	var b bytes.Buffer
	var err error
	switch {
	case t.List != nil:
		_, err = t.List.WriteTo(&b)
	case t.File != nil:
		_, err = io.Copy(&b, t.File)
	default:
		_, err = io.WriteString(t.Upload, d.upload)
	}
	d.data = b.String()
	return err
}
