package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"

	"applayer/pop3"
)

var tlsScene = Scene{
	Name:  "tls",
	Title: "a login in the clear and over TLS: what is read on the way; a flipped octet; a wrong certificate",
	Run:   playTLS,
}

const popSecure = "hamburger.edu:995"

func playTLS(ctx context.Context, n *Net) error {
	serverTLS, clientTLS, err := certificate("hamburger.edu")
	if err != nil {
		return err
	}
	srv := &pop3.Server{Backend: newPopBox(popMessages()...), TLSConfig: serverTLS}
	ln, err := n.Listen(ctx, "tcp", popServer)
	if err != nil {
		return err
	}
	defer serve(func() error { return srv.Serve(ln) }, srv.Close)()
	sealed, err := n.Listen(ctx, "tcp", popSecure)
	if err != nil {
		return err
	}
	defer serve(func() error { return srv.ServeTLS(sealed) }, srv.Close)()
	for _, act := range []func(context.Context, *Net, *tls.Config) error{loginInTheClear, loginOverTLS, flipAnOctet, wrongCertificate} {
		if err := act(ctx, n, clientTLS); err != nil {
			return err
		}
	}
	return nil
}

// loginInTheClear logs in by USER and PASS past a recorder.
func loginInTheClear(ctx context.Context, n *Net, _ *tls.Config) error {
	heard := new(recorder)
	c, err := heard.on(n.dialer("clear"))(ctx, "tcp", popServer)
	if err != nil {
		return err
	}
	defer c.Close()
	messages, err := loginByHand(ctx, c)
	if err != nil {
		return err
	}
	n.Expect("what STAT says in the clear", "2 1410", messages)
	sent, received := heard.octets()
	n.Expect("the recorder reads the name", true, strings.Contains(sent, "USER bob\r\n"))
	n.Expect("and the password", true, strings.Contains(sent, "PASS hungry\r\n"))
	n.Expect("and what is answered", true, strings.Contains(received, "+OK 2 1410\r\n"))
	return nil
}

// loginByHand logs bob in, and returns what STAT says.
func loginByHand(ctx context.Context, nc net.Conn) (stat string, err error) {
	if deadline, ok := ctx.Deadline(); ok {
		nc.SetDeadline(deadline)
	}
	c := pop3.NewConn(nc, &pop3.ConnOptions{Client: true})
	for _, cmd := range []pop3.Command{
		{}, // the greeting comes by itself
		{Verb: pop3.VerbUSER, Arg: []byte(popUser)}, {Verb: pop3.VerbPASS, Arg: []byte(popPass)}, {Verb: pop3.VerbSTAT}, {Verb: pop3.VerbQUIT},
	} {
		if cmd.Verb != pop3.VerbUnknown {
			if err := errors.Join(c.WriteCommand(cmd), c.Flush()); err != nil {
				return "", err
			}
		}
		r, err := c.ReadResponse()
		if err != nil {
			return "", err
		}
		if r.Status != pop3.StatusOK {
			return "", errors.New(r.Text)
		}
		if cmd.Verb == pop3.VerbSTAT {
			stat = r.Text
		}
	}
	return stat, nil
}

// loginOverTLS says the same over TLS.
func loginOverTLS(ctx context.Context, n *Net, config *tls.Config) error {
	heard := new(recorder)
	nc, err := heard.on(n.DialUntold)(ctx, "tcp", popSecure)
	if err != nil {
		return err
	}
	defer nc.Close()
	messages, err := loginByHand(ctx, tls.Client(nc, named(config, "hamburger.edu")))
	if err != nil {
		return err
	}
	n.Expect("what STAT says over TLS", "2 1410", messages)
	sent, received := heard.octets()
	n.Expect("the recorder hears as many octets and more", true, len(sent) > 100 && len(received) > 100)
	for _, secret := range []string{"USER bob", "PASS hungry", "+OK 2 1410"} {
		n.Expect("it reads "+secret, false, strings.Contains(sent+received, secret))
	}
	return nil
}

func named(config *tls.Config, host string) *tls.Config {
	config = config.Clone()
	config.ServerName = host
	return config
}

// flipAnOctet has somebody on the way change one bit of what the client says.
func flipAnOctet(ctx context.Context, n *Net, config *tls.Config) error {
	for _, tt := range []struct {
		what, addr string
		config     *tls.Config
		want       string
	}{
		{"in the clear nobody notices", popServer, nil, "not noticed"},
		{"over TLS it ends the session", popSecure, named(config, "hamburger.edu"), "session ended"},
	} {
		nc, err := n.DialUntold(ctx, "tcp", tt.addr)
		if err != nil {
			return err
		}
		flipped := &flippingConn{Conn: nc}
		got, err := sayFlipped(ctx, flipped, tt.config)
		nc.Close()
		if err != nil {
			return err
		}
		n.Expect("an octet is changed on the way: "+tt.what, tt.want, got)
	}
	return nil
}

// flippingConn changes one bit of what is written once it is told to.
type flippingConn struct {
	net.Conn
	flip bool
}

func (c *flippingConn) Write(p []byte) (int, error) {
	if c.flip && len(p) > 0 {
		p = bytes.Clone(p)
		at := 0 // the first letter of a command: another case
		if tlsRecord(p) {
			at = len(p) - 1
		}
		p[at] ^= 0x20
		c.flip = false
	}
	return c.Conn.Write(p)
}

// tlsRecord tells application data of TLS (RFC 8446 §5.1).
func tlsRecord(p []byte) bool { return len(p) > 5 && p[0] == 23 && p[1] == 3 }

// sayFlipped says a command that is changed on its way, and tells how that ends.
func sayFlipped(ctx context.Context, nc *flippingConn, config *tls.Config) (string, error) {
	if deadline, ok := ctx.Deadline(); ok {
		nc.SetDeadline(deadline)
	}
	var over net.Conn = nc
	if config != nil {
		over = tls.Client(nc, config)
	}
	c := pop3.NewConn(over, &pop3.ConnOptions{Client: true})
	if _, err := c.ReadResponse(); err != nil {
		return "", err
	}
	nc.flip = true
	if err := errors.Join(c.WriteCommand(pop3.Command{Verb: pop3.VerbCAPA}), c.Flush()); err != nil {
		return "", err
	}
	_, err := c.ReadResponse()
	var alert tls.AlertError
	switch {
	case err == nil:
		return "not noticed", nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &alert), isRemoteAlert(err):
		return "session ended", nil
	}
	return "", err
}

// isRemoteAlert tells that the server ended TLS: it read what is no record of
// the client's.
func isRemoteAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}

// wrongCertificate meets servers that show what the client does not trust.
func wrongCertificate(ctx context.Context, n *Net, config *tls.Config) error {
	_, stranger, err := certificate("hamburger.edu")
	if err != nil {
		return err
	}
	for _, tt := range []struct {
		what   string
		config *tls.Config
	}{
		{"a certificate that another has signed", named(stranger, "hamburger.edu")},
		{"a certificate of another host", named(config, "crepes.fr")},
	} {
		nc, err := n.DialUntold(ctx, "tcp", popSecure)
		if err != nil {
			return err
		}
		_, err = loginByHand(ctx, tls.Client(nc, tt.config))
		nc.Close()
		_, refused := errors.AsType[*tls.CertificateVerificationError](err)
		n.Expect(tt.what+" is refused, before a password is told", true, refused)
	}
	return nil
}
