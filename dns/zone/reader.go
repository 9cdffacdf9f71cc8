package zone

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"applayer/dns"
	"applayer/internal/ascii"
)

// ReaderOptions say how a master file is read. Nil is the zero value.
type ReaderOptions struct {
	// Origin is what relative names are relative to, up to the first $ORIGIN.
	// Without one all names must be absolute until then.
	Origin dns.Name
	// File is the file's name for errors.
	File string
	// FS is where $INCLUDE finds its files; nil for nowhere. Paths are relative
	// to its root, have slashes and do not lead out of it; that symbolic links
	// do not either is up to it: [os.Root.FS] sees to that, os.DirFS does not.
	FS fs.FS
	// Class is the class of all records, IN by default.
	Class dns.Class
	// Types are types that the program adds.
	Types dns.PrivateTypes
	// Limits bounds what the file can make us do.
	Limits *Limits
}

// Reader reads the records of a master file one by one (RFC 1035 §5), so that a
// file may be larger than memory. It may not be used by several goroutines at
// once.
type Reader struct {
	opts        ReaderOptions
	limits      Limits
	entryLimits dns.EntryLimits

	src    *source
	entry  dns.Entry
	parser dns.TextParser // its origin is the one in force
	err    error          // what ended the reading

	// The owner of the record before, how it was written, and below what.
	owner       dns.Name
	ownerText   []byte
	ownerOrigin dns.Name

	defaultTTL, lastTTL       uint32
	hasDefaultTTL, hasLastTTL bool

	rec       record // at hand
	gen       generator
	includes  int
	generated int
	scratch   []byte
}

// NewReader returns a Reader of the master file in r, which it reads in large
// pieces.
func NewReader(r io.Reader, opts *ReaderOptions) *Reader {
	if opts == nil {
		opts = &ReaderOptions{}
	}
	z := &Reader{opts: *opts, limits: opts.Limits.withDefaults()}
	if z.opts.Class == 0 {
		z.opts.Class = dns.ClassIN
	}
	z.entryLimits = dns.EntryLimits{MaxToken: z.limits.MaxToken, MaxEntry: z.limits.MaxEntry}
	z.src = &source{name: opts.File, r: r}
	z.parser = dns.TextParser{Origin: opts.Origin, Types: opts.Types}
	return z
}

// Next returns the next record, io.EOF behind the last. The error is a
// [*ParseError], or what reading the file gave; it ends the reading. The record
// may be kept.
func (r *Reader) Next() (dns.RR, error) {
	if err := r.find(); err != nil {
		return dns.RR{}, err
	}
	rr, f := r.finish(&r.rec)
	if f != nil {
		return dns.RR{}, r.fail(f)
	}
	return rr, nil
}

// All goes through the records. After an error, which is the last that it
// yields, there is no more. It calls [Reader.Close] at its end.
func (r *Reader) All() iter.Seq2[dns.RR, error] {
	return func(yield func(dns.RR, error) bool) {
		defer r.Close()
		for {
			rr, err := r.Next()
			if err == io.EOF || !yield(rr, err) || err != nil {
				return
			}
		}
	}
}

// errClosed is what Next returns after Close.
var errClosed = fmt.Errorf("zone: reader: %w", fs.ErrClosed)

// Close closes the included files that are open. It need not be called after an
// error of [Reader.Next], io.EOF among them.
func (r *Reader) Close() error {
	var errs []error
	for ; r.src.parent != nil; r.src = r.src.parent {
		errs = append(errs, r.src.close())
	}
	if r.err == nil {
		r.err = errClosed
	}
	return errors.Join(errs...)
}

// Position returns the file and the line of the record that Next returned last.
func (r *Reader) Position() (file string, line int) {
	return r.src.name, r.src.lines + 1
}

// nextEntry reads an entry of the innermost file; at its end it goes on in the
// one that included it.
func (r *Reader) nextEntry() error {
	for {
		err := r.src.next(&r.entry, &r.entryLimits)
		switch {
		case err == nil:
			return nil
		case err == io.EOF && r.src.parent == nil:
			return io.EOF
		case err == io.EOF:
			if err := r.leave(); err != nil {
				return err
			}
			continue
		}
		if f, ok := entryFault(err); ok {
			return r.located(f)
		}
		return fmt.Errorf("zone: %s:%d: %w", r.src.name, r.src.lines+1, err)
	}
}

// entryFault tells whether err is about what the file says, and not about
// reading it.
func entryFault(err error) (*fault, bool) {
	if _, ok := errors.AsType[*dns.LimitError](err); ok {
		return &fault{err: err}, true
	}
	if _, ok := errors.AsType[*dns.ParseError](err); ok {
		return faultOf(err), true
	}
	return nil, false
}

// located returns the error of a fault in the last entry; nil for none.
func (r *Reader) located(f *fault) error {
	if f == nil {
		return nil
	}
	line, column := r.src.position(f.at)
	return &ParseError{
		File: r.src.name, Line: line, Column: column, Offset: r.src.offset + int64(r.src.start+f.at),
		What: f.what, Ref: f.ref, Err: f.err,
	}
}

// isDirective tells whether an entry begins with a dollar sign, which in an
// owner is written "\$".
func isDirective(e *dns.Entry) bool {
	t := &e.Tokens[0]
	return !e.Blank && !t.Quoted && t.Text[0] == '$'
}

// directive does what an entry says that is no record.
func (r *Reader) directive(tokens []dns.Token) *fault {
	name := tokens[0].Text
	switch {
	case ascii.EqualFold(name, "$ORIGIN"):
		return r.setOrigin(tokens)
	case ascii.EqualFold(name, "$TTL"):
		return r.setTTL(tokens)
	case ascii.EqualFold(name, "$INCLUDE"):
		return r.include(tokens)
	case ascii.EqualFold(name, "$GENERATE"):
		return r.generate(tokens)
	}
	return syntax(0, "directive "+quoted(name), "RFC 1035 §5.1")
}

// setOrigin is $ORIGIN name (RFC 1035 §5.1).
func (r *Reader) setOrigin(tokens []dns.Token) *fault {
	if len(tokens) != 2 {
		return syntax(0, "$ORIGIN without one name", "RFC 1035 §5.1")
	}
	origin, err := r.parser.Name(tokens[1])
	if err != nil {
		return faultOf(err)
	}
	r.parser.Origin = origin
	return nil
}

// setTTL is $TTL seconds (RFC 2308 §4).
func (r *Reader) setTTL(tokens []dns.Token) *fault {
	if len(tokens) != 2 || tokens[1].Quoted {
		return syntax(0, "$TTL without one time", "RFC 2308 §4")
	}
	ttl, err := dns.ParseTTL(string(tokens[1].Text))
	if err != nil {
		return &fault{tokens[1].Offset, "TTL " + quoted(tokens[1].Text), "RFC 2181 §8", dns.ErrSyntax}
	}
	r.defaultTTL, r.hasDefaultTTL = ttl, true
	return nil
}
