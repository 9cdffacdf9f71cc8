package dns

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// Lines of long data begin at column 32, and have 44 characters of octets, as
// those of dig +multiline.
const (
	multilineIndent = "\n\t\t\t\t"
	multilineSplit  = 44
)

// appendMultiline appends data over several lines, in parentheses, where it is of
// a type that is long or hard to read; false where it is not.
func appendMultiline(dst []byte, d RData) (_ []byte, ok bool, err error) {
	switch d := d.(type) {
	case *SOA:
		return appendMultilineSOA(dst, d), true, nil
	case *DS, *CDS, *DLV, *TA, *TLSA, *SMIMEA, *SSHFP, *CERT, *ZONEMD:
		dst, err = appendMultilineOctets(dst, d)
		return append(dst, " )"...), true, err
	case *DNSKEY:
		dst, err = appendMultilineKey(dst, d, d)
		return dst, true, err
	case *CDNSKEY:
		dst, err = appendMultilineKey(dst, d, &d.DNSKEY)
		return dst, true, err
	case *KEY:
		dst, err = appendMultilineKey(dst, d, &d.DNSKEY)
		return dst, true, err
	case *Unknown:
		return appendMultilineUnknown(dst, d), true, nil
	case *RRSIG:
		dst, err = appendMultilineSignature(dst, d)
		return dst, true, err
	case *NSEC3:
		dst, err = appendMultilineNSEC3(dst, d)
		return dst, true, err
	}
	return dst, false, nil
}

// appendMultilineSOA appends a line with a comment for each number.
func appendMultilineSOA(dst []byte, d *SOA) []byte {
	dst = append(d.MName.appendText(dst), ' ')
	dst = append(d.RName.appendText(dst), " ("...)
	for i, n := range [...]uint32{d.Serial, d.Refresh, d.Retry, d.Expire, d.Minimum} {
		number := strconv.FormatUint(uint64(n), 10)
		dst = append(append(dst, multilineIndent...), number...)
		dst = append(dst, strings.Repeat(" ", 11-len(number))...)
		dst = append(dst, [...]string{"; serial", "; refresh", "; retry", "; expire", "; minimum"}[i]...)
		if i > 0 {
			dst = appendVerboseTime(append(dst, " ("...), time.Duration(n)*time.Second)
			dst = append(dst, ')')
		}
	}
	return append(append(dst, multilineIndent...), ')')
}

// appendMultilineOctets appends data whose last field are octets: these behind
// the parenthesis that opens, which is not closed.
func appendMultilineOctets(dst []byte, d RData) ([]byte, error) {
	start := len(dst)
	dst, err := AppendRDataText(dst, d)
	if err != nil {
		return dst, err
	}
	at := start + strings.LastIndexByte(string(dst[start:]), ' ')
	octets := string(dst[at+1:])
	dst = append(dst[:at], " ("...)
	for len(octets) > 0 {
		n := min(len(octets), multilineSplit)
		dst = append(append(dst, multilineIndent...), octets[:n]...)
		octets = octets[n:]
	}
	return dst, nil
}

// appendMultilineUnknown appends octets in the form of RFC 3597 §5.
func appendMultilineUnknown(dst []byte, d *Unknown) []byte {
	text := string(appendUnknownText(nil, d.Octets, 0))
	head, octets, ok := strings.Cut(text[len(`\# `):], " ")
	dst = append(append(dst, `\# `...), head...)
	if !ok {
		return dst
	}
	dst = append(dst, " ( "...)
	for len(octets) > multilineSplit {
		dst = append(append(dst, octets[:multilineSplit]...), multilineIndent...)
		octets = octets[multilineSplit:]
	}
	return append(append(dst, octets...), " )"...)
}

// appendMultilineKey appends a key with a comment on what it is.
func appendMultilineKey(dst []byte, d RData, key *DNSKEY) ([]byte, error) {
	dst, err := appendMultilineOctets(dst, d)
	if err != nil {
		return dst, err
	}
	const secureEntryPoint = 1 // RFC 4034 §2.1.1
	dst = append(append(dst, multilineIndent...), ')')
	switch {
	case d.Type() == TypeKEY:
	case key.Flags&secureEntryPoint != 0:
		dst = append(dst, " ; KSK"...)
	default:
		dst = append(dst, " ; ZSK"...)
	}
	dst = append(dst, "; alg = "...)
	dst = append(append(dst, key.Algorithm.String()...), " ; key id = "...)
	return strconv.AppendUint(dst, uint64(key.KeyTag()), 10), nil
}

// appendMultilineSignature appends a signature: what is signed, by whom, and the
// octets.
func appendMultilineSignature(dst []byte, d *RRSIG) ([]byte, error) {
	start := len(dst)
	dst, err := appendMultilineOctets(dst, d)
	if err != nil {
		return dst, err
	}
	text := strings.Replace(string(dst[start:]), " (", "", 1)
	words := strings.SplitN(text, " ", 5)
	return append(append(dst[:start], strings.Join(words[:4], " ")+" ("+multilineIndent+words[4]...), " )"...), nil
}

// appendMultilineNSEC3 appends a line for the next hash, and one for the types
// of each block of 256 (RFC 5155 §3.2.1).
func appendMultilineNSEC3(dst []byte, d *NSEC3) ([]byte, error) {
	text, err := AppendRDataText(nil, &NSEC3{HashAlgorithm: d.HashAlgorithm, Flags: d.Flags, Iterations: d.Iterations, Salt: d.Salt, NextHashed: d.NextHashed})
	if err != nil {
		return dst, err
	}
	hash := bytes.LastIndexByte(text, ' ')
	dst = append(append(dst, text[:hash]...), " ("...)
	dst = append(append(dst, multilineIndent...), text[hash+1:]...)
	block := -1
	for t := range d.Types.All() {
		separator := " "
		if int(t>>8) != block {
			block, separator = int(t>>8), multilineIndent
		}
		dst = append(append(dst, separator...), t.String()...)
	}
	return append(dst, " )"...), nil
}
