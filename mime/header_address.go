package mime

import (
	"slices"
	"strings"

	"applayer/internal/ascii"
)

// AddressList returns the addresses of the fields of a name. Several To, Cc or
// Bcc fields are one list, as RFC 5322 §4.5.3 says; of others the first counts.
// There are none where there is no field.
func (h *Header) AddressList(name string) (AddressList, error) {
	if !isDestination(name) {
		f, ok := h.Field(name)
		if !ok {
			return nil, nil
		}
		return fieldValue(h, f, parseAddressList)
	}
	lists, err := allValues(h, name, parseAddressList)
	return slices.Concat(lists...), err
}

// isDestination tells whether the field is one of RFC 5322 §3.6.3.
func isDestination(name string) bool {
	return ascii.EqualFold(name, "To") || ascii.EqualFold(name, "Cc") || ascii.EqualFold(name, "Bcc")
}

// SetAddressList sets the field of a name to addresses. Names that are not ASCII
// become encoded words, or stay as they are with UTF8 in the options, which may
// be nil. An empty list removes the field.
func (h *Header) SetAddressList(name string, l AddressList, opts *WriteOptions) error {
	if err := checkName(name); err != nil {
		return err
	}
	if len(l) == 0 {
		h.Del(name)
		return nil
	}
	b, err := AppendAddressList(nil, l, opts)
	if err != nil {
		return inField(err, name)
	}
	return h.Set(name, string(b))
}

func parseAddressList(s string, o *Options, r *report) AddressList {
	return parseAddresses(s, o, r, false)
}

// Defects of fields that have mailboxes and no groups.
const (
	// DefectGroup is a group where RFC 6854 §3 allows none.
	DefectGroup DefectCode = "group"
	// DefectManyMailboxes is a list of mailboxes where one belongs.
	DefectManyMailboxes DefectCode = "many-mailboxes"
	// DefectNoMailbox is a field without an address that needs one.
	DefectNoMailbox DefectCode = "no-mailbox"
)

// checkAddresses checks a destination field. Bcc alone may be empty
// (RFC 5322 §3.6.3).
func checkAddresses(s string, o *Options, r *report) {
	if l := parseAddressList(s, o, r); len(l) == 0 && !ascii.EqualFold(r.field, "Bcc") && !ascii.EqualFold(r.field, "Resent-Bcc") {
		r.add(DefectNoMailbox, 0, "RFC 5322 §3.6.3")
	}
}

// checkAuthors checks a field of authors, who may be a group (RFC 6854 §2.1).
func checkAuthors(s string, o *Options, r *report) {
	if l := parseAddressList(s, o, r); len(l) == 0 {
		r.add(DefectNoMailbox, 0, "RFC 5322 §3.6.2")
	}
}

// checkMailbox checks a field of one mailbox, which may be a group in Sender
// (RFC 6854 §2.1).
func checkMailbox(s string, o *Options, r *report) {
	switch l := parseAddressList(s, o, r); {
	case len(l) == 0:
		r.add(DefectNoMailbox, 0, "RFC 5322 §3.6.2")
	case len(l) > 1:
		r.add(DefectManyMailboxes, 0, "RFC 5322 §3.6.2")
	}
}

// checkMailboxes checks a field of mailboxes alone (RFC 8098 §2.1).
func checkMailboxes(s string, o *Options, r *report) {
	l := parseAddressList(s, o, r)
	if len(l) == 0 {
		r.add(DefectNoMailbox, 0, "RFC 8098 §2.1")
	}
	if slices.ContainsFunc(l, func(a Address) bool { return a.Group }) {
		r.add(DefectGroup, 0, "RFC 8098 §2.1")
	}
}

// phraseUpTo takes a phrase (RFC 5322 §3.2.5) up to one of the octets in stop.
func (p *addressReader) phraseUpTo(stop string) string {
	p.phrase = p.phrase[:0]
	for !p.r.failed() {
		from := p.at
		p.skipCFWS()
		if p.atEnd() || strings.IndexByte(stop, p.peek()) >= 0 {
			break
		}
		p.phraseItem(p.at > from)
	}
	return p.name(p.phrase)
}

// Keywords returns the words and phrases of the Keywords fields
// (RFC 5322 §3.6.5).
func (h *Header) Keywords() ([]string, error) {
	lists, err := allValues(h, "Keywords", parsePhrases)
	return slices.Concat(lists...), err
}

// parsePhrases takes a list of phrases, of which some may be empty
// (RFC 5322 §4.1, obs-phrase-list).
func parsePhrases(s string, o *Options, r *report) (list []string) {
	p := addressReader{lexer: lexer{s: s, o: o, r: r, stops: ","}, group: -1}
	for !r.failed() {
		if word := p.phraseUpTo(","); word != "" {
			list = append(list, word)
		}
		if !p.take(',') {
			break
		}
	}
	return list
}

// SetKeywords sets the words and phrases that the message is about, in one
// field; none remove it. opts may be nil.
func (h *Header) SetKeywords(words []string, opts *WriteOptions) error {
	if len(words) == 0 {
		h.Del("Keywords")
		return nil
	}
	var b []byte
	for i, word := range words {
		if word == "" {
			return &ParseError{Field: "Keywords", What: "empty phrase", Ref: "RFC 5322 §3.6.5"}
		}
		if i > 0 {
			b = append(b, ", "...)
		}
		var err error
		if b, err = appendName(b, word, opts); err != nil {
			return inField(err, "Keywords")
		}
	}
	return h.Set("Keywords", string(b))
}
