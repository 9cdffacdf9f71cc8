package pcap

import (
	"encoding/binary"
	"math"
	"math/bits"
	"time"
)

// The classic format: a header of 24 octets, then records with a header of 16.
const (
	fileHeaderLength   = 24
	recordHeaderLength = 16
	magicMicro         = 0xa1b2c3d4
	magicNano          = 0xa1b23c4d
)

// fileHeader is what a classic capture begins with.
type fileHeader struct {
	order binary.ByteOrder
	tick  time.Duration
	snap  int
	link  LinkType
}

// parseFileHeader takes the 24 octets of b. The upper half of the link type's
// word tells of frame check sequences, the version is 2.4 since 1998, and the
// two words for time zone and accuracy are 0 in practice: none is looked at.
func parseFileHeader(b []byte) (h fileHeader, err error) {
	h.order = binary.LittleEndian
	if b[0] == 0xa1 {
		h.order = be
	}
	switch h.order.Uint32(b) {
	case magicMicro:
		h.tick = time.Microsecond
	case magicNano:
		h.tick = time.Nanosecond
	default:
		return fileHeader{}, &ParseError{What: "magic number", Err: ErrFormat}
	}
	h.snap = int(min(h.order.Uint32(b[16:]), math.MaxInt32))
	h.link = LinkType(h.order.Uint32(b[20:]))
	return h, nil
}

// appendFileHeader appends the 24 octets.
func appendFileHeader(dst []byte, h fileHeader) []byte {
	magic := uint32(magicMicro)
	if h.tick == time.Nanosecond {
		magic = magicNano
	}
	var b [fileHeaderLength]byte
	h.order.PutUint32(b[0:], magic)
	h.order.PutUint16(b[4:], 2)
	h.order.PutUint16(b[6:], 4)
	h.order.PutUint32(b[16:], uint32(h.snap))
	h.order.PutUint32(b[20:], uint32(h.link))
	return append(dst, b[:]...)
}

// recordHeader stands before each packet.
type recordHeader struct {
	time     time.Time
	captured int
	length   int
}

// parseRecordHeader takes the 16 octets of b. A fraction beyond the second is
// carried over, as the programs that read captures do.
func parseRecordHeader(b []byte, order binary.ByteOrder, tick time.Duration) (h recordHeader, err error) {
	seconds, fraction := order.Uint32(b), order.Uint32(b[4:])
	captured, length := order.Uint32(b[8:]), order.Uint32(b[12:])
	if captured > math.MaxInt32 || length > math.MaxInt32 {
		return recordHeader{}, &ParseError{Offset: 8, What: "record length", Err: ErrTooLong}
	}
	return recordHeader{
		time:     time.Unix(int64(seconds), int64(fraction)*int64(tick)).UTC(),
		captured: int(captured),
		length:   int(length),
	}, nil
}

// appendRecordHeader appends the 16 octets.
func appendRecordHeader(dst []byte, h recordHeader, order binary.ByteOrder, tick time.Duration) ([]byte, error) {
	seconds := h.time.Unix()
	if seconds < 0 || seconds > math.MaxUint32 {
		return dst, &ParseError{What: "time outside the 32 bits of a record"}
	}
	var b [recordHeaderLength]byte
	order.PutUint32(b[0:], uint32(seconds))
	order.PutUint32(b[4:], uint32(h.time.Nanosecond()/int(tick)))
	order.PutUint32(b[8:], uint32(h.captured))
	order.PutUint32(b[12:], uint32(h.length))
	return append(dst, b[:]...), nil
}

// resolution is the if_tsresol of an interface: with the upper bit 2 to the
// power of minus the other bits, else 10 to the power of minus it.
type resolution uint8

// time turns ticks since 1970 to a time, rounded down to nanoseconds.
func (r resolution) time(ticks uint64) time.Time {
	n := uint(r &^ 0x80)
	var seconds, nanos uint64
	switch {
	case r&0x80 != 0 && n < 64:
		seconds = ticks >> n
		hi, lo := bits.Mul64(ticks&(1<<n-1), 1e9)
		nanos = hi<<(64-n) | lo>>n
	case r&0x80 != 0:
		hi, _ := bits.Mul64(ticks, 1e9)
		nanos = hi >> (n - 64)
	case n <= 9:
		seconds, nanos = ticks/pow10(n), ticks%pow10(n)*pow10(9-n)
	case n <= 19:
		seconds, nanos = ticks/pow10(n), ticks%pow10(n)/pow10(n-9)
	case n <= 28:
		nanos = ticks / pow10(n-9)
	}
	return time.Unix(int64(seconds), int64(nanos)).UTC()
}

// pow10 is 10 to the power of n, for n up to 19.
func pow10(n uint) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
