package ftp

import (
	"errors"
	"net"
	"net/netip"
	"strings"

	"applayer/internal/ascii"
)

// user is USER (RFC 959 §4.1.1). Within TLS a user who is logged in stays who he
// is: the certificate may have been his (RFC 4217 §15.2).
func (s *Session) user(arg []byte) {
	name := string(arg)
	switch {
	case s.opts.RequireTLS && s.login.TLS == nil:
		s.reply(530, "TLS is required: begin with AUTH TLS.")
		return
	case s.tlsUser != "" && s.login.TLS != nil && name != s.tlsUser:
		s.reply(503, "Send REIN first.")
		return
	}
	s.dropData()
	s.Do(EventUser)
	host, tls := s.login.Host, s.login.TLS
	s.login = Login{User: name, Host: host, TLS: tls, Peer: s.opts.Peer}
	s.leave()
	s.reply(331, "Password required.")
}

// pass is PASS.
func (s *Session) pass(arg []byte) {
	s.login.Password = string(arg)
	s.add(Action{Kind: ActionAuthenticate, Login: s.login})
}

// acct is ACCT: the rest of a login, or superfluous.
func (s *Session) acct(arg []byte) {
	if s.state != StateAuthenticating {
		s.reply(202, "No account is needed.")
		return
	}
	s.login.Account = string(arg)
	s.add(Action{Kind: ActionAuthenticate, Login: s.login})
}

// Authenticated takes what became of [ActionAuthenticate]. A refusal has one
// text, whatever its reason, and too many of them end the connection
// (RFC 2577 §5).
func (s *Session) Authenticated(account *Account, err error) []Action {
	s.begin()
	switch {
	case errors.Is(err, ErrAccountNeeded) && s.login.Account == "":
		s.Do(EventAccountNeeded)
		return s.reply(332, "Account required.")
	case err != nil || account == nil || account.FS == nil:
		s.Do(EventLoginRefused)
		s.login.Password, s.login.Account = "", ""
		if s.failures++; s.failures >= s.opts.MaxLogins && s.opts.MaxLogins > 0 {
			s.reply(421, "Too many refused logins.")
			return s.add(Action{Kind: ActionClose})
		}
		return s.reply(530, "Login incorrect.")
	}
	s.Do(EventLogin)
	s.login.Password, s.login.Account = "", ""
	s.account = account
	if s.login.TLS != nil {
		s.tlsUser = s.login.User
	}
	if home, err := resolve(".", account.Home, s.opts.Limits); err == nil {
		s.dir = home
	}
	return s.reply(230, "Logged in.")
}

// User is who is logged in, "" without.
func (s *Session) User() string {
	if !s.LoggedIn() {
		return ""
	}
	return s.login.User
}

// Account is what the user who is logged in got, nil without.
func (s *Session) Account() *Account { return s.account }

// leave lets go of the user's files.
func (s *Session) leave() {
	account := s.account
	s.account, s.dir = nil, "."
	if account != nil && account.Release != nil {
		account.Release()
	}
}

// rein is REIN: everything is as it was at the beginning, TLS included, which
// the reply is still within (RFC 4217 §13).
func (s *Session) rein([]byte) {
	within := s.controlPrivate()
	s.dropData()
	s.DoProtection(ProtectionEventREIN)
	tls := s.login.TLS
	s.reset()
	s.reply(220, "Ready for a new user.")
	switch {
	case s.opts.Implicit:
		s.login.TLS = tls
	case within:
		s.add(Action{Kind: ActionStopTLS})
	}
}

// quit is QUIT.
func (s *Session) quit([]byte) {
	s.dropData()
	s.leave()
	s.reply(221, "Goodbye.")
	s.add(Action{Kind: ActionClose})
}

// host is HOST (RFC 7151 §3): the last one before the login counts.
func (s *Session) host(arg []byte) {
	name, ok := hostName(string(arg))
	switch {
	case !ok:
		s.reply(501, "Syntax: HOST <host>, without a port.")
		return
	case s.login.TLS != nil && s.login.TLS.ServerName != "" && !ascii.EqualFold(s.login.TLS.ServerName, name):
		s.reply(504, "TLS was begun with another host.") // RFC 7151 §3.2.2
		return
	case isAddress(name) && name != addrOf(s.opts.Local).String():
		s.reply(504, "That is not this server's address.")
		return
	}
	greeting := "Host accepted."
	if !isAddress(name) {
		if s.opts.Host == nil {
			s.reply(504, "No such host.")
			return
		}
		text, ok := s.opts.Host(name)
		if !ok {
			s.reply(504, "No such host.")
			return
		}
		if text != "" {
			greeting = text
		}
	}
	s.login.Host = name
	s.reply(220, greeting)
}

// hostName checks HOST's argument by RFC 7151 §3.1 and returns it in lower case,
// without the brackets of an address.
func hostName(arg string) (string, bool) {
	if inner, ok := strings.CutPrefix(arg, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		return addr.String(), ok && err == nil && addr.Is6() && addr.Zone() == ""
	}
	if addr, err := netip.ParseAddr(arg); err == nil {
		return addr.String(), addr.Is4()
	}
	if len(arg) > 253 {
		return "", false
	}
	for label := range strings.SplitSeq(arg, ".") {
		if n := len(label); n == 0 || n > 63 || label[0] == '-' || label[n-1] == '-' || ascii.Span(&hostOctets, label) != n {
			return "", false
		}
	}
	return strings.ToLower(arg), true
}

var hostOctets = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("-"))

func isAddress(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil
}

// addrOf is the IP address of a network address of whatever kind, invalid where
// it has none.
func addrOf(a net.Addr) netip.Addr {
	if a == nil {
		return netip.Addr{}
	}
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return ap.Addr().Unmap().WithZone("")
}

// portOf is the port of a network address, 0 where it has none.
func portOf(a net.Addr) uint16 {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Port()
	}
	if a == nil {
		return 0
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return ap.Port()
}

// clnt is CLNT: programs tell their names by it.
func (s *Session) clnt(arg []byte) {
	s.client = string(arg[:min(len(arg), maxQuoted)])
	s.reply(200, "Noted.")
}

// lang is LANG (RFC 2640 §4.1): we speak English.
func (s *Session) lang(arg []byte) {
	primary, _, _ := strings.Cut(string(arg), "-")
	switch {
	case len(arg) == 0 || ascii.EqualFold(primary, "en"):
		s.reply(200, "English it is.")
	case !isLanguageTag(string(arg)):
		s.reply(501, "Syntax: LANG [<language>]")
	default:
		s.reply(504, "No such language.")
	}
}

// isLanguageTag checks the grammar of RFC 2640 §4.2.
func isLanguageTag(tag string) bool {
	for part := range strings.SplitSeq(tag, "-") {
		if len(part) == 0 || len(part) > 8 || ascii.Span(&ascii.Alpha, part) != len(part) {
			return false
		}
	}
	return true
}
