package ftp

import (
	"crypto/tls"

	"applayer/internal/ascii"
)

// controlPrivate tells whether the control connection speaks TLS.
func (s *Session) controlPrivate() bool {
	return s.protection >= ProtectionControl && s.protection <= ProtectionPrivate
}

// auth is AUTH. SSL is TLS by an old name, which curl asks for first; unlike
// there, data connections stay in the clear until PROT P.
func (s *Session) auth(arg []byte) {
	known := ascii.EqualFold(arg, "TLS") || ascii.EqualFold(arg, "TLS-C") || ascii.EqualFold(arg, "SSL")
	switch {
	case s.opts.TLS == TLSNone:
		s.reply(502, "There is no TLS here.")
		return
	case !known:
		s.reply(504, "Only AUTH TLS is known.")
		return
	case s.opts.TLS == TLSUnusable:
		s.reply(431, "The server's certificate is not usable.")
		return
	case s.LoggedIn():
		s.reply(534, "Log out first: what was said in the clear is not protected by it.")
		return
	}
	if err := s.DoProtection(ProtectionEventAUTH); err != nil {
		s.refuse(err)
		return
	}
	// A user named in the clear is forgotten (RFC 4217 §4).
	s.forgetUser()
	s.reply(234, "Begin TLS.")
	s.add(Action{Kind: ActionStartTLS})
}

// forgetUser goes back to where nobody was named.
func (s *Session) forgetUser() {
	if s.state == StateUserGiven || s.state == StateAccountWanted {
		s.Do(EventReset)
		s.login.User, s.login.Password = "", ""
	}
}

// Secured takes what became of [ActionStartTLS]. A handshake that failed ends
// the session: nobody knows what the stream holds.
func (s *Session) Secured(state *tls.ConnectionState, err error) []Action {
	s.begin()
	if err != nil {
		return s.add(Action{Kind: ActionClose})
	}
	s.login.TLS = state
	return s.actions
}

// pbsz is PBSZ: TLS is a stream and needs no buffer, so 0 is the only size
// (RFC 4217 §9).
func (s *Session) pbsz(arg []byte) {
	_, n, err := ascii.Decimal(arg, 1<<32-1)
	if s.protection != ProtectionNone && (err != nil || n != len(arg)) {
		s.reply(501, "Syntax: PBSZ 0")
		return
	}
	if err := s.DoProtection(ProtectionEventPBSZ); err != nil {
		s.refuse(err)
		return
	}
	s.reply(200, "PBSZ=0")
}

// prot is PROT: C or P. S and E are levels that TLS has no use for.
func (s *Session) prot(arg []byte) {
	event := ProtectionEventPROTC
	switch {
	case len(arg) != 1:
		s.reply(504, "Only PROT C and PROT P are known.")
		return
	case ascii.Upper(arg[0]) == 'C':
	case ascii.Upper(arg[0]) == 'P':
		event = ProtectionEventPROTP
	case ascii.Upper(arg[0]) == 'S', ascii.Upper(arg[0]) == 'E':
		s.reply(536, "TLS has no such level.") // RFC 2228 §3
		return
	default:
		s.reply(504, "Only PROT C and PROT P are known.")
		return
	}
	if err := s.DoProtection(event); err != nil {
		s.refuse(err)
		return
	}
	if event == ProtectionEventPROTP {
		s.reply(200, "Data connections are protected.")
	} else {
		s.reply(200, "Data connections are in the clear.")
	}
}

// ccc is CCC. The reply is within TLS, what follows in the clear.
func (s *Session) ccc([]byte) {
	switch {
	case !s.controlPrivate():
		s.refuse(s.DoProtection(ProtectionEventCCC))
		return
	case !s.opts.AllowCCC || s.opts.Implicit:
		s.reply(534, "The control connection stays protected.")
		return
	}
	if err := s.DoProtection(ProtectionEventCCC); err != nil {
		s.refuse(err)
		return
	}
	s.reply(200, "The control connection is in the clear.")
	s.add(Action{Kind: ActionStopTLS})
}
