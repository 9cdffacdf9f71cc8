package resolver_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// rplError tells the line that is wrong and why.
type rplError struct {
	Line int
	What string
}

func (e *rplError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.What) }

// rplReader goes through the lines of a file.
type rplReader struct {
	lines  []string
	n      int // lines taken
	words  []string
	text   string // the line without its comment
	origin string
	ttl    string
}

// parseScenario reads a whole file.
func parseScenario(text string) (*scenario, error) {
	r := &rplReader{lines: strings.Split(text, "\n"), origin: "."}
	s := &scenario{}
	for r.next() {
		switch r.words[0] {
		case "SCENARIO_BEGIN":
			s.Title = strings.TrimSpace(strings.TrimPrefix(r.text, "SCENARIO_BEGIN"))
			return s, r.body(s)
		case "CONFIG_END", "TEMPFILE_NAME":
		case "AUTOTRUST_FILE":
			r.skipTo("AUTOTRUST_END")
		case "TEMPFILE_CONTENTS":
			r.skipTo("TEMPFILE_END")
		default:
			settings, ok := r.settings()
			if !ok {
				return nil, r.fail("neither a setting nor SCENARIO_BEGIN")
			}
			s.Config = append(s.Config, settings...)
		}
	}
	return nil, r.fail("no SCENARIO_BEGIN")
}

// settings reads the settings of a line, of which there may be several, or none
// before a comment that begins with #.
func (r *rplReader) settings() (all []setting, ok bool) {
	text, _, _ := strings.Cut(r.text, "#")
	for word := range strings.FieldsSeq(text) {
		if key, ok := strings.CutSuffix(word, ":"); ok && !strings.ContainsAny(key, ":\"") {
			all = append(all, setting{Key: key, Line: r.n})
			continue
		}
		if len(all) == 0 {
			return nil, false
		}
		last := &all[len(all)-1]
		last.Value = strings.TrimSpace(last.Value + " " + word)
	}
	for i := range all {
		all[i].Value = unquote(all[i].Value)
	}
	return all, true
}

// body reads from SCENARIO_BEGIN to SCENARIO_END.
func (r *rplReader) body(s *scenario) error {
	for r.next() {
		switch r.words[0] {
		case "SCENARIO_END":
			return checkSteps(s.Steps)
		case "RANGE_BEGIN":
			g, err := r.rangeBlock()
			if err != nil {
				return err
			}
			s.Ranges = append(s.Ranges, *g)
		case "STEP":
			st, err := r.step()
			if err != nil {
				return err
			}
			s.Steps = append(s.Steps, *st)
		case "ENTRY_BEGIN":
			if len(s.Steps) == 0 || s.Steps[len(s.Steps)-1].Entry != nil {
				return r.fail("an entry without a step")
			}
			e, err := r.entry()
			if err != nil {
				return err
			}
			s.Steps[len(s.Steps)-1].Entry = e
		case "FILE_BEGIN":
			r.skipTo("FILE_END")
		case "RANGE_END": // published files have one too many
		case "TITLE":
			s.Title = strings.TrimSpace(strings.TrimPrefix(r.text, "TITLE"))
		default:
			if r.directive() {
				continue
			}
			return r.fail("expected a range, a step or SCENARIO_END, not " + strconv.Quote(r.words[0]))
		}
	}
	return r.fail("no SCENARIO_END")
}

// checkSteps finds steps that lack what they need. Steps are played in the
// order of the file, so their numbers must rise.
func checkSteps(steps []step) error {
	last := -1
	for _, st := range steps {
		if st.Number <= last {
			return &rplError{st.Line, fmt.Sprintf("step %d after step %d", st.Number, last)}
		}
		last = st.Number
		if stepKinds[st.Kind] == stepEntry && st.Entry == nil {
			return &rplError{st.Line, st.Kind + " without an entry"}
		}
	}
	return nil
}

