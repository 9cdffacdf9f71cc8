package dns

import (
	"encoding/binary"
	"iter"
	"strconv"
)

// EDECode says why an answer is as it is (RFC 8914 §4).
type EDECode uint16

// The codes of RFC 8914 §4 and of those that were registered since.
const (
	EDEOther                      EDECode = 0
	EDEUnsupportedDNSKEYAlgorithm EDECode = 1
	EDEUnsupportedDSDigestType    EDECode = 2
	EDEStaleAnswer                EDECode = 3
	EDEForgedAnswer               EDECode = 4
	EDEDNSSECIndeterminate        EDECode = 5
	EDEDNSSECBogus                EDECode = 6
	EDESignatureExpired           EDECode = 7
	EDESignatureNotYetValid       EDECode = 8
	EDEDNSKEYMissing              EDECode = 9
	EDERRSIGsMissing              EDECode = 10
	EDENoZoneKeyBitSet            EDECode = 11
	EDENSECMissing                EDECode = 12
	EDECachedError                EDECode = 13
	EDENotReady                   EDECode = 14
	EDEBlocked                    EDECode = 15
	EDECensored                   EDECode = 16
	EDEFiltered                   EDECode = 17
	EDEProhibited                 EDECode = 18
	EDEStaleNXDomainAnswer        EDECode = 19
	EDENotAuthoritative           EDECode = 20
	EDENotSupported               EDECode = 21
	EDENoReachableAuthority       EDECode = 22
	EDENetworkError               EDECode = 23
	EDEInvalidData                EDECode = 24
	EDESignatureExpiredBefore     EDECode = 25
	EDETooEarly                   EDECode = 26
	EDEUnsupportedNSEC3Iterations EDECode = 27
	EDEUnableToConformToPolicy    EDECode = 28
	EDESynthesized                EDECode = 29
	EDEInvalidQueryType           EDECode = 30
)

var edeNames = [...]string{
	"Other", "Unsupported DNSKEY Algorithm", "Unsupported DS Digest Type", "Stale Answer",
	"Forged Answer", "DNSSEC Indeterminate", "DNSSEC Bogus", "Signature Expired",
	"Signature Not Yet Valid", "DNSKEY Missing", "RRSIGs Missing", "No Zone Key Bit Set",
	"NSEC Missing", "Cached Error", "Not Ready", "Blocked", "Censored", "Filtered", "Prohibited",
	"Stale NXDOMAIN Answer", "Not Authoritative", "Not Supported", "No Reachable Authority",
	"Network Error", "Invalid Data", "Signature Expired before Valid", "Too Early",
	"Unsupported NSEC3 Iterations Value", "Unable to conform to policy", "Synthesized",
	"Invalid Query Type",
}

// String returns the name of the code, or "EDE" and the number.
func (c EDECode) String() string {
	if int(c) < len(edeNames) {
		return edeNames[c]
	}
	return "EDE" + strconv.Itoa(int(c))
}

// ExtendedError is an Extended DNS Error: more of why than a response code says
// (RFC 8914 §2). Nothing in it is sure, unless the whole message is.
type ExtendedError struct {
	Code EDECode
	// Text is for people, in UTF-8; as it came.
	Text string
}

// String returns the code, its name, and the text as dig has them, such as
// "22 (No Reachable Authority): (timeout)", with a point for what does not
// print.
func (e ExtendedError) String() string {
	s := strconv.Itoa(int(e.Code))
	if int(e.Code) < len(edeNames) {
		s += " (" + edeNames[e.Code] + ")"
	}
	if e.Text != "" {
		s += ": (" + string(appendPrintable(nil, []byte(e.Text))) + ")"
	}
	return s
}

// ParseExtendedError reads the data of an option; a NUL at the end of its text
// is not part of it (RFC 8914 §2).
func ParseExtendedError(b []byte) (e ExtendedError, err error) {
	if len(b) < 2 {
		return e, optionError(len(b), "extended error", "RFC 8914 §2", ErrRDLength)
	}
	text := b[2:]
	if n := len(text); n > 0 && text[n-1] == 0 {
		text = text[:n-1]
	}
	return ExtendedError{EDECode(binary.BigEndian.Uint16(b)), string(text)}, nil
}

// AppendExtendedError appends the data of an option.
func AppendExtendedError(dst []byte, e ExtendedError) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(e.Code)), e.Text...)
}

// ExtendedErrors goes through the extended errors, of which there may be
// several; those that are malformed are left out.
func (e *EDNS) ExtendedErrors() iter.Seq[ExtendedError] {
	return func(yield func(ExtendedError) bool) {
		if e == nil {
			return
		}
		for _, o := range e.Options {
			if o.Code != OptionEDE {
				continue
			}
			if x, err := ParseExtendedError(o.Data); err == nil && !yield(x) {
				return
			}
		}
	}
}

// AddExtendedError adds an extended error behind those that are there.
func (e *EDNS) AddExtendedError(x ExtendedError) {
	e.Options = append(e.Options, Option{OptionEDE, AppendExtendedError(nil, x)})
}
