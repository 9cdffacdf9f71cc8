package maildir

// What tests of the inside need.
var (
	EscapeHost  = escapeHost
	SeparatorOn = separatorOn
)
