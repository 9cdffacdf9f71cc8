package mime

import (
	"strings"

	"applayer/internal/ascii"
)

// ListID names a mailing list, the value of a List-ID field (RFC 2919).
type ListID struct {
	// Name describes the list to people, "" where it does not.
	Name string
	// ID is as "announce.example.org". Compare it with [ListID.Is].
	ID string
}

// DefectListID is a List-ID without brackets, or outside of RFC 2919 §2.
const DefectListID DefectCode = "list-id"

const listIDRef = "RFC 2919 §3"

// longestListID is how long an identifier may be (RFC 2919 §2).
const longestListID = 255

// Is tells whether it is the list of an identifier, whose case does not matter
// (RFC 2919 §6).
func (l ListID) Is(id string) bool { return ascii.EqualFold(l.ID, id) }

// ParseListID reads the value of a List-ID field.
func ParseListID(s string, opts *Options) (ListID, []Defect, error) {
	return parseValue(s, opts, parseListID)
}

func parseListID(s string, o *Options, r *report) (l ListID) {
	p := addressReader{lexer: lexer{s: s, o: o, r: r, stops: "<"}, group: -1}
	l.Name = p.phraseUpTo("<")
	at := p.at
	if !p.take('<') {
		r.add(DefectListID, 0, listIDRef)
		if id := withoutBlanks(s); isListID(id) {
			return ListID{ID: id}
		}
		return l
	}
	id, _, closed := strings.Cut(s[p.at:], ">")
	l.ID = withoutBlanks(id)
	p.at = min(p.at+len(id)+1, len(s))
	p.skipCFWS()
	if !closed || !isListID(l.ID) || !p.atEnd() {
		r.add(DefectListID, at, listIDRef)
	}
	return l
}

// isListID tells whether id is a list-id (RFC 2919 §2).
func isListID(id string) bool {
	return isDotAtomText(id) && strings.IndexByte(id, '.') > 0 && len(id) <= longestListID
}

// AppendText appends the value of the field.
func (l ListID) AppendText(dst []byte) ([]byte, error) {
	if !isListID(l.ID) || !isASCII(l.ID) {
		return dst, &ParseError{Field: "List-ID", What: "identifier", Ref: "RFC 2919 §2", Err: injection(l.ID)}
	}
	if l.Name != "" {
		var err error
		if dst, err = appendName(dst, l.Name, nil); err != nil {
			return dst, err
		}
		dst = append(dst, ' ')
	}
	return append(append(append(dst, '<'), l.ID...), '>'), nil
}

// ListID returns the mailing list that the message came through, or
// [ErrNoField].
func (h *Header) ListID() (ListID, error) { return firstValue(h, "List-ID", parseListID) }

// SetListID sets the mailing list that the message goes through.
func (h *Header) SetListID(l ListID) error { return setValue(h, "List-ID", l) }
