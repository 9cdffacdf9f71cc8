package smtp

import (
	"slices"
	"strconv"
	"strings"

	"applayer/internal/ascii"
)

// extensionSet is a set of extensions.
type extensionSet uint16

// The extensions that a server offers.
const (
	extPIPELINING extensionSet = 1 << iota
	extSIZE
	ext8BITMIME
	extSMTPUTF8
	extENHANCEDSTATUSCODES
	extCHUNKING
	extDSN
	extSTARTTLS
	extAUTH
	extHELP
)

// extensionNames is in the order of the reply to EHLO.
var extensionNames = []struct {
	ext  extensionSet
	name string
}{
	{extPIPELINING, "PIPELINING"},                   // RFC 2920
	{extSIZE, "SIZE"},                               // RFC 1870
	{ext8BITMIME, "8BITMIME"},                       // RFC 6152
	{extSMTPUTF8, "SMTPUTF8"},                       // RFC 6531
	{extENHANCEDSTATUSCODES, "ENHANCEDSTATUSCODES"}, // RFC 2034
	{extCHUNKING, "CHUNKING"},                       // RFC 3030
	{extDSN, "DSN"},                                 // RFC 3461
	{extSTARTTLS, "STARTTLS"},                       // RFC 3207
	{extAUTH, "AUTH"},                               // RFC 4954
	{extHELP, "HELP"},                               // RFC 5321 §4.1.1.1
}

func (s extensionSet) has(e extensionSet) bool { return s&e != 0 }

// offeredBut is all extensions but those named.
func offeredBut(without []string) (s extensionSet) {
	for _, e := range extensionNames {
		if !slices.ContainsFunc(without, func(name string) bool { return ascii.EqualFold(name, e.name) }) {
			s |= e.ext
		}
	}
	return s
}

// extensions appends the lines of the reply to EHLO, which is the only place
// that tells what is offered. What it tells depends on the server's fields, on
// TLS and on the login.
func (d *dialogue) extensions(lines []string) []string {
	for _, e := range extensionNames {
		if !d.srv.offered.has(e.ext) {
			continue
		}
		switch e.ext {
		case extSIZE:
			lines = append(lines, sizeLine(d.srv.limits.MaxMessageBytes))
		case extSTARTTLS:
			if usable(d.srv.tls) && !d.secure() {
				lines = append(lines, e.name)
			}
		case extAUTH:
			if names := d.mechanisms(); len(names) > 0 {
				lines = append(lines, e.name+" "+strings.Join(names, " "))
			}
		default:
			lines = append(lines, e.name)
		}
	}
	return lines
}

// sizeLine is SIZE, 0 for no limit (RFC 1870 §4).
func sizeLine(limit int64) string {
	if limit == 1<<63-1 {
		limit = 0
	}
	return "SIZE " + strconv.FormatInt(limit, 10)
}
