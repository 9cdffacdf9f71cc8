package mime

import (
	"slices"
	"strings"

	"applayer/internal/ascii"
)

// Param is a parameter of a media type or a disposition.
type Param struct {
	// Name is in lower case, without the asterisks of RFC 2231.
	Name string
	// Value is the whole value in UTF-8.
	Value string
	// Charset and Language are what a value that was written with percent signs
	// said of itself (RFC 2231 §4). Charset is not looked at in writing, which is
	// in UTF-8.
	Charset, Language string
}

// Params are parameters in their order.
type Params []Param

// Get returns the value of the parameter with this name in any case, "" where
// there is none.
func (p Params) Get(name string) string {
	v, _ := p.Lookup(name)
	return v.Value
}

// Lookup returns the parameter with this name in any case and whether there is
// one.
func (p Params) Lookup(name string) (Param, bool) {
	if i := p.index(name); i >= 0 {
		return p[i], true
	}
	return Param{}, false
}

// Set gives the parameter of this name a value, and adds it where there is none.
func (p *Params) Set(name, value string) {
	if i := p.index(name); i >= 0 {
		(*p)[i] = Param{Name: (*p)[i].Name, Value: value}
		return
	}
	*p = append(*p, Param{Name: lower(name), Value: value})
}

// Del takes the parameter of this name away.
func (p *Params) Del(name string) {
	*p = slices.DeleteFunc(*p, func(q Param) bool { return ascii.EqualFold(q.Name, name) })
}

func (p Params) index(name string) int {
	return slices.IndexFunc(p, func(q Param) bool { return ascii.EqualFold(q.Name, name) })
}

// Defects of parameters as a whole.
const (
	// DefectDuplicateParameter is a second parameter of a name, or a second
	// section of a number. The first counts, everywhere in this package.
	DefectDuplicateParameter DefectCode = "duplicate-parameter"
	// DefectParamSections is a parameter in sections whose numbers have a gap or
	// leading zeros. Its sections are joined in the order of their numbers.
	DefectParamSections DefectCode = "bad-parameter-sections"
	// DefectExtendedValue is a value with charset and language that lacks their
	// marks, is quoted, or has a percent sign without two digits behind it.
	DefectExtendedValue DefectCode = "bad-extended-value"
	// DefectEncodedParameter is an encoded word in a parameter, where RFC 2047 §5
	// does not allow it. In the name of a file it is decoded.
	DefectEncodedParameter DefectCode = "encoded-word-in-parameter"
)

// parseParams takes the parameters behind a type. Those of a name are one, by
// RFC 2231. With raw, encoded words and octets beyond ASCII stay as they are.
func parseParams(l *lexer, raw bool) Params {
	a := paramAssembly{l: l, raw: raw, list: make([]paramForms, 0, 2)}
	for n := 0; ; {
		at := l.at
		p, ok := l.param()
		if !ok || l.r.failed() {
			break
		}
		if number, _, _ := sectionName(p.name); len(number) == 0 {
			n++
		}
		if n > l.o.MaxParams {
			l.r.limit("MaxParams", l.o.MaxParams, at)
			break
		}
		a.add(p)
	}
	return a.params()
}

// paramAssembly makes parameters of what is written.
type paramAssembly struct {
	l     *lexer
	raw   bool
	list  []paramForms
	index map[string]int // into list, once that is long

	sections int // of all parameters
}

// paramForms is what was written for one name.
type paramForms struct {
	name       string
	one, ext   rawParam[string] // name= and name*=
	has, hasEx bool             // whether they are there
	sections   []paramSection   // name*0=, name*1*=
}

// paramSection is one section of a value (RFC 2231 §3).
type paramSection struct {
	rawParam[string]
	number   int
	extended bool
}

// longParams is the length from which on a list is searched by a map.
const longParams = 16

// forms returns the place for a name.
func (a *paramAssembly) forms(name string) *paramForms {
	if a.index == nil {
		for i := range a.list {
			if a.list[i].name == name {
				return &a.list[i]
			}
		}
	} else if i, ok := a.index[name]; ok {
		return &a.list[i]
	}
	a.list = append(a.list, paramForms{name: name})
	switch {
	case a.index != nil:
		a.index[name] = len(a.list) - 1
	case len(a.list) > longParams:
		a.index = make(map[string]int)
		for i := range a.list {
			a.index[a.list[i].name] = i
		}
	}
	return &a.list[len(a.list)-1]
}

