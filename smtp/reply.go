package smtp

import (
	"strconv"
	"strings"
)

// Reply is a server's answer (RFC 5321 §4.2).
type Reply struct {
	// Code is three digits, of which the first tells most: 2 done, 3 more is
	// needed, 4 failed and may be tried again, 5 failed.
	Code int
	// Enhanced is the status code at the front of each line (RFC 2034 §4), zero
	// where there is none or its class is not that of Code.
	Enhanced EnhancedCode
	// Lines is the text, a line each, without codes and line ends.
	Lines []string
}

// Text returns the lines with LF between them.
func (r Reply) Text() string { return strings.Join(r.Lines, "\n") }

// String returns the reply on one line, for logs.
func (r Reply) String() string {
	s := strconv.Itoa(r.Code)
	if !r.Enhanced.IsZero() {
		s += " " + r.Enhanced.String()
	}
	return s + " " + strings.Join(r.Lines, " / ")
}
