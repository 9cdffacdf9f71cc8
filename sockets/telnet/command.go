package telnet

import "strconv"

// IAC is the octet "interpret as command": the one behind it is a command, or
// a second IAC, which is the octet 255 as data (RFC 854, "TELNET COMMAND
// STRUCTURE").
const IAC = 255

// Command is the octet behind an IAC.
type Command byte

// The commands of RFC 854, EOR of RFC 885, and those that RFC 1184 §2.5 took
// from the terminals of Unix. IAC itself is data and no command.
const (
	CommandEOF   Command = 236 // end of file
	CommandSUSP  Command = 237 // suspend the process
	CommandABORT Command = 238 // abort the process
	CommandEOR   Command = 239 // end of record
	CommandSE    Command = 240 // end of subnegotiation
	CommandNOP   Command = 241 // no operation
	CommandDM    Command = 242 // data mark: where a Synch ends
	CommandBRK   Command = 243 // break
	CommandIP    Command = 244 // interrupt process
	CommandAO    Command = 245 // abort output
	CommandAYT   Command = 246 // are you there
	CommandEC    Command = 247 // erase character
	CommandEL    Command = 248 // erase line
	CommandGA    Command = 249 // go ahead
	CommandSB    Command = 250 // subnegotiation begins
	CommandWill  Command = 251 // the sender offers to perform an option, or confirms it
	CommandWont  Command = 252 // the sender refuses to perform it, or stops
	CommandDo    Command = 253 // the sender asks the other to perform it, or confirms it
	CommandDont  Command = 254 // the sender asks the other to stop, or not to begin
)

var commandNames = [...]string{"EOF", "SUSP", "ABORT", "EOR", "SE", "NOP", "DM", "BRK", "IP", "AO", "AYT", "EC", "EL", "GA", "SB", "WILL", "WONT", "DO", "DONT"}

// String returns the command's name as the RFCs write it, its number where
// they have none.
func (c Command) String() string {
	if c >= CommandEOF && c <= CommandDont {
		return commandNames[c-CommandEOF]
	}
	return strconv.Itoa(int(c))
}

// IsNegotiation tells whether an option follows: WILL, WONT, DO or DONT.
func (c Command) IsNegotiation() bool { return c >= CommandWill && c <= CommandDont }

// isPlain tells whether the command stands for itself: whatever is no data, no
// negotiation and no part of a subnegotiation, known or not.
func (c Command) isPlain() bool {
	return c < CommandSB && c != CommandSE
}

// Option is the number of an option, as IANA has assigned it.
type Option byte

// The options that this package knows by name. It performs BINARY, ECHO, SGA,
// STATUS, TIMING-MARK, TERMINAL-TYPE, END-OF-RECORD and NAWS.
const (
	OptionBinary        Option = 0  // RFC 856: eight bits, no rule for line ends
	OptionEcho          Option = 1  // RFC 857: the sender echoes what it gets
	OptionSGA           Option = 3  // RFC 858: no GA is sent
	OptionStatus        Option = 5  // RFC 859: tells which options are on
	OptionTimingMark    Option = 6  // RFC 860: answered when all before it was worked off
	OptionTerminalType  Option = 24 // RFC 1091
	OptionEOR           Option = 25 // RFC 885: EOR is sent behind each record
	OptionNAWS          Option = 31 // RFC 1073: the size of the client's window
	OptionTerminalSpeed Option = 32 // RFC 1079
	OptionFlowControl   Option = 33 // RFC 1372
	OptionLineMode      Option = 34 // RFC 1184
	OptionXDisplay      Option = 35 // RFC 1096
	OptionEnviron       Option = 36 // RFC 1408
	OptionAuth          Option = 37 // RFC 2941
	OptionEncrypt       Option = 38 // RFC 2946
	OptionNewEnviron    Option = 39 // RFC 1572
	OptionExtended      Option = 255
)

var optionNames = map[Option]string{
	OptionBinary: "BINARY", OptionEcho: "ECHO", OptionSGA: "SGA", OptionStatus: "STATUS",
	OptionTimingMark: "TIMING-MARK", OptionTerminalType: "TERMINAL-TYPE", OptionEOR: "END-OF-RECORD",
	OptionNAWS: "NAWS", OptionTerminalSpeed: "TERMINAL-SPEED", OptionFlowControl: "TOGGLE-FLOW-CONTROL",
	OptionLineMode: "LINEMODE", OptionXDisplay: "X-DISPLAY-LOCATION", OptionEnviron: "ENVIRON",
	OptionAuth: "AUTHENTICATION", OptionEncrypt: "ENCRYPT", OptionNewEnviron: "NEW-ENVIRON",
	OptionExtended: "EXTENDED-OPTIONS-LIST",
}

// String returns the option's name as its RFC writes it, its number where this
// package has no name for it.
func (o Option) String() string {
	if s, ok := optionNames[o]; ok {
		return s
	}
	return strconv.Itoa(int(o))
}

// OptionSet is a set of options. The zero value is empty.
type OptionSet [4]uint64

// Options returns the set of the options given.
func Options(opts ...Option) (s OptionSet) {
	for _, o := range opts {
		s[o>>6] |= 1 << (o & 63)
	}
	return s
}

// Has tells whether o is in the set.
func (s *OptionSet) Has(o Option) bool { return s[o>>6]>>(o&63)&1 != 0 }