// rangeBlock reads a range up to RANGE_END.
func (r *rplReader) rangeBlock() (*scenarioRange, error) {
	g := &scenarioRange{Line: r.n}
	var err error
	if len(r.words) < 3 {
		return nil, r.fail("RANGE_BEGIN needs two steps")
	}
	if g.From, err = r.number(r.words[1]); err != nil {
		return nil, err
	}
	if g.To, err = r.number(r.words[2]); err != nil {
		return nil, err
	}
	for r.next() {
		switch r.words[0] {
		case "RANGE_END":
			return g, nil
		case "ADDRESS":
			for _, w := range r.words[1:] {
				a, err := r.addr(w)
				if err != nil {
					return nil, err
				}
				g.Addresses = append(g.Addresses, a)
			}
		case "ENTRY_BEGIN":
			e, err := r.entry()
			if err != nil {
				return nil, err
			}
			g.Entries = append(g.Entries, e)
		default:
			if !r.directive() {
				return nil, r.fail("expected an address, an entry or RANGE_END, not " + strconv.Quote(r.words[0]))
			}
		}
	}
	return nil, r.fail("no RANGE_END")
}

// step reads a line STEP n KIND … .
func (r *rplReader) step() (*step, error) {
	if len(r.words) < 3 {
		return nil, r.fail("STEP needs a number and a kind")
	}
	st := &step{Kind: r.words[2], Since: -1, Max: -1, Line: r.n}
	var err error
	if st.Number, err = r.number(r.words[1]); err != nil {
		return nil, err
	}
	kind, ok := stepKinds[st.Kind]
	if !ok {
		return nil, r.fail("no step is called " + strconv.Quote(st.Kind))
	}
	if kind == stepUnplayed {
		return st, nil
	}
	return st, r.options(st, r.words[3:])
}

// options reads what follows the kind of a step.
func (r *rplReader) options(st *step, words []string) (err error) {
	for len(words) > 0 && err == nil {
		word := words[0]
		words = words[1:]
		switch word {
		case "TCP", "UDP":
			st.TCP = word == "TCP"
			continue
		case "EVAL": // an expression, which only testbound knows
			st.Kind = "ASSIGN"
			return nil
		}
		if len(words) == 0 {
			return r.fail("not known, or without its value: " + strconv.Quote(word))
		}
		switch word {
		case "ADDRESS":
			st.Addr, err = r.addr(words[0])
		case "ELAPSE":
			st.Elapse, err = r.duration(words[0])
		case "WITHIN":
			st.Within, err = r.duration(words[0])
		case "SINCE":
			st.Since, err = r.number(words[0])
		case "MIN":
			st.Min, err = r.number(words[0])
		case "MAX":
			st.Max, err = r.number(words[0])
		default:
			return r.fail("not known: " + strconv.Quote(word))
		}
		words = words[1:]
	}
	return err
}

// entry reads an entry up to ENTRY_END.
func (r *rplReader) entry() (*entry, error) {
	p := &packet{}
	e := &entry{Packets: []*packet{p}, Line: r.n}
	var at *section
	for r.next() {
		switch r.words[0] {
		case "ENTRY_END":
			return e, nil
		case "MATCH":
			e.Match = append(e.Match, r.words[1:]...)
		case "ADJUST":
			p.Adjust = append(p.Adjust, r.words[1:]...)
		case "REPLY":
			p.Reply = append(p.Reply, r.words[1:]...)
		case "EXTRA_PACKET":
			p, at = &packet{}, nil
			e.Packets = append(e.Packets, p)
		case "SECTION":
			if at = p.section(r.words); at == nil {
				return nil, r.fail("no such section")
			}
			at.Given = true
		case "RAW":
			b, err := r.hex("")
			if err != nil {
				return nil, err
			}
			p.Raw = b
		case "HEX_ANSWER_BEGIN":
			b, err := r.hex("HEX_ANSWER_END")
			if err != nil {
				return nil, err
			}
			p.Raw = b
		case "HEX_EDNSDATA_BEGIN", "HEX_EDNS_BEGIN":
			b, err := r.hex(strings.Replace(r.words[0], "BEGIN", "END", 1))
			if err != nil {
				return nil, err
			}
			p.EDNS, p.HasEDNS = b, true
		default:
			if r.directive() {
				continue
			}
			if at == nil {
				return nil, r.fail("a record outside a section, or an unknown word: " + strconv.Quote(r.words[0]))
			}
			at.Records = append(at.Records, recordText{strings.TrimSpace(r.text), r.origin, r.ttl, r.n})
		}
	}
	return nil, r.fail("no ENTRY_END")
}

