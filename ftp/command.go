package ftp

import (
	"bytes"

	"applayer/internal/ascii"
)

// Verb is the name of a command.
type Verb uint8

// The verbs of RFC 959 §4.1, RFC 775, RFC 1639, RFC 2228 §3, RFC 2389,
// RFC 2428, RFC 2640 §5, RFC 3659, RFC 7151, and of widespread use (CLNT, MFMT).
// Whether a server has built one is another matter.
const (
	VerbUnknown Verb = iota
	VerbABOR
	VerbACCT
	VerbADAT
	VerbALLO
	VerbAPPE
	VerbAUTH
	VerbCCC
	VerbCDUP
	VerbCLNT
	VerbCONF
	VerbCWD
	VerbDELE
	VerbENC
	VerbEPRT
	VerbEPSV
	VerbFEAT
	VerbHELP
	VerbHOST
	VerbLANG
	VerbLIST
	VerbLPRT
	VerbLPSV
	VerbMDTM
	VerbMFMT
	VerbMIC
	VerbMKD
	VerbMLSD
	VerbMLST
	VerbMODE
	VerbNLST
	VerbNOOP
	VerbOPTS
	VerbPASS
	VerbPASV
	VerbPBSZ
	VerbPORT
	VerbPROT
	VerbPWD
	VerbQUIT
	VerbREIN
	VerbREST
	VerbRETR
	VerbRMD
	VerbRNFR
	VerbRNTO
	VerbSITE
	VerbSIZE
	VerbSMNT
	VerbSTAT
	VerbSTOR
	VerbSTOU
	VerbSTRU
	VerbSYST
	VerbTYPE
	VerbUSER
	numVerbs
)

// verbNames is what stands on the wire, in upper case.
var verbNames = [numVerbs]string{
	VerbUnknown: "unknown",
	VerbABOR:    "ABOR", VerbACCT: "ACCT", VerbADAT: "ADAT", VerbALLO: "ALLO",
	VerbAPPE: "APPE", VerbAUTH: "AUTH", VerbCCC: "CCC", VerbCDUP: "CDUP",
	VerbCLNT: "CLNT", VerbCONF: "CONF", VerbCWD: "CWD", VerbDELE: "DELE",
	VerbENC: "ENC", VerbEPRT: "EPRT", VerbEPSV: "EPSV", VerbFEAT: "FEAT",
	VerbHELP: "HELP", VerbHOST: "HOST", VerbLANG: "LANG", VerbLIST: "LIST",
	VerbLPRT: "LPRT", VerbLPSV: "LPSV", VerbMDTM: "MDTM", VerbMFMT: "MFMT",
	VerbMIC: "MIC", VerbMKD: "MKD", VerbMLSD: "MLSD", VerbMLST: "MLST",
	VerbMODE: "MODE", VerbNLST: "NLST", VerbNOOP: "NOOP", VerbOPTS: "OPTS",
	VerbPASS: "PASS", VerbPASV: "PASV", VerbPBSZ: "PBSZ", VerbPORT: "PORT",
	VerbPROT: "PROT", VerbPWD: "PWD", VerbQUIT: "QUIT", VerbREIN: "REIN",
	VerbREST: "REST", VerbRETR: "RETR", VerbRMD: "RMD", VerbRNFR: "RNFR",
	VerbRNTO: "RNTO", VerbSITE: "SITE", VerbSIZE: "SIZE", VerbSMNT: "SMNT",
	VerbSTAT: "STAT", VerbSTOR: "STOR", VerbSTOU: "STOU", VerbSTRU: "STRU",
	VerbSYST: "SYST", VerbTYPE: "TYPE", VerbUSER: "USER",
}

// verbs finds a verb by its letters in upper case, zeros behind the third where
// there are three. The X forms of RFC 775 are the commands whose names they were
// given before those had any.
var verbs = func() map[[4]byte]Verb {
	m := make(map[[4]byte]Verb, numVerbs+5)
	key := func(s string) (k [4]byte) { copy(k[:], s); return k }
	for v := VerbUnknown + 1; v < numVerbs; v++ {
		m[key(verbNames[v])] = v
	}
	m[key("XCUP")], m[key("XCWD")], m[key("XMKD")] = VerbCDUP, VerbCWD, VerbMKD
	m[key("XPWD")], m[key("XRMD")] = VerbPWD, VerbRMD
	return m
}()

// String returns the verb as it stands on the wire.
func (v Verb) String() string { return verbNames[min(v, numVerbs)%numVerbs] }

// Command is one command of the control connection (RFC 959 §5.3).
type Command struct {
	Verb Verb
	// Arg is the argument as it came, spaces and all: they belong to names. It
	// is nil where no space followed the verb.
	Arg []byte
}

// ParseCommand reads a command line without its end and without Telnet
// commands. Arg points into it. A verb that is none of ours is VerbUnknown and
// no error; a word that cannot be a verb, and NUL in the argument, are a
// [*ParseError] with Reply 500 and 501.
func ParseCommand(line []byte) (Command, error) {
	word, arg, spaced := bytes.Cut(line, []byte{' '})
	var key [4]byte
	if len(word) < 3 || len(word) > len(key) {
		return Command{}, &ParseError{What: "command code", Ref: "RFC 959 §5.3", Reply: 500, Err: ErrSyntax}
	}
	for i, c := range word {
		key[i] = ascii.Upper(c)
		if key[i] < 'A' || key[i] > 'Z' {
			return Command{}, &ParseError{Offset: int64(i), What: "command code", Ref: "RFC 959 §5.3", Reply: 500, Err: ErrSyntax}
		}
	}
	cmd := Command{Verb: verbs[key]}
	if spaced {
		cmd.Arg = arg
	}
	if i := bytes.IndexByte(arg, 0); i >= 0 {
		return cmd, &ParseError{Offset: int64(len(word) + 1 + i), What: "argument", Ref: "RFC 959 §5.3.2", Reply: 501, Err: ErrControlOctet}
	}
	return cmd, nil
}

// AppendCommand appends cmd as a line with its end. An argument with CR, LF or
// NUL is refused, since it would be two commands.
func AppendCommand(dst []byte, cmd Command) ([]byte, error) {
	if cmd.Verb == VerbUnknown || cmd.Verb >= numVerbs {
		return dst, &ParseError{What: "command code", Ref: "RFC 959 §5.3", Err: ErrValue}
	}
	if i := bytes.IndexAny(cmd.Arg, "\r\n\x00"); i >= 0 {
		return dst, &ParseError{Offset: int64(i), What: "argument", Ref: "RFC 959 §5.3.2", Err: ErrControlOctet}
	}
	dst = append(dst, verbNames[cmd.Verb]...)
	if cmd.Arg != nil {
		dst = append(append(dst, ' '), cmd.Arg...)
	}
	return append(dst, '\r', '\n'), nil
}
