package house

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// maxCapture is the size in bytes that a recorded capture stays under.
const maxCapture = 64 << 10

// CheckCaptures finds captures, recorded messages among them, in a folder
// testdata/golden that have no row in the README.md beside them, rows that name
// no capture, and captures too large for the tree. The row tells where a
// capture comes from: without it, it is evidence of nothing.
func CheckCaptures(m *Module) []Fault {
	var faults []Fault
	for _, file := range slices.Sorted(maps.Keys(m.Sizes)) {
		dir, base := path.Split(file)
		if !strings.HasSuffix(dir, "testdata/golden/") {
			continue
		}
		if base == "README.md" {
			for where, cells := range rows(file, m.Text[file]) {
				if name := strings.Trim(cells[0], "`"); !m.hasFile(dir + name) {
					faults = append(faults, Fault{where, fmt.Sprintf("the first cell names the capture, and there is no %q here", name)})
				}
			}
			continue
		}
		if !slices.Contains([]string{".pcap", ".pcapng", ".txtar", ".eml"}, path.Ext(base)) {
			continue
		}
		if m.Sizes[file] >= maxCapture {
			faults = append(faults, Fault{file, fmt.Sprintf("%d bytes: a capture stays under 64 KiB; record less", m.Sizes[file])})
		}
		described := false
		for _, cells := range rows("", m.Text[dir+"README.md"]) {
			described = described || strings.Trim(cells[0], "`") == base && len(cells) > 1
		}
		if !described {
			faults = append(faults, Fault{file, "no row in " + dir + "README.md: programs, versions, command lines, date, what it shows"})
		}
	}
	return faults
}
