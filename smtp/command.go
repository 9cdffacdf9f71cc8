package smtp

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

// Command is one command line, taken apart at its first space.
type Command struct {
	Verb Verb
	// Arg is what stands behind the verb, without the spaces around it. It
	// points into the line.
	Arg []byte
}
