package telnet

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"applayer/sockets"
)

// ErrInterrupted is what [Session.ReadLine] returns when the user gave the line
// up, by ^C, IP or BRK.
var ErrInterrupted = errors.New("telnet: interrupted")

// Session is a user at a terminal, as a server has him. It is for one
// goroutine.
type Session struct {
	conn  *Conn
	nc    *sockets.Conn
	trace *Trace
	user  string

	lines LineDiscipline
	in    []byte // typed and not yet taken
	show  []byte
	out   lineEnds
}

// User returns the name that the user logged in by; it is empty on a [Server]
// without an Authenticator.
func (s *Session) User() string { return s.user }

// RemoteAddr returns the address of the user's client.
func (s *Session) RemoteAddr() net.Addr { return s.conn.RemoteAddr() }

// Window returns the size of the user's window, and whether his client has told
// it.
func (s *Session) Window() (w Window, ok bool) { return s.conn.Window() }

// TerminalTypes returns the names that the user's client has told for his
// terminal, and whether they are all.
func (s *Session) TerminalTypes() (names []string, whole bool) { return s.conn.TerminalTypes() }

// Write shows text to the user. A line may end in LF, which goes as CR LF.
func (s *Session) Write(p []byte) (int, error) {
	if s.trace.Sent != nil {
		s.trace.Sent(Event{Data: p})
	}
	return s.out.Write(p)
}

// ReadLine shows a prompt and returns the line that the user types, without its
// end. The error is [ErrInterrupted] where he gives it up, and [io.EOF] at ^D or
// where his client has gone.
func (s *Session) ReadLine(prompt string) (string, error) { return s.readLine(prompt, false) }

// ReadPassword is [Session.ReadLine] for what nobody is to see.
func (s *Session) ReadPassword(prompt string) (string, error) { return s.readLine(prompt, true) }

func (s *Session) readLine(prompt string, hide bool) (string, error) {
	if _, err := io.WriteString(s, prompt); err != nil {
		return "", err
	}
	s.lines.Hide = hide
	if s.conn.State(SideLocal, OptionSGA) == StateRefused {
		// A terminal that asks for its turn gets it (RFC 854, "TRANSMISSION OF DATA").
		if err := s.conn.SendCommand(CommandGA); err != nil {
			return "", err
		}
	}
	for {
		ev, err := s.take()
		switch {
		case err != nil:
			return "", err
		case ev == LineDone:
			line := string(s.lines.Line())
			s.traceLine(line, hide)
			return line, nil
		case ev == LineInterrupt:
			return "", ErrInterrupted
		case ev == LineEOF:
			return "", io.EOF
		}
		if err := s.fill(); err != nil {
			return "", err
		}
	}
}

// take gives what has come to the line discipline, up to its next event.
func (s *Session) take() (ev LineEvent, err error) {
	s.lines.Echo = s.conn.Enabled(SideLocal, OptionEcho)
	for len(s.in) > 0 && ev == LineNone && err == nil {
		var n int
		n, s.show, ev = s.lines.Input(s.in, s.show[:0])
		s.in = s.in[n:]
		if len(s.show) > 0 {
			_, err = s.conn.Write(s.show)
		}
	}
	return ev, err
}

// fill waits for the next event.
func (s *Session) fill() error {
	s.nc.MarkIdle()
	ev, err := s.conn.ReadEvent()
	s.nc.MarkBusy()
	if err != nil {
		return err
	}
	if ev.Kind == EventData {
		s.in = ev.Data
		return nil
	}
	return s.command(ev.Command)
}

// command does what the user asks beside the line.
func (s *Session) command(cmd Command) error {
	show := s.show[:0]
	switch cmd {
	case CommandIP, CommandBRK:
		s.in = []byte{ctrlC}
	case CommandEOF:
		return io.EOF
	case CommandEC:
		show = s.lines.EraseCharacter(show)
	case CommandEL:
		show = s.lines.EraseLine(show)
	case CommandAO:
		// All output so far has been written; the client is to throw away what
		// it has not shown (RFC 1123 §3.2.4).
		return s.conn.Synch()
	case CommandAYT:
		show = append(show, "\r\n[Yes]"...)
		n := len(show)
		if show = s.lines.Reprint(show); len(show) == n {
			show = append(show, "\r\n"...)
		}
	}
	s.show = show
	if len(show) == 0 {
		return nil
	}
	_, err := s.conn.Write(show)
	return err
}

func (s *Session) traceLine(line string, hide bool) {
	if s.trace.Received == nil {
		return
	}
	if hide && !s.trace.Secrets {
		line = "***"
	}
	s.trace.Received(Event{Data: []byte(line + "\r\n")})
}

// login asks for a name and a password, and tells whether they were right in
// time.
func (s *Session) login(ctx context.Context, srv *Server) (ok bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, srv.loginTimeout(), &LimitError{Name: "LoginTimeout", Max: int64(srv.loginTimeout())})
	defer cancel()
	release := sockets.WithContext(ctx, s.nc)
	defer release()
	most := orDefault(srv.MaxAttempts, 3)
	for tried := 0; most < 0 || tried < most; tried++ {
		user, err := s.ReadLine("login: ")
		if err == nil && user != "" {
			ok, err = s.password(ctx, srv, user)
		}
		switch {
		case ok:
			s.user = user
			return true, nil
		case err != nil && !errors.Is(err, ErrInterrupted):
			return false, err
		}
	}
	return false, nil
}

// password asks for a password and checks it. A failure takes as long, and
// says the same, for a user who is there and for one who is not.
func (s *Session) password(ctx context.Context, srv *Server, user string) (ok bool, err error) {
	password, err := s.ReadPassword("Password: ")
	if err != nil {
		return false, err
	}
	failed := time.NewTimer(srv.failureDelay())
	defer failed.Stop()
	ok, err = srv.Authenticator.Authenticate(ctx, user, password)
	if ok && err == nil {
		return true, nil
	}
	srv.logger().Info("login failed", "peer", s.RemoteAddr(), "user", string(cut([]byte(user))), "err", err)
	select {
	case <-failed.C:
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	_, err = io.WriteString(s, "Login incorrect\n")
	return false, err
}
