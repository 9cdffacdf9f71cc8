package pop3

import (
	"bytes"

	"applayer/internal/ascii"
)

// Verb is the name of a command.
type Verb uint8

// The verbs of RFC 1939 §9, RFC 2449 §5, RFC 2595 §4, RFC 5034 §4 and RFC 6856.
const (
	VerbUnknown Verb = iota
	VerbAPOP
	VerbAUTH
	VerbCAPA
	VerbDELE
	VerbLANG
	VerbLIST
	VerbNOOP
	VerbPASS
	VerbQUIT
	VerbRETR
	VerbRSET
	VerbSTAT
	VerbSTLS
	VerbTOP
	VerbUIDL
	VerbUSER
	VerbUTF8
	numVerbs
)

// verbNames is what stands on the wire, in upper case.
var verbNames = [numVerbs]string{
	VerbUnknown: "unknown",
	VerbAPOP:    "APOP", VerbAUTH: "AUTH", VerbCAPA: "CAPA", VerbDELE: "DELE",
	VerbLANG: "LANG", VerbLIST: "LIST", VerbNOOP: "NOOP", VerbPASS: "PASS",
	VerbQUIT: "QUIT", VerbRETR: "RETR", VerbRSET: "RSET", VerbSTAT: "STAT",
	VerbSTLS: "STLS", VerbTOP: "TOP", VerbUIDL: "UIDL", VerbUSER: "USER",
	VerbUTF8: "UTF8",
}

// verbs finds a verb by its letters in upper case, a zero behind the third
// where there are three.
var verbs = func() map[[4]byte]Verb {
	m := make(map[[4]byte]Verb, numVerbs)
	for v := VerbUnknown + 1; v < numVerbs; v++ {
		var key [4]byte
		copy(key[:], verbNames[v])
		m[key] = v
	}
	return m
}()

var space = []byte{' '}

// String returns the verb as it stands on the wire.
func (v Verb) String() string { return verbNames[min(v, numVerbs)%numVerbs] }

// Command is one command line, taken apart at its first space.
type Command struct {
	Verb Verb
	// Arg is what stands behind the space, all of it: a password may begin and
	// end with spaces (RFC 1939 §7). It is nil where there is no space. It
	// points into the line.
	Arg []byte
}

// ParseCommand takes a line apart, which comes without its end. The verb may be
// in any case. One that nobody knows is VerbUnknown, if it is made of three or
// four octets as keywords are (RFC 2449 §3).
func ParseCommand(line []byte) (Command, error) {
	if i := bytes.IndexAny(line, "\r\n\x00"); i >= 0 {
		return Command{}, &ParseError{Offset: int64(i), What: "command", Ref: "RFC 2449 §3", Err: ErrControlOctet}
	}
	word, arg, spaced := bytes.Cut(line, space)
	if n := ascii.Span(&ascii.VChar, word); n < 3 || n > 4 || n != len(word) {
		return Command{}, &ParseError{Offset: int64(min(n, 4)), What: "keyword", Ref: "RFC 2449 §3", Err: ErrSyntax}
	}
	var key [4]byte
	for i, b := range word {
		key[i] = ascii.Upper(b)
	}
	cmd := Command{Verb: verbs[key]}
	if spaced {
		cmd.Arg = arg
	}
	return cmd, nil
}

// AppendCommand appends cmd as a line with its end. An argument with CR, LF or
// NUL is refused, since what follows would be another command.
func AppendCommand(dst []byte, cmd Command) ([]byte, error) {
	if cmd.Verb == VerbUnknown || cmd.Verb >= numVerbs {
		return dst, &ParseError{What: "keyword", Ref: "RFC 2449 §3", Err: ErrValue}
	}
	if i := bytes.IndexAny(cmd.Arg, "\r\n\x00"); i >= 0 {
		return dst, &ParseError{Offset: int64(i), What: "param", Ref: "RFC 2449 §3", Err: ErrControlOctet}
	}
	dst = append(dst, verbNames[cmd.Verb]...)
	if cmd.Arg != nil {
		dst = append(append(dst, ' '), cmd.Arg...)
	}
	return append(dst, '\r', '\n'), nil
}

// words takes an argument apart into at most max words. Several spaces count as
// one, and those at the end as none: clients send both.
func words(arg []byte, max int) ([][]byte, bool) {
	var found [4][]byte
	n := 0
	for {
		arg = bytes.TrimLeft(arg, " ")
		if len(arg) == 0 {
			return found[:n], true
		}
		if n == max {
			return nil, false
		}
		end := bytes.IndexByte(arg, ' ')
		if end < 0 {
			end = len(arg)
		}
		found[n], arg = arg[:end], arg[end:]
		n++
	}
}
