package smtp

import (
	"bytes"

	"applayer/internal/ascii"
)

// Trace is what a program may hear of a connection. A nil function is left out.
type Trace struct {
	// Line gets each command and each line of a reply without its end: what -v
	// prints, with "C: " or "S: " before it. server tells who said it. What AUTH
	// says, both ways, is blanked. The octets are valid during the call. Its
	// calls come one at a time for each direction, and in order. Messages are
	// not told.
	Line func(server bool, line []byte)
	// Secrets shows what AUTH says.
	Secrets bool
}

// blank stands for a secret.
var blank = []byte("***")

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

// blanked returns a line that may be shown: AUTH with its mechanism. One that is
// no command, since a tab or nothing stands behind the verb, holds the secret all
// the same.
func blanked(line []byte) []byte {
	verb := bytes.TrimLeft(line, " \t")
	n := len("AUTH")
	if len(verb) <= n || !ascii.EqualFold(verb[:n], "AUTH") {
		return line
	}
	word, _, more := bytes.Cut(bytes.TrimLeft(verb[n:], " "), []byte{' '})
	if verb[n] != ' ' {
		word, more = nil, true
	}
	if !more {
		return line
	}
	shown := append(bytes.Clone(verb[:n]), ' ')
	if len(word) > 0 {
		shown = append(append(shown, word...), ' ')
	}
	return append(shown, blank...)
}

// secret tells of a line within AUTH.
func (t *Trace) secret(line []byte) {
	if t == nil || t.Line == nil {
		return
	}
	if t.Secrets {
		t.Line(false, bytes.TrimRight(line, "\r\n"))
		return
	}
	t.Line(false, blank)
}

// reply gives Line the lines of a reply.
func (t *Trace) reply(b []byte, code int) {
	if t == nil || t.Line == nil {
		return
	}
	if code == 334 && !t.Secrets { // RFC 4954 §4: a challenge
		t.Line(true, append([]byte("334 "), blank...))
		return
	}
	for line := range bytes.Lines(b) {
		t.Line(true, bytes.TrimRight(line, "\r\n"))
	}
}
