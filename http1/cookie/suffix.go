package cookie

import (
	"strings"
	"sync"

	"applayer/internal/ascii"
)

// PublicSuffixes tells under which domains unrelated parties register names,
// such as com, co.uk and github.io: nobody may set a cookie for all of them
// (RFC 6265 §5.3 step 5). A [Jar] calls it from any goroutine.
type PublicSuffixes interface {
	// PublicSuffix returns the public suffix of domain, a name in lower case:
	// for "www.example.co.uk" it is "co.uk". It may be domain itself.
	PublicSuffix(domain string) string
}

// SuffixList is a list of public suffixes in memory. Goroutines may share it.
type SuffixList struct {
	rules map[string]suffixRule
}

// suffixRule says of a name what the list has: the name itself, all names one
// label below, or that the name is none in spite of a rule for its parent.
type suffixRule uint8

const (
	ruleName suffixRule = 1 << iota
	ruleBelow
	ruleException
)

// ShortSuffixes returns the built-in list. It has the suffixes of two labels
// that most people meet, not the thousands that there are: a browser takes
// the whole list of publicsuffix.org, with [ParseSuffixList].
func ShortSuffixes() *SuffixList { return shortSuffixes() }

var shortSuffixes = sync.OnceValue(func() *SuffixList {
	l, err := ParseSuffixList(shortList)
	if err != nil {
		panic(err)
	}
	return l
})

// ParseSuffixList takes a list in the format of publicsuffix.org: one rule a
// line up to the first white space; a line that starts with // is a comment;
// "*.ck" means all names one label below ck, "!www.ck" an exception from that.
// Names may be in UTF-8 or A-labels. A list always has the rule that any name
// of one label is a suffix.
func ParseSuffixList(text string) (*SuffixList, error) {
	l := &SuffixList{rules: map[string]suffixRule{}}
	offset, number := 0, 0
	for line := range strings.Lines(text) {
		number++
		if err := l.add(line); err != nil {
			err.Offset, err.Line = int64(offset), number
			return nil, err
		}
		offset += len(line)
	}
	return l, nil
}

// add takes one line.
func (l *SuffixList) add(line string) *ParseError {
	rule := line
	if i := strings.IndexAny(rule, " \t\r\n"); i >= 0 {
		rule = rule[:i]
	}
	if rule == "" || strings.HasPrefix(rule, "//") {
		return nil
	}
	kind := ruleName
	name, found := strings.CutPrefix(rule, "*.")
	if found {
		kind = ruleBelow
	} else if name, found = strings.CutPrefix(rule, "!"); found {
		kind = ruleException
	}
	if rule == "*" {
		return nil
	}
	name, ok := toASCII(name)
	top := strings.IndexByte(name, '.') < 0
	if !ok || !isName(name) || strings.HasSuffix(name, ".") || kind == ruleException && top {
		return &ParseError{What: "rule of a public suffix"}
	}
	l.rules[lower(name)] |= kind
	return nil
}

// PublicSuffix implements [PublicSuffixes]: an exception goes first, then the
// longest rule that fits; where none does, it is the last label.
func (l *SuffixList) PublicSuffix(domain string) string {
	longest := ""
	for name := domain; ; {
		_, parent, more := strings.Cut(name, ".")
		rule := l.rules[name]
		if rule&ruleException != 0 {
			return parent
		}
		fits := rule&ruleName != 0 || more && l.rules[parent]&ruleBelow != 0 || !more
		if longest == "" && fits {
			longest = name
		}
		if !more {
			return longest
		}
		name = parent
	}
}

// toASCII writes each label beyond ASCII as an A-label. It does not map
// letters: lists of suffixes come in lower case and composed.
func toASCII(name string) (string, bool) {
	if isASCII(name) {
		return name, true
	}
	labels := strings.Split(name, ".")
	for i, label := range labels {
		if isASCII(label) {
			continue
		}
		p, ok := appendPunycode([]byte("xn--"), label)
		if !ok {
			return "", false
		}
		labels[i] = string(p)
	}
	return strings.Join(labels, "."), true
}

var nonASCII = ascii.Range(0x80, 0xff)

func isASCII(s string) bool {
	for i := range len(s) {
		if nonASCII.Has(s[i]) {
			return false
		}
	}
	return true
}
