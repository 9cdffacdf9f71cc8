package pcap

import (
	"encoding/binary"
	"io"
	"time"
)

// Format is one of the two file formats.
type Format int

// The formats that a [Writer] writes.
const (
	// FormatClassic is the format of libpcap, which everything reads.
	FormatClassic Format = iota
	// FormatNG is pcapng.
	FormatNG
)

// WriterOptions says what a [Writer] writes. The zero value is a classic
// capture of raw IP packets with times in nanoseconds, little-endian.
type WriterOptions struct {
	Format Format
	// LinkType of all packets; the default is [LinkTypeRaw], since
	// [LinkTypeNull] is not written.
	LinkType LinkType
	// ByteOrder is binary.LittleEndian by default.
	ByteOrder binary.ByteOrder
	// Micro cuts times to microseconds, for programs older than libpcap 1.5.
	Micro bool
	// SnapLen cuts longer packets (default 262144).
	SnapLen int
}

// Writer writes a capture. Every packet goes to the underlying writer in one
// Write; the file's header goes with the first, or with [Writer.Flush]. It is
// for one goroutine.
type Writer struct {
	w       io.Writer
	options WriterOptions
	started bool
	buf     []byte
	err     error
}

// NewWriter writes a capture to w, which is not closed.
func NewWriter(w io.Writer, options *WriterOptions) *Writer {
	var o WriterOptions
	if options != nil {
		o = *options
	}
	if o.LinkType == LinkTypeNull {
		o.LinkType = LinkTypeRaw
	}
	if o.ByteOrder == nil {
		o.ByteOrder = binary.LittleEndian
	}
	if o.SnapLen <= 0 {
		o.SnapLen = 256 << 10
	}
	return &Writer{w: w, options: o}
}

// Flush writes the file's header if no packet did: a capture of nothing is a
// capture too.
func (w *Writer) Flush() error {
	if w.started || w.err != nil {
		return w.err
	}
	w.buf = w.header(w.buf[:0])
	return w.flush()
}

// Write writes a packet that was captured at t: all of it, up to the snap
// length. A time that the format cannot hold is a [*ParseError]; after an
// error of the underlying writer all further calls return that error.
func (w *Writer) Write(t time.Time, data []byte) error {
	return w.WritePacket(&Packet{Time: t, Length: len(data), Data: data})
}

// WritePacket is [Writer.Write] for a packet that is already cut, of which
// p.Length tells the full length. Link type and interface are the writer's.
func (w *Writer) WritePacket(p *Packet) error {
	if w.err != nil {
		return w.err
	}
	b := w.buf[:0]
	if !w.started {
		b = w.header(b)
	}
	data := p.Data[:min(len(p.Data), w.options.SnapLen)]
	length := max(p.Length, len(p.Data))
	var err error
	if w.options.Format == FormatNG {
		b, err = appendEnhanced(b, p.Time, data, length, w.options.ByteOrder, w.tick())
	} else {
		b, err = appendRecordHeader(b, recordHeader{p.Time, len(data), length}, w.options.ByteOrder, w.tick())
		b = append(b, data...)
	}
	if err != nil {
		return err
	}
	w.buf = b
	return w.flush()
}

func (w *Writer) flush() error {
	w.started = true
	_, w.err = w.w.Write(w.buf)
	return w.err
}

func (w *Writer) tick() time.Duration {
	if w.options.Micro {
		return time.Microsecond
	}
	return time.Nanosecond
}

func (w *Writer) header(dst []byte) []byte {
	o := &w.options
	if o.Format == FormatNG {
		return appendInterface(appendSection(dst, o.ByteOrder), o.LinkType, o.SnapLen, o.ByteOrder, w.tick())
	}
	return appendFileHeader(dst, fileHeader{o.ByteOrder, w.tick(), o.SnapLen, o.LinkType})
}

// order can append and read.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// appender gives the appending half of a byte order.
func appender(o binary.ByteOrder) order {
	if o == binary.ByteOrder(be) {
		return be
	}
	return binary.LittleEndian
}

// appendSection appends a section header block of unknown section length.
func appendSection(dst []byte, bo binary.ByteOrder) []byte {
	o := appender(bo)
	b := o.AppendUint32(dst, blockSection)
	b = o.AppendUint32(b, 28)
	b = o.AppendUint32(b, byteOrderMagic)
	b = o.AppendUint16(b, 1)
	b = o.AppendUint16(b, 0)
	b = o.AppendUint64(b, 1<<64-1)
	return o.AppendUint32(b, 28)
}

// appendInterface appends an interface description block with if_tsresol.
func appendInterface(dst []byte, link LinkType, snap int, bo binary.ByteOrder, tick time.Duration) []byte {
	o := appender(bo)
	resol := byte(9)
	if tick == time.Microsecond {
		resol = 6
	}
	b := o.AppendUint32(dst, blockInterface)
	b = o.AppendUint32(b, 32)
	b = o.AppendUint16(b, uint16(link))
	b = o.AppendUint16(b, 0)
	b = o.AppendUint32(b, uint32(snap))
	b = o.AppendUint16(b, optionTSResol)
	b = o.AppendUint16(b, 1)
	b = append(b, resol, 0, 0, 0)
	b = o.AppendUint32(b, optionEnd)
	return o.AppendUint32(b, 32)
}

// appendEnhanced appends an enhanced packet block of interface 0.
func appendEnhanced(dst []byte, t time.Time, data []byte, length int, bo binary.ByteOrder, tick time.Duration) ([]byte, error) {
	if t.Before(time.Unix(0, 0)) || t.After(time.Unix(1<<33, 0)) {
		return dst, &ParseError{What: "time outside 1970 to 2242", Ref: refNG}
	}
	o := appender(bo)
	ticks := uint64(t.UnixNano()) / uint64(tick)
	padding := -len(data) & 3
	total := uint32(32 + len(data) + padding)
	b := o.AppendUint32(dst, blockEnhanced)
	b = o.AppendUint32(b, total)
	b = o.AppendUint32(b, 0)
	b = o.AppendUint32(b, uint32(ticks>>32))
	b = o.AppendUint32(b, uint32(ticks))
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, uint32(length))
	b = append(b, data...)
	b = append(b, 0, 0, 0)[:len(b)+padding]
	return o.AppendUint32(b, total), nil
}
