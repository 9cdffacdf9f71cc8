package ftp

import "strings"

// LimitsInForce is what l means.
func LimitsInForce(l *Limits) Limits { return l.inForce() }

// HasMeta tells whether a pattern is more than one name.
func HasMeta(s string) bool { return hasMeta(s) }

// FileReply is the code for an error of a file system.
func FileReply(err error) int { return fileReply(err) }

// Resolve makes the name that a client means.
func Resolve(cwd, p string, lim *Limits) (string, error) { return resolve(cwd, p, lim) }

// Absolute is a name as a client sees it.
func Absolute(name string) string { return absolute(name) }

// ListOptions are what LIST and NLST take.
type ListOptions = listOptions

// ParseListOptions cuts options from an argument.
func ParseListOptions(arg string) (ListOptions, string) { return parseListOptions(arg) }

// Letters returns the options that are set, in one order.
func (o listOptions) Letters() string {
	var letters strings.Builder
	for _, l := range []struct {
		set  bool
		name string
	}{{o.all, "a"}, {o.itself, "d"}, {o.long, "l"}, {o.reverse, "r"}, {o.byTime, "t"}, {o.recursive, "R"}, {o.bySize, "S"}} {
		if l.set {
			letters.WriteString(l.name)
		}
	}
	return letters.String()
}
