package mime

import (
	"encoding/binary"
	"io"

	"applayer/internal/ascii"
)

// Defects of a base64 body. A body has each at most once, at its first place.
const (
	// DefectBase64Junk is an octet that is neither of the alphabet nor a blank.
	// It is ignored, as RFC 2045 §6.8 asks, though it may stand for a loss.
	DefectBase64Junk DefectCode = "base64-junk"
	// DefectBase64Padding is a last group without its "=", or with one too few
	// or too many.
	DefectBase64Padding DefectCode = "base64-padding"
	// DefectBase64AfterPadding is data behind a "=", as where encoded pieces
	// were put one behind another. It is decoded on.
	DefectBase64AfterPadding DefectCode = "base64-after-padding"
	// DefectBase64Cut is a group of one character, which stands for 6 bits and
	// no octet: something is missing before it.
	DefectBase64Cut DefectCode = "base64-cut"
)

// Base64Reader decodes the base64 of RFC 2045 §6.8 as a stream. It never fails
// of itself: what is no base64 is passed over and counted. Only errors of its
// source are errors.
type Base64Reader struct {
	src   io.Reader
	d     base64Decoder
	err   error    // what the source ended with
	small [64]byte // decoded in where the caller brings little room
	out   []byte   // what is left of small
}

// NewBase64Reader returns a reader of what r's base64 stands for. It reads from
// r no further than it has room for and has no buffer of its own, so larger
// reads are faster ones.
func NewBase64Reader(r io.Reader) *Base64Reader { return &Base64Reader{src: r} }

// Junk returns how many octets were passed over so far: all but the alphabet,
// padding, blanks and line ends.
func (r *Base64Reader) Junk() int64 { return r.d.junk }

// Defects lists what was wrong in what was read so far. Offsets count encoded
// octets.
func (r *Base64Reader) Defects() []Defect { return r.d.defects }

// Read decodes up to len(p) octets. At the end of the source it returns io.EOF.
func (r *Base64Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		switch {
		case len(r.out) > 0:
			n := copy(p, r.out)
			r.out = r.out[n:]
			return n, nil
		case r.err != nil:
			return 0, r.err
		}
		if len(p) >= len(r.small) {
			if n := r.fill(p); n > 0 {
				return n, nil
			}
			continue
		}
		r.out = r.small[:r.fill(r.small[:])]
	}
}

// fill reads encoded octets into b and decodes them where they are, since what
// they stand for is shorter. What is kept of a group may make it longer by two
// octets for a while, and the decoder writes eight at a time: hence the gap.
func (r *Base64Reader) fill(b []byte) int {
	const gap = 8
	n, err := readSome(r.src, b[gap:])
	m := r.d.decode(b, b[gap:gap+n])
	if err != nil {
		r.err = err
		if err == io.EOF {
			m += r.d.end(b[m:])
		}
	}
	return m
}

// maxEmptyReads is how often a source may bring nothing and no error.
const maxEmptyReads = 100

