package http1

import (
	"bytes"
	"io"
	"math"
)

// The defaults of [Limits] for chunks.
const (
	defaultMaxChunkLine     = 4 << 10
	defaultMaxChunkOverhead = 16 << 10
)

// freeChunkLine is how long a chunk's line may be before it counts as
// overhead: small chunks alone are no attack.
const freeChunkLine = 16

func (l *Limits) maxChunkLine() int {
	if l == nil {
		return defaultMaxChunkLine
	}
	return limit(l.MaxChunkLine, defaultMaxChunkLine)
}

func (l *Limits) maxChunkOverhead() int {
	if l == nil {
		return defaultMaxChunkOverhead
	}
	return limit(l.MaxChunkOverhead, defaultMaxChunkOverhead)
}

// chunkPart is a part of the chunked coding.
type chunkPart uint8

const (
	chunkLine    chunkPart = iota // chunk-size [ chunk-ext ] CRLF
	chunkData                     // chunk-data
	chunkDataEnd                  // the CRLF behind it
	chunkTrailer                  // trailer-section CRLF
)

// chunkReader takes the chunked coding from octets as they come
// (RFC 9112 §7.1). The line ends must be CRLF whatever the head's may be: an LF
// that one recipient takes and another does not moves the border of two
// messages (erratum 7633 of RFC 9112).
type chunkReader struct {
	part    chunkPart
	left    int64 // octets of chunk-data to come
	excess  int64 // octets of lines beyond their worth
	scanned int   // octets of the line or section looked at before
	section head  // of the trailers

	// padded takes white space behind chunk-size, with which some servers fill
	// it up to a fixed width.
	padded bool
	// extension is given what stands behind chunk-size, if anything. Nil drops
	// it (RFC 9112 §7.1.1).
	extension func([]byte)
}

// reset makes the reader stand before a body.
func (c *chunkReader) reset() {
	c.part, c.left, c.excess, c.scanned = chunkLine, 0, 0, 0
}

// next takes n octets from the front of b: data, at most most octets of it, is
// the part of them that is content. It returns [ErrIncomplete] where b ends
// before there is some, and io.EOF behind the trailer section, whose fields it
// adds to trailer. Other errors are a [*ParseError] with its Offset counted
// from the start of b, or a [*LimitError].
func (c *chunkReader) next(b []byte, most int, trailer *Header, lim *Limits) (data []byte, n int, err error) {
	for {
		switch c.part {
		case chunkData:
			take := int(min(c.left, int64(len(b)-n), int64(most)))
			if take == 0 {
				return nil, n, ErrIncomplete
			}
			c.took(int64(take))
			return b[n : n+take], n + take, nil
		case chunkDataEnd:
			switch {
			case n < len(b) && b[n] != '\r', n+1 < len(b) && b[n+1] != '\n':
				return nil, n, chunkFault(n, "chunk-data: no CRLF at its end", "RFC 9112 §7.1")
			case n+2 > len(b):
				return nil, n, ErrIncomplete
			}
			n += 2
			c.part = chunkLine
		case chunkLine:
			used, err := c.line(b[n:], n, lim)
			n += used
			if err != nil {
				return nil, n, err
			}
		default:
			used, err := c.trailer(b[n:], n, trailer, lim)
			n += used
			if err != nil {
				return nil, n, err
			}
			return nil, n, io.EOF
		}
	}
}

// took counts octets of chunk-data.
func (c *chunkReader) took(n int64) {
	if c.left -= n; c.left == 0 {
		c.part = chunkDataEnd
	}
}

// line takes a chunk's line from the front of b, which is at octet offset.
func (c *chunkReader) line(b []byte, offset int, lim *Limits) (n int, err error) {
	i := bytes.IndexByte(b[c.scanned:], '\n')
	n = c.scanned + i + 1
	if i < 0 {
		n = len(b)
	}
	if most := lim.maxChunkLine(); n > most {
		return 0, &LimitError{"MaxChunkLine", int64(most), StatusContentTooLarge}
	}
	if i < 0 {
		c.scanned = n
		return 0, ErrIncomplete
	}
	c.scanned = 0
	if n < 2 || b[n-2] != '\r' {
		return 0, chunkFault(offset+n-1, "chunk line: LF without CR", "RFC 9112 §7.1")
	}
	size, ext, perr := parseChunkLine(b[:n-2], c.padded)
	if perr != nil {
		perr.Offset += int64(offset)
		return 0, perr
	}
	if !c.afford(int64(n), size, int64(lim.maxChunkOverhead())) {
		return 0, &LimitError{"MaxChunkOverhead", int64(lim.maxChunkOverhead()), StatusContentTooLarge}
	}
	if len(ext) > 0 && c.extension != nil {
		c.extension(ext)
	}
	c.left, c.part = size, chunkData
	if size == 0 {
		c.part = chunkTrailer
	}
	return n, nil
}

