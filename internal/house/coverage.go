package house

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// The floors of coverage, in per cent of statements.
const (
	// FloorBytesAndOrder holds for each file named parse.go, append.go or
	// state.go, and for those that stand for them: bytes from a peer meet these
	// first.
	FloorBytesAndOrder = 95
	// FloorPackage holds for each package that is no program.
	FloorPackage = 80
)

// bytesAndOrder are the files that stand for parse.go, append.go and state.go
// where a package has one for each kind of message.
var bytesAndOrder = map[string]bool{
	"ftp/command.go": true, "ftp/reply.go": true, "ftp/addr.go": true, "ftp/mlsx.go": true,
	"ftp/list.go": true, "ftp/ascii.go": true, "ftp/session.go": true,

	"mime/address.go": true, "mime/address_obs.go": true, "mime/address_phrase.go": true, "mime/address_write.go": true,
	"mime/date.go": true, "mime/date_forms.go": true, "mime/date_zone.go": true, "mime/date_write.go": true,
	"mime/mediatype.go": true, "mime/encodedword.go": true, "mime/encodedword_write.go": true, "mime/lexer.go": true,
	"mime/param.go": true, "mime/paramscan.go": true, "mime/param_write.go": true,
	"smtp/command.go": true, "smtp/reply.go": true, "smtp/enhanced.go": true, "smtp/path.go": true, "smtp/path_parse.go": true,
	"smtp/domain.go": true, "smtp/punycode.go": true, "smtp/xtext.go": true, "smtp/arguments.go": true, "smtp/extensions.go": true,
	"smtp/params.go": true, "smtp/params_mail.go": true, "smtp/params_rcpt.go": true,
	"internal/dot/decoder.go": true, "internal/dot/reader.go": true, "internal/dot/writer.go": true,

	"examples/internal/mailstore/record.go": true, "examples/internal/mailstore/codec.go": true,
	"pop3/command.go": true, "pop3/response.go": true, "pop3/listing.go": true, "pop3/capability.go": true,

	"internal/boundary/boundary.go": true, "internal/boundary/set.go": true,

	"internal/sasl/scram.go": true, "internal/sasl/scram_keys.go": true, "internal/sasl/scram_client.go": true,
	"internal/sasl/scram_server.go": true, "internal/sasl/saslprep.go": true, "internal/sasl/nfkc.go": true,
}

// Coverage counts the statements of one file or package.
type Coverage struct {
	// Name is the file's path or the package's folder.
	Name string
	// Covered of Total statements ran.
	Covered, Total int
	// Floor is the least per cent.
	Floor float64
}

// Percent is 100 for a file without statements.
func (c Coverage) Percent() float64 {
	if c.Total == 0 {
		return 100
	}
	return 100 * float64(c.Covered) / float64(c.Total)
}

// Met tells whether the floor is reached.
func (c Coverage) Met() bool { return c.Percent() >= c.Floor }

func (c Coverage) String() string {
	return fmt.Sprintf("%s: %.1f %% of %d statements (floor %.0f %%)", c.Name, c.Percent(), c.Total, c.Floor)
}

// ReadCoverage reads a profile of go test -coverprofile and returns what has a
// floor: first files, then packages. A block that several test programs report
// is covered if one of them ran it.
func ReadCoverage(m *Module, profile io.Reader) ([]Coverage, error) {
	type block struct {
		statements int
		ran        bool
	}
	blocks := map[string]map[string]block{} // by file, by position
	lines := bufio.NewScanner(profile)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "mode:") {
			continue
		}
		// sockets/errors.go:28.37,30.18 2 1
		place, rest, ok := strings.Cut(lines.Text(), ".go:")
		f := strings.Fields(rest)
		if !ok || len(f) != 3 {
			return nil, fmt.Errorf("house: coverage profile: line %q", lines.Text())
		}
		n, err := strconv.Atoi(f[1])
		if err != nil {
			return nil, fmt.Errorf("house: coverage profile: line %q: %w", lines.Text(), err)
		}
		file, ok := m.in(place + ".go")
		if !ok {
			continue
		}
		if blocks[file] == nil {
			blocks[file] = map[string]block{}
		}
		b := blocks[file][f[0]]
		blocks[file][f[0]] = block{n, b.ran || f[2] != "0"}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	files, packages := []Coverage{}, map[string]Coverage{}
	for _, name := range slices.Sorted(maps.Keys(blocks)) {
		dir := path.Dir(name)
		if !m.hasFloor(dir) {
			continue
		}
		file := Coverage{Name: name, Floor: FloorBytesAndOrder}
		for _, b := range blocks[name] {
			file.Total += b.statements
			if b.ran {
				file.Covered += b.statements
			}
		}
		switch base := path.Base(name); {
		case base == "parse.go", base == "append.go", base == "state.go", bytesAndOrder[name]:
			files = append(files, file)
		}
		p := packages[dir]
		packages[dir] = Coverage{dir, p.Covered + file.Covered, p.Total + file.Total, FloorPackage}
	}
	byName := func(a, b Coverage) int { return cmp.Compare(a.Name, b.Name) }
	return append(files, slices.SortedFunc(maps.Values(packages), byName)...), nil
}

// hasFloor tells whether the package in dir must reach a floor: programs are
// run by their own tests as processes, which no profile sees, and the house is
// its own test.
func (m *Module) hasFloor(dir string) bool {
	i := slices.IndexFunc(m.Packages, func(p *Package) bool { return p.Dir == dir })
	return i >= 0 && m.Packages[i].Name != "main" && dir != "internal/house"
}
