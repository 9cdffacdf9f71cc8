package cookie

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
	"time"
)

// compactSlack is how much longer than twice what is needed a log may be.
const compactSlack = 64 << 10

// FileDatabase is a [Database] in memory whose changes are also in a file, one
// after the other, so that it survives the program: [Database.Insert], Update
// and Delete return when the disk has them. Calls that come together share one
// fsync. A crash at any moment leaves a change that had not returned done or
// not done, never half. When most of the file is no longer needed it is written
// anew.
//
// While it is open, a lock in the file name.lock keeps other processes from
// opening it too.
type FileDatabase struct {
	name    string
	unlock  func() error
	damaged []error

	// syncing guards synced and keeps fsyncs and compactions apart. Who wants
	// both locks takes it first.
	syncing sync.Mutex
	synced  uint64 // changes that the disk has

	mu      sync.Mutex
	file    *os.File
	records map[Key]logged
	changes uint64 // changes written
	size    int64  // octets written
	needed  int64  // octets that a new file would have
	compact int64  // the size at which to try
	err     error  // what ended the use of the file
}

// logged is a record and how long its line in a new file would be.
type logged struct {
	Record
	length int64
}

// OpenFileDatabase opens the database in the file called name, which need not
// exist, and waits until ctx ends for another process to close it; the error
// then is [ErrLocked]. A file that is something else is refused. The caller
// must close the database.
func OpenFileDatabase(ctx context.Context, name string) (*FileDatabase, error) {
	d := &FileDatabase{name: target(name), records: map[Key]logged{}}
	var err error
	if d.unlock, err = lock(ctx, d.name+".lock"); err != nil {
		return nil, fmt.Errorf("cookie: sessions: %w", err)
	}
	if err := d.open(); err != nil {
		if d.file != nil {
			err = errors.Join(err, d.file.Close())
		}
		return nil, errors.Join(fmt.Errorf("cookie: sessions: %w", err), d.unlock())
	}
	return d, nil
}

func (d *FileDatabase) open() (err error) {
	if d.file, err = os.OpenFile(d.name, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	info, err := d.file.Stat()
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		// Windows has no such modes, and says nothing of what it did.
		if err := d.file.Chmod(0o600); err != nil {
			return err
		}
	}
	d.needed = int64(len(sessionLogHeader))
	if d.size, d.damaged, err = readLog(d.file, d.apply); err != nil {
		return err
	}
	// What a crash has cut must not become the front of the next line.
	if err := d.file.Truncate(d.size); err != nil {
		return err
	}
	if d.size > 0 {
		return nil
	}
	d.size = int64(len(sessionLogHeader))
	if _, err := d.file.WriteAt([]byte(sessionLogHeader), 0); err != nil {
		return err
	}
	return errors.Join(d.file.Sync(), syncFolder(d.name))
}

// apply does a change that stands in the file as a line of that length, and
// keeps needed.
func (d *FileDatabase) apply(c change, length int) {
	old, found := d.records[c.record.Key]
	switch c.verb {
	case "put":
		d.needed += int64(length) - old.length
		d.records[c.record.Key] = logged{c.record, int64(length)}
	case "use":
		if found {
			old.Used = c.record.Used
			d.records[c.record.Key] = old
		}
	case "del":
		d.needed -= old.length
		delete(d.records, c.record.Key)
	}
}

// Damaged returns what was wrong with lines that were lost when the database
// was opened, at most a hundred times.
func (d *FileDatabase) Damaged() []error { return d.damaged }

// Load implements [Database].
func (d *FileDatabase) Load(k Key) (Record, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, found := d.records[k]
	return r.Record, found, d.err
}

// Insert implements [Database].
func (d *FileDatabase) Insert(r Record) (bool, error) { return d.put(r, false) }

// Update implements [Database].
func (d *FileDatabase) Update(r Record) (bool, error) { return d.put(r, true) }

func (d *FileDatabase) put(r Record, there bool) (bool, error) {
	r.Data = bytes.Clone(r.Data)
	d.mu.Lock()
	if _, found := d.records[r.Key]; found != there || d.err != nil {
		defer d.mu.Unlock()
		return false, d.err
	}
	n, err := d.write(change{"put", r})
	d.mu.Unlock()
	if err == nil {
		err = d.sync(n)
	}
	return err == nil, err
}

// Touch implements [Database].
func (d *FileDatabase) Touch(k Key, used time.Time) error {
	d.mu.Lock()
	if _, found := d.records[k]; !found || d.err != nil {
		defer d.mu.Unlock()
		return d.err
	}
	n, err := d.write(change{"use", Record{Key: k, Used: used}})
	long := d.long()
	d.mu.Unlock()
	if err != nil || !long {
		return err
	}
	return d.sync(n)
}

