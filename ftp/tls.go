package ftp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"time"
)

// TLSReuse says whether TLS of a data connection must go on from that of the
// control connection. If it does, whoever connected to the data port is the one
// who logged in: the certificate of a client is mostly none.
type TLSReuse uint8

const (
	// TLSReusePrefer lets clients go on from the control connection.
	TLSReusePrefer TLSReuse = iota
	// TLSReuseRequire refuses data connections that do not, with 522
	// (RFC 4217 §10.2).
	TLSReuseRequire
)

// tlsConfig is the configuration of the server, or of the virtual host.
func (sc *serverConn) tlsConfig() *tls.Config {
	if host := sc.virtualHost(); host != nil && host.TLSConfig != nil {
		return host.TLSConfig
	}
	return sc.srv.tls
}

// tlsSupport tells what AUTH TLS can do.
func (s *Server) tlsSupport() TLSSupport {
	c := s.tls
	switch {
	case c == nil:
		return TLSNone
	case len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil:
		return TLSUnusable
	}
	return TLSReady
}

// startTLS shakes hands on the control connection.
func (sc *serverConn) startTLS() []Action {
	config := sc.bound(sc.tlsConfig(), false)
	ctx, cancel := context.WithTimeout(sc.ctx, sc.srv.timeouts.Handshake)
	defer cancel()
	err := sc.c.StartTLS(ctx, config)
	if err != nil {
		sc.srv.logger().Info("TLS handshake", "peer", sc.nc.RemoteAddr(), "err", err)
	}
	return sc.s.Secured(sc.c.TLS(), err)
}

// stopTLS ends TLS on the control connection. Commands that came within it and
// wait would be answered in the clear.
func (sc *serverConn) stopTLS() {
	ctx, cancel := context.WithTimeout(sc.ctx, sc.srv.timeouts.Handshake)
	defer cancel()
	if len(sc.queue) > 0 || sc.c.StopTLS(ctx) != nil {
		sc.closed = true
		return
	}
	sc.s.ControlTLS(nil)
}

// protocols are what TLS may be meant for where a client says it (RFC 7301 §3.2).
// A browser that was led here takes its way for HTTP, and would take a file, or
// what a reply repeats, for a page of a web server with the same certificate
// (ALPACA, CVE-2021-3618). Most clients of FTP say nothing; "ftp-data" is what
// FileZilla says on data connections.
var protocols = []string{"ftp", "ftp-data"}

// bindPrefix begins what marks a ticket as one of a session's.
var bindPrefix = []byte("applayer/ftp session ")

// bound returns a configuration whose tickets are marked as this session's. For
// a data connection it takes no others: that TLS was resumed says no more than
// that the peer was a client once, of whatever user's session.
func (sc *serverConn) bound(base *tls.Config, data bool) *tls.Config {
	c := base.Clone()
	if len(c.NextProtos) == 0 {
		c.NextProtos = protocols
	}
	mark := append(bytes.Clone(bindPrefix), sc.id[:]...)
	c.WrapSession = func(cs tls.ConnectionState, ss *tls.SessionState) ([]byte, error) {
		others := ss.Extra[:0:0]
		for _, extra := range ss.Extra {
			if !bytes.HasPrefix(extra, bindPrefix) {
				others = append(others, extra)
			}
		}
		ss.Extra = append(others, mark)
		return base.EncryptTicket(cs, ss)
	}
	c.UnwrapSession = func(identity []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
		ss, err := base.DecryptTicket(identity, cs)
		if err != nil || ss == nil || !data {
			return ss, err
		}
		for _, extra := range ss.Extra {
			if bytes.Equal(extra, mark) {
				return ss, nil
			}
		}
		return nil, nil
	}
	if choose := base.GetConfigForClient; choose != nil {
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			chosen, err := choose(hello)
			if err != nil || chosen == nil {
				return nil, err
			}
			return sc.bound(chosen, data), nil
		}
	}
	return c
}

// carryTLS is carry within TLS: the handshake comes after the reply that begins
// the transfer (RFC 4217 §7), and TLS's own end is the end of the data.
func (x *transferring) carryTLS() error {
	raw := &endConn{Conn: x.nc}
	t := tls.Server(raw, x.sc.bound(x.sc.tlsConfig(), true))
	if err := x.handshake(t); err != nil {
		return err
	}
	if err := x.carry(t); err != nil {
		return err
	}
	if raw.seen {
		return peerError(errNoCloseNotify) // anybody on the way can end a connection
	}
	x.extend()
	err := t.CloseWrite()
	if x.t.Upload != nil {
		return nil // which came whole, whatever the client hears of us
	}
	return peerError(err)
}

// handshake shakes hands on a data connection.
func (x *transferring) handshake(t *tls.Conn) error {
	x.nc.SetDeadline(time.Now().Add(x.sc.srv.timeouts.Handshake))
	if x.ctx.Err() != nil {
		x.nc.SetDeadline(past)
	}
	if err := t.HandshakeContext(context.WithoutCancel(x.ctx)); err != nil {
		return errors.Join(errDataTLS, err)
	}
	if x.sc.srv.TLSReuse == TLSReuseRequire && !t.ConnectionState().DidResume {
		return errors.Join(errDataTLS, errNotResumed)
	}
	return nil
}

var errNotResumed = errors.New("ftp: TLS was not resumed from the control connection")
