package dns

import (
	"encoding/binary"
	"errors"
)

// Builder writes a message behind the octets of a caller's buffer, up to a
// size. What does not fit is left out in whole RR sets (RFC 2181 §9): from the
// first set of the answer or the authority section that has no room, nothing
// follows and TC is set; a set of the additional section is left out by itself.
//
// The zero Builder is ready for [Builder.Start]; one that is used again does not
// allocate.
type Builder struct {
	// Header is what [Builder.Finish] writes at the message's front. The
	// Builder sets Truncated.
	Header Header

	w       messageWriter
	buf     []byte
	start   int // where the message begins in buf
	limit   int // how long buf may grow, with what is reserved
	room    int // what is reserved at the end
	section Section
	counts  [4]uint16
	seeded  bool // w.comp knows the names
	raw     int  // length of the question's name at offset 12, before seeded
	full    bool // nothing more goes in
	set     openSet
}

// openSet is the RR set to which the last record belongs.
type openSet struct {
	at      int // where it begins in buf
	n       int // how many of its records are there
	left    bool
	section Section
	owner   Name
	class   Class
	typ     Type
}

// ErrSectionOrder means a record for a section before the one that is written.
var ErrSectionOrder = errors.New("dns: sections out of order")

// Start begins a message behind dst, of at most limit octets; 0, or more than
// [MaxMessage], is MaxMessage. The header's octets are there from now on.
func (b *Builder) Start(dst []byte, h Header, limit int) {
	if limit <= 0 || limit > MaxMessage {
		limit = MaxMessage
	}
	b.Header = h
	b.buf, b.start = append(dst, make([]byte, HeaderSize)...), len(dst)
	b.w.start = b.start
	b.limit, b.room = b.start+limit, 0
	b.section, b.counts, b.full = SectionNone, [4]uint16{}, false
	b.seeded, b.raw = false, 0
	b.set = openSet{}
}

// Reserve keeps n octets more free for what comes at the end: OPT and TSIG.
func (b *Builder) Reserve(n int) { b.room += n }

// Len returns how many octets the message has so far.
func (b *Builder) Len() int { return len(b.buf) - b.start }

// Left returns how many octets there are before the limit, without those
// reserved; less than none where the question took them.
func (b *Builder) Left() int { return b.limit - b.room - len(b.buf) }

// Truncated tells whether something was left out that the answer needs.
func (b *Builder) Truncated() bool { return b.Header.Truncated }

// Question appends a question.
func (b *Builder) Question(q Question) error {
	if b.section > SectionQuestion {
		return ErrSectionOrder
	}
	if !q.Name.IsValid() {
		return inSection(SectionQuestion, textError(b.Len(), "name", "RFC 1035 §3.1", ErrLabel))
	}
	b.section = SectionQuestion
	b.seed()
	b.buf = b.w.comp.AppendName(b.buf, q.Name)
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(q.Type))
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(q.Class))
	b.counts[0]++
	return nil
}

// echo appends a question as it came: its name, uncompressed, of n octets, and
// four more. It is the first.
func (b *Builder) echo(question []byte, n int) {
	b.section, b.raw, b.counts[0] = SectionQuestion, n, 1
	b.buf = append(b.buf, question...)
}

// seed prepares the table of names: not before it is needed, since an answer
// that was prepared needs none.
func (b *Builder) seed() {
	if b.seeded {
		return
	}
	b.seeded = true
	b.w.comp.Reset(b.start)
	if b.raw > 0 {
		at := b.start + HeaderSize
		b.w.comp.note(b.buf[at:at+b.raw], HeaderSize)
	}
}

// Add appends a record to a section. Records of one RR set stand behind each
// other, and sections come in their order: [ErrSectionOrder]. Other errors tell
// which field cannot be written. What does not fit is no error: see [Builder].
func (b *Builder) Add(s Section, rr RR) error {
	return b.add(s, rr, false)
}

// AddGlue appends an address of the additional section without which a referral
// leads nowhere: where it does not fit, TC is set (RFC 9471 §3.1).
func (b *Builder) AddGlue(rr RR) error {
	return b.add(SectionAdditional, rr, true)
}

func (b *Builder) add(s Section, rr RR, needed bool) error {
	take, err := b.open(s, rr.Name, rr.Class, rr.Type())
	if !take {
		return err
	}
	before := len(b.buf)
	b.buf, err = b.w.record(b.buf, &rr, &b.w.comp)
	if err != nil {
		b.buf = b.buf[:before]
		b.w.comp.forget(before - b.start)
		return inSection(s, err)
	}
	b.fit(needed)
	return nil
}

