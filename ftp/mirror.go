package ftp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"
)

// MirrorOptions are the choices of [Pool.MirrorDown] and [Pool.MirrorUp]. A nil
// one is all defaults.
type MirrorOptions struct {
	// Parallel is how many files move at once (default the Pool's Max).
	Parallel int
	// Delete removes what the source does not have, and what is in the way of
	// what it has.
	Delete bool
	// DryRun only tells what would be done.
	DryRun bool
	// Filter tells whether to take a file or directory of the source, given its
	// path below the mirrored directory. What it leaves out is not deleted at
	// the destination either. It may be called at any time by any goroutine.
	Filter func(path string, e Entry) bool
	// Report hears of each step when it is done. Its calls come one at a time.
	Report func(MirrorStep)
}

// MirrorStep is one thing that a mirror has done.
type MirrorStep struct {
	Op MirrorOp
	// Path is below the mirrored directory.
	Path string
	// Size is a file's.
	Size int64
	// Err is why the step was not done.
	Err error
}

// MirrorOp says what a step is.
type MirrorOp uint8

// The steps.
const (
	MirrorSkip   MirrorOp = iota // a file that is the same on both sides
	MirrorCopy                   // a file
	MirrorMkdir                  // a directory
	MirrorDelete                 // what the source does not have
	MirrorLeave                  // a link or a device, which is left out
	MirrorFail                   // what could not be listed, or has an unsafe name
)

var mirrorOps = [...]string{"skip", "copy", "mkdir", "delete", "leave", "fail"}

// String returns the step's name.
func (op MirrorOp) String() string { return mirrorOps[min(int(op), len(mirrorOps)-1)] }

// MirrorStats counts what a mirror has done.
type MirrorStats struct {
	Copied, Skipped, Made, Deleted, Left, Failed int
	// Octets is the size of the files copied.
	Octets int64
}

// mirror is a mirror under way.
type mirror struct {
	p    *Pool
	opts MirrorOptions

	files chan mirrorFile
	all   sync.WaitGroup

	mu    sync.Mutex // guards stats and first, and is held over Report
	stats MirrorStats
	first error
}

// mirrorFile is a file that may have to be copied.
type mirrorFile struct {
	path  string // below the mirrored directory
	entry Entry  // of the source
	old   *Entry // of the destination, nil where there is none
}

func (p *Pool) newMirror(opts *MirrorOptions) *mirror {
	m := &mirror{p: p, files: make(chan mirrorFile)}
	if opts != nil {
		m.opts = *opts
	}
	if m.opts.Parallel <= 0 {
		m.opts.Parallel = p.size()
	}
	return m
}

// run walks the source while workers move its files.
func (m *mirror) run(ctx context.Context, walk func() error, move func(mirrorFile) error) (MirrorStats, error) {
	for range m.opts.Parallel {
		m.all.Go(func() {
			for f := range m.files {
				m.step(MirrorStep{Op: MirrorCopy, Path: f.path, Size: f.entry.Size, Err: m.unlessDry(func() error { return move(f) })})
			}
		})
	}
	err := walk()
	close(m.files)
	m.all.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = m.first
	}
	return m.stats, err
}

func (m *mirror) unlessDry(do func() error) error {
	if m.opts.DryRun {
		return nil
	}
	return do()
}

// do does a step, and tells whether it was done.
func (m *mirror) do(op MirrorOp, path string, do func() error) bool {
	err := m.unlessDry(do)
	m.step(MirrorStep{Op: op, Path: path, Err: err})
	return err == nil
}

// step counts and reports one.
func (m *mirror) step(s MirrorStep) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.Op == MirrorFail || s.Err != nil {
		m.stats.Failed++
		if m.first == nil {
			m.first = s.Err
		}
	} else {
		m.count(s)
	}
	if m.opts.Report != nil {
		m.opts.Report(s)
	}
}

func (m *mirror) count(s MirrorStep) {
	switch s.Op {
	case MirrorSkip:
		m.stats.Skipped++
	case MirrorCopy:
		m.stats.Copied++
		m.stats.Octets += s.Size
	case MirrorMkdir:
		m.stats.Made++
	case MirrorDelete:
		m.stats.Deleted++
	case MirrorLeave:
		m.stats.Left++
	}
}

// queue hands a file to the workers.
func (m *mirror) queue(ctx context.Context, f mirrorFile) {
	select {
	case m.files <- f:
	case <-ctx.Done():
	}
}

// file queues a file, unless it is the same on both sides.
func (m *mirror) file(ctx context.Context, f mirrorFile, same bool, r *remover) {
	switch {
	case same:
		m.step(MirrorStep{Op: MirrorSkip, Path: f.path, Size: f.entry.Size})
		return
	case f.old == nil || f.old.Type != EntryDir:
	case !m.opts.Delete || !m.prune(r, f.path, f.old):
		m.step(MirrorStep{Op: MirrorCopy, Path: f.path, Err: mirrorError("mirror", f.path, errInTheWay)})
		return
	}
	m.queue(ctx, f)
}

// wanted asks the filter.
func (m *mirror) wanted(path string, e *Entry) bool {
	return m.opts.Filter == nil || m.opts.Filter(path, *e)
}

// sameFile tells whether a file need not be copied: its size and time are what
// they are at the source, as far as the source tells them.
func sameFile(source, dest *Entry) bool {
	return dest != nil && dest.Type == EntryFile && source.Size == dest.Size &&
		(!source.Facts.Has(FactModify) || sameTime(source, dest))
}

// sameTime tells whether two times are the same, one of which may be cut to
// what a listing tells of it.
func sameTime(a, b *Entry) bool {
	exact, coarse := a, b
	if exact.Precision > coarse.Precision {
		exact, coarse = coarse, exact
	}
	d := exact.ModTime.Sub(coarse.ModTime)
	return d >= 0 && d < max(coarse.Precision, time.Second)
}

// partPrefix begins the names of files that have not come whole.
const partPrefix = ".applayer-part-"

// partName is the name of the part of a file, which stands for this version of
// it alone: what another has left cannot be gone on with.
func partName(e *Entry) string {
	sum := sha256.Sum256([]byte(e.Name + "\x00" + strconv.FormatInt(e.Size, 10) + "\x00" + e.ModTime.UTC().Format(time.RFC3339Nano)))
	return partPrefix + hex.EncodeToString(sum[:12])
}

// isPart tells of parts. A directory is none, whatever its name.
func isPart(e *Entry) bool { return e.Type == EntryFile && strings.HasPrefix(e.Name, partPrefix) }

// errTwice tells of a name that a server lists more than once: two files would
// be mixed in one.
var errTwice = errors.New("ftp: listed twice")

// errInTheWay tells of a directory where a file is to be, or the other way
// round.
var errInTheWay = errors.New("ftp: something else has the name, and is not to be deleted")

// mirrorError names the path.
func mirrorError(op, path string, err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok || err == nil {
		return err
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}
