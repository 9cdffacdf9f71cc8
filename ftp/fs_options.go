package ftp

import "strings"

// listOptions are the letters that LIST and NLST take before a path.
// RFC 959 §4.1.3 knows none, but since servers used to call ls, clients send
// them.
type listOptions struct {
	all       bool // -a, -A: names that begin with a dot, too
	itself    bool // -d: a directory itself, not what is in it
	recursive bool // -R: and what is in the directories in it
	long      bool // -l: NLST as LIST
	byTime    bool // -t: the youngest first
	bySize    bool // -S: the largest first
	reverse   bool // -r: the other way round
	given     bool // there were some, whatever they were
}

// parseListOptions cuts the options from the argument of LIST or NLST and
// returns the path, in which all spaces count. Letters may stand in any groups;
// those that we have no use for are passed over, such as -L, since links are
// followed anyway. After "--" comes the path, whatever it begins with.
func parseListOptions(arg string) (o listOptions, p string) {
	for strings.HasPrefix(arg, "-") {
		word, rest, _ := strings.Cut(arg, " ")
		arg = rest
		if word == "--" {
			break
		}
		o.given = true
		for _, letter := range word[1:] {
			o.set(letter)
		}
	}
	return o, arg
}

func (o *listOptions) set(letter rune) {
	switch letter {
	case 'a', 'A':
		o.all = true
	case 'd':
		o.itself = true
	case 'R':
		o.recursive = true
	case 'l':
		o.long = true
	case 't':
		o.byTime = true
	case 'S':
		o.bySize = true
	case 'r':
		o.reverse = true
	}
}
