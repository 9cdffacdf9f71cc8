package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

var (
	// rfc finds what looks like a citation, with what stands around it.
	rfc = regexp.MustCompile(`(\S*?)\bRFC(\s*[-#]?\s*)([0-9]+[A-Za-z]?)`)
	// section finds a section in any of the forms that people write.
	section = regexp.MustCompile(`^(?i:(?:,?\s*\(?(?:§|sections?\b|sec\.|sect\.|appendix|appendices|chapter|clause))|,?\s*\(?[0-9]+\.[0-9])`)
	// wellFormed is the one form of a section.
	wellFormed = regexp.MustCompile(`^ §(?:[0-9]+|[A-Z])(?:\.[0-9]+)*[a-z]?(?:[^0-9A-Za-z§]|$)`)
	// before finds a section that stands before its RFC.
	before = regexp.MustCompile(`(?i)(?:§|\bsections?|\bsec\.|\bappendix)\s*[0-9A-Z][0-9.]*,?\s+(?:of|in)\s+RFC\s*[0-9]+`)
)

// CheckCitations finds citations in comments and strings that are not written
// as RFC 5321 §4.5.2, so that one search finds every rule we implement. A bare
// RFC 5321 is well-formed, and so are the data item RFC822 of IMAP and
// time.RFC1123.
func CheckCitations(m *Module) []Fault {
	var faults []Fault
	for _, p := range m.Packages {
		for _, f := range append(p.Files[:len(p.Files):len(p.Files)], p.Tests...) {
			for _, group := range f.AST.Comments {
				faults = append(faults, citations(m.at(group.Pos()), group.Text())...)
			}
			ast.Inspect(f.AST, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if s, err := strconv.Unquote(lit.Value); err == nil {
						faults = append(faults, citations(m.at(lit.Pos()), s)...)
					}
				}
				return true
			})
		}
	}
	return faults
}

// citations finds the faults of one comment or string.
func citations(where, text string) []Fault {
	var faults []Fault
	fault := func(cited, why string) {
		faults = append(faults, Fault{where, fmt.Sprintf("citation %q: %s; write RFC 5321 §4.5.2", cited, why)})
	}
	for _, b := range before.FindAllString(text, -1) {
		fault(b, "the section stands after the RFC")
	}
	for _, i := range rfc.FindAllStringSubmatchIndex(text, -1) {
		prefix, gap, number, rest := text[i[2]:i[3]], text[i[4]:i[5]], text[i[6]:i[7]], text[i[7]:]
		cited := "RFC" + gap + number + firstWords(rest)
		switch {
		case gap == "" && (number == "822" || strings.HasSuffix(prefix, "time.")):
		case gap == "\n":
			fault(cited, "it is cut by the end of a line, where no search finds it")
		case gap != " ":
			fault(cited, "one space stands between RFC and the number")
		case number[0] == '0' || number[len(number)-1] > '9':
			fault(cited, "the number has no leading zero and no letter")
		case section.MatchString(rest) && strings.HasPrefix(rest, "\n§"):
			fault(cited, "it is cut by the end of a line, where no search finds it")
		case section.MatchString(rest) && !wellFormed.MatchString(rest):
			fault(cited, "the section is §, digits (or an appendix letter) and dots")
		}
	}
	return faults
}

// firstWords is as much of what follows a number as shows the fault.
func firstWords(s string) string {
	f := strings.SplitAfterN(s, " ", 4)
	if len(f) > 3 {
		f = f[:3]
	}
	s, _, _ = strings.Cut(strings.TrimLeft(strings.Join(f, ""), "\n"), "\n")
	return strings.TrimRight(s, " ")
}