// afford tells whether the body may have a line of n octets more for size
// octets of data (CVE-2023-39326).
func (c *chunkReader) afford(n, size, most int64) bool {
	c.excess = max(0, c.excess+n-freeChunkLine-min(size, math.MaxInt32))
	return c.excess <= most
}

// parseChunkLine takes chunk-size [ chunk-ext ], all of b (RFC 9112 §7.1).
func parseChunkLine(b []byte, padded bool) (size int64, ext []byte, err *ParseError) {
	i := 0
	for ; i < len(b) && isHex(b[i]); i++ {
		if size > math.MaxInt64>>4 {
			return 0, nil, chunkFault(i, "chunk-size: 2^63 or more", "RFC 9112 §7.1")
		}
		size = size<<4 | int64(hexValue(b[i]))
	}
	if i == 0 {
		return 0, nil, chunkFault(0, "chunk-size: no hexadecimal number", "RFC 9112 §7.1")
	}
	ext = b[i:]
	if at := checkChunkExt(ext, padded); at >= 0 {
		return 0, nil, chunkFault(i+at, "chunk-ext: none of the grammar", "RFC 9112 §7.1.1")
	}
	return size, ext, nil
}

// checkChunkExt checks chunk-ext, all of b, and returns the place of the first
// octet outside the grammar, or -1.
func checkChunkExt(b []byte, padded bool) int {
	i := 0
	for i < len(b) {
		at := skipBWS(b, i)
		if at == len(b) && padded {
			return -1
		}
		if at == len(b) || b[at] != ';' {
			return i
		}
		name := skipBWS(b, at+1)
		if i = skipToken(b, name); i == name {
			return name
		}
		at = skipBWS(b, i)
		if at == len(b) || b[at] != '=' {
			continue
		}
		value := skipBWS(b, at+1)
		if i = skipToken(b, value); i == value {
			if i = skipQuoted(b, value); i == value {
				return value
			}
		}
	}
	return -1
}

// skipBWS returns the place behind the white space at place i
// (RFC 9110 §5.6.3).
func skipBWS(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	return i
}

// skipToken returns the place behind the token at place i, i without one.
func skipToken(b []byte, i int) int {
	for i < len(b) && isToken[b[i]] {
		i++
	}
	return i
}

// skipQuoted returns the place behind the quoted-string at place i, i without
// one (RFC 9110 §5.6.4).
func skipQuoted(b []byte, i int) int {
	if i == len(b) || b[i] != '"' {
		return i
	}
	for at := i + 1; at < len(b); at++ {
		switch c := b[at]; {
		case c == '"':
			return at + 1
		case isCtl(c):
			return i
		case c == '\\':
			if at++; at == len(b) || isCtl(b[at]) {
				return i
			}
		}
	}
	return i
}

// trailer takes the trailer section and the empty line from the front of b,
// which is at octet offset, and adds the fields to dst.
func (c *chunkReader) trailer(b []byte, offset int, dst *Header, lim *Limits) (n int, err error) {
	end, known := emptyLine(b)
	if known && end == 0 {
		end, c.scanned = findEmptyLine(b, c.scanned)
	}
	if most := lim.maxFieldSection(); max(end, c.scanned) > most {
		return 0, &LimitError{"MaxFieldSection", int64(most), StatusFieldsTooLarge}
	}
	if end == 0 {
		return 0, ErrIncomplete
	}
	c.scanned = 0
	c.section.raw = b[:end]
	if _, err := c.section.takeFields(0, 0, fieldRules{}, lim); err != nil {
		if perr, ok := err.(*ParseError); ok {
			perr.Offset += int64(offset)
			perr.Class = ErrFraming
		}
		return 0, err
	}
	if c.section.Len() > 0 {
		c.section.appendTo(dst, string(c.section.raw))
	}
	c.section.raw = nil
	return end, nil
}

// chunkFault makes the error of octets that are no chunked coding: where the
// message ends can't be told any more.
func chunkFault(offset int, what, ref string) *ParseError {
	return &ParseError{Offset: int64(offset), What: what, Ref: ref, Reply: StatusBadRequest, Class: ErrFraming}
}

// appendChunkSize appends the line of a chunk of n octets.
func appendChunkSize(dst []byte, n int) []byte {
	const digits = "0123456789abcdef"
	shift := 0
	for n>>shift > 0xf {
		shift += 4
	}
	for ; shift >= 0; shift -= 4 {
		dst = append(dst, digits[n>>shift&0xf])
	}
	return append(dst, '\r', '\n')
}
