package mime

import (
	"iter"
	"slices"
	"strings"

	"applayer/internal/ascii"
)

// Mailbox is one address of RFC 5322 §3.4 with the name of whom it belongs to.
// The zero value is the null address "<>" of a Return-Path.
type Mailbox struct {
	// Name is the display name, decoded, "" where there is none. It is text for
	// people, which a sender chooses freely.
	Name string
	// Local is what stands before the "@", without quotes.
	Local string
	// Domain is what stands behind it: a name, or an address in brackets. It is ""
	// in what is no whole address, as "To: Joe" has it.
	Domain string
}

// Address is a mailbox or a group of them (RFC 5322 §3.4).
type Address struct {
	// Mailbox is the mailbox. Of a group, it has the name alone.
	Mailbox
	// Group tells that it is a group, which may have no members, as in
	// "undisclosed-recipients:;".
	Group bool
	// Members are the mailboxes of a group.
	Members []Mailbox
}

// AddressList is the value of From, To and their like.
type AddressList []Address

// Mailboxes yields all mailboxes in their order, those in groups too.
func (l AddressList) Mailboxes() iter.Seq[Mailbox] {
	return func(yield func(Mailbox) bool) {
		for _, a := range l {
			if !a.Group {
				if !yield(a.Mailbox) {
					return
				}
				continue
			}
			for _, m := range a.Members {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// Defects of addresses. RFC 7103 §7.1 gives the reading of most.
const (
	// DefectNoDomain is a local part without "@" and domain.
	DefectNoDomain DefectCode = "address-without-domain"
	// DefectNoAddress is a name without an address.
	DefectNoAddress DefectCode = "name-without-address"
	// DefectBadAddrSpec is an address that is not of the form local@domain.
	DefectBadAddrSpec DefectCode = "bad-address"
	// DefectTwoAts is an address with two "@". The last one counts.
	DefectTwoAts DefectCode = "two-at-signs"
	// DefectNoBrackets is a name before an address without "<" between them.
	DefectNoBrackets DefectCode = "address-without-brackets"
	// DefectUnclosedBracket is "<" without ">".
	DefectUnclosedBracket DefectCode = "unclosed-bracket"
	// DefectStrayBracket is "<" or ">" once too often.
	DefectStrayBracket DefectCode = "stray-bracket"
	// DefectAddressAsName is an address where a name should be, without quotes:
	// it need not be the address behind it.
	DefectAddressAsName DefectCode = "address-as-name"
	// DefectSpecialInName is a character in a name that needs quotes.
	DefectSpecialInName DefectCode = "special-in-name"
	// DefectMissingComma is an address with no comma before it.
	DefectMissingComma DefectCode = "missing-comma"
	// DefectSemicolon is a semicolon that ends no group.
	DefectSemicolon DefectCode = "stray-semicolon"
	// DefectUnclosedGroup is a group without a semicolon at its end.
	DefectUnclosedGroup DefectCode = "unclosed-group"
	// DefectMailto is an address with the front of a URL.
	DefectMailto DefectCode = "mailto-in-address"
)

// ParseAddressList takes a list of addresses (RFC 5322 §3.4), the obsolete forms
// of RFC 5322 §4.4 and UTF-8 (RFC 6532 §3.2) included: routes are dropped, empty
// members passed over, and a comment behind an address without a name is its
// name. Names are decoded once they are cut out, so that a comma or an "@" in an
// encoded word separates nothing.
//
// Damage is read as RFC 7103 §7.1 advises. What has no "@" is a mailbox without
// a domain or, if it is more than a word, without an address.
func ParseAddressList(s string, opts *Options) (AddressList, []Defect, error) {
	o := opts.inForce()
	r := newReport(o)
	l := parseAddresses(s, o, r, false)
	return l, r.list, r.err
}

// ParseMailbox takes a single mailbox, as Sender has one and Return-Path. A list
// of none, of more or of a group is an error.
func ParseMailbox(s string, opts *Options) (Mailbox, []Defect, error) {
	l, defects, err := ParseAddressList(s, opts)
	switch {
	case err != nil:
		return Mailbox{}, defects, err
	case len(l) != 1 || l[0].Group:
		return Mailbox{}, defects, &ParseError{What: "not a single mailbox", Ref: "RFC 5322 §3.4"}
	}
	return l[0].Mailbox, defects, nil
}

// parseAddresses is [ParseAddressList]. With raw, names keep their encoded words
// and everything its octets, as IMAP's ENVELOPE has them (RFC 9051 §7.5.2).
func parseAddresses(s string, o *Options, r *report, raw bool) AddressList {
	p := addressReader{lexer: lexer{s: s, o: o, r: r, stops: "<,"}, raw: raw, group: -1, separated: true}
	p.phrase = make([]phraseItem, 0, 4)
	p.read()
	return p.list
}

// addressReader reads a list of addresses.
type addressReader struct {
	lexer
	raw  bool
	list AddressList

	n         int  // mailboxes and groups so far
	full      bool // that was the last
	group     int  // the group that is open, or -1
	separated bool // nothing stands between a separator and here

	phrase  []phraseItem // what of the address at hand was read
	run     int          // where in it the words begin that only dots are between
	oddName bool         // a character in it was noted as a defect
}

// read takes the whole list.
func (p *addressReader) read() {
	for !p.full && !p.r.failed() {
		p.skipCFWS()
		switch {
		case p.atEnd():
			p.endGroup(p.at)
			return
		case p.take(','):
			p.separate()
		case p.take(';'):
			if p.group < 0 {
				p.r.add(DefectSemicolon, p.at-1, "RFC 5322 §3.4")
			}
			p.group = -1
			p.separate()
		default:
			if !p.separated {
				p.r.add(DefectMissingComma, p.at, "RFC 5322 §3.4")
			}
			p.separated = false
			p.address()
			p.forgetComment()
		}
	}
}

// separate passes on to the next address, which comments before are not part of.
func (p *addressReader) separate() {
	p.separated = true
	p.forgetComment()
}

// endGroup ends a group that has no semicolon.
func (p *addressReader) endGroup(at int) {
	if p.group >= 0 {
		p.r.add(DefectUnclosedGroup, at, "RFC 5322 §3.4")
	}
	p.group = -1
}

// address takes one mailbox or the front of a group. The words at its front may
// be a name, a local part or both: what comes behind them tells.
func (p *addressReader) address() {
	start := p.at
	p.phrase, p.run, p.oddName = p.phrase[:0], 0, false
	for gap := false; ; {
		switch c := p.peek(); {
		case p.atEnd() || c == ',' || c == ';':
			p.nakedPhrase()
			return
		case c == '<':
			p.angleAddr(p.name(p.phrase))
			return
		case c == '@':
			p.addrSpec(start)
			return
		case c == ':':
			if p.colon() {
				return
			}
		default:
			p.phraseItem(gap)
		}
		from := p.at
		p.skipCFWS()
		gap = p.at > from
	}
}

// colon makes a group of the name before it. It tells whether that was all:
// "mailto:" is no group.
func (p *addressReader) colon() bool {
	at := p.at
	p.at++
	switch {
	case len(p.phrase) == 0:
		p.r.add(DefectSpecialInName, at, "RFC 5322 §3.2.3")
		return true
	case len(p.phrase) == 1 && p.phrase[0].kind == itemAtom && ascii.EqualFold(p.phrase[0].text, "mailto"):
		p.r.add(DefectMailto, at, "RFC 5322 §3.4")
		p.phrase = p.phrase[:0]
		return false
	}
	p.endGroup(at)
	if p.count(at) {
		p.list = append(p.list, Address{Mailbox: Mailbox{Name: p.name(p.phrase)}, Group: true})
		p.group = len(p.list) - 1
	}
	p.separate()
	return true
}

// count counts a mailbox or group and tells whether there is room for it.
func (p *addressReader) count(at int) bool {
	if p.n++; p.n > p.o.MaxAddresses {
		p.r.limit("MaxAddresses", p.o.MaxAddresses, at)
		p.full = true
	}
	return !p.full
}

// add takes a mailbox into the list, or the group that is open. Where it has no
// name, the last comment is one (RFC 5322 §3.4).
func (p *addressReader) add(m Mailbox) {
	comment, ok := p.takeComment()
	if ok && m.Name == "" {
		m.Name = p.commentName(comment)
	}
	m.Local, m.Domain = p.text(m.Local), p.text(m.Domain)
	if !p.count(p.at) {
		return
	}
	if p.group < 0 {
		p.list = append(p.list, Address{Mailbox: m})
		return
	}
	members := &p.list[p.group].Members
	*members = append(*members, m)
}

// addrSpec takes the rest of local@domain (RFC 5322 §3.4.1) from the "@" on.
func (p *addressReader) addrSpec(start int) {
	before := p.phrase[:p.run]
	local := p.localPart(p.phrase[p.run:])
	at := p.at
	p.at++
	domain := p.domain()
	if len(p.phrase) == p.run || domain == "" {
		p.r.add(DefectBadAddrSpec, at, "RFC 5322 §3.4.1")
	}
	if p.peek() == '@' && !p.atEnd() {
		p.r.add(DefectTwoAts, p.at, "RFC 5322 §3.4.1")
		parts := []string{local, domain}
		for p.take('@') {
			parts = append(parts, p.domain())
		}
		last := len(parts) - 1
		local, domain = strings.Join(parts[:last], "@"), parts[last]
	}
	if p.peek() == '<' {
		p.r.add(DefectAddressAsName, start, "RFC 5322 §3.4")
		p.angleAddr(cleaned(p.text(trimBlank(unfolded(p.s[start:p.at]))), start, p.r))
		return
	}
	if len(before) > 0 {
		p.r.add(DefectNoBrackets, start, "RFC 5322 §3.4")
	}
	p.strayBrackets()
	p.add(Mailbox{Name: p.name(before), Local: local, Domain: domain})
}

// localPart returns what the words before the "@" say.
func (p *addressReader) localPart(run []phraseItem) string {
	if len(run) == 1 && run[0].kind != itemDot {
		return run[0].text
	}
	var b []byte
	dot, stray := true, false
	for _, it := range run {
		b = append(b, it.text...)
		isDot := it.kind == itemDot
		stray = stray || dot && isDot
		dot = isDot
	}
	if len(run) > 0 && (dot || stray) {
		p.r.add(DefectStrayDot, run[0].at, "RFC 5322 §3.4.1")
	}
	return string(b)
}

// domain takes a domain or a domain literal and the space around it.
func (p *addressReader) domain() string {
	p.skipCFWS()
	if p.peek() == '[' {
		d := p.domainLiteral()
		p.skipCFWS()
		return d
	}
	return p.dotted(false)
}

// nakedPhrase makes what it can of words with neither "@" nor "<".
func (p *addressReader) nakedPhrase() {
	if !slices.ContainsFunc(p.phrase, func(it phraseItem) bool { return it.kind != itemOther }) {
		return // brackets and the like
	}
	at := p.phrase[0].at
	if p.run == 0 && p.phrase[0].kind == itemAtom {
		p.r.add(DefectNoDomain, at, "RFC 5322 §3.4.1") // RFC 7103 §7.1.7
		p.add(Mailbox{Local: p.localPart(p.phrase)})
		return
	}
	p.r.add(DefectNoAddress, at, "RFC 5322 §3.4")
	p.add(Mailbox{Name: p.name(p.phrase)})
}

// text returns octets in UTF-8, if they are not to stay raw.
func (p *addressReader) text(s string) string {
	if p.raw || isASCII(s) {
		return s
	}
	return decodeUnlabelled(s, p.at, p.o, p.r)
}
