package pop3

import (
	"context"
	"net"
)

// mayHearPasswords tells whether passwords are taken as they are: within TLS,
// and from where nobody stands between.
func (x *session) mayHearPasswords() bool {
	_, secure := x.c.TLS()
	return secure || x.srv.AllowInsecureAuth || isLocal(x.c.RemoteAddr())
}

// isLocal tells whether a peer is on this host.
func isLocal(a net.Addr) bool {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}

// refusePassword answers a command that begins a login with a password in the
// clear where that must not be (RFC 2595 §2.3), before the password is said.
func (x *session) refusePassword() bool {
	if x.mayHearPasswords() {
		return false
	}
	if x.blame(5) {
		x.respond(refused(CodeAuth, "Not in the clear: begin with STLS."))
	}
	return true
}

// mayStartTLS tells whether STLS would be granted.
func (x *session) mayStartTLS() bool {
	_, secure := x.c.TLS()
	return x.srv.tls != nil && !secure && !x.utf8 && x.Can(EventSTLS)
}

// stls is STLS (RFC 2595 §4). Whatever came behind it came in the clear, from
// anybody on the way, and is not to be answered within TLS (CVE-2011-0411).
func (x *session) stls([][]byte, []byte) {
	switch {
	case !x.mayStartTLS():
		x.fault("There is no TLS to begin.")
		return
	case x.c.Buffered() > 0:
		x.hangUp("", "Nothing may follow STLS.")
		return
	}
	x.Do(EventSTLS)
	x.user = "" // it came from anybody, too
	x.ok("Begin TLS.")
	ctx, cancel := context.WithTimeout(x.ctx, x.srv.timeouts.Handshake)
	defer cancel()
	if err := x.c.StartTLS(ctx, x.srv.tls); err != nil {
		x.srv.logger().Info("TLS handshake", "peer", x.c.RemoteAddr(), "err", err)
		x.closed = true
	}
}
