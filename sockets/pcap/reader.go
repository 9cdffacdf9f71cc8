package pcap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"time"
)

// Reader reads a capture, classic pcap or pcapng, packet by packet; it tells
// the two apart by their first octets. It is for one goroutine.
type Reader struct {
	// Limits may be set before the first Read.
	Limits Limits

	r       *bufio.Reader
	off     int64
	order   binary.ByteOrder
	ng      bool
	started bool
	err     error
	scratch [32]byte

	link   LinkType      // classic
	tick   time.Duration // classic: what one unit of the fraction is
	ifaces []iface       // pcapng: of this section
}

// NewReader reads a capture from r. It reads ahead; r is not closed.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 64<<10)}
}

// Read reads the next packet into p and overwrites p.Data, which grows with
// the octets that come: with a p used again nothing is allocated. At the end
// of the capture the error is io.EOF. A malformed file is a [*ParseError],
// with io.ErrUnexpectedEOF inside where it is cut short, and ends the reading:
// the borders of what follows are lost.
func (r *Reader) Read(p *Packet) error {
	if r.err == nil {
		r.err = r.read(p)
	}
	return r.err
}

func (r *Reader) read(p *Packet) error {
	if !r.started {
		if err := r.start(); err != nil {
			return err
		}
		r.started = true
	}
	if r.ng {
		return r.readBlocks(p)
	}
	return r.readRecord(p)
}

// Packets gives all packets that are left. They share one Packet, so that a
// packet holds until the next; the error, if there is one, comes last.
func (r *Reader) Packets() iter.Seq2[*Packet, error] {
	return func(yield func(*Packet, error) bool) {
		var p Packet
		for {
			switch err := r.Read(&p); {
			case err == io.EOF:
				return
			case err != nil:
				yield(nil, err)
				return
			}
			if !yield(&p, nil) {
				return
			}
		}
	}
}

// start looks at the magic number and takes the file's first header.
func (r *Reader) start() error {
	b, err := r.r.Peek(4)
	if err != nil {
		return r.fault(err, "magic number")
	}
	if binary.LittleEndian.Uint32(b) == blockSection {
		r.ng = true
		return nil
	}
	b, err = r.take(fileHeaderLength, "file header")
	if err != nil {
		return err
	}
	h, err := parseFileHeader(b)
	if err != nil {
		return err
	}
	r.order, r.tick, r.link = h.order, h.tick, h.link
	return nil
}

// readRecord takes the next record of a classic capture.
func (r *Reader) readRecord(p *Packet) error {
	if _, err := r.r.Peek(1); err != nil {
		return err // io.EOF between records is the end.
	}
	b, err := r.take(recordHeaderLength, "record header")
	if err != nil {
		return err
	}
	h, err := parseRecordHeader(b, r.order, r.tick)
	if err != nil {
		return rebase(err, r.off-recordHeaderLength)
	}
	p.Time, p.Length = h.time, h.length
	p.LinkType, p.Interface = r.link, 0
	return r.packetOctets(p, h.captured)
}

// packetOctets reads n octets into p. The memory grows with what arrives, not
// with what the file announces.
func (r *Reader) packetOctets(p *Packet, n int) error {
	p.Data = p.Data[:0]
	if limit := r.Limits.maxPacket(); n > limit {
		return &LimitError{Name: "MaxPacket", Max: int64(limit)}
	}
	for n > 0 {
		// Peek asks for one octet, so that it waits for no more than there is.
		if _, err := r.r.Peek(1); err != nil {
			return r.fault(err, "packet")
		}
		b, _ := r.r.Peek(min(n, r.r.Buffered()))
		p.Data = append(p.Data, b...)
		r.r.Discard(len(b)) // They are buffered: no error.
		r.off += int64(len(b))
		n -= len(b)
	}
	return nil
}

// take reads n octets, at most as many as scratch holds; they are good until
// the next call.
func (r *Reader) take(n int, what string) ([]byte, error) {
	return r.fill(0, n, what)
}

// fill reads scratch[from:to] and returns scratch[:to].
func (r *Reader) fill(from, to int, what string) ([]byte, error) {
	m, err := io.ReadFull(r.r, r.scratch[from:to])
	r.off += int64(m)
	if err != nil {
		return nil, r.fault(err, what)
	}
	return r.scratch[:to], nil
}

// skip drops n octets.
func (r *Reader) skip(n int64, what string) error {
	for n > 0 {
		m, err := r.r.Discard(int(min(n, 1<<20)))
		r.off += int64(m)
		n -= int64(m)
		if err != nil {
			return r.fault(err, what)
		}
	}
	return nil
}

// fault makes the end of the file inside a unit a ParseError, and leaves other
// errors of the underlying reader as they are.
func (r *Reader) fault(err error, what string) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return &ParseError{Offset: r.off, What: what, Err: io.ErrUnexpectedEOF}
	}
	return err
}

// rebase sets a ParseError's offset to that of its unit plus its own.
func rebase(err error, unit int64) error {
	if e, ok := errors.AsType[*ParseError](err); ok {
		e.Offset += unit
	}
	return err
}
