package smtp

import (
	"slices"

	"applayer/internal/ascii"
)

// The replies that a server gives by itself. Their lines are shared and never
// changed. What has no status code is a greeting or in the 300s (RFC 2034 §4).
var (
	replyOK        = one(250, EnhancedCode{2, 0, 0}, "OK")
	replySenderOK  = one(250, EnhancedCode{2, 1, 0}, "OK")
	replyRcptOK    = one(250, EnhancedCode{2, 1, 5}, "OK")
	replyAccepted  = one(250, EnhancedCode{2, 0, 0}, "Message accepted for delivery")
	replyVerify    = one(252, EnhancedCode{2, 0, 0}, "Cannot verify, but will take a message and try")
	replyHelp      = Reply{214, EnhancedCode{2, 0, 0}, []string{"EHLO HELO MAIL RCPT DATA BDAT RSET NOOP", "VRFY HELP QUIT STARTTLS AUTH", "See RFC 5321"}}
	replyBeginTLS  = one(220, EnhancedCode{2, 0, 0}, "Begin TLS")
	replyLoggedIn  = one(235, EnhancedCode{2, 7, 0}, "Authenticated")
	replyStartMail = one(354, EnhancedCode{}, "Start mail input; end with <CRLF>.<CRLF>")

	replyUnknown     = one(500, EnhancedCode{5, 5, 2}, "Command unknown")
	replyNotBuilt    = one(502, codeSequence, "Command not implemented")
	replyWrongHello  = one(500, codeSequence, "That is not how to begin here")
	replyNoHello     = one(503, codeSequence, "Say who you are first")
	replySequence    = one(503, codeSequence, "Bad sequence of commands")
	replyNoRecipient = one(554, codeSequence, "No valid recipients")
	replyNoArgument  = one(501, codeArgument, "No argument allowed")
	replyEarly       = one(554, codeSequence, "You spoke before the greeting")

	replyNotOffered    = one(555, codeArgument, "Parameter not offered")
	replyTooLarge      = one(552, EnhancedCode{5, 3, 4}, "Message too large")
	replyTooManyRcpts  = one(452, EnhancedCode{4, 5, 3}, "Too many recipients")
	replyNotYours      = one(550, EnhancedCode{5, 7, 1}, "Not your address")
	replyBadChunk      = one(501, codeArgument, "Syntax: BDAT <octets> [LAST]")
	replyTooManyErrors = one(421, EnhancedCode{4, 7, 0}, "Too many errors, closing connection")

	replyNeedLogin     = one(530, EnhancedCode{5, 7, 0}, "Authentication required")
	replyNeedTLS       = one(530, EnhancedCode{5, 7, 0}, "Must issue a STARTTLS command first")
	replyNoTLS         = one(454, EnhancedCode{4, 7, 0}, "TLS not available")
	replyInjected      = one(501, EnhancedCode{5, 5, 2}, "There are octets behind STARTTLS")
	replyNoMechanism   = one(504, codeArgument, "Mechanism unknown")
	replyNeedCrypto    = one(538, EnhancedCode{5, 7, 11}, "Encryption required for this mechanism")
	replyBadBase64     = one(501, EnhancedCode{5, 5, 2}, "Not base64")
	replyBadResponse   = one(501, EnhancedCode{5, 5, 2}, "Not what the mechanism wants")
	replyAuthLong      = one(500, EnhancedCode{5, 5, 6}, "Line too long")
	replyCancelled     = one(501, EnhancedCode{5, 7, 0}, "Authentication cancelled")
	replyRefusedLogin  = one(535, EnhancedCode{5, 7, 8}, "Authentication credentials invalid")
	replyAuthFailed    = one(454, EnhancedCode{4, 7, 0}, "Temporary authentication failure")
	replyTooManyLogins = one(421, EnhancedCode{4, 7, 0}, "Too many refused logins, closing connection")

	replyLocalError = one(451, EnhancedCode{4, 3, 0}, "Local error in processing")
	replyNotNow     = one(421, EnhancedCode{4, 3, 0}, "Service not available")
	replyShutdown   = one(421, EnhancedCode{4, 3, 2}, "Shutting down")
	replyTimeout    = one(421, EnhancedCode{4, 4, 2}, "Waited for too long")
)

// codeArgument is the status code of arguments that are not right.
var codeArgument = EnhancedCode{5, 5, 4}

// one is a reply of one line.
func one(code int, enhanced EnhancedCode, text string) Reply {
	return Reply{Code: code, Enhanced: enhanced, Lines: []string{text}}
}

// presentable is a reply of a backend's without what may not stand in one: a
// status code of another class (RFC 2034 §4), octets that would end a line or that
// a client without SMTPUTF8 does not know (RFC 5321 §4.2), and text beyond the
// longest line.
func presentable(r Reply) Reply {
	if !r.Enhanced.agrees(r.Code) {
		r.Enhanced = EnhancedCode{}
	}
	fit := func(l string) string { return printable(l[:min(len(l), maxReplyText)]) }
	if slices.ContainsFunc(r.Lines, func(l string) bool { return fit(l) != l }) {
		r.Lines = slices.Clone(r.Lines)
		for i, l := range r.Lines {
			r.Lines[i] = fit(l)
		}
	}
	return r
}

// maxReplyText is how much of a line's text is sent: 512 octets without codes and
// line end (RFC 5321 §4.5.3.1.5).
const maxReplyText = 512 - len("550 5.999.999 ") - len("\r\n")

// printable is text with a question mark for each octet that is not printable
// ASCII.
func printable(text string) string {
	if ascii.Span(&replyOctets, text) == len(text) {
		return text
	}
	b := []byte(text)
	for i, c := range b {
		if !replyOctets.Has(c) {
			b[i] = '?'
		}
	}
	return string(b)
}

var replyOctets = ascii.VChar.Or(ascii.Chars(" \t"))

// syntaxText tells what is wrong with a line, in ASCII.
func syntaxText(e *ParseError) string {
	text := "Syntax error"
	if e.Err != nil {
		text = "Error (" + e.Err.Error() + ")"
	}
	if e.What != "" {
		text += " in " + e.What
	}
	return text
}

// limitText tells which limit was reached.
func limitText(name string) string {
	switch name {
	case "MaxMessageBytes":
		return "Message too large"
	case "MaxHeaderBytes":
		return "Header too large"
	case "MaxHops":
		return "Too many hops: a mail loop"
	case "MaxTextLine":
		return "Line of the message too long"
	}
	return "Line too long"
}
