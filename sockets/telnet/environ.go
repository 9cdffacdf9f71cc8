package telnet

import (
	"fmt"
	"slices"
	"strings"
)

// EnvironCommand tells what an [Environ] is for.
type EnvironCommand uint8

// The commands of RFC 1572 §1.
const (
	EnvironIs EnvironCommand = iota
	EnvironSend
	EnvironInfo
)

// String returns the command as RFC 1572 writes it.
func (c EnvironCommand) String() string {
	names := [...]string{"IS", "SEND", "INFO"}
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("EnvironCommand(%d)", uint8(c))
}

// Environ asks for variables of an environment, or tells them.
//
// It can be read for a trace, and that is all: NEW-ENVIRON is refused, nobody
// is handed what comes all the same, and no variable reaches a command line. A
// server that gave USER to login got "-f root" for a name (CVE-2026-24061).
type Environ struct {
	Command   EnvironCommand
	Variables []Variable
}

// Variable is one variable of an [Environ].
type Variable struct {
	// User says that the name is one of the user's own (USERVAR), not one of
	// RFC 1572 §5.
	User bool
	Name string
	// Value is what it is worth; Defined tells whether it is worth anything.
	Value   string
	Defined bool
}

// The octets of RFC 1572 §1 that begin names and values.
const (
	environVar     = 0
	environValue   = 1
	environEsc     = 2
	environUserVar = 3
)

func parseEnviron(b []byte) (Subnegotiation, error) {
	if len(b) == 0 || b[0] > byte(EnvironInfo) {
		return nil, malformed(OptionNewEnviron, 0, "neither IS nor SEND nor INFO", "RFC 1572 §2")
	}
	e := Environ{Command: EnvironCommand(b[0])}
	for n := 1; n < len(b); {
		kind := b[n]
		text, next, ok := environText(b, n+1)
		if !ok {
			return nil, malformed(OptionNewEnviron, len(b), "ESC at the end", "RFC 1572 §2")
		}
		switch last := len(e.Variables) - 1; {
		case kind == environVar || kind == environUserVar:
			e.Variables = append(e.Variables, Variable{User: kind == environUserVar, Name: text})
		case kind == environValue && last >= 0 && !e.Variables[last].Defined && e.Command != EnvironSend:
			e.Variables[last].Value, e.Variables[last].Defined = text, true
		default:
			return nil, malformed(OptionNewEnviron, n, "neither a variable nor the value of one", "RFC 1572 §2")
		}
		n = next
	}
	return e, nil
}

// environText takes the text at b[n:], up to the octet that begins the next
// one.
func environText(b []byte, n int) (text string, next int, ok bool) {
	var out []byte
	for ; n < len(b); n++ {
		switch b[n] {
		case environEsc:
			if n++; n == len(b) {
				return "", n, false
			}
		case environVar, environValue, environUserVar:
			return string(out), n, true
		}
		out = append(out, b[n])
	}
	return string(out), n, true
}

func appendEnvironText(dst []byte, s string) []byte {
	dst = slices.Grow(dst, len(s))
	for i := range len(s) {
		if s[i] <= environUserVar {
			dst = append(dst, environEsc)
		}
		dst = append(dst, s[i])
	}
	return dst
}

// Option returns [OptionNewEnviron].
func (Environ) Option() Option { return OptionNewEnviron }

// AppendParameters appends the command and the variables.
func (e Environ) AppendParameters(dst []byte) []byte {
	dst = append(dst, byte(e.Command))
	for _, v := range e.Variables {
		kind := byte(environVar)
		if v.User {
			kind = environUserVar
		}
		dst = appendEnvironText(append(dst, kind), v.Name)
		if v.Defined {
			dst = appendEnvironText(append(dst, environValue), v.Value)
		}
	}
	return dst
}

// String returns what is said, as in `IS "USER"="alice"`.
func (e Environ) String() string {
	var b strings.Builder
	b.WriteString(e.Command.String())
	for _, v := range e.Variables {
		fmt.Fprintf(&b, " %q", cut([]byte(v.Name)))
		if v.Defined {
			fmt.Fprintf(&b, "=%q", cut([]byte(v.Value)))
		}
	}
	return b.String()
}
