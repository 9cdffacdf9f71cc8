package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"regexp"
	"strings"
)

// fence finds code blocks of Markdown: the language, then the code.
var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// link finds the targets of links to files.
var link = regexp.MustCompile(`\]\(([^)#:]+)\)`)

// CheckReadme finds, in README.md, Go code that does not compile, and links and
// commands whose paths lead nowhere. The Go code is whole files.
func CheckReadme(m *Module, imports types.Importer) []Fault {
	var faults []Fault
	text := m.Text["README.md"]
	for _, block := range fence.FindAllStringSubmatchIndex(text, -1) {
		where := fmt.Sprintf("README.md:%d", 1+strings.Count(text[:block[0]], "\n"))
		code := text[block[4]:block[5]]
		switch text[block[2]:block[3]] {
		case "go":
			if err := m.compiles(code, imports); err != nil {
				faults = append(faults, Fault{where, "the code does not compile: " + err.Error()})
			}
		case "sh":
			faults = append(faults, m.missingPaths(where, code)...)
		}
	}
	for _, quoted := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(text, -1) {
		faults = append(faults, m.missingPaths("README.md", quoted[1])...)
	}
	for _, to := range link.FindAllStringSubmatch(text, -1) {
		if name := strings.TrimSuffix(to[1], "/"); !m.hasFile(name) && !m.hasFolder(name) {
			faults = append(faults, Fault{"README.md", "a link leads to " + to[1] + ", which is not there"})
		}
	}
	return faults
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
