package ftp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"
	"time"
)

// List returns what is in a directory, "" for the current one. The directory
// itself and the one above it are left out.
func (c *Client) List(ctx context.Context, dir string) ([]Entry, error) {
	var entries []Entry
	for e, err := range c.Entries(ctx, dir) {
		if err != nil {
			return entries, err
		}
		if err := c.mayKeep(len(entries)); err != nil {
			return entries, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// mayKeep tells whether one more entry of the listing may be kept beside n.
func (c *Client) mayKeep(n int) error {
	switch {
	case n >= c.lim.MaxEntries:
		return &LimitError{Name: "MaxEntries", Max: int64(c.lim.MaxEntries)}
	case c.listed > int64(c.lim.MaxListing):
		return &LimitError{Name: "MaxListing", Max: int64(c.lim.MaxListing)}
	}
	return nil
}

// Entries yields what is in a directory as it comes, and holds none of it. The
// session is busy until the loop ends; a break aborts the listing. The first
// error ends it.
//
// It asks by MLSD where the server has it (RFC 3659 §7), else by LIST, whose
// lines that say nothing, such as "total 12", are left out.
func (c *Client) Entries(ctx context.Context, dir string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		err := c.with(ctx, func() error { return c.entries(ctx, dir, yield) })
		if err != nil && err != errStopped {
			yield(Entry{}, err)
		}
	}
}

// errStopped tells that the caller wants no more, and must not be called again.
var errStopped = errors.New("stopped")

func (c *Client) entries(ctx context.Context, dir string, yield func(Entry, error) bool) error {
	if c.features.Has("MLST") && !c.avoid.mlsd {
		err := c.listing(ctx, VerbMLSD, dir, func(line []byte) error {
			e, err := ParseFacts(line)
			if errors.Is(err, ErrControlOctet) { // no command could name it
				return nil
			}
			if err != nil {
				return err
			}
			return c.give(e, yield)
		})
		if !isUnknown(err, VerbMLSD) {
			return err
		}
		c.avoid.mlsd = true
	}
	now := time.Now().In(c.opts.Location)
	return c.listing(ctx, VerbLIST, c.listArg(dir), func(line []byte) error {
		e, err := ParseList(line, now)
		if err != nil { // a line that is no entry
			return nil
		}
		return c.give(e, yield)
	})
}

// isUnknown tells of a reply that the server does not know a command
// (RFC 959 §4.2.2): that one, and none that prepared for it.
func isUnknown(err error, verb Verb) bool {
	of, ok := errors.AsType[*CommandError](err)
	if !ok || of.Verb != verb.String() {
		return false
	}
	refusal, ok := errors.AsType[*ReplyError](of)
	return ok && (refusal.Code == 500 || refusal.Code == 502 || refusal.Code == 504)
}

// give hands an entry to the caller, in the caller's character set.
func (c *Client) give(e Entry, yield func(Entry, error) bool) error {
	e.Name, e.Target = c.opts.Charset.Decode(e.Name), c.opts.Charset.Decode(e.Target)
	if e.Type == EntryCurrent || e.Type == EntryParent || e.Name == "." || e.Name == ".." {
		return nil
	}
	if !yield(e, nil) {
		return errStopped
	}
	return nil
}

// listArg is the argument of LIST. Servers take a name that begins with a
// hyphen for options, and a tilde for a home.
func (c *Client) listArg(dir string) string {
	if strings.HasPrefix(dir, "-") || strings.HasPrefix(dir, "~") {
		dir = "./" + dir
	}
	if !c.opts.Hidden {
		return dir
	}
	return strings.TrimSuffix("-a "+dir, " ")
}

// Names returns the names in a directory, or those that a pattern stands for,
// as the server says them (NLST); "" is the current directory. The directory
// itself and the one above it are left out. They are what RETR takes, and may
// hold slashes: none is good for the local system before it is looked at.
func (c *Client) Names(ctx context.Context, dir string) ([]string, error) {
	var names []string
	if strings.HasPrefix(dir, "-") {
		dir = "./" + dir
	}
	err := c.with(ctx, func() error {
		return c.listing(ctx, VerbNLST, dir, func(line []byte) error {
			if isDots(line) {
				return nil
			}
			if err := c.mayKeep(len(names)); err != nil {
				return err
			}
			names = append(names, c.opts.Charset.Decode(string(line)))
			return nil
		})
	})
	if refusal, ok := errors.AsType[*ReplyError](err); ok && refusal.Code == 550 && emptyList(refusal.Text) {
		return nil, nil
	}
	return names, err
}

// isDots tells of the directory itself and the one above it, which Pure-FTPd
// lists too.
func isDots(name []byte) bool {
	last := name[bytes.LastIndexByte(name, '/')+1:]
	return string(last) == "." || string(last) == ".."
}

// emptyList tells of a 550 that says that there is nothing, as BSD's server
// answers NLST of an empty directory.
func emptyList(text string) bool {
	return strings.Contains(strings.ToLower(text), "no files found")
}

// listing runs a command whose data are lines, and hands each to line, which
// must not keep it. An error of line aborts the transfer.
func (c *Client) listing(ctx context.Context, verb Verb, dir string, line func([]byte) error) error {
	arg, err := c.encodeArg(verb, dir)
	if err != nil {
		return err
	}
	// MLSD is as it is whatever the type (RFC 3659 §7.2); LIST and NLST are text
	// (RFC 959 §4.1.3).
	if verb != VerbMLSD {
		if err := c.setType(ctx, 'A'); err != nil {
			return err
		}
	}
	t, err := c.begin(ctx, verb, arg, 0)
	if err != nil {
		return err
	}
	defer t.abandon()
	c.listed = 0
	if err := t.lines(line); err != nil {
		if err == errStopped {
			t.abort(context.Canceled)
			return err
		}
		return t.abort(commandError(verb, arg, err))
	}
	t.data.close()
	_, err = t.complete()
	return err
}

// lines reads the data connection to its end.
func (t *transfer) lines(line func([]byte) error) error {
	b := lineReaders.Get().(*bufio.Reader)
	b.Reset(t.data)
	defer func() {
		b.Reset(nil)
		lineReaders.Put(b)
	}()
	var long []byte // the beginning of a line longer than the buffer
	for {
		piece, err := b.ReadSlice('\n')
		if len(long)+len(piece) > t.c.lim.MaxListLine {
			return &LimitError{Name: "MaxListLine", Max: int64(t.c.lim.MaxListLine)}
		}
		t.c.listed += int64(len(piece))
		if err == bufio.ErrBufferFull {
			long = append(long, piece...)
			continue
		}
		if len(long) > 0 {
			piece = append(long, piece...)
			long = long[:0]
		}
		if text := bytes.TrimRight(piece, "\r\n"); len(text) > 0 {
			if err := line(text); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

var lineReaders = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4<<10) }}
