package telnet

import (
	"fmt"
	"slices"
)

// LineMode is one of the messages of RFC 1184 by which a client is told how to
// edit lines by itself. It can be read for a trace; LINEMODE is refused.
type LineMode struct {
	// Part tells which of the fields below are in use.
	Part LineModePart
	// Mask is the mode of MODE.
	Mask byte
	// Command is what is said of FORWARDMASK: DO with Forward, DONT, WILL or
	// WONT.
	Command Command
	// Forward is the mask of FORWARDMASK, at most 32 octets.
	Forward []byte
	// Characters are those of SLC.
	Characters []LocalCharacter
}

// LineModePart is a suboption of LINEMODE.
type LineModePart uint8

// The suboptions of RFC 1184 §2.
const (
	LineModeMode        LineModePart = 1
	LineModeForwardMask LineModePart = 2
	LineModeSLC         LineModePart = 3
)

// LocalCharacter is the character for a function of line editing.
type LocalCharacter struct{ Function, Modifiers, Character byte }

func parseLineMode(b []byte) (Subnegotiation, error) {
	switch {
	case len(b) == 0:
		return nil, malformed(OptionLineMode, 0, "no suboption", "RFC 1184 §2")
	case LineModePart(b[0]) == LineModeMode:
		if len(b) != 2 {
			return nil, malformed(OptionLineMode, 1, "MODE without one mask", "RFC 1184 §2.2")
		}
		return LineMode{Part: LineModeMode, Mask: b[1]}, nil
	case LineModePart(b[0]) == LineModeSLC:
		return parseLocalCharacters(b)
	case Command(b[0]).IsNegotiation():
		return parseForwardMask(b)
	}
	return nil, malformed(OptionLineMode, 0, "unknown suboption", "RFC 1184 §2")
}

func parseForwardMask(b []byte) (Subnegotiation, error) {
	m := LineMode{Part: LineModeForwardMask, Command: Command(b[0])}
	if len(b) < 2 || LineModePart(b[1]) != LineModeForwardMask {
		return nil, malformed(OptionLineMode, 1, "no FORWARDMASK", "RFC 1184 §2.3")
	}
	if mask := b[2:]; len(mask) > 0 {
		if m.Command != CommandDo || len(mask) > 32 {
			return nil, malformed(OptionLineMode, 2, "a mask that may not be there", "RFC 1184 §2.3")
		}
		m.Forward = slices.Clone(mask)
	}
	return m, nil
}

func parseLocalCharacters(b []byte) (Subnegotiation, error) {
	m := LineMode{Part: LineModeSLC}
	rest := b[1:]
	if len(rest)%3 != 0 {
		return nil, malformed(OptionLineMode, len(b), "SLC without triplets", "RFC 1184 §2.4")
	}
	for ; len(rest) > 0; rest = rest[3:] {
		m.Characters = append(m.Characters, LocalCharacter{rest[0], rest[1], rest[2]})
	}
	return m, nil
}

// Option returns [OptionLineMode].
func (LineMode) Option() Option { return OptionLineMode }

// AppendParameters appends the suboption.
func (m LineMode) AppendParameters(dst []byte) []byte {
	switch m.Part {
	case LineModeMode:
		return append(dst, byte(m.Part), m.Mask)
	case LineModeForwardMask:
		return append(append(dst, byte(m.Command), byte(m.Part)), m.Forward...)
	}
	dst = append(dst, byte(m.Part))
	for _, c := range m.Characters {
		dst = append(dst, c.Function, c.Modifiers, c.Character)
	}
	return dst
}

// String returns what is said, as in "MODE 3".
func (m LineMode) String() string {
	switch m.Part {
	case LineModeMode:
		return fmt.Sprintf("MODE %d", m.Mask)
	case LineModeForwardMask:
		return fmt.Sprintf("%v FORWARDMASK %x", m.Command, m.Forward)
	}
	return fmt.Sprintf("SLC %d characters", len(m.Characters))
}
