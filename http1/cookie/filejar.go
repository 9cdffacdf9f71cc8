package cookie

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

// FileJar is a [Jar] that outlives the program: its cookies are in a file in
// the Netscape format, which curl reads and writes. While it is open, a lock in
// the file name.lock keeps other processes from opening it too. Goroutines may
// share it.
type FileJar struct {
	Jar
	name        string
	keepSession bool
	unlock      func() error

	// saving guards what follows and keeps saves apart.
	saving  sync.Mutex
	saved   uint64 // the changes of the store that are in the file
	stale   bool   // the file must be written whatever has changed
	damaged []error
	closed  bool
}

// FileJarOptions says how a [FileJar] behaves. The zero value is a jar as
// browsers have it.
type FileJarOptions struct {
	JarOptions
	// KeepSession also writes the cookies that end with the session, so that
	// several runs of a program are one session.
	KeepSession bool
}

// OpenFileJar opens the jar in the file called name, which need not exist, and
// waits until ctx ends for another process to close it; the error then is
// [ErrLocked]. A damaged line of the file is lost and no other. Options may be
// nil. The caller must close the jar.
//
// The format has no dates of creation and use; a jar that is opened has its
// cookies in the order of the file.
func OpenFileJar(ctx context.Context, name string, options *FileJarOptions) (*FileJar, error) {
	f := &FileJar{name: target(name)}
	if options != nil {
		f.options = options.JarOptions
		f.keepSession = options.KeepSession
	}
	var err error
	if f.unlock, err = lock(ctx, f.name+".lock"); err != nil {
		return nil, fmt.Errorf("cookie: jar: %w", err)
	}
	if err := f.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("cookie: jar: %w", err), f.unlock())
	}
	return f, nil
}

// load reads the file. It writes nothing, so a jar that is only looked at
// stays as it is; a file that others may read is one that must be written.
func (f *FileJar) load() error {
	file, err := os.Open(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		f.stale = true
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	f.stale = info.Mode().Perm()&0o077 != 0
	text, err := readAll(file, f.options.Limits.filled().MaxFile)
	if err != nil {
		return err
	}
	cookies, damaged := ParseNetscape(text, &f.options.Limits)
	for _, err := range damaged {
		f.damaged = append(f.damaged, err)
	}
	now := f.now()
	for _, c := range cookies {
		if err := f.restore(c, now); err != nil && len(f.damaged) < maxDamaged {
			f.damaged = append(f.damaged, err)
		}
	}
	f.saved = f.store.changes
	return nil
}

// readAll reads a file of at most most octets.
func readAll(r io.Reader, most int64) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, min(most, maxInt64-1)+1))
	if err != nil {
		return "", err
	}
	if int64(len(b)) > most {
		return "", &LimitError{Name: "MaxFile", Max: most}
	}
	return string(b), nil
}

// restore puts a cookie back that was in the jar before. A list of public
// suffixes that has grown since is heeded, and so are the limits.
func (j *Jar) restore(c Stored, now time.Time) error {
	if !c.HostOnly && (isAddress(c.Domain) || j.isPublicSuffix(c.Domain)) {
		return &PolicyError{Name: c.Name, Host: c.Domain, Ref: "RFC 6265 §5.3", Err: ErrPublicSuffix}
	}
	c.Created, c.Used = now, now
	l := j.options.Limits.filled()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.store.put(c, now, &l)
	return nil
}

// Damaged returns why lines were lost when the jar was opened, at most a
// hundred times: a [*ParseError] for a line that is none, a [*PolicyError] for
// a cookie whose domain has become a public suffix.
func (f *FileJar) Damaged() []error { return f.damaged }

// Save writes the jar to its file, if anything has changed: to a new file that
// then takes the old one's place, with mode 0600. A crash leaves the old file
// or the new one. A cookie that the format cannot hold, for a tab in it, is
// left out.
func (f *FileJar) Save() error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.closed {
		return fmt.Errorf("cookie: jar: %w", fs.ErrClosed)
	}
	return f.save()
}

func (f *FileJar) save() error {
	text, changes := f.text()
	if changes == f.saved && !f.stale {
		return nil
	}
	write := func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}
	if err := replaceFile(f.name, write); err != nil {
		return fmt.Errorf("cookie: jar: %w", err)
	}
	f.saved, f.stale = changes, false
	return nil
}

// text is the file as it should be, and the changes that are in it.
func (f *FileJar) text() ([]byte, uint64) {
	now := f.now()
	text := []byte(netscapeHeader)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.store.entries(now) {
		if e.Expires.IsZero() && !f.keepSession {
			continue
		}
		if longer, err := AppendNetscape(text, &e.Stored); err == nil {
			text = longer
		}
	}
	return text, f.store.changes
}

// Close saves the jar and lets other processes open it. The jar itself can be
// used further; what it takes then is lost.
func (f *FileJar) Close() error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	return errors.Join(f.save(), f.unlock())
}