// sectionNames are in the order of the message.
var sectionNames = [4]string{"QUESTION", "ANSWER", "AUTHORITY", "ADDITIONAL"}

// section returns the section that a SECTION line names, or nil.
func (p *packet) section(words []string) *section {
	if len(words) < 2 {
		return nil
	}
	for i, name := range sectionNames {
		if words[1] == name {
			return &p.Sections[i]
		}
	}
	return nil
}

// hex reads lines of hexadecimal digits up to the line end, or, where end is
// empty, up to the end of the entry, which stays to be read.
func (r *rplReader) hex(end string) ([]byte, error) {
	b := []byte{}
	for r.next() {
		if r.words[0] == end {
			return b, nil
		}
		if end == "" && (r.words[0] == "ENTRY_END" || r.words[0] == "SECTION") {
			r.n--
			return b, nil
		}
		more, err := hex.DecodeString(strings.Join(r.words, ""))
		if err != nil {
			return nil, r.fail("not hexadecimal")
		}
		b = append(b, more...)
	}
	return nil, r.fail("hexadecimal digits without an end")
}

// directive takes $ORIGIN and $TTL, which may stand anywhere.
func (r *rplReader) directive() bool {
	if len(r.words) < 2 {
		return false
	}
	switch r.words[0] {
	case "$ORIGIN":
		r.origin = r.words[1]
		if !strings.HasSuffix(r.origin, ".") {
			r.origin += "."
		}
	case "$TTL":
		r.ttl = r.words[1]
	default:
		return false
	}
	return true
}

// next takes the next line that is not empty once its comment is gone.
func (r *rplReader) next() bool {
	for r.n < len(r.lines) {
		r.text = uncomment(r.lines[r.n])
		r.n++
		if r.words = strings.Fields(r.text); len(r.words) > 0 {
			r.text = strings.TrimSpace(r.text)
			if strings.HasPrefix(r.words[0], "ENTRY_BEGIN") {
				r.words[0] = "ENTRY_BEGIN" // published files misspell it
			}
			return true
		}
	}
	return false
}

// skipTo passes over a block that plays no part here.
func (r *rplReader) skipTo(end string) {
	for r.next() && r.words[0] != end {
	}
}

func (r *rplReader) fail(what string) error { return &rplError{r.n, what} }

func (r *rplReader) number(word string) (int, error) {
	n, err := strconv.Atoi(word)
	if err != nil || n < 0 {
		return 0, r.fail("not a number: " + strconv.Quote(word))
	}
	return n, nil
}

// addr reads an address. Published files write a port after an @ at times.
func (r *rplReader) addr(word string) (netip.Addr, error) {
	word, _, _ = strings.Cut(word, "@")
	a, err := netip.ParseAddr(word)
	if err != nil {
		return a, r.fail("not an address: " + strconv.Quote(word))
	}
	return a, nil
}

// duration reads seconds, or what Go writes as a duration.
func (r *rplReader) duration(word string) (time.Duration, error) {
	d, err := parseSeconds(word)
	if err != nil {
		return 0, r.fail("not a time: " + strconv.Quote(word))
	}
	return d, nil
}

func parseSeconds(word string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(word, 64); err == nil && seconds >= 0 && seconds < 9e9 {
		return time.Duration(seconds * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(word)
	if err == nil && d < 0 {
		err = strconv.ErrRange
	}
	return d, err
}

// uncomment cuts a line at the semicolon that no quotes hold.
func uncomment(line string) string {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ';':
			if !quoted {
				return line[:i]
			}
		}
	}
	return line
}

func unquote(value string) string {
	value = strings.TrimSpace(value)
	if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
		return value[1 : len(value)-1]
	}
	return value
}
