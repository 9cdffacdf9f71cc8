package dns

import (
	"strings"
	"unicode/utf8"
)

// isDoHTemplate tells whether s is a path with an expression in braces that has
// the variable "dns" (RFC 9461 §5, RFC 6570 §2).
func isDoHTemplate(s string) bool {
	if !strings.HasPrefix(s, "/") || !utf8.ValidString(s) {
		return false
	}
	for {
		_, rest, ok := strings.Cut(s, "{")
		if !ok {
			return false
		}
		expression, rest, ok := strings.Cut(rest, "}")
		if !ok {
			return false
		}
		for variable := range strings.SplitSeq(strings.TrimLeft(expression, "+#./;?&"), ",") {
			name, _, _ := strings.Cut(strings.TrimSuffix(variable, "*"), ":")
			if name == "dns" {
				return true
			}
		}
		s = rest
	}
}
