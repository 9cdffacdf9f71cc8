// Package terminal holds what the Telnet programs share: the dialogue that -v
// prints.
package terminal

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"applayer/sockets"
	"applayer/sockets/telnet"
)

// Dialogue prints the dialogue of a connection: the lines that either side says
// and, behind IAC, its commands. What a client answers to a prompt that ends in
// "assword: " is blanked.
type Dialogue struct {
	w       io.Writer
	secrets bool

	mu     sync.Mutex
	server bool   // who said what is open
	open   []byte // said without a line end so far
	hide   bool   // a password was asked for
}

// NewDialogue returns a dialogue that is printed to w. Secrets shows passwords.
func NewDialogue(w io.Writer, secrets bool) *Dialogue {
	return &Dialogue{w: w, secrets: secrets}
}

// Client is the trace of a client's end.
func (d *Dialogue) Client() *telnet.Trace {
	return &telnet.Trace{Received: d.by(true), Sent: d.by(false), Malformed: d.malformed}
}

// Server is the trace of a server's end.
func (d *Dialogue) Server() *telnet.Trace {
	return &telnet.Trace{Received: d.by(false), Sent: d.by(true), Malformed: d.malformed, Secrets: d.secrets}
}

func (d *Dialogue) by(server bool) func(telnet.Event) {
	return func(ev telnet.Event) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if ev.Kind == telnet.EventData {
			d.data(server, ev.Data)
			return
		}
		d.flush()
		d.print(server, "IAC "+say(ev), false)
	}
}

// say tells what a subnegotiation says, where that is understood.
func say(ev telnet.Event) string {
	if ev.Kind == telnet.EventSubnegotiation {
		if s, err := telnet.ParseSubnegotiation(ev.Option, ev.Data); err == nil {
			return "SB " + ev.Option.String() + " " + s.String()
		}
	}
	return ev.String()
}

// maxOpen is how much of a line is held until its end comes.
const maxOpen = 1000

// data prints the lines that are whole, and what the other side left open.
func (d *Dialogue) data(server bool, data []byte) {
	if server != d.server {
		d.flush()
		d.server = server
	}
	for line := range bytes.Lines(data) {
		d.open = append(d.open, line...)
		if whole := bytes.HasSuffix(line, []byte("\n")); whole || len(d.open) > maxOpen {
			d.flush()
		}
	}
}

// flush prints what is open.
func (d *Dialogue) flush() {
	if len(d.open) == 0 {
		return
	}
	text, whole := bytes.CutSuffix(d.open, []byte("\n"))
	text = bytes.TrimSuffix(text, []byte("\r"))
	switch {
	case d.server:
		d.hide = bytes.HasSuffix(text, []byte("assword: "))
		d.print(true, string(text), !whole)
	case d.hide && !d.secrets:
		d.hide = !whole
		d.print(false, "***", !whole)
	default:
		d.print(false, string(text), !whole)
	}
	d.open = d.open[:0]
}

func (d *Dialogue) malformed(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintln(d.w, "#", err)
}

func (d *Dialogue) print(server bool, text string, open bool) {
	fmt.Fprintln(d.w, sockets.TranscriptLine{Server: server, Text: text, Open: open})
}
