package mailstore

import (
	"cmp"
	"math/bits"
	"slices"

	"applayer/internal/ascii"
)

// state is what an index says of a mailbox, as records make it: it does no I/O. The
// same records are applied when something changes and when an index is read.
type state struct {
	validity  uint32
	next      uint32 // UID
	modSeq    uint64 // the highest
	messages  []message
	dead      int // messages that have gone and are still in the slice
	octets    int64
	keywords  []string // at most maxKeywords, each for a bit
	gone      []gone   // in order of modSeq
	forgotten uint64   // what has gone up to here is not in gone
	records   int      // applied
}

// message is a message in 56 octets and its base, most of a hundred.
type message struct {
	modSeq   uint64
	flags    flagSet
	keywords uint64
	size     int64 // on the wire, -1 if not known
	base     string
	uid      uint32
}

// gone is messages that have gone.
type gone struct {
	modSeq uint64
	Range
}

const (
	// maxKeywords is how many keywords the messages of a mailbox can have.
	maxKeywords = 64
	// maxGone is how many ranges of UIDs that have gone are remembered.
	maxGone = 4096
)

// apply makes the change that a record tells. After an error nothing has changed.
func (s *state) apply(r *record) error {
	var err error
	switch r.kind {
	case recordHead:
		err = s.applyHead(r)
	case recordMessage:
		err = s.applyMessage(r)
	case recordChange:
		err = s.applyChange(r)
	case recordSize:
		err = s.applySize(r)
	case recordGone:
		err = s.applyGone(r)
	case recordNext:
		err = s.applyNext(r)
	}
	if err == nil {
		s.records++
	}
	return err
}

func disorder(what string) error { return &ParseError{What: what} }

func (s *state) applyHead(r *record) error {
	if s.validity != 0 {
		return disorder("a second head")
	}
	s.validity, s.next = r.uid, 1
	return nil
}

func (s *state) applyMessage(r *record) error {
	switch {
	case s.validity == 0:
		return disorder("no head")
	case r.uid < s.next:
		return disorder("UID not higher than those before")
	case r.uid == 1<<32-1:
		return ErrFull
	}
	keywords, err := s.keywordBits(r.keywords)
	if err != nil {
		return err
	}
	s.messages = append(s.messages, message{uid: r.uid, modSeq: r.modSeq, flags: r.flags, keywords: keywords, size: r.size, base: r.base})
	s.octets += max(r.size, 0)
	s.next = r.uid + 1
	s.modSeq = max(s.modSeq, r.modSeq)
	return nil
}

func (s *state) applyChange(r *record) error {
	m := s.find(r.uid)
	if m == nil {
		return disorder("change of a message that is not there")
	}
	keywords, err := s.keywordBits(r.keywords)
	if err != nil {
		return err
	}
	m.flags, m.keywords, m.modSeq = r.flags, keywords, r.modSeq
	s.modSeq = max(s.modSeq, r.modSeq)
	return nil
}

func (s *state) applySize(r *record) error {
	m := s.find(r.uid)
	if m == nil {
		return disorder("size of a message that is not there")
	}
	s.octets += max(r.size, 0) - max(m.size, 0)
	m.size = r.size
	return nil
}

func (s *state) applyGone(r *record) error {
	if r.gone[len(r.gone)-1].Last >= s.next {
		return disorder("UID gone that was never given")
	}
	for _, g := range r.gone {
		i, _ := s.search(g.First)
		for ; i < len(s.messages) && s.messages[i].uid <= g.Last; i++ {
			s.kill(&s.messages[i])
		}
		s.gone = append(s.gone, gone{r.modSeq, g})
	}
	s.modSeq = max(s.modSeq, r.modSeq)
	s.forget()
	return nil
}

func (s *state) applyNext(r *record) error {
	if r.uid < s.next || r.modSeq < s.modSeq || r.forgotten > r.modSeq || s.validity == 0 {
		return disorder("next UID or mod-sequence lower than what is there")
	}
	s.next, s.modSeq, s.forgotten = r.uid, r.modSeq, max(s.forgotten, r.forgotten)
	return nil
}

// kill takes a message out. The slice is cleaned when half of it is dead, so that
// taking all out one after the other is linear.
func (s *state) kill(m *message) {
	if m.flags&flagDead != 0 {
		return
	}
	s.octets -= max(m.size, 0)
	m.flags, m.base = m.flags|flagDead, ""
	s.dead++
}

