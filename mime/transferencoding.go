package mime

import (
	"io"

	"applayer/internal/ascii"
)

// TransferEncoding is how a body is made fit for the way of a message
// (RFC 2045 §6).
type TransferEncoding uint8

const (
	// EncodingAuto, in what is to be written, chooses by looking at the body.
	EncodingAuto TransferEncoding = iota
	// Encoding7Bit is lines of ASCII of at most 998 octets (RFC 2045 §2.7).
	Encoding7Bit
	// Encoding8Bit is such lines of any octets but NUL (RFC 2045 §2.8).
	Encoding8Bit
	// EncodingBinary is any octets (RFC 2045 §2.9). No mail system but one with
	// BINARYMIME carries them (RFC 3030 §3).
	EncodingBinary
	// EncodingQuotedPrintable is that of RFC 2045 §6.7.
	EncodingQuotedPrintable
	// EncodingBase64 is that of RFC 2045 §6.8.
	EncodingBase64
	// EncodingUU is the x-uuencode of old mail, which is in no RFC. It is read,
	// and never written.
	EncodingUU
	// EncodingUnknown is any other. What is in it is left as it is
	// (RFC 2045 §6.4).
	EncodingUnknown
)

var transferEncodingNames = [...]string{"", "7bit", "8bit", "binary", "quoted-printable", "base64", "x-uuencode", "unknown"}

// String returns the name that the field Content-Transfer-Encoding has for it.
func (e TransferEncoding) String() string {
	if int(e) < len(transferEncodingNames) {
		return transferEncodingNames[e]
	}
	return "TransferEncoding(?)"
}

// isIdentity tells whether the body is written as it is.
func (e TransferEncoding) isIdentity() bool { return e >= Encoding7Bit && e <= EncodingBinary }

// isDecoded tells whether the body has to be decoded to be read.
func (e TransferEncoding) isDecoded() bool { return e >= EncodingQuotedPrintable && e <= EncodingUU }

// decoder returns a reader that undoes the encoding.
func (e TransferEncoding) decoder(r io.Reader) io.Reader {
	switch e {
	case EncodingBase64:
		return NewBase64Reader(r)
	case EncodingQuotedPrintable:
		return NewQPReader(r)
	case EncodingUU:
		return NewUUReader(r)
	}
	return r
}

// transferEncodingOf reads the value of a Content-Transfer-Encoding field
// (RFC 2045 §6.1). One that is empty is 7bit.
func transferEncodingOf[T text](value T) TransferEncoding {
	l := lexerOf[T]{s: value}
	l.skipCFWS()
	name := l.token()
	for e := Encoding7Bit; e <= EncodingUU; e++ {
		if ascii.EqualFold(name, transferEncodingNames[e]) {
			return e
		}
	}
	switch {
	case len(name) == 0 && l.atEnd():
		return Encoding7Bit
	case ascii.EqualFold(name, "uuencode"), ascii.EqualFold(name, "x-uue"):
		return EncodingUU
	}
	return EncodingUnknown
}

// encodingToWrite returns the encoding that the header of an entity to be
// written names: 7bit, if it names none (RFC 2045 §6.1).
func encodingToWrite(h *Header) (TransferEncoding, error) {
	f, ok := h.Field("Content-Transfer-Encoding")
	if !ok {
		return Encoding7Bit, nil
	}
	if e := transferEncodingOf(f.RawValue()); e <= EncodingBase64 {
		return e, nil
	}
	return EncodingAuto, &ParseError{Field: f.Name(), What: "encoding to be written", Ref: "RFC 2045 §6.1", Err: ErrUnknownEncoding}
}
