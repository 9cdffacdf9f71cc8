package mime

import (
	"bytes"
	"iter"

	"applayer/internal/ascii"
)

// rawField is one field of a header block, as offsets into the block. A line
// that is no field, as it has no colon or no name before it, is one too, with
// an empty name.
type rawField struct {
	start, end int // with the line end, folded lines included
	nameEnd    int // where the name ends: start where there is none
	valueStart int // behind the colon: start where there is none
}

func (f rawField) name(block []byte) []byte  { return block[f.start:f.nameEnd] }
func (f rawField) value(block []byte) []byte { return trimLineEnd(block[f.valueStart:f.end]) }

// isFieldName is the class of octets in a field name: printable ASCII but the
// colon (RFC 5322 §3.6.8, ftext). Octets beyond ASCII are no ftext, but forty
// years of mail has them.
var isFieldName = ascii.Range(0x21, '9').Or(ascii.Range(';', '~'))

// rawFields yields the fields of a header block in order. The octets of all of
// them are the block: nothing is passed over.
func rawFields(block []byte) iter.Seq[rawField] {
	return func(yield func(rawField) bool) {
		for at := 0; at < len(block); {
			f := nextRawField(block, at)
			if !yield(f) {
				return
			}
			at = f.end
		}
	}
}

// nextRawField takes the field at the front of block[at:], which is not empty:
// its line and the folded lines behind it (RFC 5322 §2.2.3), of which one may be
// blank (RFC 5322 §4.2, obs-FWS).
func nextRawField(block []byte, at int) rawField {
	f := rawField{start: at, nameEnd: at, valueStart: at}
	f.end = lineEnd(block, at)
	for f.end < len(block) && (block[f.end] == ' ' || block[f.end] == '\t') {
		f.end = lineEnd(block, f.end)
	}
	if name, value := cutName(block[at:f.end]); name > 0 {
		f.nameEnd, f.valueStart = at+name, at+value
	}
	return f
}

// cutName returns where the name at the front of a field ends and where its
// value begins, behind the colon; 0 for the name where the line is no field.
func cutName(line []byte) (name, value int) {
	name = ascii.Span(&isFieldName, line)
	colon := name
	for colon < len(line) && (line[colon] == ' ' || line[colon] == '\t') {
		colon++ // RFC 5322 §4.5: obs-optional = field-name *WSP ":"
	}
	if colon == len(line) || line[colon] != ':' {
		return 0, 0
	}
	return name, colon + 1
}

// lineEnd returns where the line at block[at:] ends, behind its LF.
func lineEnd(block []byte, at int) int {
	if i := bytes.IndexByte(block[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(block)
}

// trimLineEnd returns b without the one CRLF or LF at its end.
func trimLineEnd[T ~string | ~[]byte](b T) T {
	n := len(b)
	if n > 0 && b[n-1] == '\n' {
		if n--; n > 0 && b[n-1] == '\r' {
			n--
		}
	}
	return b[:n]
}