// AddOctets is [Builder.Add] for a record whose data is at hand as it stands
// uncompressed on the wire.
func (b *Builder) AddOctets(s Section, owner Name, c Class, t Type, ttl uint32, rdata []byte) error {
	take, err := b.open(s, owner, c, t)
	if !take {
		return err
	}
	if !owner.IsValid() || len(rdata) > 1<<16-1 {
		return inSection(s, textError(b.Len(), "record", "RFC 1035 §3.2.1", ErrRDLength))
	}
	b.buf = b.w.comp.AppendName(b.buf, owner)
	b.buf = appendFixed(b.buf, t, uint16(c), ttl, len(rdata))
	b.buf = append(b.buf, rdata...)
	b.fit(false)
	return nil
}

// AddBody appends all that follows the question: octets of records that were
// written for a message with the same question, and how many there are in each
// section; its Question does not count. Their pointers are right since a
// question's name stands at octet 12 of every message. It returns the octets as
// they stand in this message, so that TTLs can be changed; false, and nothing
// is written, where they do not fit or records were added before.
func (b *Builder) AddBody(body []byte, counts Counts) (written []byte, ok bool) {
	if b.section != SectionQuestion || b.full || len(body) > b.Left() {
		return nil, false
	}
	at := len(b.buf)
	b.buf = append(b.buf, body...)
	b.section = SectionAdditional
	b.counts[1], b.counts[2], b.counts[3] = counts.Answer, counts.Authority, counts.Additional
	return b.buf[at:], true
}

// open sees to the section and the RR set of the record that comes; take tells
// that it is to be written.
func (b *Builder) open(s Section, owner Name, c Class, t Type) (take bool, err error) {
	if s < SectionAnswer || s < b.section {
		return false, ErrSectionOrder
	}
	b.section = s
	if b.full {
		return false, nil
	}
	b.seed()
	if b.set.section == s && b.set.typ == t && b.set.class == c && b.set.owner.Equal(owner) {
		return !b.set.left, nil
	}
	b.set = openSet{at: len(b.buf), section: s, owner: owner, class: c, typ: t}
	return true, nil
}

// fit counts the record that was written, or takes its set away again.
func (b *Builder) fit(needed bool) {
	i := b.section - SectionQuestion
	if b.Left() >= 0 && b.counts[i] < 1<<16-1 {
		b.counts[i]++
		b.set.n++
		return
	}
	b.buf = b.buf[:b.set.at]
	b.counts[i] -= uint16(b.set.n)
	b.w.comp.forget(b.set.at - b.start)
	b.set.left = true
	if needed || b.section != SectionAdditional {
		b.Header.Truncated, b.full = true, true
	}
}

// EDNS appends an OPT record, with the upper bits of the Header's RCode, into
// the room that was reserved. Nothing but TSIG follows.
func (b *Builder) EDNS(e *EDNS) error {
	b.w.opt.Options = e.Options
	return b.last(&RR{Name: Root, Class: Class(e.UDPSize), TTL: e.ttl(b.Header.RCode), Data: &b.w.opt})
}

// TSIG appends a TSIG record into the room that was reserved: the message's
// last (RFC 8945 §5.1).
func (b *Builder) TSIG(t *TSIG) error {
	return b.last(&RR{Name: t.KeyName, Class: ClassANY, Data: t})
}

func (b *Builder) last(rr *RR) error {
	before := len(b.buf)
	buf, err := b.w.record(b.buf, rr, nil)
	if err == nil && len(buf) > b.limit {
		err = ErrMessageTooLong
	}
	if err != nil {
		b.buf = buf[:before]
		return inSection(SectionAdditional, err)
	}
	b.room = max(b.room-(len(buf)-before), 0)
	b.buf, b.section = buf, SectionAdditional
	b.counts[3]++
	return nil
}

// Finish writes the header with its counts and returns the buffer that Start
// was given, with the message behind it.
func (b *Builder) Finish() []byte {
	h := b.buf[b.start:]
	binary.BigEndian.PutUint16(h, b.Header.ID)
	binary.BigEndian.PutUint16(h[2:], b.Header.Flags())
	for i, n := range b.counts {
		binary.BigEndian.PutUint16(h[4+2*i:], n)
	}
	return b.buf
}

// appendFixed appends what stands between a record's owner and its data.
func appendFixed(dst []byte, t Type, class uint16, ttl uint32, n int) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(t))
	dst = binary.BigEndian.AppendUint16(dst, class)
	dst = binary.BigEndian.AppendUint32(dst, ttl)
	return binary.BigEndian.AppendUint16(dst, uint16(n))
}
