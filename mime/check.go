package mime

import (
	"errors"
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// Defects of headers as a whole.
const (
	// DefectMissingField is a field that RFC 5322 §3.6 wants and that is not
	// there; Field says which.
	DefectMissingField DefectCode = "missing-field"
	// DefectNoSender is a message of more than one author without Sender.
	DefectNoSender DefectCode = "no-sender"
	// DefectNoDate is a field of a date from which none can be made out.
	DefectNoDate DefectCode = "no-date"
	// DefectLongLine is a line of more than 998 octets.
	DefectLongLine DefectCode = "long-line"
	// DefectBareCR is a CR that ends no line.
	DefectBareCR DefectCode = "bare-cr"
	// DefectNUL is an octet of zero, at which readers in C end.
	DefectNUL DefectCode = "nul"
)

// Check parses each field that it knows and returns all that is wrong with the
// header of a message: fields that are missing or there too often, values
// outside of their grammar, octets beyond ASCII that are not UTF-8. Offsets
// count from the start of the message, for a header that was made from the start
// of each value. opts may be nil for those that the header was read with.
func (h *Header) Check(opts *Options) []Defect {
	c := h.checker(opts)
	c.fields()
	c.authors()
	c.resent()
	return c.r.list
}

// CheckPart is [Header.Check] for the header of a part, which needs none of the
// fields of a message (RFC 2046 §5.1).
func (h *Header) CheckPart(opts *Options) []Defect {
	c := h.checker(opts)
	c.fields()
	return c.r.list
}

// headerCheck lists what is wrong with a header.
type headerCheck struct {
	valueReader
	r *report
}

func (h *Header) checker(opts *Options) *headerCheck {
	o := h.options()
	if opts != nil {
		o = opts.inForce()
	}
	c := &headerCheck{valueReader: valueReader{h: h, o: o}, r: newReport(o)}
	c.r.strict = false // all are wanted
	return c
}

// at makes a field the one that defects are found in.
func (c *headerCheck) at(f Field) {
	c.r.base, c.r.field = max(f.offset, 0)+int64(f.valueStart), f.Name()
}

// fields looks at each field by itself, and at how often it is there.
func (c *headerCheck) fields() {
	seen := make(map[string]bool)
	front := true // no field came yet
	for _, f := range c.h.fields {
		c.at(f)
		c.octets(f)
		if f.nameEnd == 0 {
			if front && isFromLine(f.raw) {
				c.r.add(DefectFromLine, 0, "RFC 4155 §A")
			} else {
				c.r.add(DefectNoColon, 0, "RFC 5322 §2.2")
			}
			continue
		}
		front = false
		k, _ := lookUpField(f.Name())
		if k.once {
			c.once(f, k, seen)
		}
		c.value(f, k.kind)
	}
	c.r.base, c.r.field = 0, ""
}

// once notes a field that was there before.
func (c *headerCheck) once(f Field, k knownField, seen map[string]bool) {
	name := lower(f.Name())
	if seen[name] {
		c.r.add(DefectDuplicateField, -f.valueStart, k.ref)
	}
	seen[name] = true
}

// octets looks at the lines of a field.
func (c *headerCheck) octets(f Field) {
	at := 0
	c.r.base -= int64(f.valueStart)
	for line := range strings.Lines(f.raw) {
		text := trimLineEnd(line)
		if len(text) > longestLine {
			c.r.add(DefectLongLine, at, "RFC 5322 §2.1.1")
		}
		if i := strings.IndexByte(text, '\r'); i >= 0 {
			c.r.add(DefectBareCR, at+i, "RFC 5322 §2.2")
		}
		if i := strings.IndexByte(text, 0); i >= 0 {
			c.r.add(DefectNUL, at+i, "RFC 7103 §7.6")
		}
		at += len(line)
	}
	c.r.base += int64(f.valueStart)
}

// value parses a field by its kind.
func (c *headerCheck) value(f Field, kind fieldKind) {
	parse := checkedKinds[kind]
	if parse == nil {
		parse = func(s string, o *Options, r *report) { parseText(s, o, r) }
	}
	before := len(c.r.list)
	parse(c.text(f, c.r), c.o, c.r)
	s := f.RawValue()
	if kind == kindUnstructured || utf8.ValidString(s) {
		return
	}
	for _, d := range c.r.list[before:] {
		if d.Code == DefectUnlabelled8Bit {
			return
		}
	}
	beyond := ascii.Range(0, 0x7f)
	c.r.add(DefectUnlabelled8Bit, ascii.Span(&beyond, s), "RFC 7103 §7.7")
}

// checkedKinds parse the values of the kinds of fields that have a structure.
var checkedKinds = [...]func(s string, o *Options, r *report){
	kindAddressList:   checkAddresses,
	kindAuthors:       checkAuthors,
	kindMailboxes:     checkMailboxes,
	kindMailbox:       checkMailbox,
	kindNotification:  discard(parseNotificationOptions),
	kindDate:          checkDate,
	kindMessageID:     discard(parseMessageID),
	kindMessageIDs:    discard(parseMessageIDs),
	kindPhrases:       discard(parsePhrases),
	kindPath:          discard(parsePath),
	kindReceived:      discard(parseReceived),
	kindVersion:       discard(parseMIMEVersion),
	kindMediaType:     discard(parseMediaType),
	kindEncoding:      checkEncoding,
	kindContentID:     discard(parseMessageID),
	kindDisposition:   discard(parseDisposition),
	kindLanguages:     discard(parseLanguages),
	kindMD5:           discard(parseMD5),
	kindURI:           discard(parseURI),
	kindCommands:      discard(parseListCommands),
	kindListID:        discard(parseListID),
	kindAutoSubmitted: discard(parseAutoSubmitted),
	kindAuthResults:   discard(parseAuthResults),
}

// discard makes a check of a parseFunc.
func discard[X any](parse parseFunc[X]) func(s string, o *Options, r *report) {
	return func(s string, o *Options, r *report) { parse(s, o, r) }
}

func checkDate(s string, o *Options, r *report) {
	_, err := parseDate(s, o, r)
	if e, ok := errors.AsType[*ParseError](err); ok {
		r.add(DefectNoDate, int(e.Offset-r.base), e.Ref)
	}
}

func checkEncoding(s string, o *Options, r *report) {
	parseEncoding(s, o, r)
	if transferEncodingOf(s) == EncodingUnknown {
		r.addErr(DefectUnknownEncoding, 0, "RFC 2045 §6.4", ErrUnknownEncoding)
	}
}

// missing notes a field that is not there.
func (c *headerCheck) missing(name, ref string) {
	c.r.base, c.r.field = 0, name
	c.r.add(DefectMissingField, 0, ref)
}

// authors checks the fields that a message must have (RFC 5322 §3.6).
func (c *headerCheck) authors() {
	for _, name := range []string{"Date", "From"} {
		if !c.h.Has(name) {
			c.missing(name, "RFC 5322 §3.6")
		}
	}
	c.sender("From", "Sender", c.h)
}

// sender checks that of many authors one is named as the sender
// (RFC 5322 §3.6.2).
func (c *headerCheck) sender(from, sender string, h *Header) {
	f, ok := h.Field(from)
	if !ok || h.Has(sender) {
		return
	}
	authors := 0
	for range parseAddressList(f.RawValue(), c.o, nil).Mailboxes() {
		authors++
	}
	if authors > 1 {
		c.at(f)
		c.r.add(DefectNoSender, 0, "RFC 5322 §3.6.2")
	}
}

// resent checks the blocks of Resent- fields (RFC 5322 §3.6.6).
func (c *headerCheck) resent() {
	for _, block := range c.h.Resent() {
		for _, name := range []string{"Resent-Date", "Resent-From"} {
			if !block.Has(name) {
				c.missing(name, "RFC 5322 §3.6.6")
			}
		}
		c.sender("Resent-From", "Resent-Sender", &block)
	}
}
