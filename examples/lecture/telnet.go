package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"

	"applayer/http1"
	"applayer/smtp"
	"applayer/sockets"
	"applayer/sockets/telnet"
)

var telnetScene = Scene{
	Name:  "telnet",
	Title: "a full-duplex terminal on another machine; and HTTP and SMTP typed by hand",
	Run:   playTelnet,
}

func playTelnet(ctx context.Context, n *Net) error {
	for _, act := range []func(context.Context, *Net) error{playTerminal, typeHTTP, typeSMTP} {
		if err := act(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// serveTerminal lets bob log in and tells him who and where he is.
func serveTerminal(ctx context.Context, n *Net, addr string) (stop func(), err error) {
	srv := &telnet.Server{
		Banner: "host.someSchool.edu\n",
		Authenticator: telnet.AuthenticatorFunc(func(_ context.Context, user, password string) (bool, error) {
			return user == "bob" && password == "hungry", nil
		}),
		Handler: telnet.HandlerFunc(func(_ context.Context, s *telnet.Session) {
			for {
				line, err := s.ReadLine("> ")
				w, _ := s.Window()
				switch {
				case err != nil || line == "quit":
					return
				case line == "who":
					fmt.Fprintf(s, "%s, at a window of %d by %d\n", s.User(), w.Columns, w.Rows)
				default:
					fmt.Fprintf(s, "%s: what is that?\n", line)
				}
			}
		}),
	}
	ln, err := n.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return serve(func() error { return srv.Serve(ln) }, srv.Close), nil
}

// playTerminal logs in, and sees each character come back while the line is
// still being typed.
func playTerminal(ctx context.Context, n *Net) error {
	const addr = "host.someSchool.edu:23"
	stop, err := serveTerminal(ctx, n, addr)
	if err != nil {
		return err
	}
	defer stop()
	nc, err := n.DialNamed(ctx, "terminal", "tcp", addr)
	if err != nil {
		return err
	}
	defer sockets.WithContext(ctx, nc)()
	opts := telnet.ClientOptions()
	opts.Window, opts.TerminalTypes = telnet.Window{Columns: 80, Rows: 24}, []string{"XTERM"}
	u := &typist{n: n, c: telnet.NewClient(nc, opts)}
	defer u.c.Close()

	if err := u.sees("the server speaks first", "host.someSchool.edu\r\nlogin: "); err != nil {
		return err
	}
	for _, turn := range []struct{ what, types, sees string }{
		{"the first character comes back: the server echoes", "b", "b"},
		{"the second too, both ways are open at once", "o", "o"},
		{"a line goes when it is ended, and is asked for the next", "b\r\n", "b\r\nPassword: "},
		{"a password is not echoed", "hungry\r\n", "\r\n> "},
		{"a command on the other machine", "who\r\n", "who\r\nbob, at a window of 80 by 24\r\n> "},
		{"a slip is rubbed out there", "whi\x7fo\r\n", "whi\b \bo\r\nbob, at a window of 80 by 24\r\n> "},
	} {
		if _, err := io.WriteString(u.c, turn.types); err != nil {
			return err
		}
		if err := u.sees(turn.what, turn.sees); err != nil {
			return err
		}
	}
	n.Expect("ECHO is on at the server", true, u.c.Enabled(telnet.SideRemote, telnet.OptionEcho))
	n.Expect("NAWS is on here, so that the server knew the window", true, u.c.Enabled(telnet.SideLocal, telnet.OptionNAWS))
	if _, err := io.WriteString(u.c, "quit\r\n"); err != nil {
		return err
	}
	rest, err := io.ReadAll(u.c)
	n.Expect("quit ends the session", "quit\r\n", string(rest))
	return err
}

// typist is a user at a terminal.
type typist struct {
	n *Net
	c *telnet.Conn
}

// sees waits for as much text as want is.
func (u *typist) sees(what, want string) error {
	got := make([]byte, len(want))
	m, err := io.ReadFull(u.c, got)
	u.n.Expect(what, want, string(got[:m]))
	return err
}

// wireConn remembers what is sent.
type wireConn struct {
	net.Conn
	sent bytes.Buffer
}

func (c *wireConn) Write(p []byte) (int, error) {
	c.sent.Write(p)
	return c.Conn.Write(p)
}

// CloseWrite half-closes the connection below.
func (c *wireConn) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

// typeHTTP asks a Web server with the terminal's client, which is silent about
// Telnet to who does not speak it.
func typeHTTP(ctx context.Context, n *Net) error {
	const (
		host    = "www.someSchool.edu"
		page    = "<html><body>Typed by hand.</body></html>\n"
		request = "GET /index.html HTTP/1.1\nHost: " + host + "\nConnection: close\n\n"
	)
	stop, err := serveWeb(ctx, n, &http1.Server{Handler: http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) {
		io.WriteString(w, page)
	})}, host+":80")
	if err != nil {
		return err
	}
	defer stop()
	nc, err := n.DialNamed(ctx, "http", "tcp", host+":80")
	if err != nil {
		return err
	}
	wire := &wireConn{Conn: nc}
	var shown bytes.Buffer
	if err := telnet.NewClient(wire, nil).Relay(ctx, strings.NewReader(request), &shown); err != nil {
		return err
	}
	n.Expect("what was sent is what was typed", strings.ReplaceAll(request, "\n", "\r\n"), wire.sent.String())
	status, _, _ := strings.Cut(shown.String(), "\r\n")
	n.Expect("the response", "HTTP/1.1 200 OK", status)
	n.Expect("its content", true, strings.HasSuffix(shown.String(), "\r\n\r\n"+page))
	return nil
}

// typeSMTP sends a message, line by line.
func typeSMTP(ctx context.Context, n *Net) error {
	box, stop, err := serveMailbox(ctx, n, hamburger)
	if err != nil {
		return err
	}
	defer stop()
	nc, err := n.DialNamed(ctx, "smtp", "tcp", hamburger)
	if err != nil {
		return err
	}
	defer sockets.WithContext(ctx, nc)()
	u := &typist{n: n, c: telnet.NewClient(nc, nil)}
	defer u.c.Close()
	if err := u.sees("the mail server speaks first", "220 hamburger.edu ESMTP\r\n"); err != nil {
		return err
	}
	for _, turn := range []struct{ types, sees string }{
		{"HELO crepes.fr\r\n", "250 Hello crepes.fr, pleased to meet you\r\n"},
		{"MAIL FROM: <alice@crepes.fr>\r\n", "250 2.1.0 OK\r\n"},
		{"RCPT TO: <bob@hamburger.edu>\r\n", "250 2.1.5 OK\r\n"},
		{"DATA\r\n", "354 "},
	} {
		if _, err := io.WriteString(u.c, turn.types); err != nil {
			return err
		}
		if err := u.sees(strings.TrimSpace(turn.types), turn.sees); err != nil {
			return err
		}
	}
	if _, err := u.rest(); err != nil {
		return err
	}
	if _, err := io.WriteString(u.c, ketchup+".\r\n"); err != nil {
		return err
	}
	if err := u.sees("the lone dot", "250 "); err != nil {
		return err
	}
	if _, err := u.rest(); err != nil {
		return err
	}
	if _, err := io.WriteString(u.c, "QUIT\r\n"); err != nil {
		return err
	}
	if err := u.sees("QUIT", "221 2.0.0 hamburger.edu closing connection\r\n"); err != nil {
		return err
	}
	n.Expect("what was typed has arrived", []letter{{alice, []smtp.Path{bob}, ketchup}}, box.take())
	return nil
}

// rest reads to the end of a line.
func (u *typist) rest() (line string, err error) {
	for b := []byte{0}; ; {
		if _, err := io.ReadFull(u.c, b); err != nil {
			return line, err
		}
		if line += string(b); b[0] == '\n' {
			return line, nil
		}
	}
}
