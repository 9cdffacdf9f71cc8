package mime

import (
	"slices"
	"strings"

	"applayer/internal/ascii"
)

// DefectPath is a Return-Path that is no address in angle brackets. What can be
// read as an address counts.
const DefectPath DefectCode = "return-path"

const traceRef = "RFC 5322 §3.6.7"

// ReturnPath returns the address that reports of failure go to, as it was at
// delivery, or [ErrNoField]. It is "" for "<>", to which nothing is to be sent.
// The first of several counts (RFC 7103 §7.5.3).
func (h *Header) ReturnPath() (string, error) { return firstValue(h, "Return-Path", parsePath) }

// parsePath takes path (RFC 5322 §3.6.7), with the route that it could have once
// (RFC 5322 §4.4, obs-route), which is dropped.
func parsePath(s string, o *Options, r *report) string {
	l := idReader{lexer{s: s, o: o, r: r, stops: "<>"}}
	l.skipCFWS()
	from := l.at
	if !l.take('<') {
		l.r.add(DefectPath, from, traceRef)
		return withoutBlanks(l.span(&isBareID))
	}
	l.skipCFWS()
	if l.peek() == '@' {
		if i := strings.IndexAny(s[l.at:], ":>"); i >= 0 && s[l.at+i] == ':' {
			l.at += i + 1
		}
	}
	begin := l.at
	l.skipCFWS()
	if l.take('>') {
		l.endOfPath()
		return ""
	}
	l.r = nil // what is wrong in it is told as one defect
	addr, ok := l.leftAndRight()
	l.r = r
	if !ok {
		l.r.add(DefectPath, from, traceRef)
		rest, _, _ := strings.Cut(s[begin:], ">")
		return withoutBlanks(rest)
	}
	l.endOfPath()
	return addr
}

// endOfPath tells of text behind a path.
func (l *idReader) endOfPath() {
	if l.skipCFWS(); !l.atEnd() {
		l.r.add(DefectPath, l.at, traceRef)
	}
}

// SetReturnPath puts the Return-Path field in front of all others, in place of
// those that are there (RFC 5321 §4.4). The address is "" for "<>".
func (h *Header) SetReturnPath(addr string) error {
	if err := checkValue("Return-Path", addr); err != nil {
		return err
	}
	if addr != "" {
		r := newReport((&Options{Strict: true}).inForce())
		if again := parsePath("<"+addr+">", (*Options)(nil).inForce(), r); r.failed() || again != addr {
			return &ParseError{Field: "Return-Path", What: "address", Ref: traceRef}
		}
	}
	f, err := newField("Return-Path", "<"+addr+">", h.lineEnd())
	if err != nil {
		return err
	}
	h.Del("Return-Path")
	h.InsertField(h.front(), f)
	return nil
}

// Resent returns the blocks of Resent- fields, of which each tells that somebody
// sent the message on as it was (RFC 5322 §3.6.6): the last time first. Each is
// a header of its own; [Header.DateOf], [Header.AddressList] and
// [Header.MessageIDs] read its fields.
func (h *Header) Resent() []Header {
	var blocks []Header
	var block Header
	next := func() {
		if block.Len() > 0 {
			blocks = append(blocks, block)
		}
		block = Header{read: true, end: h.lineEnd(), opts: h.opts}
	}
	next()
	for _, f := range h.fields {
		switch {
		case !isResent(f.Name()):
			next()
			continue
		case block.Has(f.Name()):
			next() // each is there once in a block
		}
		block.fields = append(block.fields, f)
	}
	next()
	return blocks
}

// isResent tells whether the field is one of a block (RFC 5322 §3.6.6).
func isResent(name string) bool {
	const prefix = "resent-"
	_, known := lookUpField(name)
	return known && len(name) > len(prefix) && ascii.EqualFold(name[:len(prefix)], prefix)
}

// AddResent puts a block of Resent- fields in front of all other fields, where
// each new one belongs. It must have Resent-Date and Resent-From, and each field
// once (RFC 5322 §3.6.6).
func (h *Header) AddResent(block *Header) error {
	for _, f := range block.fields {
		n := 0
		for range block.All(f.Name()) {
			n++
		}
		if !isResent(f.Name()) || n != 1 {
			return &ParseError{Field: f.Name(), What: "field of a resent block", Ref: "RFC 5322 §3.6.6"}
		}
	}
	for _, name := range []string{"Resent-Date", "Resent-From"} {
		if !block.Has(name) {
			return &ParseError{Field: name, What: "field of a resent block is missing", Ref: "RFC 5322 §3.6.6"}
		}
	}
	h.change()
	h.fields = slices.Insert(h.fields, h.front(), block.fields...)
	return nil
}