// clean drops the dead if they are many. Places of messages change.
func (s *state) clean() {
	if s.dead > len(s.messages)/2 {
		s.messages = slices.DeleteFunc(s.messages, func(m message) bool { return m.flags&flagDead != 0 })
		s.dead = 0
	}
}

// forget drops what has gone longest ago: who asks for it is told of all UIDs that
// are not there (RFC 7162 §5.1).
func (s *state) forget() {
	s.clean()
	if len(s.gone) <= maxGone {
		return
	}
	half := len(s.gone) - maxGone/2
	s.forgotten = max(s.forgotten, s.gone[half-1].modSeq)
	s.gone = slices.Clone(s.gone[half:])
	s.gone = slices.DeleteFunc(s.gone, func(g gone) bool { return g.modSeq <= s.forgotten })
}

// search returns where a UID is or would be.
func (s *state) search(uid uint32) (int, bool) {
	return slices.BinarySearchFunc(s.messages, uid, func(m message, uid uint32) int { return cmp.Compare(m.uid, uid) })
}

// find returns a message that lives, nil if there is none.
func (s *state) find(uid uint32) *message {
	i, ok := s.search(uid)
	if !ok || s.messages[i].flags&flagDead != 0 {
		return nil
	}
	return &s.messages[i]
}

// live is the number of messages.
func (s *state) live() int { return len(s.messages) - s.dead }

// keywordBits returns the set of keywords, and gives bits to those that have none.
func (s *state) keywordBits(keywords []string) (set uint64, err error) {
	for _, k := range keywords {
		i := indexFold(s.keywords, k)
		if i < 0 {
			if i = s.freeKeyword(set); i == maxKeywords || !validKeyword(k) {
				return 0, ErrKeyword
			}
			s.keywords = slices.Clone(s.keywords) // views have the old one
			if i == len(s.keywords) {
				s.keywords = append(s.keywords, "")
			}
			s.keywords[i] = k
		}
		set |= 1 << i
	}
	return set, nil
}

// indexFold returns where a keyword is among others, -1 if nowhere: capitals are as
// small letters, as in all of IMAP's grammar (RFC 9051 §9).
func indexFold(keywords []string, k string) int {
	return slices.IndexFunc(keywords, func(s string) bool { return ascii.EqualFold(s, k) })
}

// freeKeyword returns a bit that no message has and that is not among those taken.
func (s *state) freeKeyword(taken uint64) int {
	if len(s.keywords) < maxKeywords {
		return len(s.keywords)
	}
	for i := range s.messages {
		if m := &s.messages[i]; m.flags&flagDead == 0 {
			taken |= m.keywords
		}
	}
	return bits.TrailingZeros64(^taken)
}

// keywordNames returns the keywords of a set.
func keywordNames(keywords []string, set uint64) (names []string) {
	for i, k := range keywords {
		if set>>i&1 != 0 {
			names = append(names, k)
		}
	}
	return names
}

// rewritten appends the shortest index that says the same. Its records are as many
// as there are messages and ranges that have gone, and two.
func (s *state) rewritten(dst []byte) []byte {
	dst = appendRecord(dst, &record{kind: recordHead, uid: s.validity})
	for i := range s.messages {
		if m := &s.messages[i]; m.flags&flagDead == 0 {
			dst = appendRecord(dst, s.recordOf(m))
		}
	}
	dst = appendRecord(dst, &record{kind: recordNext, uid: s.next, modSeq: s.modSeq, forgotten: s.forgotten})
	for _, g := range s.gone {
		dst = appendRecord(dst, &record{kind: recordGone, modSeq: g.modSeq, gone: []Range{g.Range}})
	}
	return dst
}

// recordOf returns the record that makes a message.
func (s *state) recordOf(m *message) *record {
	return &record{
		kind: recordMessage, uid: m.uid, modSeq: m.modSeq, flags: m.flags, size: m.size,
		base: m.base, keywords: keywordNames(s.keywords, m.keywords),
	}
}

// garbage is how many of the records a rewritten index would not have.
func (s *state) garbage() int { return s.records - s.live() - len(s.gone) - 2 }

// ranges returns the UIDs, which are in order, as ranges.
func ranges(uids []uint32) (all []Range) {
	for _, uid := range uids {
		if n := len(all); n > 0 && all[n-1].Last+1 == uid {
			all[n-1].Last = uid
			continue
		}
		all = append(all, Range{uid, uid})
	}
	return all
}
