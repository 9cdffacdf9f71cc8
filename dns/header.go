package dns

import (
	"encoding/binary"
	"io"
)

// HeaderSize is how many octets the header of a message takes.
const HeaderSize = 12

// Header is the first part of a message, but for the four counts
// (RFC 1035 §4.1.1).
type Header struct {
	// ID is chosen by who asks, and repeated in the response.
	ID uint16
	// Response (QR) tells a response from a query.
	Response bool
	// Opcode is the kind of message; a response repeats it.
	Opcode Opcode
	// Authoritative (AA): the server has authority for the question's name.
	Authoritative bool
	// Truncated (TC): not all went into the message; ask over TCP.
	Truncated bool
	// RecursionDesired (RD) asks the server to ask others; a response repeats
	// it.
	RecursionDesired bool
	// RecursionAvailable (RA): the server would.
	RecursionAvailable bool
	// Zero (Z) is the bit that must be 0; it is kept as it came.
	Zero bool
	// AuthenticData (AD): all data was validated, or, in a query, the answer to
	// that is wanted (RFC 4035 §3.2.3, RFC 6840 §5.7).
	AuthenticData bool
	// CheckingDisabled (CD): do not validate (RFC 4035 §3.2.2).
	CheckingDisabled bool
	// RCode is the result. On the wire the header holds its lowest four bits,
	// the OPT record the eight above (RFC 6891 §6.1.3).
	RCode RCode
}

// The bits of the header's second field.
const (
	bitQR = 1 << 15
	bitAA = 1 << 10
	bitTC = 1 << 9
	bitRD = 1 << 8
	bitRA = 1 << 7
	bitZ  = 1 << 6
	bitAD = 1 << 5
	bitCD = 1 << 4
)

// Flags returns the header's second 16 bits, with the lowest four of the RCode.
func (h *Header) Flags() uint16 {
	f := uint16(h.Opcode&15)<<11 | uint16(h.RCode&15)
	for _, b := range [...]struct {
		set bool
		bit uint16
	}{
		{h.Response, bitQR}, {h.Authoritative, bitAA}, {h.Truncated, bitTC}, {h.RecursionDesired, bitRD},
		{h.RecursionAvailable, bitRA}, {h.Zero, bitZ}, {h.AuthenticData, bitAD}, {h.CheckingDisabled, bitCD},
	} {
		if b.set {
			f |= b.bit
		}
	}
	return f
}

// SetFlags takes the header's second 16 bits apart. The RCode is their lowest
// four.
func (h *Header) SetFlags(f uint16) {
	h.Response, h.Opcode = f&bitQR != 0, Opcode(f>>11&15)
	h.Authoritative, h.Truncated = f&bitAA != 0, f&bitTC != 0
	h.RecursionDesired, h.RecursionAvailable = f&bitRD != 0, f&bitRA != 0
	h.Zero, h.AuthenticData, h.CheckingDisabled = f&bitZ != 0, f&bitAD != 0, f&bitCD != 0
	h.RCode = RCode(f & 15)
}

// Section is a part of a message (RFC 1035 §4.1).
type Section uint8

// The sections in their order. SectionNone is what lies before them.
const (
	SectionNone Section = iota
	SectionQuestion
	SectionAnswer
	SectionAuthority
	SectionAdditional
)

// String returns the section's name in small letters.
func (s Section) String() string {
	switch s {
	case SectionQuestion:
		return "question"
	case SectionAnswer:
		return "answer"
	case SectionAuthority:
		return "authority"
	case SectionAdditional:
		return "additional"
	}
	return "header"
}

// Counts are how many entries the header says that each section has.
type Counts struct {
	Question, Answer, Authority, Additional uint16
}

// ParseHeader reads the header at the start of a message.
func ParseHeader(msg []byte) (h Header, c Counts, err error) {
	if len(msg) < HeaderSize {
		return h, c, &ParseError{Offset: int64(len(msg)), What: "header", Ref: "RFC 1035 §4.1.1", Reply: int(RCodeFormErr), Err: io.ErrUnexpectedEOF}
	}
	h.ID = binary.BigEndian.Uint16(msg)
	h.SetFlags(binary.BigEndian.Uint16(msg[2:]))
	c.Question = binary.BigEndian.Uint16(msg[4:])
	c.Answer = binary.BigEndian.Uint16(msg[6:])
	c.Authority = binary.BigEndian.Uint16(msg[8:])
	c.Additional = binary.BigEndian.Uint16(msg[10:])
	return h, c, nil
}

// AppendHeader appends a header with its counts.
func AppendHeader(dst []byte, h Header, c Counts) []byte {
	for _, v := range [...]uint16{h.ID, h.Flags(), c.Question, c.Answer, c.Authority, c.Additional} {
		dst = binary.BigEndian.AppendUint16(dst, v)
	}
	return dst
}

// Question is what is asked (RFC 1035 §4.1.2).
type Question struct {
	Name  Name
	Type  Type
	Class Class
}

// String returns the question as name, class and type.
func (q Question) String() string {
	return q.Name.String() + " " + q.Class.String() + " " + q.Type.String()
}