// Delete implements [Database].
func (d *FileDatabase) Delete(keys ...Key) error {
	d.mu.Lock()
	var changes []change
	for _, k := range keys {
		if _, found := d.records[k]; found {
			changes = append(changes, change{"del", Record{Key: k}})
		}
	}
	if len(changes) == 0 || d.err != nil {
		defer d.mu.Unlock()
		return d.err
	}
	n, err := d.write(changes...)
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return d.sync(n)
}

// write appends changes to the file, does them, and returns their number. Its
// caller has the lock. Where not all of it can be written, as on a full disk,
// what was is taken back.
func (d *FileDatabase) write(changes ...change) (n uint64, err error) {
	var lines []byte
	lengths := make([]int, len(changes))
	for i := range changes {
		start := len(lines)
		lines = appendChange(lines, &changes[i])
		lengths[i] = len(lines) - start
	}
	if _, err := d.file.WriteAt(lines, d.size); err != nil {
		if err2 := d.file.Truncate(d.size); err2 != nil {
			d.err = fmt.Errorf("cookie: sessions: %w", err2)
		}
		return 0, fmt.Errorf("cookie: sessions: %w", err)
	}
	d.size += int64(len(lines))
	for i := range changes {
		d.apply(changes[i], lengths[i])
	}
	d.changes++
	return d.changes, nil
}

// long tells whether most of the file is no longer needed. Its caller has the
// lock.
func (d *FileDatabase) long() bool { return d.size > max(2*d.needed+compactSlack, d.compact) }

// sync returns when the disk has the first n changes. Whoever comes while an
// fsync runs waits for the next, which is for all that came meanwhile. After an
// fsync that failed nobody knows what the disk has, and the database is closed
// for good.
func (d *FileDatabase) sync(n uint64) error {
	d.syncing.Lock()
	defer d.syncing.Unlock()
	if d.synced >= n {
		return nil
	}
	d.mu.Lock()
	file, changes, err := d.file, d.changes, d.err
	long := d.long()
	d.mu.Unlock()
	if err != nil {
		return err
	}
	if long {
		return d.rewrite()
	}
	if err := file.Sync(); err != nil {
		return d.fail(err)
	}
	d.synced = changes
	return nil
}

func (d *FileDatabase) fail(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = fmt.Errorf("cookie: sessions: %w", err)
	return d.err
}

// rewrite puts a new file with what is needed in the place of the old one. Its
// caller has syncing; changes wait, since they must be in the one file or the
// other. Where it cannot be done the old file goes on, and the next try is when
// it is twice as long.
func (d *FileDatabase) rewrite() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.file.Sync(); err != nil {
		d.err = fmt.Errorf("cookie: sessions: %w", err)
		return d.err
	}
	d.synced = d.changes
	// Windows renames no file over one that is open.
	err := d.file.Close()
	if err == nil && replaceFile(d.name, d.writeAll) != nil {
		d.compact = 2 * d.size
		// Whichever file it is now must be the one that a crash leaves.
		err = syncFolder(d.name)
	}
	if err == nil {
		d.file, err = os.OpenFile(d.name, os.O_RDWR, 0)
	}
	if err == nil {
		d.size, err = d.file.Seek(0, io.SeekEnd)
	}
	if err != nil {
		d.err = fmt.Errorf("cookie: sessions: %w", err)
	}
	return d.err
}

// writeAll writes a file that has only what is needed.
func (d *FileDatabase) writeAll(w io.Writer) error {
	if _, err := io.WriteString(w, sessionLogHeader); err != nil {
		return err
	}
	var line []byte
	for _, r := range d.records {
		line = appendChange(line[:0], &change{"put", r.Record})
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// All implements [Database]. It yields the records of the moment when it
// starts.
func (d *FileDatabase) All() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		d.mu.Lock()
		all := make([]Record, 0, len(d.records))
		for _, r := range d.records {
			all = append(all, r.Record)
		}
		err := d.err
		d.mu.Unlock()
		if err != nil {
			yield(Record{}, err)
			return
		}
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Len implements [Database].
func (d *FileDatabase) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.records)
}

// Close has all changes on disk and lets other processes open the database.
// Later calls give [os.ErrClosed].
func (d *FileDatabase) Close() error {
	d.syncing.Lock()
	defer d.syncing.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if errors.Is(d.err, os.ErrClosed) {
		return nil
	}
	err := d.err
	if err == nil {
		err = d.file.Sync()
	}
	d.err = fmt.Errorf("cookie: sessions: %w", os.ErrClosed)
	return errors.Join(err, d.file.Close(), d.unlock())
}
