package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"

	"applayer/examples/internal/cli"
	"applayer/sockets/telnet"
)

// escape asks for a command: ^].
const escape = ']' & 0x1f

// interactive is the client of a user at a terminal.
func interactive(ctx context.Context, env *cli.Env, nc net.Conn, opts *telnet.ConnOptions, t *tty) error {
	u := &user{tty: t, in: env.Stdin, out: env.Stdout}
	opts.Window = t.size()
	opts.TerminalTypes = terminalTypes(os.Getenv("TERM"))
	opts.Changed = func(telnet.Side, telnet.Option, bool) { u.setMode() }
	u.conn = telnet.NewClient(nc, opts)
	fmt.Fprintf(env.Stderr, "connected to %s, ^] asks for a command\n", nc.RemoteAddr())
	u.setMode()
	defer u.leave()
	defer t.onResize(func() { u.conn.SetWindow(t.size()) })()
	err := u.conn.Relay(ctx, closable(u), env.Stdout)
	if u.hasLeft() || ctx.Err() != nil {
		return nil
	}
	return err
}

// terminalTypes are the names of a terminal that the environment calls term.
func terminalTypes(term string) []string {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if term == "" || len(term) > 40 || strings.ContainsFunc(term, odd) {
		return nil
	}
	return []string{strings.ToUpper(term)}
}

// user is who types. Its Read gives what goes to the server; a command behind
// the escape is done within.
type user struct {
	conn *telnet.Conn
	tty  *tty
	in   io.Reader
	out  io.Writer

	rest    []byte // typed and not yet given
	escaped bool   // the escape was typed

	mu   sync.Mutex
	menu bool // a command is typed
	left bool // it is over
}

// character tells that the server echoes, so that it is to have each key at
// once.
func (u *user) character() bool {
	return u.conn.Enabled(telnet.SideRemote, telnet.OptionEcho)
}

// setMode sets the terminal as the options ask.
func (u *user) setMode() {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.menu || u.left:
		u.tty.set(modeCooked)
	case u.character():
		u.tty.set(modeCharacter)
	default:
		u.tty.set(modeLine)
	}
}

// leave gives the terminal back as it was, for good.
func (u *user) leave() {
	u.mu.Lock()
	u.left = true
	u.mu.Unlock()
	u.setMode()
}

func (u *user) hasLeft() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.left
}

func (u *user) inMenu(in bool) {
	u.mu.Lock()
	u.menu = in
	u.mu.Unlock()
	u.setMode()
}

func (u *user) Read(p []byte) (int, error) {
	for {
		if u.escaped {
			u.escaped = false
			if leave := u.command(); leave {
				return 0, io.EOF
			}
		}
		if len(u.rest) == 0 {
			b := make([]byte, 256)
			n, err := u.in.Read(b)
			if n == 0 && err != nil {
				return 0, err
			}
			u.rest = b[:n]
		}
		keys, behind, escaped := bytes.Cut(u.rest, []byte{escape})
		n := copy(p, keys)
		if n < len(keys) {
			u.rest = u.rest[n:]
		} else {
			u.rest, u.escaped = behind, escaped
		}
		if n > 0 {
			u.returnKey(p[:n])
			return n, nil
		}
	}
}

// returnKey makes a line's end of CR, which the Return key gives in character
// mode (RFC 1123 §3.3.1). Under BINARY it stays what it is.
func (u *user) returnKey(keys []byte) {
	if !u.character() || u.conn.Enabled(telnet.SideLocal, telnet.OptionBinary) {
		return
	}
	for i, k := range keys {
		if k == '\r' {
			keys[i] = '\n'
		}
	}
}

// command reads a command and does it. Leave tells that it ends the connection.
func (u *user) command() (leave bool) {
	u.inMenu(true)
	defer u.inMenu(false)
	fmt.Fprint(u.out, "\r\ntelnet> ")
	line, err := u.line()
	if err != nil {
		return true
	}
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch word {
	case "":
	case "quit", "close":
		u.leave()
		u.conn.Close()
		return true
	case "send":
		u.send(strings.TrimSpace(rest))
	case "status":
		u.status()
	default:
		fmt.Fprintf(u.out, "quit         ends the connection\nsend WORD    sends one of %s\nstatus       tells which options are on\n(empty)      goes back to the server\n", strings.Join(sendable, " "))
	}
	return false
}

// line reads a line from the terminal.
func (u *user) line() (string, error) {
	var line []byte
	for {
		head, behind, whole := bytes.Cut(u.rest, []byte("\n"))
		line = append(line, head...)
		u.rest = behind
		if whole {
			return string(line), nil
		}
		b := make([]byte, 256)
		n, err := u.in.Read(b)
		if n == 0 && err != nil {
			return "", err
		}
		u.rest = b[:n]
	}
}

// sendable are the words that send knows.
var sendable = []string{"abort", "ao", "ayt", "brk", "ec", "el", "eof", "eor", "escape", "ga", "ip", "nop", "susp", "synch"}

var commands = map[string]telnet.Command{
	"abort": telnet.CommandABORT, "ayt": telnet.CommandAYT, "brk": telnet.CommandBRK, "ec": telnet.CommandEC,
	"el": telnet.CommandEL, "eof": telnet.CommandEOF, "eor": telnet.CommandEOR, "ga": telnet.CommandGA,
	"nop": telnet.CommandNOP, "susp": telnet.CommandSUSP,
}

func (u *user) send(word string) {
	var err error
	switch cmd, plain := commands[word]; {
	case plain:
		err = u.conn.SendCommand(cmd)
	case word == "ip": // a user's IP comes with a Synch (RFC 1123 §3.2.4)
		err = u.conn.Synch(telnet.CommandIP)
	case word == "ao":
		err = u.conn.SendCommand(telnet.CommandAO)
	case word == "synch":
		err = u.conn.Synch()
	case word == "escape":
		_, err = u.conn.Write([]byte{escape})
	default:
		fmt.Fprintf(u.out, "send: one of %s\n", strings.Join(sendable, " "))
	}
	if err != nil {
		fmt.Fprintf(u.out, "send: %v\n", err)
	}
}

func (u *user) status() {
	mode := "lines"
	if u.character() {
		mode = "characters"
	}
	fmt.Fprintf(u.out, "connected to %s, sending %s\n", u.conn.RemoteAddr(), mode)
	for side, who := range map[telnet.Side]string{telnet.SideLocal: "we", telnet.SideRemote: "the server"} {
		for o := range 256 {
			if u.conn.Enabled(side, telnet.Option(o)) {
				fmt.Fprintf(u.out, "%s: %v\n", who, telnet.Option(o))
			}
		}
	}
}
