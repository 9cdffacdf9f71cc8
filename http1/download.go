package http1

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// DownloadFile is where [Client.Download] writes: an [*os.File] is one.
type DownloadFile interface {
	io.Writer
	io.Seeker
	// Truncate makes the file that long.
	Truncate(size int64) error
}

// Download is how far a download has come: what to keep in order to go on
// later. The zero value is one that has not begun.
type Download struct {
	// Offset counts the octets at the front of the file that are there.
	Offset int64
	// Validator is what they belong to, a strong entity tag or a date that
	// will do for one (RFC 9110 §8.8.1). Without it the download cannot go on,
	// but begins again.
	Validator string
	// Size is that of the whole, 0 while it is not known.
	Size int64
	// Resumed counts the requests that went on, Restarted those that found
	// another content than before, or could not go on.
	Resumed, Restarted int
	// Attempts bounds the requests in a row that bring nothing (default 3).
	Attempts int
}

// DownloadError tells that a response was none that a download can use.
type DownloadError struct {
	// Status is the response's.
	Status int
	// What is wrong with it, "" where its status says so.
	What string
}

// Error tells the status and what is wrong.
func (e *DownloadError) Error() string {
	s := "http1: download: answered with " + strconv.Itoa(e.Status)
	if e.What != "" {
		s += ": " + e.What
	}
	return s
}

// Download writes the content of a URL to a file. D, which may be nil, is where
// it goes on and where it is kept how far it came, after an error too: keep it,
// and the file, and call again. A connection that ends in the middle is not
// that yet: the rest is asked for by Range, under If-Range, so that a content
// that has changed since comes whole and the file begins again (RFC 9110 §14.2,
// RFC 9110 §13.1.5). What comes is written only where Content-Range says that
// it belongs.
//
// The file may be longer than d says; it is cut. Its octets are not synced.
func (c *Client) Download(ctx context.Context, rawURL string, f DownloadFile, d *Download) error {
	if d == nil {
		d = new(Download)
	}
	attempts := limit(d.Attempts, 3)
	for barren := 0; ; {
		before := *d
		done, err := c.downloadOnce(ctx, rawURL, f, d)
		switch {
		case done:
			return f.Truncate(d.Offset)
		case err != nil && (ctx.Err() != nil || !isLostDownload(err)):
			return err
		case d.Offset > before.Offset && d.Restarted == before.Restarted:
			barren = 0
			continue
		}
		if barren++; barren >= attempts {
			return err
		}
	}
}

// isLostDownload tells errors after which the rest may still come.
func isLostDownload(err error) bool {
	_, local := errors.AsType[*fileError](err)
	return !local && (isLost(err) || err == errChanged)
}

// fileError keeps an error of the file apart from the connection's.
type fileError struct{ err error }

