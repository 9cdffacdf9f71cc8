package house

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	// shown finds, in a cell, names of tests, folders in parentheses, and
	// commands in backquotes.
	shown   = regexp.MustCompile("`[^`]*`|\\b(?:Test|Fuzz|Benchmark|Example)[A-Za-z0-9_]*|\\([a-z][^)]*\\)")
	command = regexp.MustCompile("^`((?:(?:cd [^ `]+ && )?go|\\.ci/run)\\b[^`]*)`$")
	divider = regexp.MustCompile(`^\|[-|: ]+\|?$`)
)

// CheckDone finds rows of the lists testdata/DONE.md that name nothing: the
// second cell names tests, fuzz targets, benchmarks or examples that exist
// (in the package whose folder follows in parentheses, if one does), or a
// command in backquotes, the paths in which exist.
func CheckDone(m *Module) []Fault {
	names := m.testNames()
	var faults []Fault
	for _, file := range slices.Sorted(maps.Keys(m.Text)) {
		if path.Base(file) != "DONE.md" || path.Base(path.Dir(file)) != "testdata" {
			continue
		}
		for where, cells := range rows(file, m.Text[file]) {
			if len(cells) < 3 || cells[2] == "" {
				faults = append(faults, Fault{where, "a row has three cells: bullet, what shows it, result"})
				continue
			}
			faults = append(faults, m.shows(where, cells[1], names)...)
		}
	}
	return faults
}

// rows yields the rows of the tables in a Markdown text, without headings. A
// bar in backquotes divides no cells.
func rows(file, text string) func(yield func(where string, cells []string) bool) {
	return func(yield func(string, []string) bool) {
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			heading := i+1 < len(lines) && divider.MatchString(strings.TrimSpace(lines[i+1]))
			line = strings.TrimSpace(line)
			if !strings.HasPrefix(line, "|") || divider.MatchString(line) || heading {
				continue
			}
			if !yield(fmt.Sprintf("%s:%d", file, i+1), cells(line)) {
				return
			}
		}
	}
}

func cells(line string) []string {
	var all []string
	var cell strings.Builder
	quoted := false
	for i, r := range strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|") {
		switch {
		case r == '`':
			quoted = !quoted
		case r == '|' && !quoted && line[i] != '\\':
			all = append(all, strings.TrimSpace(cell.String()))
			cell.Reset()
			continue
		}
		cell.WriteRune(r)
	}
	return append(all, strings.TrimSpace(cell.String()))
}

// shows checks one cell. Names wait for the folder that follows them.
func (m *Module) shows(where, cell string, names map[string][]string) []Fault {
	var faults []Fault
	var waiting []string
	found := false
	settle := func(dir string) {
		for _, name := range waiting {
			switch {
			case len(names[name]) == 0:
				faults = append(faults, Fault{where, "no test, fuzz target, benchmark or example is named " + name})
			case dir != "" && !slices.Contains(names[name], dir):
				faults = append(faults, Fault{where, fmt.Sprintf("%s is in %s, not in %s", name, strings.Join(names[name], " and "), dir)})
			}
		}
		waiting = nil
	}
	for _, s := range shown.FindAllString(cell, -1) {
		switch {
		case s[0] == '(':
			if dir := strings.Trim(s, "()`"); m.hasFolder(dir) {
				settle(dir)
			}
		case s[0] != '`':
			waiting, found = append(waiting, s), true
		case command.MatchString(s):
			found = true
			faults = append(faults, m.missingPaths(where, strings.Trim(s, "`"))...)
		default: // a name in backquotes, perhaps with a subtest
			for _, name := range shown.FindAllString(strings.Trim(s, "`"), -1) {
				if name[0] != '(' {
					waiting, found = append(waiting, name), true
				}
			}
		}
	}
	settle("")
	if !found {
		faults = append(faults, Fault{where, "the second cell names no test and no command in backquotes"})
	}
	return faults
}

// missingPaths finds words of a command that are paths of the module (./x,
// .ci/run) and lead nowhere. In internal/compare they are relative to that.
func (m *Module) missingPaths(where, command string) []Fault {
	var faults []Fault
	for w := range strings.FieldsSeq(command) {
		if !strings.HasPrefix(w, "./") && !strings.HasPrefix(w, ".ci/") {
			continue
		}
		name := path.Clean(strings.TrimSuffix(strings.TrimSuffix(w, "..."), "/"))
		if name != "." && !m.hasFile(name) && !m.hasFolder(name) && !m.hasFolder(path.Join("internal/compare", name)) {
			faults = append(faults, Fault{where, "`" + command + "`: there is no " + w})
		}
	}
	return faults
}

func (m *Module) hasFile(name string) bool {
	_, ok := m.Sizes[name]
	return ok
}

func (m *Module) hasFolder(dir string) bool {
	for name := range m.Sizes {
		if strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

// testNames gives the folders in which each test, fuzz target, benchmark and
// example is declared, those of nested modules too.
func (m *Module) testNames() map[string][]string {
	names := map[string][]string{}
	for _, p := range slices.Concat(m.Packages, m.Nested) {
		for _, f := range p.Tests {
			for _, d := range f.AST.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
					names[fn.Name.Name] = append(names[fn.Name.Name], p.Dir)
				}
			}
		}
	}
	return names
}
