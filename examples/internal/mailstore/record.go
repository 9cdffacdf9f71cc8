package mailstore

import (
	"encoding/hex"
	"hash/crc32"
	"strconv"
	"strings"

	"applayer/internal/ascii"
	"applayer/mime/maildir"
)

// record is a line of an index. Its words have one space between them, and its last
// word is the CRC-32C of what is before it, so that a flipped bit shows:
//
//	H version uidvalidity                        the first line
//	+ uid modseq flags size base keyword...      a message has come
//	= uid modseq flags keyword...                its flags or keywords are others
//	z uid size                                   its size has been counted
//	- modseq 3:5,9                               messages have gone
//	N uidnext modseq forgotten                   what else a rewritten index has to tell
//
// Flags are letters, after "*" for a message in new, and "-" where there are none; a
// size is -1 if it is not known.
type record struct {
	kind      byte
	uid       uint32 // H: UIDVALIDITY; N: the next UID
	modSeq    uint64
	forgotten uint64
	flags     flagSet
	size      int64
	base      string
	keywords  []string
	gone      []Range
}

// Range is UIDs in a row, both ends included.
type Range struct{ First, Last uint32 }

const (
	recordHead    = 'H'
	recordMessage = '+'
	recordChange  = '='
	recordSize    = 'z'
	recordGone    = '-'
	recordNext    = 'N'

	version = "1"

	// maxLine is the longest line: 4096 ranges or 64 keywords fit.
	maxLine = 128 << 10
	// maxKeyword is the longest keyword.
	maxKeyword = 100
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendRecord appends the line of a record.
func appendRecord(dst []byte, r *record) []byte {
	start := len(dst)
	dst = append(dst, r.kind)
	switch r.kind {
	case recordHead:
		dst = append(append(dst, ' '), version...)
		dst = appendNumber(dst, uint64(r.uid))
	case recordMessage, recordChange:
		dst = appendNumber(dst, uint64(r.uid), r.modSeq)
		dst = appendFlags(append(dst, ' '), r.flags)
		if r.kind == recordMessage {
			dst = strconv.AppendInt(append(dst, ' '), r.size, 10)
			dst = appendBase(append(dst, ' '), r.base)
		}
		for _, k := range r.keywords {
			dst = append(append(dst, ' '), k...)
		}
	case recordSize:
		dst = strconv.AppendInt(append(appendNumber(dst, uint64(r.uid)), ' '), r.size, 10)
	case recordGone:
		dst = appendRanges(append(appendNumber(dst, r.modSeq), ' '), r.gone)
	case recordNext:
		dst = appendNumber(dst, uint64(r.uid), r.modSeq, r.forgotten)
	}
	sum := crc32.Checksum(dst[start:], castagnoli)
	dst = hex.AppendEncode(append(dst, ' '), []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return append(dst, '\n')
}

func appendNumber(dst []byte, numbers ...uint64) []byte {
	for _, n := range numbers {
		dst = strconv.AppendUint(append(dst, ' '), n, 10)
	}
	return dst
}

func appendFlags(dst []byte, s flagSet) []byte {
	if s&flagNew != 0 {
		dst = append(dst, '*')
	}
	if s&letterBits == 0 {
		return append(dst, '-')
	}
	return s.append(dst)
}

// appendBase appends a base, in which other programs may have put spaces.
func appendBase(dst []byte, base string) []byte {
	for i := range len(base) {
		switch base[i] {
		case ' ':
			dst = append(dst, "%20"...)
		case '%':
			dst = append(dst, "%25"...)
		default:
			dst = append(dst, base[i])
		}
	}
	return dst
}

func appendRanges(dst []byte, ranges []Range) []byte {
	for i, r := range ranges {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, uint64(r.First), 10)
		if r.Last != r.First {
			dst = strconv.AppendUint(append(dst, ':'), uint64(r.Last), 10)
		}
	}
	return dst
}

// parseRecord parses a line without its LF. There is one line for each record.
func parseRecord(line []byte) (record, error) {
	at := len(line) - 9
	if at < 1 || line[at] != ' ' {
		return record{}, &ParseError{What: "line too short"}
	}
	var sum [4]byte
	if _, err := hex.Decode(sum[:], line[at+1:]); err != nil || ascii.Span(&lowerHex, line[at+1:]) != 8 {
		return record{}, &ParseError{Offset: int64(at), What: "no checksum"}
	}
	if got := crc32.Checksum(line[:at], castagnoli); got != uint32(sum[0])<<24|uint32(sum[1])<<16|uint32(sum[2])<<8|uint32(sum[3]) {
		return record{}, &ParseError{Offset: int64(at), What: "wrong checksum"}
	}
	w := words{rest: string(line[:at])}
	r := w.record()
	if w.bad != "" || w.more {
		return record{}, &ParseError{Offset: int64(at - len(w.rest)), What: w.bad + " in a line with a good checksum"}
	}
	return r, nil
}

var lowerHex = ascii.Range('0', '9').Or(ascii.Range('a', 'f'))

// words takes a line apart.
type words struct {
	rest string
	more bool   // there is a word in rest
	bad  string // what was wrong first
}

func (w *words) record() record {
	w.more = true
	r := record{size: -1}
	kind := w.word()
	if len(kind) != 1 {
		w.fail("kind")
		return r
	}
	switch r.kind = kind[0]; r.kind {
	case recordHead:
		if w.word() != version {
			w.fail("version")
		}
		r.uid = w.uid()
	case recordMessage:
		r.uid, r.modSeq, r.flags = w.uid(), w.number(), w.flags()
		r.size, r.base = w.size(), w.base()
		r.keywords = w.keywords()
	case recordChange:
		r.uid, r.modSeq, r.flags = w.uid(), w.number(), w.flags()
		r.keywords = w.keywords()
	case recordSize:
		r.uid, r.size = w.uid(), w.size()
	case recordGone:
		r.modSeq, r.gone = w.number(), w.ranges()
	case recordNext:
		r.uid, r.modSeq, r.forgotten = w.uid(), w.number(), w.number()
	default:
		w.fail("kind")
	}
	return r
}

func (w *words) fail(what string) {
	if w.bad == "" {
		w.bad = what
	}
}

// word takes a word, which is not empty.
func (w *words) word() (s string) {
	s, w.rest, w.more = strings.Cut(w.rest, " ")
	if s == "" {
		w.fail("word")
	}
	return s
}

func (w *words) number() uint64 {
	n, ok := number(w.word(), 1<<63-1)
	if !ok {
		w.fail("number")
	}
	return n
}

// number parses what has no zero in front.
func number(s string, most uint64) (uint64, bool) {
	n, size, err := ascii.Decimal(s, most)
	return n, err == nil && size == len(s) && size > 0 && (s[0] != '0' || size == 1)
}

func (w *words) uid() uint32 {
	n, ok := number(w.word(), 1<<32-1)
	if !ok || n == 0 {
		w.fail("UID")
	}
	return uint32(n)
}

func (w *words) size() int64 {
	s := w.word()
	if s == "-1" {
		return -1
	}
	n, ok := number(s, 1<<62)
	if !ok {
		w.fail("size")
	}
	return int64(n)
}

// flags takes flags in their order.
func (w *words) flags() (s flagSet) {
	letters, inNew := strings.CutPrefix(w.word(), "*")
	if inNew {
		s = flagNew
	}
	if letters == "-" {
		return s
	}
	last := byte(0)
	for i := range len(letters) {
		bit := flagBit(letters[i])
		if bit == 0 || letters[i] <= last {
			w.fail("flags")
		}
		s |= bit
		last = letters[i]
	}
	if letters == "" {
		w.fail("flags")
	}
	return s
}

var baseEscapes = strings.NewReplacer("%20", " ", "%25", "%")

func (w *words) base() string {
	s := w.word()
	for rest := s; ; {
		_, after, ok := strings.Cut(rest, "%")
		if !ok {
			break
		}
		if !strings.HasPrefix(after, "20") && !strings.HasPrefix(after, "25") {
			w.fail("base")
		}
		rest = after
	}
	s = baseEscapes.Replace(s)
	if name, err := maildir.ParseName(s); err != nil || name.Info {
		w.fail("base")
	}
	return s
}

func (w *words) keywords() (all []string) {
	for w.more && w.bad == "" {
		k := w.word()
		if !validKeyword(k) {
			w.fail("keyword")
		}
		all = append(all, k)
	}
	return all
}

// validKeyword tells whether a keyword is an atom of IMAP (RFC 9051 §9: flag-keyword).
func validKeyword(s string) bool {
	return s != "" && len(s) <= maxKeyword && ascii.Span(&atomOctets, s) == len(s)
}

var atomOctets = ascii.Range('!', '~').Without(ascii.Chars(`(){%*"\]`))

func (w *words) ranges() (all []Range) {
	last := uint64(0)
	for s := range strings.SplitSeq(w.word(), ",") {
		from, to, isRange := strings.Cut(s, ":")
		a, ok := number(from, 1<<32-1)
		b := a
		if isRange && ok {
			b, ok = number(to, 1<<32-1)
			ok = ok && b > a
		}
		if !ok || a <= last {
			w.fail("range")
			return all
		}
		all = append(all, Range{uint32(a), uint32(b)})
		last = b
	}
	return all
}
