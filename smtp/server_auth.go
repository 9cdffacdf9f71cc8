package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"

	"applayer/internal/ascii"
	"applayer/sockets"
)

// secure tells whether TLS is between the client and us.
func (d *dialogue) secure() bool {
	return d.Security() == SecurityTLS || d.Security() == SecurityTLSLogin
}

// usable tells whether a handshake with c can succeed.
func usable(c *tls.Config) bool {
	return c != nil && (len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil)
}

// startTLS is STARTTLS. What was read behind it came in the clear, where anybody
// on the way could have put it (CVE-2011-0411).
func (d *dialogue) startTLS(context.Context, []byte) turn {
	switch {
	case d.srv.tls == nil || !d.srv.offered.has(extSTARTTLS):
		return say(replyNotBuilt)
	case !d.CanSecurity(SecurityEventSTARTTLS):
		return say(replySequence)
	case !usable(d.srv.tls):
		return say(replyNoTLS)
	case d.c.Buffered() > 0:
		return turn{reply: replyInjected, next: nextClose}
	}
	d.Do(EventStartTLS)
	return turn{reply: replyBeginTLS, next: nextTLS}
}

// secured notes that TLS stands: what was said before is forgotten
// (RFC 3207 §4.2).
func (d *dialogue) secured() {
	d.Do(EventSecured)
	d.DoSecurity(SecurityEventSTARTTLS)
	d.c.hello, d.c.identity, d.extended = "", "", false
	d.name()
}

// mechanisms are the names that EHLO tells: none behind a login.
func (d *dialogue) mechanisms() (names []string) {
	if d.srv.Auth == nil || !d.CanSecurity(SecurityEventAUTH) || d.srv.RequireTLS && !d.secure() {
		return nil
	}
	for _, m := range d.srv.Auth(d.c) {
		if d.mechanismAllowed(m.Mechanism()) {
			names = append(names, m.Mechanism())
		}
	}
	return names
}

// mechanismAllowed tells whether a mechanism may be used: not one that shows a
// password to everybody on the way (RFC 4954 §4).
func (d *dialogue) mechanismAllowed(name string) bool {
	return d.secure() || d.srv.AllowInsecureAuth || !showsPassword(name) || d.onLoopback()
}

// showsPassword tells of the mechanisms whose responses are as good as the
// password.
func showsPassword(name string) bool {
	return name == "PLAIN" || name == "LOGIN" || name == "OAUTHBEARER" || name == "XOAUTH2"
}

// onLoopback tells whether the client is on this host.
func (d *dialogue) onLoopback() bool {
	peer := d.c.RemoteAddr()
	if peer == nil {
		return false
	}
	if peer.Network() == "unix" {
		return true
	}
	ap, err := netip.ParseAddrPort(peer.String())
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// auth is AUTH (RFC 4954 §4).
func (d *dialogue) auth(_ context.Context, arg []byte) turn {
	switch {
	case d.srv.Auth == nil || !d.srv.offered.has(extAUTH):
		return say(replyNotBuilt)
	case !d.CanSecurity(SecurityEventAUTH):
		return say(replySequence)
	case d.srv.RequireTLS && !d.secure():
		return say(replyNeedTLS)
	}
	name, initial, err := ParseAuth(arg)
	if err != nil {
		return say(d.refusalReply(err))
	}
	for _, m := range d.srv.Auth(d.c) {
		if !ascii.EqualFold(m.Mechanism(), name) {
			continue
		}
		switch {
		case !d.mechanismAllowed(m.Mechanism()):
			return say(replyNeedCrypto)
		case d.srv.guesses.TooMany(d.srv.guesser(d.c.RemoteAddr())):
			d.srv.logger().Warn("login not looked at", "peer", d.c.RemoteAddr(), "limit", "MaxAuthFailuresPerPeer")
			return say(replyAuthFailed)
		}
		d.Do(EventAuth)
		return turn{next: nextLogin, login: m, first: initial}
	}
	return say(replyNoMechanism)
}

// guesser is what counts as one peer, not valid where that is not limited.
func (s *Server) guesser(peer net.Addr) netip.Prefix {
	if peer == nil {
		return netip.Prefix{}
	}
	if s.Conns.PeerPrefix != nil {
		return s.Conns.PeerPrefix(peer).Masked()
	}
	return sockets.DefaultPeerPrefix(peer).Masked()
}

// loggedIn notes who the client is.
func (d *dialogue) loggedIn(identity string) turn {
	d.Do(EventAuthEnd)
	d.DoSecurity(SecurityEventAUTH)
	d.c.identity = identity
	d.name()
	return say(replyLoggedIn)
}

// notLoggedIn takes why an exchange failed: an error of [SASLServer], or of the
// reading of a response.
func (d *dialogue) notLoggedIn(err error) turn {
	d.Do(EventAuthEnd)
	t := say(replyAuthFailed)
	switch {
	case errors.Is(err, errCancelled):
		t = say(replyCancelled)
	case errors.Is(err, errNotBase64):
		t = say(replyBadBase64)
	case errors.Is(err, ErrAuthSyntax):
		t = say(replyBadResponse)
	case errors.Is(err, errAuthLong):
		t = say(replyAuthLong)
	case errors.Is(err, ErrAuthRefused):
		t = say(replyRefusedLogin)
		if d.failures++; d.failures >= d.srv.limits.MaxAuthFailures {
			d.Do(EventEnd)
			return turn{reply: replyTooManyLogins, next: nextClose}
		}
	}
	return d.count(VerbAUTH, t)
}

// What may end an exchange besides its mechanism.
var (
	errCancelled = errors.New("smtp: authentication cancelled")
	errNotBase64 = errors.New("smtp: response is not base64")
	errAuthLong  = errors.New("smtp: response too long")
	errGuesses   = errors.New("smtp: too many refused logins of the peer")
)

// decodeResponse takes a line of an exchange (RFC 4954 §4).
func decodeResponse(line []byte) ([]byte, error) {
	if string(line) == "*" {
		return nil, errCancelled
	}
	b, err := ParseAuthResponse(line)
	if err != nil {
		return nil, errNotBase64
	}
	return b, nil
}
