package mailstore

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"reflect"
	"slices"
	"testing"
)

// What tests of the inside need.

// SetFault makes fault be called before each step that a disk may fail.
func SetFault(o *Options, fault func(op string) error) { o.fault = fault }

// UserFolder is userFolder.
var UserFolder = userFolder

// ReadIndex reads an index.
func ReadIndex(r io.Reader) (any, error) {
	s, _, err := readIndex(r)
	return &s, err
}

// WriteIndex writes an index of so many messages with names as ours are.
func WriteIndex(w io.Writer, messages uint32) error {
	b := bufio.NewWriter(w)
	b.Write(appendRecord(nil, &record{kind: recordHead, uid: 1}))
	for uid := uint32(1); uid <= messages; uid++ {
		base := fmt.Sprintf("1763787057.M%dP4242Q%dR0123456789abcdefVfe00I%x.mail.example.org,S=%d,W=%d", uid%1e6, uid, uid, uid%9000, uid%9000+100)
		b.Write(appendRecord(nil, &record{kind: recordMessage, uid: uid, modSeq: uint64(uid), flags: seenBit, size: int64(uid), base: base}))
	}
	return b.Flush()
}

// Records are lines of an index, one of each kind and form.
func Records() []byte {
	var b []byte
	for _, r := range []record{
		{kind: recordHead, uid: 1763787057},
		{kind: recordMessage, uid: 1, modSeq: 2, flags: flagNew, size: 12, base: "1.a.host,S=10,W=12"},
		{kind: recordMessage, uid: 3, modSeq: 3, flags: setOf("FSa"), size: -1, base: "by hand 100%", keywords: []string{"$Junk", "work"}},
		{kind: recordMessage, uid: 4, modSeq: 3, flags: flagNew | setOf("S"), size: 0, base: "x"},
		{kind: recordMessage, uid: 5, modSeq: 3, size: 7, base: "y"},
		{kind: recordChange, uid: 3, modSeq: 4, flags: setOf("T"), keywords: []string{"home"}},
		{kind: recordChange, uid: 1, modSeq: 5},
		{kind: recordSize, uid: 3, size: 99},
		{kind: recordGone, modSeq: 6, gone: []Range{{1, 2}, {4, 4}}},
		{kind: recordNext, uid: 9, modSeq: 8, forgotten: 1},
		{kind: recordGone, modSeq: 9, gone: []Range{{5, 7}}},
	} {
		b = appendRecord(b, &r)
	}
	return b
}

// Line returns a line with a good checksum.
func Line(text string) string {
	sum := crc32.Checksum([]byte(text), castagnoli)
	return fmt.Sprintf("%s %08x\n", text, sum)
}

// Index is what an index says.
type Index struct {
	Validity, Next    uint32
	ModSeq, Forgotten uint64
	Octets            int64
	UIDs              []uint32
	Rows              []string
	Gone              []Range
}

// ParseIndex reads an index, and tells how much of it is good. It fails the test if
// what the state counts is not so, or what it would be rewritten as says anything else.
func ParseIndex(tb testing.TB, b []byte) (x Index, size int64, err error) {
	s, size, err := readIndex(bytes.NewReader(b))
	if err != nil {
		return Index{}, size, err
	}
	x = describe(&s)
	again, _, err := readIndex(bytes.NewReader(s.rewritten(nil)))
	if s.validity != 0 && (err != nil || !reflect.DeepEqual(x, describe(&again))) {
		tb.Fatalf("rewritten: %v %+v\nwant %+v", err, describe(&again), x)
	}
	return x, size, nil
}

func describe(s *state) Index {
	x := Index{Validity: s.validity, Next: s.next, ModSeq: s.modSeq, Forgotten: s.forgotten, Octets: s.octets}
	live, octets := 0, int64(0)
	for i := range s.messages {
		if m := &s.messages[i]; m.flags&flagDead == 0 {
			live++
			octets += max(m.size, 0)
			x.UIDs = append(x.UIDs, m.uid)
			x.Rows = append(x.Rows, fmt.Sprintf("%d %d %s %d %s %s", m.uid, m.modSeq, appendFlags(nil, m.flags), m.size, m.base, slices.Sorted(slices.Values(keywordNames(s.keywords, m.keywords)))))
		}
	}
	for _, g := range s.gone {
		x.Gone = append(x.Gone, g.Range)
	}
	if live != s.live() || octets != s.octets {
		panic("the state has counted wrong")
	}
	return x
}

// Canonical tells whether a line is parsed, and gives it as it would be written.
func Canonical(line []byte) (string, bool) {
	r, err := parseRecord(line)
	return string(appendRecord(nil, &r)), err == nil
}

// AppendContent and ParseContent are the cache's form of a content.
var (
	AppendContent = appendContent
	ParseContent  = parseContent
)

// EmptyCache closes the cache of a mailbox and opens it anew, with nothing in it.
func EmptyCache(m *Mailbox) {
	m.cache.close()
	m.root.Remove(cacheFile)
	m.cache.open(m)
}
