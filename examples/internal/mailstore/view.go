package mailstore

import (
	"context"
	"iter"
	"slices"
	"time"

	"applayer/mime/maildir"
)

// Message is a message of a mailbox.
type Message struct {
	UID uint32
	// ModSeq is the mod-sequence of its last change (RFC 7162 §3.1).
	ModSeq uint64
	// Flags are the letters of Maildir.
	Flags maildir.Flags
	// Keywords are those that clients have given it.
	Keywords []string
	// Size counts octets with CRLF line ends; it is -1 for one that another program
	// has delivered and that nobody has counted yet: [Mailbox.Count] does.
	Size int64
	// New tells that no program has looked at it yet.
	New bool
	// Base is the part of its file's name that does not change.
	Base string
}

// Received is when it was received, by its name; the zero value if that is none of
// the usual.
func (m Message) Received() time.Time {
	t, _ := maildir.Name{Base: m.Base}.Time()
	return t
}

// View is a mailbox as it was at a moment. It does not change, and all of it is on
// the disk.
type View struct {
	// UIDValidity is the number that goes with all UIDs: with another, UIDs of
	// before mean nothing (RFC 9051 §2.3.1.1).
	UIDValidity uint32
	// UIDNext is what the next message gets or more.
	UIDNext uint32
	// HighestModSeq is the mod-sequence of the last change.
	HighestModSeq uint64
	// Octets is the size of all messages whose size is known.
	Octets int64

	messages  []message
	keywords  []string
	gone      []gone
	forgotten uint64
}

// View returns the mailbox as it is, after it has looked for what other programs have
// done to the files, if they seem to have done something. In a large mailbox that
// changes all the time that takes a tenth of the time at most; [Mailbox.Refresh] looks
// always.
func (m *Mailbox) View(ctx context.Context) (*View, error) { return m.viewAfter(ctx, lookSometimes) }

// Refresh is View after a look at all files.
func (m *Mailbox) Refresh(ctx context.Context) (*View, error) { return m.viewAfter(ctx, lookAlways) }

func (m *Mailbox) viewAfter(ctx context.Context, how looks) (*View, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.end()
	if err := m.scan(how); err != nil {
		return nil, err
	}
	if err := m.settle(); err != nil {
		// On a full disk mail can still be read, and removed: what is new is not told.
		m.store.log.Error("index not written: changes are not told", "mailbox", m.path, "err", err)
		if m.told != nil {
			return m.told, nil
		}
		return nil, err
	}
	m.told = m.look()
	return m.told, nil
}

// look makes a view, if something has changed since the last. The caller has the turn.
func (m *Mailbox) look() *View {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.view != nil {
		return m.view
	}
	s := &m.state
	v := &View{
		UIDValidity: s.validity, UIDNext: s.next, HighestModSeq: s.modSeq, Octets: s.octets,
		messages: make([]message, 0, s.live()), keywords: s.keywords, gone: slices.Clone(s.gone), forgotten: s.forgotten,
	}
	for i := range s.messages {
		if s.messages[i].flags&flagDead == 0 {
			v.messages = append(v.messages, s.messages[i])
		}
	}
	m.view = v
	return v
}

// Len is the number of messages.
func (v *View) Len() int { return len(v.messages) }

// At returns message i, of 0 up to Len, in order of UIDs.
func (v *View) At(i int) Message {
	m := &v.messages[i]
	return Message{
		UID: m.uid, ModSeq: m.modSeq, Flags: m.flags.flags(), Keywords: keywordNames(v.keywords, m.keywords),
		Size: m.size, New: m.flags&flagNew != 0, Base: m.base,
	}
}

// All goes through the messages in order of UIDs.
func (v *View) All() iter.Seq2[int, Message] {
	return func(yield func(int, Message) bool) {
		for i := range v.messages {
			if !yield(i, v.At(i)) {
				return
			}
		}
	}
}

// Find returns where the message of a UID is; if there is none, where the first of a
// higher UID is.
func (v *View) Find(uid uint32) (i int, ok bool) {
	s := state{messages: v.messages}
	return s.search(uid)
}

// Unseen is the number of messages without the flag S.
func (v *View) Unseen() (n int) {
	for i := range v.messages {
		if v.messages[i].flags&seenBit == 0 {
			n++
		}
	}
	return n
}

// Keywords are those that messages have or had.
func (v *View) Keywords() []string { return slices.Clone(v.keywords) }

// Changes are what has changed since a mod-sequence.
type Changes struct {
	// Changed are the UIDs of messages that have come, or whose flags or keywords
	// are others.
	Changed []uint32
	// Vanished are UIDs of messages that have gone, and perhaps more that are not
	// there (RFC 7162 §3.2.10).
	Vanished []Range
}

// Since returns what has changed after a mod-sequence.
func (v *View) Since(modSeq uint64) (c Changes) {
	for i := range v.messages {
		if v.messages[i].modSeq > modSeq {
			c.Changed = append(c.Changed, v.messages[i].uid)
		}
	}
	if modSeq < v.forgotten {
		c.Vanished = v.absent()
		return c
	}
	for _, g := range v.gone {
		if g.modSeq > modSeq {
			c.Vanished = append(c.Vanished, g.Range)
		}
	}
	slices.SortFunc(c.Vanished, func(a, b Range) int { return int(int64(a.First) - int64(b.First)) })
	return c
}

// absent returns all UIDs that were given and are not there.
func (v *View) absent() (all []Range) {
	next := uint32(1)
	for i := range v.messages {
		if uid := v.messages[i].uid; uid > next {
			all = append(all, Range{next, uid - 1})
		}
		next = v.messages[i].uid + 1
	}
	if next < v.UIDNext {
		all = append(all, Range{next, v.UIDNext - 1})
	}
	return all
}