// readSome reads once, and again if nothing came.
func readSome(r io.Reader, b []byte) (int, error) {
	for range maxEmptyReads {
		if n, err := r.Read(b); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// base64Alphabet is RFC 2045 §6.8, table 1.
const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// base64Bits has the six bits of each character where they stand in a group of
// 24, for each of the four places in a group. What is no character has a bit
// beyond the 24.
var base64Bits = func() (t [4][256]uint32) {
	for place := range t {
		for i := range t[place] {
			t[place][i] = base64None
		}
		for v, c := range []byte(base64Alphabet) {
			t[place][c] = uint32(v) << (18 - 6*place)
		}
	}
	return t
}()

const base64None = 1 << 24

// isBlankOrEnd is the class of octets that lines of encoded data hold beside
// the data.
var isBlankOrEnd = ascii.Chars(" \t\r\n")

// base64Decoder decodes base64 that comes in pieces.
type base64Decoder struct {
	group   uint32 // the characters of a group that is not whole
	n       int    // how many they are
	pads    int    // how many "=" belong to the group that ended last and are to come
	padded  bool   // the last character was a "="
	at      int64  // the octets before the piece
	junk    int64
	defects []Defect
}

// decode decodes a piece into dst and returns how many octets it stands for.
// Dst has room for as many as src has and two more; it may begin as little as
// eight octets before src in the same memory.
func (d *base64Decoder) decode(dst, src []byte) (n int) {
	s := 0
	for s < len(src) {
		if d.n == 0 && !d.padded {
			took, gave := decodeGroups(dst[n:], src[s:])
			s, n = s+took, n+gave
			if s == len(src) {
				break
			}
		}
		c := src[s]
		s++
		bits := base64Bits[3][c]
		switch {
		case bits != base64None:
			if d.padded {
				d.behindPadding(s - 1)
			}
			d.group = d.group<<6 | bits
			if d.n++; d.n == 4 {
				dst[n], dst[n+1], dst[n+2] = byte(d.group>>16), byte(d.group>>8), byte(d.group)
				n += 3
				d.n, d.group = 0, 0
			}
		case c == '\r' && s < len(src) && src[s] == '\n':
			s++
		case c == '=':
			n += d.pad(dst[n:], s-1)
		case !isBlankOrEnd.Has(c):
			d.junk++
			d.defect(DefectBase64Junk, s-1)
		}
	}
	d.at += int64(len(src))
	return n
}

// decodeGroups decodes whole groups at the front of src for as long as there is
// nothing but the alphabet in them, two at a time.
func decodeGroups(dst, src []byte) (took, gave int) {
	t := &base64Bits
	for len(src)-took >= 8 && len(dst)-gave >= 8 {
		c := src[took : took+8 : took+8]
		hi := t[0][c[0]] | t[1][c[1]] | t[2][c[2]] | t[3][c[3]]
		lo := t[0][c[4]] | t[1][c[5]] | t[2][c[6]] | t[3][c[7]]
		if (hi|lo)&base64None != 0 {
			break
		}
		binary.BigEndian.PutUint64(dst[gave:], uint64(hi)<<40|uint64(lo)<<16)
		took, gave = took+8, gave+6
	}
	if len(src)-took >= 4 {
		c := src[took : took+4 : took+4]
		v := t[0][c[0]] | t[1][c[1]] | t[2][c[2]] | t[3][c[3]]
		if v&base64None == 0 {
			dst[gave], dst[gave+1], dst[gave+2] = byte(v>>16), byte(v>>8), byte(v)
			took, gave = took+4, gave+3
		}
	}
	return took, gave
}

// pad takes a "=": it ends a group of two or three characters, which stand for
// one or two octets.
func (d *base64Decoder) pad(dst []byte, at int) (n int) {
	d.padded = true
	switch {
	case d.n > 0:
		d.pads = 3 - d.n
		return d.endGroup(dst, at)
	case d.pads > 0:
		d.pads--
	default:
		d.defect(DefectBase64Padding, at)
	}
	return 0
}

// behindPadding notes that data goes on behind a "=".
func (d *base64Decoder) behindPadding(at int) {
	if d.pads > 0 {
		d.defect(DefectBase64Padding, at)
	}
	d.defect(DefectBase64AfterPadding, at)
	d.padded, d.pads = false, 0
}

// endGroup decodes a group that is not whole.
func (d *base64Decoder) endGroup(dst []byte, at int) (n int) {
	switch d.n {
	case 1:
		d.defect(DefectBase64Cut, at)
	case 2:
		dst[0] = byte(d.group >> 4)
		n = 1
	case 3:
		dst[0], dst[1] = byte(d.group>>10), byte(d.group>>2)
		n = 2
	}
	d.n, d.group = 0, 0
	return n
}

// end decodes what the last group has without padding.
func (d *base64Decoder) end(dst []byte) int {
	if d.n > 1 || d.pads > 0 {
		d.defect(DefectBase64Padding, 0)
	}
	d.pads = 0
	return d.endGroup(dst, 0)
}

// defect notes a defect if it is the first of its kind.
func (d *base64Decoder) defect(code DefectCode, at int) {
	for _, known := range d.defects {
		if known.Code == code {
			return
		}
	}
	d.defects = append(d.defects, Defect{Code: code, Offset: d.at + int64(at), Ref: "RFC 2045 §6.8"})
}
