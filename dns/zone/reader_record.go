package zone

import (
	"encoding/binary"

	"applayer/dns"
)

// record is what an entry says of a record, of which the data has not been read.
// Owner and words are where they are: what points costs twice while garbage is
// collected.
type record struct {
	head  dns.RRHead
	at    int // where the type stands
	first int // of the words that are the data
}

// words returns the owner of the record at hand and its data, which is valid up
// to the next entry.
func (r *Reader) words() (owner dns.Name, data []dns.Token) {
	if r.gen.made {
		return r.gen.name, r.gen.entry.Tokens[r.rec.first:]
	}
	return r.owner, r.entry.Tokens[r.rec.first:]
}

// find goes on to the next record, and does on the way what directives say. The
// record is r.rec then.
func (r *Reader) find() error {
	for r.err == nil {
		if r.gen.left > 0 {
			return r.orFail(r.generateOne())
		}
		r.gen.made = false
		if err := r.nextEntry(); err != nil {
			r.err = err
			break
		}
		switch tokens := r.entry.Tokens; {
		case len(tokens) == 0:
		case isDirective(&r.entry):
			r.err = r.located(r.directive(tokens))
		default:
			return r.orFail(r.record(tokens, r.entry.Blank))
		}
	}
	r.Close()
	return r.err
}

// orFail is [Reader.fail] where there is a fault.
func (r *Reader) orFail(f *fault) error {
	if f == nil {
		return nil
	}
	return r.fail(f)
}

// fail ends the reading with a fault in the record at hand.
func (r *Reader) fail(f *fault) error {
	if r.gen.made {
		f = r.gen.fault(f)
	}
	r.err = r.located(f)
	r.Close()
	return r.err
}

// record reads a record up to its data from the words of its entry; blank tells
// that the owner is the one of the record before.
func (r *Reader) record(tokens []dns.Token, blank bool) *fault {
	first := 0
	if !blank {
		if f := r.setOwner(&tokens[0]); f != nil {
			return f
		}
		first = 1
	}
	if !r.owner.IsValid() {
		return syntax(0, "blank owner in the first record", "RFC 1035 §5.1")
	}
	head, n, err := r.parser.Head(tokens[first:])
	if err != nil {
		return faultOf(err)
	}
	first += n
	r.rec = record{head, tokens[first-1].Offset, first}
	return r.checkHead(&head, r.rec.at)
}

// setOwner reads an owner. Most records have that of the one before.
func (r *Reader) setOwner(t *dns.Token) *fault {
	if r.parser.Origin == r.ownerOrigin && string(t.Text) == string(r.ownerText) && !t.Quoted {
		return nil
	}
	owner, err := r.parser.Name(*t)
	if err != nil {
		return faultOf(err)
	}
	r.owner = owner
	if r.ownerOrigin != r.parser.Origin {
		r.ownerOrigin = r.parser.Origin
	}
	r.ownerText = append(r.ownerText[:0], t.Text...)
	if t.Quoted {
		r.ownerText = r.ownerText[:0]
	}
	return nil
}

// checkHead refuses another class and what is no data of a zone.
func (r *Reader) checkHead(h *dns.RRHead, at int) *fault {
	switch {
	case h.Class != 0 && h.Class != r.opts.Class:
		return syntax(at, "class "+h.Class.String()+" in a zone of class "+r.opts.Class.String(), "RFC 1035 §5.2")
	case h.Type.IsMeta() || h.Type == 0:
		return syntax(at, "type "+h.Type.String()+" in a zone", "RFC 6895 §3.1")
	}
	return nil
}

// finish reads the data of a record and sets its TTL.
func (r *Reader) finish(rec *record) (rr dns.RR, f *fault) {
	owner, data := r.words()
	d, err := r.parser.RData(rec.head.Type, data)
	if err != nil {
		return rr, rec.dataFault(err)
	}
	if f := r.checkLength(d, rec.at, data); f != nil {
		return rr, f
	}
	minimum, isSOA := uint32(0), false
	if soa, ok := d.(*dns.SOA); ok {
		minimum, isSOA = soa.Minimum, true
	}
	ttl, f := r.ttl(rec, minimum, isSOA)
	if f != nil {
		return rr, f
	}
	return dns.RR{Name: owner, Class: r.opts.Class, TTL: ttl, Data: d}, nil
}

// dataFault takes a fault from what reading the data gave: no data at all has no
// place of its own.
func (rec *record) dataFault(err error) *fault {
	f := faultOf(err)
	f.at = max(f.at, rec.at)
	return f
}

// checkLength refuses RDATA that is too long. A word can stand for so many more
// octets as a relative name, a character for so many as in an IPv6 address: what
// is short in text is not looked at.
func (r *Reader) checkLength(d dns.RData, at int, data []dns.Token) *fault {
	bound := 0
	for i := range data {
		bound += dns.MaxName + 1 + 16*len(data[i].Text)
	}
	if bound <= r.limits.MaxRData {
		return nil
	}
	b, err := dns.AppendRData(r.scratch[:0], d, nil)
	r.scratch = b[:0]
	switch {
	case err != nil:
		f := faultOf(err)
		f.at = at
		return f
	case len(b) > r.limits.MaxRData:
		return limitReached(at, "MaxRData", r.limits.MaxRData)
	}
	return nil
}

// ttl returns the TTL of a record: its own; else that of $TTL; else that of the
// record before (RFC 1035 §5.1, RFC 2308 §4). Without any of them an SOA's
// minimum counts, for it and for those behind it, as in named.
func (r *Reader) ttl(rec *record, minimum uint32, isSOA bool) (uint32, *fault) {
	switch {
	case rec.head.HasTTL:
		r.lastTTL, r.hasLastTTL = rec.head.TTL, true
		return rec.head.TTL, nil
	case r.hasDefaultTTL:
		return r.defaultTTL, nil
	case r.hasLastTTL:
		return r.lastTTL, nil
	case isSOA:
		r.defaultTTL, r.hasDefaultTTL = min(minimum, dns.MaxTTL), true
		return r.defaultTTL, nil
	}
	return 0, syntax(rec.at, "no TTL: neither here nor before", "RFC 2308 §4")
}

// wireRecord is a record of a master file as a zone keeps it: but for its data,
// which stands where it was appended.
type wireRecord struct {
	owner dns.Name
	typ   dns.Type
	ttl   uint32
}

// nextWire is [Reader.Next] for who wants data as it stands on the wire: that of
// the record is appended to dst, and nothing is made of it in between.
func (r *Reader) nextWire(dst []byte) (w wireRecord, _ []byte, err error) {
	if err := r.find(); err != nil {
		return w, dst, err
	}
	rec := &r.rec
	owner, data := r.words()
	b, err := r.parser.AppendRData(dst, rec.head.Type, data)
	if err != nil {
		return w, dst, r.fail(rec.dataFault(err))
	}
	rdata := b[len(dst):]
	if len(rdata) > r.limits.MaxRData {
		return w, dst, r.fail(limitReached(rec.at, "MaxRData", r.limits.MaxRData))
	}
	minimum, isSOA := uint32(0), rec.head.Type == dns.TypeSOA && len(rdata) >= 4
	if isSOA {
		minimum = binary.BigEndian.Uint32(rdata[len(rdata)-4:])
	}
	ttl, f := r.ttl(rec, minimum, isSOA)
	if f != nil {
		return w, dst, r.fail(f)
	}
	return wireRecord{owner, rec.head.Type, ttl}, b, nil
}
