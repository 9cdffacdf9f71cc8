package dns

import (
	"encoding/binary"
	"errors"
	"sync"
)

// MaxMessage is the most octets of a message: what two octets of length before
// it on a stream can say (RFC 1035 §4.2.2).
const MaxMessage = 1<<16 - 1

// maxRCode is the greatest response code that header and EDNS can say.
const maxRCode = 1<<12 - 1

// ErrMessageTooLong means a message of more than [MaxMessage] octets.
var ErrMessageTooLong = errors.New("dns: message longer than 65535 octets")

// AppendMessage appends m to dst, with names compressed. The error tells which
// record cannot be written, or that the header has no room for the Opcode or the
// RCode, whose upper bits stand in EDNS (RFC 6891 §6.1.3).
func AppendMessage(dst []byte, m *Message) ([]byte, error) {
	if m.Opcode > 15 || m.RCode > 15 && m.EDNS == nil || m.RCode > maxRCode {
		return dst, textError(2, "opcode or response code", "RFC 6891 §6.1.3", ErrValue)
	}
	w := writers.Get().(*messageWriter)
	defer writers.Put(w)
	start := len(dst)
	w.start = start
	comp := &w.comp
	comp.Reset(start)
	dst = AppendHeader(dst, m.Header, Counts{})
	for _, q := range m.Question {
		if !q.Name.IsValid() {
			return dst, inSection(SectionQuestion, textError(len(dst)-start, "name", "RFC 1035 §3.1", ErrLabel))
		}
		dst = comp.AppendName(dst, q.Name)
		dst = binary.BigEndian.AppendUint16(dst, uint16(q.Type))
		dst = binary.BigEndian.AppendUint16(dst, uint16(q.Class))
	}
	counts := [...]int{len(m.Question), len(m.Answer), len(m.Authority), len(m.Additional)}
	var err error
	for i, rrs := range [...][]RR{m.Answer, m.Authority, m.Additional} {
		for j := range rrs {
			if dst, err = w.record(dst, &rrs[j], comp); err != nil {
				return dst, inSection(SectionAnswer+Section(i), err)
			}
		}
	}
	if m.EDNS != nil {
		counts[3]++
		w.opt.Options = m.EDNS.Options
		opt := &RR{Name: Root, Class: Class(m.EDNS.UDPSize), TTL: m.EDNS.ttl(m.RCode), Data: &w.opt}
		if dst, err = w.record(dst, opt, nil); err != nil {
			return dst, inSection(SectionAdditional, err)
		}
	}
	if m.TSIG != nil {
		counts[3]++
		tsig := &RR{Name: m.TSIG.KeyName, Class: ClassANY, Data: m.TSIG}
		if dst, err = w.record(dst, tsig, nil); err != nil {
			return dst, inSection(SectionAdditional, err)
		}
	}
	if len(dst)-start > MaxMessage {
		return dst, ErrMessageTooLong
	}
	for i, n := range counts {
		binary.BigEndian.PutUint16(dst[start+4+2*i:], uint16(n))
	}
	return dst, nil
}

// messageWriter is what writing a message takes beside the octets. It would be
// allocated for each, since a Codec escapes through the RData interface.
type messageWriter struct {
	start int // where the message begins in the buffer
	comp  Compressor
	codec Codec
	opt   OPT
}

var writers = sync.Pool{New: func() any { return new(messageWriter) }}

func (w *messageWriter) record(dst []byte, rr *RR, comp *Compressor) ([]byte, error) {
	if !rr.Name.IsValid() || rr.Data == nil {
		return dst, textError(len(dst)-w.start, "record without owner or data", "RFC 1035 §3.2.1", ErrLabel)
	}
	dst = comp.appendOrCopy(dst, rr.Name)
	t, class, ttl := rr.Data.Type(), rr.Class, rr.TTL
	dst = append(dst, byte(t>>8), byte(t), byte(class>>8), byte(class),
		byte(ttl>>24), byte(ttl>>16), byte(ttl>>8), byte(ttl), 0, 0)
	start := len(dst)
	dst, ok := appendCommonData(dst, rr.Data, comp)
	if !ok {
		var err error
		if dst, err = w.codec.append(dst, rr.Data, comp, opAppend); err != nil {
			if e, ok := errors.AsType[*ParseError](err); ok {
				e.Offset += int64(start - w.start) // it counts octets of the RDATA
			}
			return dst, err
		}
		if len(dst)-start > 1<<16-1 {
			return dst, textError(start-w.start, "RDATA of "+t.String(), "RFC 1035 §3.2.1", ErrRDLength)
		}
	}
	binary.BigEndian.PutUint16(dst[start-2:], uint16(len(dst)-start))
	return dst, nil
}

// appendCommonData appends the data that most records of most messages have, as
// their Fields methods would. It is false for other data, and for what is wrong.
func appendCommonData(dst []byte, d RData, comp *Compressor) ([]byte, bool) {
	switch d := d.(type) {
	case *A:
		if d.Addr.Is4() {
			b := d.Addr.As4()
			return append(dst, b[:]...), true
		}
	case *AAAA:
		if d.Addr.Is6() && d.Addr.Zone() == "" {
			b := d.Addr.As16()
			return append(dst, b[:]...), true
		}
	case *NS:
		if d.Host.IsValid() {
			return comp.appendOrCopy(dst, d.Host), true
		}
	case *CNAME:
		if d.Target.IsValid() {
			return comp.appendOrCopy(dst, d.Target), true
		}
	}
	return dst, false
}