func (e *fileError) Error() string { return "http1: download: " + e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// errChanged is that what is there is no part of what is there to come.
var errChanged = errors.New("http1: download: content changed (RFC 9110 §13.1.5)")

// downloadOnce makes one request and writes what it brings.
func (c *Client) downloadOnce(ctx context.Context, rawURL string, f DownloadFile, d *Download) (done bool, err error) {
	r, err := NewRequest(MethodGet, rawURL, nil)
	if err != nil {
		return false, err
	}
	// A content coding would make other octets of it.
	r.Header.Add("Accept-Encoding", "identity")
	if d.Offset > 0 && d.Validator == "" {
		d.restart()
	}
	if d.Offset > 0 {
		r.Header.Add("Range", "bytes="+strconv.FormatInt(d.Offset, 10)+"-")
		r.Header.Add("If-Range", d.Validator)
	}
	resp, err := c.Do(ctx, r)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	part, done, err := d.begin(resp)
	if done || err != nil {
		return done, err
	}
	if _, err := f.Seek(d.Offset, io.SeekStart); err != nil {
		return false, &fileError{err}
	}
	if err := f.Truncate(d.Offset); err != nil {
		return false, &fileError{err}
	}
	_, err = io.Copy(&downloadWriter{f, d, part}, resp.Body)
	switch {
	case err != nil:
		return false, err
	case !resp.Complete, d.Size > 0 && d.Offset < d.Size, d.Size == 0 && resp.Status == StatusPartialContent:
		// Behind a part of a whole of unknown size there may be more: 416 tells.
		return false, premature(0)
	}
	d.Size = d.Offset
	return true, nil
}

// restart forgets what is there.
func (d *Download) restart() {
	d.Offset, d.Size, d.Validator = 0, 0, ""
	d.Restarted++
}

// begin decides from a response's head where its content goes, and how many
// octets of it there are, -1 for all that come. Done says that all is there
// already.
func (d *Download) begin(resp *Response) (part int64, done bool, err error) {
	asked := d.Offset > 0
	switch resp.Status {
	case StatusOK:
		if asked {
			d.restart()
		}
		d.Validator, d.Size = validatorOf(resp), max(resp.Length, 0)
		return -1, false, nil
	case StatusPartialContent:
		if asked {
			part, err = d.resume(resp)
			return part, false, err
		}
	case StatusRangeNotSatisfiable:
		cr, err := ParseContentRange(resp.Header.Get("Content-Range"))
		if asked && err == nil && cr.Size == d.Offset && (d.Size == 0 || d.Size == cr.Size) {
			d.Size = cr.Size
			return 0, true, nil
		}
		if asked {
			d.restart()
			return 0, false, errChanged
		}
	}
	return 0, false, &DownloadError{Status: resp.Status}
}

// resume checks that a part is the one asked for, and of the same whole
// (RFC 9110 §15.3.7.3), and returns how many octets it has.
func (d *Download) resume(resp *Response) (part int64, err error) {
	cr, err := ParseContentRange(resp.Header.Get("Content-Range"))
	if err != nil {
		return 0, &DownloadError{resp.Status, "no Content-Range of octets"}
	}
	if tag := resp.Header.Get("ETag"); strings.HasPrefix(d.Validator, `"`) && tag != "" && tag != d.Validator ||
		d.Size > 0 && cr.Size >= 0 && cr.Size != d.Size {
		d.restart()
		return 0, errChanged
	}
	if cr.First != d.Offset || cr.Last < cr.First || resp.Length >= 0 && resp.Length != cr.Last-cr.First+1 {
		return 0, &DownloadError{resp.Status, "Content-Range is not what was asked for"}
	}
	if cr.Size > 0 {
		d.Size = cr.Size
	}
	d.Resumed++
	return cr.Last - cr.First + 1, nil
}

// validatorOf returns what If-Range can be sent with: a strong entity tag, or a
// date of change that lies so far before the response's own that nothing can
// have changed in the same second (RFC 9110 §8.8.2.2).
func validatorOf(resp *Response) string {
	if tag := resp.Header.Get("ETag"); tag != "" {
		if !strings.HasPrefix(tag, `"`) {
			return "" // weak: the same tag for other octets
		}
		return tag
	}
	modified := resp.Header.Get("Last-Modified")
	now := time.Now()
	m, err1 := ParseDate(modified, now)
	date, err2 := ParseDate(resp.Header.Get("Date"), now)
	if err1 != nil || err2 != nil || date.Sub(m) < time.Minute {
		return ""
	}
	return modified
}

// downloadWriter writes to the file and counts.
type downloadWriter struct {
	f    DownloadFile
	d    *Download
	left int64 // octets that belong to the part; negative is no limit
}

func (w *downloadWriter) Write(b []byte) (int, error) {
	mine := b
	if w.left >= 0 {
		mine = b[:min(int64(len(b)), w.left)]
		w.left -= int64(len(mine))
	}
	n, err := w.f.Write(mine)
	w.d.Offset += int64(n)
	switch {
	case err != nil:
		return n, &fileError{err}
	case n < len(b):
		return n, &DownloadError{StatusPartialContent, "more octets than Content-Range tells"}
	}
	return n, nil
}
