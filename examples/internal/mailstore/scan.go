package mailstore

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
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
	missing, doubtful := m.missing(found, inNew, inCur)
	if len(missing) > 0 || doubtful {
		// A file that is renamed while a directory is read may not be seen under
		// either name. Whoever is not seen twice is gone.
		again, err := m.list(true, true)
		if err != nil {
			return err
		}
		maps.Copy(found, again)
		missing = slices.DeleteFunc(missing, func(f uidKey) bool { _, ok := again[f.key]; return ok })
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

// list reads directories, and returns messages by their keys.
func (m *Mailbox) list(inNew, inCur bool) (map[string]maildir.Message, error) {
	found := map[string]maildir.Message{}
	known := sync.OnceValue(m.files)
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
			other, ok := found[f.Key()]
			if !ok {
				found[f.Key()] = f
				continue
			}
			if counts(f, other, known()) {
				found[f.Key()] = f
				f, other = other, f
			}
			if m.separate(&f, other) {
				found[f.Key()] = f
			}
		}
	}
	return found, nil
}

// counts tells whether, of two files with the same key, the first is the message: the
// one that is known by that name, or else one in cur.
func counts(f, other maildir.Message, known map[string]string) bool {
	if file, ok := known[f.Key()]; ok && (filePath(f) == file || filePath(other) == file) {
		return filePath(f) == file
	}
	return other.New || other.File < f.File
}

// files returns the paths of files by the keys of messages, as they are known. The
// caller has the turn.
func (m *Mailbox) files() map[string]string {
	known := make(map[string]string, m.state.live())
	for i := range m.state.messages {
		if msg := &m.state.messages[i]; msg.flags&flagDead == 0 {
			known[keyOf(msg.base)] = filePath(m.file(msg))
		}
	}
	return known
}

// separate gives a file a name of its own if it is another message than one with the
// same key, as where files were copied by hand: else nobody would see it.
func (m *Mailbox) separate(f *maildir.Message, other maildir.Message) bool {
	info, err := m.root.Lstat(filePath(*f))
	if err != nil {
		return false // it was renamed, and it is the other
	}
	if otherInfo, err := m.root.Lstat(filePath(other)); err != nil || os.SameFile(info, otherInfo) {
		return false
	}
	to := *f
	to.Base = maildir.UniqueBase(info.ModTime(), -1, -1)
	to.File = to.String()
	if err := m.root.Rename(filePath(*f), filePath(to)); err != nil {
		return false
	}
	m.store.log.Warn("two messages had one name", "mailbox", m.path, "name", f.File, "now", to.File)
	*f = to
	return true
}

type uidKey struct {
	uid uint32
	key string
}

// missing returns the messages whose files were not found where they were. It is
// doubtful what was found if one has come back from cur to new, where it may be in
// both.
func (m *Mailbox) missing(found map[string]maildir.Message, inNew, inCur bool) (missing []uidKey, doubtful bool) {
	for i := range m.state.messages {
		msg := &m.state.messages[i]
		if msg.flags&flagDead != 0 {
			continue
		}
		looked := inCur
		if msg.flags&flagNew != 0 {
			looked = inNew
		}
		f, ok := found[keyOf(msg.base)]
		if looked && !ok {
			missing = append(missing, uidKey{msg.uid, keyOf(msg.base)})
		}
		doubtful = doubtful || ok && !looked && f.New
	}
	return missing, doubtful
}

func keyOf(base string) string { return maildir.Name{Base: base}.Key() }

// recordFound makes of what was found records, and takes from found what was known.
func (m *Mailbox) recordFound(found map[string]maildir.Message, missing []uidKey) error {
	var records []*record
	modSeq := m.nextModSeq()
	odd := map[uint32]string{}
	maps.Copy(odd, m.odd)
	for i := range m.state.messages {
		msg := &m.state.messages[i]
		f, ok := found[keyOf(msg.base)]
		if !ok || msg.flags&flagDead != 0 {
			continue
		}
		delete(found, keyOf(msg.base))
		delete(odd, msg.uid)
		set := setOfFile(f)
		if f.File != fileOf(msg.base, set).File {
			odd[msg.uid] = f.File
		}
		if set != msg.flags {
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
	for _, key := range slices.Sorted(maps.Keys(found)) {
		f := found[key]
		if f.File != fileOf(f.Base, setOfFile(f)).File {
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