// add takes one parameter as it is written to those of its name.
func (a *paramAssembly) add(p rawParam[string]) {
	name, number, extended := a.splitName(p)
	if number >= 0 {
		if a.sections++; a.sections > a.l.o.MaxParamSections {
			if a.sections == a.l.o.MaxParamSections+1 {
				a.l.r.limit("MaxParamSections", a.l.o.MaxParamSections, p.at)
			}
			return
		}
	}
	switch f := a.forms(name); {
	case number >= 0:
		f.sections = append(f.sections, paramSection{p, number, extended})
	case extended && !f.hasEx:
		f.ext, f.hasEx = p, true
	case !extended && !f.has:
		f.one, f.has = p, true
	default:
		a.l.r.add(DefectDuplicateParameter, p.at, "RFC 2045 §5.1")
	}
}

// longestSection is how many digits the number of a section has.
const longestSection = 6

// sectionName takes apart "name*0*": attribute, the digits of the section and
// the mark of an extended value (RFC 2231 §7). A name that is not of that form
// is all attribute.
func sectionName[T text](name T) (digits, attribute T, extended bool) {
	star := 0
	for star < len(name) && name[star] != '*' {
		star++
	}
	if star == 0 || star == len(name) {
		return digits, name, false
	}
	if star == len(name)-1 {
		return digits, name[:star], true
	}
	digits = name[star+1:]
	if extended = isExtended(digits); extended {
		digits = digits[:len(digits)-1]
	}
	if n := ascii.Span(&ascii.Digit, digits); n == 0 || n < len(digits) || n > longestSection {
		return digits[:0], name, false
	}
	return digits, name[:star], extended
}

// splitName is sectionName with the number, -1 where there is none, and what is
// wrong with it.
func (a *paramAssembly) splitName(p rawParam[string]) (name string, number int, extended bool) {
	digits, name, extended := sectionName(p.name)
	if digits == "" {
		if strings.Contains(name, "*") {
			a.l.r.add(DefectParamSections, p.at, "RFC 2231 §3")
		}
		return lower(name), -1, extended
	}
	if len(digits) > 1 && digits[0] == '0' {
		a.l.r.add(DefectParamSections, p.at, "RFC 2231 §3")
	}
	for i := range len(digits) {
		number = number*10 + int(digits[i]-'0')
	}
	return lower(name), number, extended
}

// params returns the parameters in the order in which their names came.
func (a *paramAssembly) params() Params {
	if len(a.list) == 0 {
		return nil
	}
	ps := make(Params, 0, len(a.list))
	for i := range a.list {
		f := &a.list[i]
		a.sort(f)
		ps = append(ps, a.choose(f))
	}
	return ps
}

// choose returns the parameter that the forms of a name make: name*= rather than
// sections, and these rather than name=, but no empty one where another says
// something, since other readers would show what is hidden here.
func (a *paramAssembly) choose(f *paramForms) Param {
	p := Param{Name: f.name}
	if f.hasEx {
		p = a.join(f.name, []paramSection{{f.ext, 0, true}})
	}
	if p.Value == "" && len(f.sections) > 0 && (f.sections[0].number == 0 || !f.has) {
		p = a.join(f.name, f.sections)
	}
	if p.Value == "" && f.has {
		p = a.plain(f.name, &f.one)
	}
	return p
}

// sort puts the sections in order; of two with the same number the first stays.
func (a *paramAssembly) sort(f *paramForms) {
	if len(f.sections) == 0 {
		return
	}
	slices.SortStableFunc(f.sections, func(x, y paramSection) int { return x.number - y.number })
	kept := f.sections[:1]
	for _, s := range f.sections[1:] {
		if s.number == kept[len(kept)-1].number {
			a.l.r.add(DefectDuplicateParameter, s.at, "RFC 2231 §3")
			continue
		}
		kept = append(kept, s)
	}
	if f.sections = kept; kept[len(kept)-1].number != len(kept)-1 {
		a.l.r.add(DefectParamSections, kept[0].at, "RFC 2231 §3")
	}
}

