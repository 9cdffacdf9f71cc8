package http1

import (
	"bytes"

	"applayer/internal/ascii"
)

// Trace is what a program may hear of the messages that pass a [Conn]. Its
// functions are called one at a time for each direction, in order; nil ones are
// left out.
type Trace struct {
	// Line gets each line of a head, without its line end: what -v prints, with
	// "C: " or "S: " before it. The values of the fields that carry secrets are
	// blanked. The octets are valid during the call.
	Line func(by Side, line []byte)
	// End tells how many octets of content a message had that was read to its
	// end.
	End func(by Side, content int64)
	// Show names fields whose values Line gets though they carry secrets.
	Show []string
}

// secretFields carry what opens doors.
var secretFields = [...]string{"Authorization", "Cookie", "Proxy-Authorization", "Set-Cookie", "Authentication-Info", "Proxy-Authentication-Info"}

// head gives the lines of a head to Line.
func (t *Trace) head(by Side, b []byte) {
	if t == nil || t.Line == nil {
		return
	}
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		t.Line(by, t.blank(bytes.TrimSuffix(line, []byte("\r"))))
	}
}

// clone returns a copy of a head, for Line to hear of when no lock is held; nil
// without a Line.
func (t *Trace) clone(b []byte) []byte {
	if t == nil || t.Line == nil {
		return nil
	}
	return bytes.Clone(b)
}

// blank returns the line, its value hidden where it is secret.
func (t *Trace) blank(line []byte) []byte {
	name, _, ok := bytes.Cut(line, []byte(":"))
	if !ok || !t.secret(bytes.TrimRight(name, " \t")) {
		return line
	}
	return append(append([]byte(nil), name...), ": ***"...)
}

func (t *Trace) secret(name []byte) bool {
	for _, shown := range t.Show {
		if ascii.EqualFold(shown, name) {
			return false
		}
	}
	for _, secret := range secretFields {
		if ascii.EqualFold(secret, name) {
			return true
		}
	}
	return false
}

func (t *Trace) end(by Side, content int64) {
	if t != nil && t.End != nil {
		t.End(by, content)
	}
}
