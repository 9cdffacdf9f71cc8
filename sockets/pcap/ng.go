package pcap

import (
	"encoding/binary"
	"math"
	"math/bits"
	"time"
)

// The references below are to draft-ietf-opsawg-pcapng, an Internet-Draft.
const refNG = "draft-ietf-opsawg-pcapng"

// Block types.
const (
	blockSection   = 0x0a0d0d0a // the same in both byte orders
	blockInterface = 1
	blockSimple    = 3
	blockEnhanced  = 6
)

const byteOrderMagic = 0x1a2b3c4d

// Options of an interface description.
const (
	optionEnd      = 0
	optionTSResol  = 9
	optionTSOffset = 14
)

// iface is one interface of a section.
type iface struct {
	link   LinkType
	snap   uint32
	resol  resolution
	offset int64 // seconds to add
}

// readBlocks takes blocks until one holds a packet.
func (r *Reader) readBlocks(p *Packet) error {
	for {
		if _, err := r.r.Peek(1); err != nil {
			return err // io.EOF between blocks is the end.
		}
		found, err := r.readBlock(p)
		if found || err != nil {
			return err
		}
	}
}

// readBlock takes one block: type, total length, body, total length again.
func (r *Reader) readBlock(p *Packet) (found bool, err error) {
	start := r.off
	b, err := r.take(8, "block header")
	if err != nil {
		return false, err
	}
	least := uint32(12)
	if binary.LittleEndian.Uint32(b) == blockSection {
		least = 28
		if err := r.readSection(start); err != nil {
			return false, err
		}
		b = r.scratch[:8]
	} else if r.order == nil {
		return false, &ParseError{Offset: start, What: "block before a section header", Ref: refNG, Err: ErrFormat}
	}
	kind, total := r.order.Uint32(b), r.order.Uint32(b[4:])
	if total < least || total%4 != 0 {
		return false, &ParseError{Offset: start + 4, What: "block total length", Ref: refNG, Err: errLength}
	}
	end := start + int64(total) - 4
	switch kind {
	case blockInterface:
		err = r.readInterface(end)
	case blockSimple:
		found, err = true, r.readSimple(p, end)
	case blockEnhanced:
		found, err = true, r.readEnhanced(p, end)
	}
	if err != nil {
		return false, err
	}
	if err := r.skip(end-r.off, "block"); err != nil {
		return false, err
	}
	if b, err = r.take(4, "block trailer"); err != nil {
		return false, err
	}
	if r.order.Uint32(b) != total {
		return false, &ParseError{Offset: end, What: "block total length repeated", Ref: refNG, Err: errLength}
	}
	return found, nil
}

// readSection takes byte order and version of a section header, which come
// after the total length that needs them: the header's octets stay in scratch.
// A new section forgets the interfaces of the one before.
func (r *Reader) readSection(start int64) error {
	b, err := r.fill(8, 16, "section header")
	if err != nil {
		return err
	}
	switch binary.LittleEndian.Uint32(b[8:]) {
	case byteOrderMagic:
		r.order = binary.LittleEndian
	case bits.ReverseBytes32(byteOrderMagic):
		r.order = be
	default:
		return &ParseError{Offset: start + 8, What: "byte-order magic", Ref: refNG, Err: ErrFormat}
	}
	if major := r.order.Uint16(b[12:]); major != 1 {
		return &ParseError{Offset: start + 12, What: "version", Ref: refNG, Err: ErrFormat}
	}
	r.ifaces = r.ifaces[:0]
	return nil
}

// readInterface takes an interface description: link type, snap length and
// the options that say what its times mean.
func (r *Reader) readInterface(end int64) error {
	if limit := r.Limits.maxInterfaces(); len(r.ifaces) >= limit {
		return &LimitError{Name: "MaxInterfaces", Max: int64(limit)}
	}
	b, err := r.body(8, end, "interface description")
	if err != nil {
		return err
	}
	i := iface{
		link:  LinkType(r.order.Uint16(b)),
		snap:  r.order.Uint32(b[4:]),
		resol: 6,
	}
	for end-r.off >= 4 {
		if b, err = r.body(4, end, "interface option"); err != nil {
			return err
		}
		code, n := r.order.Uint16(b), int64(r.order.Uint16(b[2:]))
		if code == optionEnd {
			break
		}
		next := r.off + (n+3)&^3
		if next > end {
			return &ParseError{Offset: r.off, What: "interface option", Ref: refNG, Err: errLength}
		}
		switch {
		case code == optionTSResol && n == 1:
			if b, err = r.body(1, end, "if_tsresol"); err == nil {
				i.resol = resolution(b[0])
			}
		case code == optionTSOffset && n == 8:
			if b, err = r.body(8, end, "if_tsoffset"); err == nil {
				i.offset = int64(r.order.Uint64(b))
			}
		}
		if err != nil {
			return err
		}
		if err := r.skip(next-r.off, "interface option"); err != nil {
			return err
		}
	}
	r.ifaces = append(r.ifaces, i)
	return nil
}

// readEnhanced takes a packet with interface, time and both lengths.
func (r *Reader) readEnhanced(p *Packet, end int64) error {
	start := r.off
	b, err := r.body(20, end, "enhanced packet")
	if err != nil {
		return err
	}
	id, ticks := r.order.Uint32(b), uint64(r.order.Uint32(b[4:]))<<32|uint64(r.order.Uint32(b[8:]))
	captured, length := r.order.Uint32(b[12:]), r.order.Uint32(b[16:])
	if int64(id) >= int64(len(r.ifaces)) {
		return &ParseError{Offset: start, What: "interface of a packet", Ref: refNG}
	}
	if int64(captured) > end-r.off || length > math.MaxInt32 {
		return &ParseError{Offset: start + 12, What: "packet length", Ref: refNG, Err: ErrTooLong}
	}
	i := &r.ifaces[id]
	p.Time = i.resol.time(ticks)
	if i.offset != 0 {
		p.Time = time.Unix(p.Time.Unix()+i.offset, int64(p.Time.Nanosecond())).UTC()
	}
	p.LinkType, p.Interface, p.Length = i.link, int(id), int(length)
	return r.packetOctets(p, int(captured))
}

// readSimple takes a packet of the first interface, without a time. How much
// was captured follows from the snap length and the block's length.
func (r *Reader) readSimple(p *Packet, end int64) error {
	start := r.off
	b, err := r.body(4, end, "simple packet")
	if err != nil {
		return err
	}
	length := r.order.Uint32(b)
	if len(r.ifaces) == 0 {
		return &ParseError{Offset: start, What: "interface of a packet", Ref: refNG}
	}
	if length > math.MaxInt32 {
		return &ParseError{Offset: start, What: "packet length", Ref: refNG, Err: ErrTooLong}
	}
	captured := min(int64(length), end-r.off)
	if snap := int64(r.ifaces[0].snap); snap > 0 {
		captured = min(captured, snap)
	}
	p.Time = time.Time{}
	p.LinkType, p.Interface, p.Length = r.ifaces[0].link, 0, int(length)
	return r.packetOctets(p, int(captured))
}

// body takes n octets of a block that ends at end.
func (r *Reader) body(n int, end int64, what string) ([]byte, error) {
	if end-r.off < int64(n) {
		return nil, &ParseError{Offset: r.off, What: what, Ref: refNG, Err: errLength}
	}
	return r.take(n, what)
}
