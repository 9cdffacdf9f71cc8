package ftp

import (
	"context"
	"errors"
	"io"
	"sync"
)

// ErrChanged means that a file on the server is not what it was when its
// transfer began.
var ErrChanged = errors.New("ftp: the file has changed meanwhile")

// Download copies a file to w, from an offset on, and returns how many octets
// it wrote. Where the connection breaks it goes on behind the last octet on
// another, as [Pool.Retry] says; a file of another size by then is
// [ErrChanged].
func (p *Pool) Download(ctx context.Context, name string, w io.Writer, offset int64) (int64, error) {
	d := download{name: name, at: offset, end: -1, size: -1}
	err := p.download(ctx, &d, w)
	return d.at - offset, err
}

// download is a part of a file on its way, over any number of connections.
type download struct {
	name string
	at   int64 // the next octet's place
	end  int64 // behind the last one's, -1 for the file's end
	size int64 // of the file, -1 before it is known
}

func (p *Pool) download(ctx context.Context, d *download, w io.Writer) error {
	return p.again(ctx, func(c *Client) (bool, error) {
		before := d.at
		err := d.next(ctx, c, w)
		return d.at > before, err
	})
}

// next goes on over one connection.
func (d *download) next(ctx context.Context, c *Client, w io.Writer) (err error) {
	if d.at > 0 && !c.canRestart() {
		return commandError(VerbREST, d.name, ErrNotSupported)
	}
	r, err := c.Retrieve(ctx, d.name, d.at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	switch {
	case d.size < 0:
		d.size = r.Size()
	case r.Size() >= 0 && r.Size() != d.size:
		return ErrChanged
	}
	return d.copy(w, r)
}

func (d *download) copy(w io.Writer, r *Reader) error {
	var n int64
	var err error
	if d.end < 0 || d.end == d.size {
		n, err = io.Copy(w, r)
	} else {
		n, err = io.Copy(w, io.LimitReader(r, d.end-d.at))
	}
	d.at += n
	switch {
	case err == nil && (d.end >= 0 && d.at != d.end || d.end < 0 && d.at < d.size):
		return ErrChanged // whatever the server calls the end
	case err == nil:
		return nil
	case r.ended && r.err != nil:
		return nil // which Close tells
	}
	return &localError{"destination", err}
}

// DownloadSegments copies a file to w by several sessions at once, a segment
// each, and returns its size. On a server that does not tell sizes or cannot
// begin at an offset it is one. After an error w holds pieces.
func (p *Pool) DownloadSegments(ctx context.Context, name string, w io.WriterAt, segments int) (int64, error) {
	size, err := p.segmentable(ctx, name)
	if err != nil {
		return 0, err
	}
	if size < 0 || segments < 2 {
		return p.Download(ctx, name, io.NewOffsetWriter(w, 0), 0)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	length := max((size+int64(segments)-1)/int64(segments), minSegment)
	for at := int64(0); at < size; at += length {
		d := download{name: name, at: at, end: min(at+length, size), size: size}
		all.Go(func() {
			if err := p.download(ctx, &d, io.NewOffsetWriter(w, d.at)); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return size, nil
}

// minSegment is the least length worth a session.
const minSegment = 64 << 10

// segmentable returns a file's size, -1 where segments cannot be had.
func (p *Pool) segmentable(ctx context.Context, name string) (size int64, err error) {
	err = p.With(ctx, func(c *Client) error {
		size = -1
		if !c.canRestart() {
			return nil
		}
		var err error
		size, err = c.Size(ctx, name)
		if isUnknown(err, VerbSIZE) {
			size, err = -1, nil
		}
		return err
	})
	return size, err
}

// Upload sends src from its present place on, to replace what the name stands
// for. Where the connection breaks, it is sent again on another, as [Pool.Retry]
// says: from behind the octets that the server kept, if it kept some, else from
// the beginning.
func (p *Pool) Upload(ctx context.Context, name string, src io.ReadSeeker) error {
	start, err := src.Seek(0, io.SeekCurrent)
	if err != nil {
		return &localError{"source", err}
	}
	u := upload{name: name, src: src, start: start, before: -1}
	return p.again(ctx, func(c *Client) (bool, error) { return u.next(ctx, c) })
}

// upload is a file on its way, over any number of connections.
type upload struct {
	name    string
	src     io.ReadSeeker
	start   int64 // where the file begins in src
	sent    int64 // how much of it was sent, at most
	kept    int64 // how much of it the server had at the last look
	resumes bool  // before is known
	before  int64 // the size of what had the name before, or -1
}

// next goes on over one connection, and tells whether the server has more than
// at the last one.
func (u *upload) next(ctx context.Context, c *Client) (moved bool, err error) {
	offset, err := u.look(ctx, c)
	if err != nil {
		return false, err
	}
	moved = offset > u.kept
	u.kept = offset
	if _, err := u.src.Seek(u.start+offset, io.SeekStart); err != nil {
		return false, &localError{"source", err}
	}
	err = c.StoreAt(ctx, u.name, u.src, offset)
	if at, seekErr := u.src.Seek(0, io.SeekCurrent); seekErr == nil {
		u.sent = max(u.sent, at-u.start)
	}
	return moved, err
}

// look returns how many octets the server has of a file that did not come
// whole. One that has the size of what was there before may well be that: a
// server that takes uploads all at once has kept nothing.
func (u *upload) look(ctx context.Context, c *Client) (int64, error) {
	first := u.sent == 0
	if !c.features.Has("SIZE") || !c.canRestart() || !first && !u.resumes {
		return 0, nil
	}
	if length, known := remaining(u.src); first && known && length < minResume {
		return 0, nil
	}
	size, err := c.Size(ctx, u.name)
	switch {
	case err != nil && (isBroken(err) || ctx.Err() != nil):
		return 0, err
	case err != nil:
		size = -1
	}
	if first {
		u.before, u.resumes = size, true
		return 0, nil
	}
	if size <= 0 || size == u.before || size > u.sent {
		return 0, nil
	}
	return size, nil
}

// minResume is the least size for which it is worth to ask what is there.
const minResume = 1 << 20
