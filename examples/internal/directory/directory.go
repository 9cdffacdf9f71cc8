// Package directory is the server's half of a hybrid of client-server and
// peer-to-peer: it says who is where, to those who say who they are, and what
// the peers then tell each other does not pass it.
//
// A request is a line of words, and each has a reply of one line:
//
//	LOGIN user password [port]  OK user          or NO wrong user or password
//	WHERE user                  AT user address  or NO user is not here
//	LOGOUT                      OK bye, and the server closes
//
// The port is the one on which the peer listens, at the address from which it
// is connected; it may be written as address:port where it listens elsewhere.
// A request out of order gets NO, one that is none gets BAD. A user is here
// from LOGIN until LOGOUT or the end of the connection.
package directory

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"applayer/internal/ascii"
	"applayer/internal/fsm"
)

// Directory knows who is where. Sessions may use it at once.
type Directory struct {
	check func(user, password string) bool

	mu   sync.Mutex // guards here
	here map[string]*Session
}

// New returns an empty directory of the users whose password check accepts.
func New(check func(user, password string) bool) *Directory {
	return &Directory{check: check, here: map[string]*Session{}}
}

// Session is one connection's dialogue with the directory, without its wire.
type Session struct {
	d       *Directory
	machine fsm.Machine[State, Event]
	remote  netip.AddrPort
	user    string
	addr    netip.AddrPort // where user listens
	wrong   int            // wrong passwords
}

// Session begins one for a peer that is connected from remote.
func (d *Directory) Session(remote netip.AddrPort) *Session {
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	return &Session{d: d, machine: fsm.NewMachine(table, StateGuest), remote: remote}
}

// replyGone is what a session gets that has ended.
const replyGone = "NO you are gone"

// State returns where the session stands.
func (s *Session) State() State { return s.machine.State() }

// WrongPasswords counts them.
func (s *Session) WrongPasswords() int { return s.wrong }

// Do carries out a request and returns its reply, both without line end.
func (s *Session) Do(request string) (reply string) {
	words := strings.Split(request, " ")
	verb, args := words[0], words[1:]
	switch {
	case ascii.EqualFold(verb, "LOGIN") && (len(args) == 2 || len(args) == 3):
		return s.login(args)
	case ascii.EqualFold(verb, "LOGIN"):
		return "BAD LOGIN user password [port]"
	case ascii.EqualFold(verb, "WHERE") && len(args) == 1:
		return s.where(args[0])
	case ascii.EqualFold(verb, "WHERE"):
		return "BAD WHERE user"
	case ascii.EqualFold(verb, "LOGOUT") && len(args) == 0:
		return s.logout()
	case ascii.EqualFold(verb, "LOGOUT"):
		return "BAD LOGOUT"
	}
	return "BAD LOGIN, WHERE or LOGOUT"
}

func (s *Session) login(args []string) string {
	if s.State() == StateGone {
		return replyGone
	}
	if !s.machine.Can(EventLogin) {
		return "NO you are " + s.user + ", LOGOUT first"
	}
	addr := s.remote
	if len(args) == 3 {
		var ok bool
		if addr, ok = s.listening(args[2]); !ok {
			return "BAD port"
		}
	}
	if !s.d.check(args[0], args[1]) {
		s.machine.Do(EventWrongPassword) // allowed wherever LOGIN is
		s.wrong++
		return "NO wrong user or password"
	}
	s.machine.Do(EventLogin)
	s.user, s.addr = args[0], addr
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	s.d.here[s.user] = s // the latest login counts
	return "OK " + s.user
}

// listening takes the third word of LOGIN: a port, or an address with one.
func (s *Session) listening(word string) (netip.AddrPort, bool) {
	if port, err := strconv.ParseUint(word, 10, 16); err == nil {
		return netip.AddrPortFrom(s.remote.Addr(), uint16(port)), port > 0
	}
	addr, err := netip.ParseAddrPort(word)
	if err != nil || addr.Port() == 0 {
		return netip.AddrPort{}, false
	}
	if addr.Addr().IsUnspecified() {
		addr = netip.AddrPortFrom(s.remote.Addr(), addr.Port())
	}
	return addr, true
}

func (s *Session) where(user string) string {
	if s.State() == StateGone {
		return replyGone
	}
	if s.machine.Do(EventWhere) != nil {
		return "NO LOGIN first"
	}
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	other, ok := s.d.here[user]
	if !ok {
		return "NO " + user + " is not here"
	}
	return "AT " + user + " " + other.addr.String()
}

func (s *Session) logout() string {
	if s.machine.Do(EventLogout) != nil {
		return replyGone
	}
	s.End()
	return "OK bye"
}

// End takes the session's user out of the directory, unless he has come again
// by another session since.
func (s *Session) End() {
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	if s.d.here[s.user] == s {
		delete(s.d.here, s.user)
	}
}
