package ftp

import (
	"context"
	"io"
	"os"
	"strings"
)

// Store sends a file, which replaces what the name stands for. Where src fails
// the transfer is aborted, so that half a file is not taken for a whole one. The
// context does not end a Read of src that blocks.
func (c *Client) Store(ctx context.Context, name string, src io.Reader) error {
	return c.StoreAt(ctx, name, src, 0)
}

// StoreAt is [Client.Store] into a file from an offset on (REST, RFC 3659 §5);
// src begins there.
func (c *Client) StoreAt(ctx context.Context, name string, src io.Reader, offset int64) error {
	if err := checkOffset(offset); err != nil {
		return commandError(VerbSTOR, name, err)
	}
	_, err := c.upload(ctx, VerbSTOR, 'I', name, src, offset)
	return err
}

// StoreText sends a text whose lines end in LF, to be kept as such a text of the
// server's system (TYPE A).
func (c *Client) StoreText(ctx context.Context, name string, src io.Reader) error {
	_, err := c.upload(ctx, VerbSTOR, 'A', name, src, 0)
	return err
}

// Append sends octets to stand behind those of a file, or in a new one.
func (c *Client) Append(ctx context.Context, name string, src io.Reader) error {
	_, err := c.upload(ctx, VerbAPPE, 'I', name, src, 0)
	return err
}

// StoreUnique sends a file to a name that the server chooses, and returns the
// name. What name asks for many servers do not look at (RFC 959 §4.1.3).
func (c *Client) StoreUnique(ctx context.Context, name string, src io.Reader) (string, error) {
	r, err := c.upload(ctx, VerbSTOU, 'I', name, src, 0)
	if err != nil {
		return "", err
	}
	for _, text := range []string{r.mark.Text(), r.final.Text()} {
		if stored := storedName(text); stored != "" {
			return c.opts.Charset.Decode(stored), nil
		}
	}
	return "", nil
}

// storedName takes the name out of "FILE: name" (RFC 1123 §4.1.2.9), or out of
// "(unique file name:name)." as BSD's server says. Pure-FTPd has more to say in
// the line behind it.
func storedName(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if _, after, ok := strings.Cut(text, "FILE: "); ok {
		return strings.TrimSpace(after)
	}
	if _, after, ok := strings.Cut(text, "unique file name:"); ok {
		name, _, _ := strings.Cut(after, ")")
		return strings.TrimSpace(name)
	}
	return ""
}

func (c *Client) upload(ctx context.Context, verb Verb, typ byte, name string, src io.Reader, offset int64) (*replies, error) {
	encode := c.encode
	if verb == VerbSTOU {
		encode = c.encodeArg
	}
	arg, err := encode(verb, name)
	if err != nil {
		return nil, err
	}
	var r *replies
	err = c.with(ctx, func() error {
		if err := c.setType(ctx, typ); err != nil {
			return err
		}
		t, err := c.begin(ctx, verb, arg, offset)
		if err != nil {
			return err
		}
		r = t.replies
		t.text = typ == 'A'
		return t.copyFrom(src, Progress{Name: name, Upload: true, Done: offset, Total: -1})
	})
	return r, err
}

// copyFrom sends all of src and waits until the server has it.
func (t *transfer) copyFrom(src io.Reader, p Progress) error {
	defer t.abandon()
	t.data.listen()
	if size, ok := remaining(src); ok {
		p.Total = p.Done + size
	}
	err := t.send(src, p)
	if err == nil {
		err = t.data.finish()
	}
	if err != nil {
		return t.abort(err)
	}
	_, err = t.complete()
	return err
}

// remaining is how much of a source in memory or of a file there is to read.
func remaining(src io.Reader) (int64, bool) {
	switch src := src.(type) {
	case interface{ Len() int }:
		return int64(src.Len()), true
	case *os.File:
		fi, err := src.Stat()
		if err != nil || !fi.Mode().IsRegular() {
			return 0, false
		}
		at, err := src.Seek(0, io.SeekCurrent)
		return max(fi.Size()-at, 0), err == nil
	}
	return 0, false
}

// send copies src to the data connection, by the kernel where it can.
func (t *transfer) send(src io.Reader, p Progress) error {
	report := func(n int64) {
		p.Done += n
		if f := t.c.opts.Progress; f != nil && n > 0 {
			f(p)
		}
	}
	var w io.Writer = t.data
	if t.text {
		w = NewASCIIWriter(t.data)
	}
	if f, ok := src.(*os.File); ok && !t.text && t.c.pace == nil && t.data.moves(f) {
		for {
			n, err := t.data.sendFile(f)
			report(n)
			if err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	}
	b := dataBuffers.Get().(*[dataBuffer]byte)
	defer dataBuffers.Put(b)
	for {
		piece, err := t.c.pace.allow(t.ctx, b[:])
		if err != nil {
			return err
		}
		n, readErr := src.Read(piece)
		if n > 0 {
			if _, err := w.Write(piece[:n]); err != nil {
				return err
			}
			report(int64(n))
		}
		switch {
		case readErr == io.EOF:
			return nil
		case readErr != nil:
			return &localError{"source", readErr}
		case t.ctx.Err() != nil: // a source may give nothing for long
			return context.Cause(t.ctx)
		}
	}
}
