package zone

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"applayer/dns"
)

// Load reads a zone from a master file. Opts are those of the [Reader]; their
// Origin is the zone's apex. It returns the warnings of [Check]; what Check finds
// that is more than a warning is the error, as is a [*ParseError] for what cannot
// be read or is no record of this zone.
func Load(r io.Reader, opts *ReaderOptions) (*Zone, []Problem, error) {
	if opts == nil || !opts.Origin.IsValid() {
		return nil, nil, errNoOrigin
	}
	b := NewBuilder(opts.Origin)
	b.keeps = true // a reader cuts owners from few pieces, which hold little else
	if err := addAll(b, NewReader(r, opts)); err != nil {
		return nil, nil, err
	}
	z, err := b.Zone()
	if err != nil {
		return nil, b.notes, err
	}
	problems := append(b.notes, z.Check()...)
	for _, p := range problems {
		if !p.Warning {
			return nil, problems, p
		}
	}
	return z, problems, nil
}

// batch is some records on their way from the reader to the builder, and the
// error that came behind them. Most of it does not point: what does costs twice
// while garbage is collected.
type batch struct {
	owners  []placed
	records []located
	data    []byte // of all of them, one behind the other
	err     error
}

// placed is an owner, and the file that its records are in.
type placed struct {
	name dns.Name
	file string
}

// located is a record, where its data ends in that of the batch, and its line.
type located struct {
	owner int // of the batch
	typ   dns.Type
	ttl   uint32
	end   int
	line  int
}

// The first batches are smaller: most zones are. Large ones keep reader and
// builder from waking each other all the time, which costs more than a record.
const (
	batches    = 4
	smallBatch = 64   // records
	largeBatch = 1024 // records
	batchData  = 256 << 10
)

// addAll adds all records of a reader, which reads ahead meanwhile.
func addAll(b *Builder, r *Reader) error {
	defer r.Close()
	full, free, stop := make(chan *batch), make(chan *batch, batches), make(chan struct{})
	for range batches {
		free <- new(batch)
	}
	var wg sync.WaitGroup
	wg.Go(func() { readAhead(r, full, free, stop) })
	defer wg.Wait()
	defer close(stop)
	for {
		from := <-full
		if err := from.addTo(b, r.opts.Class); err != nil {
			return err
		}
		switch {
		case from.err == io.EOF:
			return nil
		case from.err != nil:
			return from.err
		}
		free <- from
	}
}

// readAhead fills batches until there is an error, or nobody wants more.
func readAhead(r *Reader, full chan<- *batch, free <-chan *batch, stop <-chan struct{}) {
	for size := smallBatch; ; size = min(4*size, largeBatch) {
		var to *batch
		select {
		case to = <-free:
		case <-stop:
			return
		}
		if to.records == nil {
			to.make(size)
		}
		to.fill(r)
		failed := to.err != nil // to is not ours behind this
		select {
		case full <- to:
		case <-stop:
			return
		}
		if failed {
			return
		}
	}
}

// make makes room for so many records, and for what most have.
func (t *batch) make(records int) {
	t.owners = make([]placed, 0, records/2)
	t.records = make([]located, 0, records)
	t.data = make([]byte, 0, 16*records)
}

// fill reads records for as long as there is room.
func (t *batch) fill(r *Reader) {
	t.owners, t.records, t.data = t.owners[:0], t.records[:0], t.data[:0]
	var last placed
	for len(t.records) < cap(t.records) && len(t.data) < batchData {
		rec, data, err := r.nextWire(t.data)
		if err != nil {
			t.err = err
			return
		}
		t.data = data
		file, line := r.Position()
		if at := (placed{rec.owner, file}); at != last {
			last = at
			t.owners = append(t.owners, at)
		}
		t.records = append(t.records, located{len(t.owners) - 1, rec.typ, rec.ttl, len(data), line})
	}
}

// addTo adds the records of a batch.
func (t *batch) addTo(b *Builder, class dns.Class) error {
	start := 0
	for i := range t.records {
		at := &t.records[i]
		owner := &t.owners[at.owner]
		if err := b.addWire(wireRecord{owner.name, at.typ, at.ttl}, class, t.data[start:at.end]); err != nil {
			return &ParseError{File: owner.file, Line: at.line, Column: 1, Err: err}
		}
		start = at.end
	}
	return nil
}

var errNoOrigin = errors.New("zone: no origin")

// LoadFile reads the zone with that apex from a file. $INCLUDE finds files in
// its folder and below, and nowhere else. See [Load] for what it returns.
func LoadFile(origin dns.Name, name string) (*Zone, []Problem, error) {
	dir, base := filepath.Split(name)
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	f, err := root.Open(base)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if s, err := f.Stat(); err == nil && s.IsDir() {
		return nil, nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a folder")}
	}
	return Load(f, &ReaderOptions{Origin: origin, File: name, FS: root.FS()})
}
