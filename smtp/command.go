package smtp

import (
	"bytes"

	"applayer/internal/ascii"
)

// Verb is the name of a command.
type Verb uint8

// The verbs of RFC 5321 §4.1.1, RFC 1985, RFC 2033, RFC 3030, RFC 3207 and
// RFC 4954.
const (
	VerbUnknown Verb = iota
	VerbAUTH
	VerbBDAT
	VerbDATA
	VerbEHLO
	VerbETRN
	VerbEXPN
	VerbHELO
	VerbHELP
	VerbLHLO
	VerbMAIL
	VerbNOOP
	VerbQUIT
	VerbRCPT
	VerbRSET
	VerbSTARTTLS
	VerbVRFY
	numVerbs
)

// verbNames is what stands on the wire, in upper case.
var verbNames = [numVerbs]string{
	VerbUnknown: "unknown",
	VerbAUTH:    "AUTH", VerbBDAT: "BDAT", VerbDATA: "DATA", VerbEHLO: "EHLO",
	VerbETRN: "ETRN", VerbEXPN: "EXPN", VerbHELO: "HELO", VerbHELP: "HELP",
	VerbLHLO: "LHLO", VerbMAIL: "MAIL", VerbNOOP: "NOOP", VerbQUIT: "QUIT",
	VerbRCPT: "RCPT", VerbRSET: "RSET", VerbSTARTTLS: "STARTTLS", VerbVRFY: "VRFY",
}

// String returns the verb as it stands on the wire.
func (v Verb) String() string { return verbNames[min(v, numVerbs)%numVerbs] }

// verbs finds a verb by its letters in upper case, zeros behind the last.
var verbs = func() map[[len("STARTTLS")]byte]Verb {
	m := make(map[[len("STARTTLS")]byte]Verb, numVerbs)
	for v := VerbUnknown + 1; v < numVerbs; v++ {
		var key [len("STARTTLS")]byte
		copy(key[:], verbNames[v])
		m[key] = v
	}
	return m
}()

// findVerb returns the verb that a word is, in any case of its letters.
func findVerb(word []byte) Verb {
	var key [len("STARTTLS")]byte
	if len(word) > len(key) {
		return VerbUnknown
	}
	for i, c := range word {
		key[i] = ascii.Upper(c)
	}
	return verbs[key]
}

// Command is one command line, taken apart at its first space.
type Command struct {
	Verb Verb
	// Arg is what stands behind the verb, without the spaces around it. It
	// points into the line.
	Arg []byte
}

// ParseCommand reads a command line without its end. Arg points into it. A verb
// that is none of ours is VerbUnknown and no error. A word that cannot be a verb
// is a [*ParseError] with Reply 500 5.5.2, and so is CR, LF or NUL anywhere: a
// line that somebody else might take for two is not obeyed at all.
func ParseCommand(line []byte) (Command, error) {
	if i := indexControl(line); i >= 0 {
		return Command{}, badLine(i, ErrControlOctet)
	}
	// RFC 5321 §4.1.1: trailing white space is to be tolerated.
	word, arg, _ := bytes.Cut(bytes.TrimRight(line, " \t"), []byte{' '})
	if n := ascii.Span(&ascii.Alpha, word); n < len(word) || n == 0 {
		return Command{}, badLine(n, ErrSyntax)
	}
	return Command{Verb: findVerb(word), Arg: bytes.TrimLeft(arg, " ")}, nil
}

func badLine(at int, err error) error {
	return &ParseError{
		Offset: int64(at), What: "command", Ref: "RFC 5321 §4.1.1",
		Reply: 500, Enhanced: EnhancedCode{5, 5, 2}, Err: err,
	}
}

// indexControl finds the octets that must not stand within a line
// (RFC 5321 §2.3.8), -1 for none.
func indexControl[T ~string | ~[]byte](line T) int {
	for i := range len(line) {
		if c := line[i]; c == '\r' || c == '\n' || c == 0 {
			return i
		}
	}
	return -1
}

// AppendCommand appends cmd as a line with its end. An argument with CR, LF or
// NUL is refused, since it would be two commands.
func AppendCommand(dst []byte, cmd Command) ([]byte, error) {
	if cmd.Verb == VerbUnknown || cmd.Verb >= numVerbs {
		return dst, &ParseError{What: "command", Ref: "RFC 5321 §4.1.1", Err: ErrValue}
	}
	if i := indexControl(cmd.Arg); i >= 0 {
		return dst, &ParseError{Offset: int64(i), What: "argument", Ref: "RFC 5321 §4.1.1", Err: ErrControlOctet}
	}
	dst = append(dst, verbNames[cmd.Verb]...)
	if len(cmd.Arg) > 0 {
		dst = append(append(dst, ' '), cmd.Arg...)
	}
	return append(dst, '\r', '\n'), nil
}
