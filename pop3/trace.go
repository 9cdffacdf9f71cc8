package pop3

import (
	"bytes"
	"slices"

	"applayer/internal/ascii"
)

// Trace is what a program may hear of a connection. A nil function is left out.
type Trace struct {
	// Line gets each command, each first line of a response and each line of an
	// AUTH exchange, without its end: what -v prints, with "C: " or "S: "
	// before it. The lines of listings and messages are not shown. server
	// tells who said it. Passwords, digests and AUTH payloads are blanked. The
	// octets are valid during the call. Its calls come one at a time for each
	// direction, and in order.
	Line func(server bool, line []byte)
	// Secrets shows what is blanked otherwise.
	Secrets bool
}

// line gives Line a line, its end cut off. What a client says within an AUTH
// exchange is secret.
func (t *Trace) line(server, secret bool, line []byte) {
	if t == nil || t.Line == nil {
		return
	}
	line = bytes.TrimRight(line, "\r\n")
	switch {
	case t.Secrets:
	case server:
		line = blankedChallenge(line)
	case secret && !bytes.Equal(line, []byte("*")):
		line = blank
	default:
		line = blankedCommand(line)
	}
	t.Line(server, slices.Clip(line)) // what stands behind it is not Line's
}

var blank = []byte("***")

// secretVerbs are the commands whose arguments open doors, and the number of
// words of them that do not.
var secretVerbs = [...]struct {
	verb  string
	shown int
}{{"PASS", 0}, {"APOP", 1}, {"AUTH", 1}}

// blankedCommand returns a command that may be shown.
func blankedCommand(line []byte) []byte {
	verb := bytes.TrimLeft(line, " \t")
	for _, secret := range secretVerbs {
		n := len(secret.verb)
		if len(verb) <= n || !ascii.EqualFold(verb[:n], secret.verb) {
			continue
		}
		rest := verb[n:]
		for range secret.shown {
			rest = bytes.TrimLeft(rest, " \t")
			if end := bytes.IndexAny(rest, " \t"); end >= 0 {
				rest = rest[end:]
			} else {
				rest = nil
			}
		}
		if len(rest) == 0 {
			return line
		}
		shown := bytes.Clone(verb[:len(verb)-len(rest)])
		return append(append(shown, ' '), blank...)
	}
	return line
}

// blankedChallenge returns a server's line that may be shown: challenges hold
// what a guesser of passwords needs.
func blankedChallenge(line []byte) []byte {
	if len(line) > 2 && line[0] == '+' && line[1] == ' ' {
		return []byte("+ ***")
	}
	return line
}
