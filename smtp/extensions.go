package smtp

import (
	"math"
	"strings"

	"applayer/internal/ascii"
)

// Extension is a line of EHLO's reply: what a server offers beyond the first
// commands (RFC 5321 §4.1.1.1).
type Extension struct {
	// Keyword is in upper case.
	Keyword string
	// Params are what stands behind it, as it came.
	Params []string
}

// Extensions are what a server offers, in its order.
type Extensions []Extension

// ParseExtensions reads the lines of EHLO's reply, of which the first one is the
// greeting. A line that is none by the grammar is left out: there are servers
// that say more than they should. "AUTH=", which some say for clients of before
// RFC 4954, is AUTH.
func ParseExtensions(lines []string) Extensions {
	x := make(Extensions, 0, max(len(lines)-1, 0))
	for i, line := range lines {
		if i == 0 {
			continue
		}
		if len(line) > len("AUTH=") && ascii.EqualFold(line[:len("AUTH=")], "AUTH=") {
			line = "AUTH " + line[len("AUTH="):]
		}
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '-' || ascii.Span(&esmtpKeyword, words[0]) < len(words[0]) {
			continue
		}
		x = append(x, Extension{strings.ToUpper(words[0]), words[1:]})
	}
	return x
}

// AppendLines appends the extensions as lines of EHLO's reply.
func (x Extensions) AppendLines(lines []string) []string {
	for _, e := range x {
		if len(e.Params) == 0 {
			lines = append(lines, e.Keyword)
			continue
		}
		lines = append(lines, e.Keyword+" "+strings.Join(e.Params, " "))
	}
	return lines
}

// Lookup returns the parameters of an extension, and whether it is offered. Its
// name is in any case. One that comes twice has the parameters of both.
func (x Extensions) Lookup(keyword string) (params []string, ok bool) {
	for _, e := range x {
		if !ascii.EqualFold(e.Keyword, keyword) {
			continue
		}
		if !ok {
			params, ok = e.Params[:len(e.Params):len(e.Params)], true
			continue
		}
		params = append(params, e.Params...)
	}
	return params, ok
}

// Has tells whether an extension is offered.
func (x Extensions) Has(keyword string) bool {
	_, ok := x.Lookup(keyword)
	return ok
}

// Size returns the longest message that the server takes, 0 where it does not
// say or has no limit (RFC 1870 §3).
func (x Extensions) Size() int64 {
	params, _ := x.Lookup("SIZE")
	if len(params) == 0 {
		return 0
	}
	n, used, err := ascii.Decimal(params[0], math.MaxInt64)
	if err != nil || used < len(params[0]) {
		return 0
	}
	return int64(n)
}

// Mechanisms returns the SASL mechanisms that are offered, in upper case
// (RFC 4954 §3).
func (x Extensions) Mechanisms() []string {
	params, _ := x.Lookup("AUTH")
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = strings.ToUpper(p)
	}
	return names
}
