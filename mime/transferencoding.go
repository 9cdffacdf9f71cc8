package mime

import "applayer/internal/ascii"

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
)

var transferEncodingNames = [...]string{"", "7bit", "8bit", "binary", "quoted-printable", "base64"}

// String returns the name that the field Content-Transfer-Encoding has for it.
func (e TransferEncoding) String() string {
	if int(e) < len(transferEncodingNames) {
		return transferEncodingNames[e]
	}
	return "TransferEncoding(?)"
}

// isIdentity tells whether the body is written as it is.
func (e TransferEncoding) isIdentity() bool { return e >= Encoding7Bit && e <= EncodingBinary }

// encodingToWrite returns the encoding that the header of an entity to be
// written names: 7bit, if it names none (RFC 2045 §6.1).
func encodingToWrite(h *Header) (TransferEncoding, error) {
	f, ok := h.Field("Content-Transfer-Encoding")
	if !ok {
		return Encoding7Bit, nil
	}
	l := lexer{s: f.RawValue(), o: (*Options)(nil).inForce()}
	l.skipCFWS()
	name := l.token()
	for e, known := range transferEncodingNames {
		if known != "" && ascii.EqualFold(name, known) {
			return TransferEncoding(e), nil
		}
	}
	return EncodingAuto, &ParseError{Field: f.Name(), What: "encoding to be written", Ref: "RFC 2045 §6.1", Err: ErrUnknownEncoding}
}
