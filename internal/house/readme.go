package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"iter"
	"regexp"
	"strings"
)

// fence finds code blocks of Markdown: the language, then the code.
var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// link finds the targets of links to files.
var link = regexp.MustCompile(`\]\(([^)#:]+)\)`)

// quote finds code in a sentence.
var quote = regexp.MustCompile("`([^`\n]+)`")

// CheckReadmeCode finds Go code in README.md that does not compile. The code is
// whole files.
func CheckReadmeCode(m *Module, imports types.Importer) []Fault {
	var faults []Fault
	for where, block := range blocks(m.Text["README.md"], "go") {
		if err := m.compiles(block, imports); err != nil {
			faults = append(faults, Fault{where, "the code does not compile: " + err.Error()})
		}
	}
	return faults
}

// CheckReadmePaths finds links and commands in README.md whose paths lead
// nowhere.
func CheckReadmePaths(m *Module) []Fault {
	var faults []Fault
	text := m.Text["README.md"]
	for where, block := range blocks(text, "sh") {
		for command := range strings.Lines(block) {
			faults = append(faults, m.missingPaths(where, strings.TrimSpace(command))...)
		}
	}
	for _, quoted := range quote.FindAllStringSubmatch(text, -1) {
		faults = append(faults, m.missingPaths("README.md", quoted[1])...)
	}
	for _, to := range link.FindAllStringSubmatch(text, -1) {
		if name := strings.TrimSuffix(to[1], "/"); !m.hasFile(name) && !m.hasFolder(name) {
			faults = append(faults, Fault{"README.md", "a link leads to " + to[1] + ", which is not there"})
		}
	}
	return faults
}

// blocks yields the code blocks of a language.
func blocks(text, language string) iter.Seq2[string, string] {
	return func(yield func(where, block string) bool) {
		for _, b := range fence.FindAllStringSubmatchIndex(text, -1) {
			where := fmt.Sprintf("README.md:%d", 1+strings.Count(text[:b[0]], "\n"))
			if text[b[2]:b[3]] == language && !yield(where, text[b[4]:b[5]]) {
				return
			}
		}
	}
}

// compiles checks the types of a whole file.
func (m *Module) compiles(code string, imports types.Importer) error {
	f, err := parser.ParseFile(m.fset, "README.go", code, 0)
	if err != nil {
		return err
	}
	conf := types.Config{Importer: imports}
	_, err = conf.Check("readme", m.fset, []*ast.File{f}, nil)
	return err
}
