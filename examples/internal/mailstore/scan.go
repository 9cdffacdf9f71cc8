package mailstore

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"applayer/mime/maildir"
)

// scanned tells what the last look at the files saw.
type scanned struct {
	at       time.Time // when it began
	took     time.Duration
	new, cur time.Time // of the directories
}

// settled is how old a directory's time has to be for a change after a look to show:
// file systems have times of up to a second.
const settled = time.Second

// busy is the part of the time, one in so many, that looks may take.
const busy = 10

// looks says when a scan is done.
type looks uint8

const (
	lookNever     looks = iota
	lookSometimes       // if a directory has changed, and not all the time
	lookChanged         // if a directory has changed
	lookAlways
)

// scan looks for what other programs have done: files that have come get UIDs in
// order of their names, others may have gone or have other flags. The caller has the
// turn.
func (m *Mailbox) scan(how looks) error {
	if how == lookNever {
		return nil
	}
	always := how == lookAlways
	now := time.Now()
	newTime, curTime, err := m.dirTimes()
	if err != nil {
		return err
	}
	last := &m.scanned
	inNew := always || !newTime.Equal(last.new) || last.at.Sub(newTime) < settled
	inCur := always || !curTime.Equal(last.cur) || last.at.Sub(curTime) < settled
	if !inNew && !inCur || how == lookSometimes && now.Sub(last.at) < busy*last.took {
		return nil
	}
	if err := m.store.opts.fault("scan"); err != nil {
		return err
	}
	found, err := m.list(inNew, inCur)
	if err != nil {
		return err
	}
	missing := m.missing(found, inNew, inCur)
	if len(missing) > 0 {
		// A file that is renamed while a directory is read may not be seen under
		// either name. Whoever is not seen twice is gone.
		again, err := m.list(true, true)
		if err != nil {
			return err
		}
		maps.Copy(found, again)
		missing = slices.DeleteFunc(missing, func(f uidBase) bool { _, ok := again[f.base]; return ok })
	}
	err = m.recordFound(found, missing)
	m.scanned = scanned{at: now, took: time.Since(now), new: newTime, cur: curTime}
	return err
}

// dirTimes returns when the two directories were changed, and finds out whether they
// are still those of the mailbox.
func (m *Mailbox) dirTimes() (newTime, curTime time.Time, err error) {
	here, err := m.root.Stat(".")
	if err == nil {
		var there os.FileInfo
		if there, err = m.store.root.Stat(m.path); err == nil && !os.SameFile(here, there) {
			err = fs.ErrNotExist
		}
	}
	var inNew, inCur os.FileInfo
	if err == nil {
		inNew, err = m.root.Stat("new")
	}
	if err == nil {
		inCur, err = m.root.Stat("cur")
	}
	if errors.Is(err, fs.ErrNotExist) {
		m.user.sizeGone(m.path)
		m.lost()
		return time.Time{}, time.Time{}, m.fail(ErrGone)
	}
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	return inNew.ModTime(), inCur.ModTime(), nil
}

// list reads directories. Of two files of one message the one in cur counts.
func (m *Mailbox) list(inNew, inCur bool) (map[string]maildir.Message, error) {
	found := map[string]maildir.Message{}
	for _, dir := range []struct {
		read  bool
		files func() func(func(maildir.Message, error) bool)
	}{
		{inNew, func() func(func(maildir.Message, error) bool) { return m.dir.New() }},
		{inCur, func() func(func(maildir.Message, error) bool) { return m.dir.Cur() }},
	} {
		if !dir.read {
			continue
		}
		for f, err := range dir.files() {
			if err != nil {
				return nil, err
			}
			if other, ok := found[f.Base]; !ok || other.New || other.File < f.File {
				found[f.Base] = f
			}
		}
	}
	return found, nil
}

type uidBase struct {
	uid  uint32
	base string
}

// missing returns the messages whose files were not found where they were.
func (m *Mailbox) missing(found map[string]maildir.Message, inNew, inCur bool) (missing []uidBase) {
	for i := range m.state.messages {
		msg := &m.state.messages[i]
		looked := inCur
		if msg.flags&flagNew != 0 {
			looked = inNew
		}
		if _, ok := found[msg.base]; looked && !ok && msg.flags&flagDead == 0 {
			missing = append(missing, uidBase{msg.uid, msg.base})
		}
	}
	return missing
}

// recordFound makes of what was found records, and takes from found what was known.
func (m *Mailbox) recordFound(found map[string]maildir.Message, missing []uidBase) error {
	var records []*record
	modSeq := m.nextModSeq()
	odd := map[uint32]string{}
	maps.Copy(odd, m.odd)
	for i := range m.state.messages {
		msg := &m.state.messages[i]
		f, ok := found[msg.base]
		if !ok || msg.flags&flagDead != 0 {
			continue
		}
		delete(found, msg.base)
		delete(odd, msg.uid)
		if f.File != f.String() {
			odd[msg.uid] = f.File
		}
		if set := setOfFile(f); set != msg.flags {
			records = append(records, &record{
				kind: recordChange, uid: msg.uid, modSeq: modSeq, flags: set,
				keywords: keywordNames(m.state.keywords, msg.keywords),
			})
		}
	}
	uids := make([]uint32, len(missing))
	for i := range missing {
		uids[i] = missing[i].uid
		delete(odd, uids[i])
	}
	records = append(records, goneRecords(modSeq, uids)...)
	next := m.state.next
	for _, base := range slices.Sorted(maps.Keys(found)) {
		f := found[base]
		if f.File != f.String() {
			odd[next] = f.File
		}
		records = append(records, arrived(f, m.sizeTold(f), next, modSeq, nil))
		next++
	}
	m.mu.Lock()
	m.odd = odd
	m.mu.Unlock()
	if err := m.record(records...); err != nil {
		m.store.log.Warn("index not written", "mailbox", m.path, "err", err)
	}
	return nil
}

// sizeTold returns the size that a file's name tells, -1 if it tells none or one that
// cannot be: a program that changes a message may leave the name as it is.
func (m *Mailbox) sizeTold(f maildir.Message) int64 {
	size, ok1 := f.Size()
	wire, ok2 := f.WireSize()
	if !ok1 || !ok2 || wire < size || wire-size > size {
		return -1
	}
	if info, err := m.root.Lstat(filePath(f)); err != nil || info.Size() != size {
		return -1
	}
	return wire
}

// arrived returns the record of a message that has come.
func arrived(f maildir.Message, size int64, uid uint32, modSeq uint64, keywords []string) *record {
	return &record{kind: recordMessage, uid: uid, modSeq: modSeq, flags: setOfFile(f), size: size, base: f.Base, keywords: keywords}
}

// goneRecords returns the records of messages that have gone, in lines that are not
// too long.
func goneRecords(modSeq uint64, uids []uint32) (records []*record) {
	for part := range slices.Chunk(ranges(uids), maxGone) {
		records = append(records, &record{kind: recordGone, modSeq: modSeq, gone: part})
	}
	return records
}
