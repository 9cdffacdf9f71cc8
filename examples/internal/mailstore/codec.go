package mailstore

import (
	"encoding/binary"
	"errors"
	"math"

	"applayer/mime"
)

// What the cache has of a message, as octets: numbers are uvarints, a string is its
// length and its octets, a list its length and what is in it. Of what may be missing
// the length is one higher, and 0 is that it is missing.

// Content is what IMAP tells of a message without its text (RFC 9051 §7.5.2).
type Content struct {
	Envelope  mime.Envelope
	Structure mime.BodyStructure
}

// maxContentDepth is how deep a structure in a cache may be: deeper than the limit of
// mime, where a message within a message is two.
const maxContentDepth = 200

func appendContent(dst []byte, c *Content) []byte {
	return appendStructure(appendEnvelope(dst, &c.Envelope), &c.Structure)
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendNString(dst []byte, s mime.NString) []byte {
	if !s.Present {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(s.S))+1), s.S...)
}

// appendList appends a list, which may be nil.
func appendList[T any](dst []byte, list []T, add func([]byte, *T) []byte) []byte {
	if list == nil {
		return append(dst, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(len(list))+1)
	for i := range list {
		dst = add(dst, &list[i])
	}
	return dst
}

// appendMaybe appends what may be nil.
func appendMaybe[T any](dst []byte, v *T, add func([]byte, *T) []byte) []byte {
	if v == nil {
		return append(dst, 0)
	}
	return add(append(dst, 1), v)
}

func appendEnvelope(dst []byte, e *mime.Envelope) []byte {
	dst = appendNString(appendNString(dst, e.Date), e.Subject)
	for _, list := range [][]mime.EnvelopeAddress{e.From, e.Sender, e.ReplyTo, e.To, e.Cc, e.Bcc} {
		dst = appendList(dst, list, func(dst []byte, a *mime.EnvelopeAddress) []byte {
			return appendNString(appendNString(appendNString(dst, a.Name), a.Mailbox), a.Host)
		})
	}
	return appendNString(appendNString(dst, e.InReplyTo), e.MessageID)
}

func appendParams(dst []byte, p mime.Params) []byte {
	return appendList(dst, p, func(dst []byte, p *mime.Param) []byte {
		return appendString(appendString(appendString(appendString(dst, p.Name), p.Value), p.Charset), p.Language)
	})
}

func appendStructure(dst []byte, b *mime.BodyStructure) []byte {
	dst = appendParams(appendString(appendString(dst, b.Type), b.Subtype), b.Params)
	dst = appendString(appendNString(appendNString(dst, b.ID), b.Description), b.Encoding)
	dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(b.Size)), uint64(b.Lines))
	dst = appendList(dst, b.Parts, appendStructure)
	dst = appendMaybe(dst, b.Envelope, appendEnvelope)
	dst = appendMaybe(dst, b.Message, appendStructure)
	dst = appendNString(dst, b.MD5)
	dst = appendMaybe(dst, b.Disposition, func(dst []byte, d *mime.Disposition) []byte {
		return appendParams(appendString(dst, d.Type), d.Params)
	})
	dst = appendList(dst, b.Language, func(dst []byte, s *string) []byte { return appendString(dst, *s) })
	return appendNString(dst, b.Location)
}

// errContent means octets that are no content.
var errContent = errors.New("mailstore: cache: not a message's content")

// parseContent parses what appendContent has made.
func parseContent(b []byte) (Content, error) {
	p := contentParser{rest: string(b)}
	c := Content{Envelope: p.envelope(), Structure: p.structure()}
	if p.bad || p.rest != "" {
		return Content{}, errContent
	}
	return c, nil
}

// contentParser takes values from the front of rest, which are cut from it without a
// copy. After something bad it gives zero values.
type contentParser struct {
	rest  string
	bad   bool
	depth int
}

func (p *contentParser) fail() {
	p.bad, p.rest = true, ""
}

func (p *contentParser) number() (n uint64) {
	for i := range min(len(p.rest), binary.MaxVarintLen64) {
		c := p.rest[i]
		n |= uint64(c&0x7F) << (7 * i)
		if c < 0x80 {
			p.rest = p.rest[i+1:]
			if c == 0 && i > 0 || n > math.MaxInt64 {
				break // not its shortest form, or too large
			}
			return n
		}
	}
	p.fail()
	return 0
}

// length takes the length of something each of which has an octet at least.
func (p *contentParser) length() int {
	n := p.number()
	if n > uint64(len(p.rest))+1 {
		p.fail()
		return 0
	}
	return int(n)
}

func (p *contentParser) octets(n int) string {
	if n > len(p.rest) {
		p.fail()
		return ""
	}
	s := p.rest[:n]
	p.rest = p.rest[n:]
	return s
}

func (p *contentParser) string() string { return p.octets(p.length()) }

func (p *contentParser) nstring() mime.NString {
	n := p.length()
	if n == 0 {
		return mime.NString{}
	}
	return mime.NString{S: p.octets(n - 1), Present: true}
}

// parseList takes a list, which grows as its members come.
func parseList[T any](p *contentParser, take func() T) []T {
	n := p.length()
	if n == 0 {
		return nil
	}
	list := []T{}
	for range n - 1 {
		if p.bad {
			break
		}
		list = append(list, take())
	}
	return list
}

func parseMaybe[T any](p *contentParser, take func() T) *T {
	switch p.number() {
	case 0:
		return nil
	case 1:
		v := take()
		return &v
	}
	p.fail()
	return nil
}

func (p *contentParser) envelope() mime.Envelope {
	e := mime.Envelope{Date: p.nstring(), Subject: p.nstring()}
	for _, list := range []*[]mime.EnvelopeAddress{&e.From, &e.Sender, &e.ReplyTo, &e.To, &e.Cc, &e.Bcc} {
		*list = parseList(p, func() mime.EnvelopeAddress {
			return mime.EnvelopeAddress{Name: p.nstring(), Mailbox: p.nstring(), Host: p.nstring()}
		})
	}
	e.InReplyTo, e.MessageID = p.nstring(), p.nstring()
	return e
}

func (p *contentParser) params() mime.Params {
	return parseList(p, func() mime.Param {
		return mime.Param{Name: p.string(), Value: p.string(), Charset: p.string(), Language: p.string()}
	})
}

func (p *contentParser) structure() (b mime.BodyStructure) {
	if p.depth == maxContentDepth || p.bad {
		p.fail()
		return b
	}
	p.depth++
	defer func() { p.depth-- }()
	b.Type, b.Subtype, b.Params = p.string(), p.string(), p.params()
	b.ID, b.Description, b.Encoding = p.nstring(), p.nstring(), p.string()
	b.Size, b.Lines = int64(p.number()), int64(p.number())
	b.Parts = parseList(p, p.structure)
	b.Envelope = parseMaybe(p, p.envelope)
	b.Message = parseMaybe(p, p.structure)
	b.MD5 = p.nstring()
	b.Disposition = parseMaybe(p, func() mime.Disposition {
		return mime.Disposition{Type: p.string(), Params: p.params()}
	})
	b.Language = parseList(p, p.string)
	b.Location = p.nstring()
	return b
}
