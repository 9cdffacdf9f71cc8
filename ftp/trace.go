package ftp

import (
	"bytes"

	"applayer/internal/ascii"
)

// Trace is what a program may hear of a control connection. A nil function is
// left out.
type Trace struct {
	// Line gets each command and each line of a reply without its end: what -v
	// prints, with "C: " or "S: " before it. server tells who said it. What
	// PASS and ACCT say is blanked. The octets are valid during the call. Its
	// calls come one at a time for each direction, and in order.
	Line func(server bool, line []byte)
	// Secrets shows what PASS and ACCT say.
	Secrets bool
}

// secretVerbs are the commands whose arguments open doors (RFC 2577 §5).
var secretVerbs = [...]string{"PASS", "ACCT", "ADAT"}

// command gives Line a command, its end cut off.
func (t *Trace) command(line []byte) {
	if t == nil || t.Line == nil {
		return
	}
	line = bytes.TrimRight(line, "\r\n")
	if !t.Secrets {
		line = blanked(line)
	}
	t.Line(false, line)
}

// blanked returns a line that may be shown. One that is no command, since a tab
// or nothing stands behind the verb, holds the secret all the same.
func blanked(line []byte) []byte {
	verb := bytes.TrimLeft(line, " \t")
	for _, secret := range secretVerbs {
		if len(verb) > len(secret) && ascii.EqualFold(verb[:len(secret)], secret) {
			return append(bytes.Clone(verb[:len(secret)]), " ***"...)
		}
	}
	return line
}

// reply gives Line the lines of a reply.
func (t *Trace) reply(b []byte) {
	if t == nil || t.Line == nil {
		return
	}
	for line := range bytes.Lines(b) {
		t.Line(true, bytes.TrimRight(line, "\r\n"))
	}
}
