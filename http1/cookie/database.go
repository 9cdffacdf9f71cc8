package cookie

import (
	"bytes"
	"crypto/sha256"
	"iter"
	"sync"
	"time"
)

// Key is the SHA-256 of a session's id. A database has no ids, so who reads it
// cannot take over a session; and how long it looks for a key tells nothing
// about how much of an id was right.
type Key [sha256.Size]byte

// Record is what a [Database] keeps of a session.
type Record struct {
	Key Key
	// Created is when the session began, Used when its id last came back.
	Created, Used time.Time
	// Data belongs to the database: nobody changes it.
	Data []byte
}

// Database keeps the records of [Sessions]. Its methods may be called from
// several goroutines; each takes effect as a whole or not at all.
type Database interface {
	// Load returns the record of a key, and false if there is none.
	Load(k Key) (Record, bool, error)
	// Insert keeps a record, unless there is one of its key already: then it
	// returns false. When it returns true the record is safe.
	Insert(r Record) (bool, error)
	// Update puts a record in the place of the one of its key, and returns
	// false if there is none. When it returns true the record is safe.
	Update(r Record) (bool, error)
	// Touch notes when a session was used, if there is one. A crash may undo
	// it.
	Touch(k Key, used time.Time) error
	// Delete removes records. When it returns nil they stay away.
	Delete(keys ...Key) error
	// All yields all records in any order.
	All() iter.Seq2[Record, error]
	// Len is how many there are.
	Len() int
	// Close ends the use of the database.
	Close() error
}

// MemoryDatabase is a [Database] that ends with the program. The zero value is
// empty and ready for use.
type MemoryDatabase struct {
	mu      sync.Mutex
	records map[Key]Record
}

// Load implements [Database].
func (d *MemoryDatabase) Load(k Key) (Record, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, found := d.records[k]
	return r, found, nil
}

// Insert implements [Database].
func (d *MemoryDatabase) Insert(r Record) (bool, error) { return d.put(r, false), nil }

// Update implements [Database].
func (d *MemoryDatabase) Update(r Record) (bool, error) { return d.put(r, true), nil }

// put keeps r if there is, or is not, a record of its key already.
func (d *MemoryDatabase) put(r Record, there bool) bool {
	r.Data = bytes.Clone(r.Data)
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, found := d.records[r.Key]; found != there {
		return false
	}
	if d.records == nil {
		d.records = map[Key]Record{}
	}
	d.records[r.Key] = r
	return true
}

// Touch implements [Database].
func (d *MemoryDatabase) Touch(k Key, used time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, found := d.records[k]; found {
		r.Used = used
		d.records[k] = r
	}
	return nil
}

// Delete implements [Database].
func (d *MemoryDatabase) Delete(keys ...Key) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		delete(d.records, k)
	}
	return nil
}

// All implements [Database]. It yields the records of the moment when it
// starts.
func (d *MemoryDatabase) All() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, r := range d.snapshot() {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (d *MemoryDatabase) snapshot() []Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]Record, 0, len(d.records))
	for _, r := range d.records {
		all = append(all, r)
	}
	return all
}

// Len implements [Database].
func (d *MemoryDatabase) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.records)
}

// Close implements [Database]. It does nothing.
func (d *MemoryDatabase) Close() error { return nil }