// plain returns a parameter that is written in one piece.
func (a *paramAssembly) plain(name string, p *rawParam[string]) Param {
	value := p.content()
	if p.quoted && isPath(p.value) {
		value = unfolded(p.value)
	}
	return Param{Name: name, Value: a.text(name, value, p.at)}
}

// isPath tells whether a quoted value is a path of Windows whose backslashes the
// sender took for themselves: by RFC 5322 §3.2.1 they would vanish.
func isPath(raw string) bool {
	return (len(raw) > 2 && ascii.Alpha.Has(raw[0]) && raw[1:3] == `:\` || strings.HasPrefix(raw, `\\`) && strings.Contains(raw[2:], `\`)) &&
		!strings.Contains(raw[2:], `\\`) && !strings.Contains(raw, `\"`)
}

// join returns the parameter that sections make: the octets of all of them are
// joined first and then decoded, as a character may be cut between two
// (RFC 2231 §4.1).
func (a *paramAssembly) join(name string, sections []paramSection) Param {
	p := Param{Name: name}
	var octets []byte
	for i, s := range sections {
		value := s.content()
		if s.extended {
			if s.quoted {
				a.l.r.add(DefectExtendedValue, s.at, "RFC 2231 §7")
			}
			if i == 0 {
				value = a.cutCharset(&p, value, s.at)
			}
			octets = a.appendPercent(octets, value, s.at)
			continue
		}
		octets = append(octets, value...)
	}
	first := sections[0]
	if !first.extended {
		p.Value = a.text(name, string(octets), first.at)
		return p
	}
	p.Value = a.decode(octets, p.Charset, first.at)
	return p
}

// cutCharset takes charset'language' off a value (RFC 2231 §4).
func (a *paramAssembly) cutCharset(p *Param, value string, at int) string {
	charset, rest, ok := strings.Cut(value, "'")
	language, text, ok2 := strings.Cut(rest, "'")
	if !ok || !ok2 {
		a.l.r.add(DefectExtendedValue, at, "RFC 2231 §4.1")
		return value
	}
	p.Charset, p.Language = charset, language
	return text
}

// appendPercent appends what percent signs and two digits stand for. One that
// has no digits behind it stays.
func (a *paramAssembly) appendPercent(dst []byte, s string, at int) []byte {
	dst, bad := appendPercentDecoded(dst, s)
	if bad {
		a.l.r.add(DefectExtendedValue, at, "RFC 2231 §7")
	}
	return dst
}

// appendPercentDecoded appends s with its percent signs decoded; bad tells of
// one without two hexadecimal digits behind it, which stays.
func appendPercentDecoded(dst []byte, s string) (out []byte, bad bool) {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			if i+2 < len(s) && ascii.Hex.Has(s[i+1]) && ascii.Hex.Has(s[i+2]) {
				dst = append(dst, unhex(s[i+1])<<4|unhex(s[i+2]))
				i += 2
				continue
			}
			bad = true
		}
		dst = append(dst, s[i])
	}
	return dst, bad
}

// unhex returns the value of a hexadecimal digit.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return ascii.Lower(c) - 'a' + 10
}

// text returns a value that is not marked as having a charset as UTF-8. In names
// of files, encoded words are decoded: RFC 2047 §5 forbids them there, and many
// programs have written them. A boundary is octets and stays as it is.
func (a *paramAssembly) text(name, value string, at int) string {
	if hasEncodedWord(value) {
		a.l.r.add(DefectEncodedParameter, at, "RFC 2047 §5")
		if !a.raw && (name == "filename" || name == "name") {
			return decodeText(value, at, a.l.o, a.l.r)
		}
	}
	switch {
	case name == "boundary":
		return value
	case isASCII(value):
		return cleaned(value, at, a.l.r)
	}
	return a.decode([]byte(value), "", at)
}

// decode returns octets of a charset in UTF-8; those of no charset, or of one
// that is unknown, are UTF-8 if they can be, else windows-1252 (RFC 7103 §7.7).
func (a *paramAssembly) decode(octets []byte, charset string, at int) string {
	if a.raw {
		return string(octets)
	}
	if charset != "" {
		out, known := appendDecoded(nil, octets, charset, a.l.o, a.l.r, at)
		if known {
			return cleaned(string(out), at, a.l.r)
		}
	}
	return cleaned(decodeUnlabelled(string(octets), at, a.l.o, a.l.r), at, a.l.r)
}
