package ftp

import (
	"context"
	"strings"
	"time"

	"applayer/internal/ascii"
)

// setType makes the type of the next transfers that of a letter.
func (c *Client) setType(ctx context.Context, typ byte) error {
	if c.typ == typ {
		return nil
	}
	c.typ = 0 // the server may do it though the call is cancelled
	if _, err := c.command(ctx, VerbTYPE, string(typ)); err != nil {
		return err
	}
	c.typ = typ
	return nil
}

// do runs a command on a name of which only the success matters.
func (c *Client) do(ctx context.Context, verb Verb, name string) error {
	return c.with(ctx, func() error {
		_, err := c.named(ctx, verb, name)
		return err
	})
}

// Remove removes a file.
func (c *Client) Remove(ctx context.Context, name string) error { return c.do(ctx, VerbDELE, name) }

// MakeDir makes a directory.
func (c *Client) MakeDir(ctx context.Context, name string) error { return c.do(ctx, VerbMKD, name) }

// RemoveDir removes an empty directory.
func (c *Client) RemoveDir(ctx context.Context, name string) error { return c.do(ctx, VerbRMD, name) }

// ChangeDir makes a directory the one from which relative names count. A tilde
// is what the server takes it for; in all other calls it is a letter.
func (c *Client) ChangeDir(ctx context.Context, name string) error { return c.do(ctx, VerbCWD, name) }

// Noop does nothing but keep the session from being idle.
func (c *Client) Noop(ctx context.Context) error {
	return c.with(ctx, func() error {
		_, err := c.command(ctx, VerbNOOP, "")
		return err
	})
}

// Rename gives a file or directory another name.
func (c *Client) Rename(ctx context.Context, from, to string) error {
	return c.with(ctx, func() error {
		arg, err := c.encode(VerbRNTO, to)
		if err != nil {
			return err
		}
		if _, err := c.named(ctx, VerbRNFR, from); err != nil {
			return err
		}
		_, err = c.command(ctx, VerbRNTO, arg)
		return err
	})
}

// WorkingDir returns the directory from which relative names count.
func (c *Client) WorkingDir(ctx context.Context) (dir string, err error) {
	err = c.with(ctx, func() error {
		r, err := c.command(ctx, VerbPWD, "")
		if err != nil {
			return err
		}
		quoted, ok := quotedName(r.Text())
		if r.Code != 257 || !ok {
			return commandError(VerbPWD, "", unexpected(r, "PWD", "RFC 959 §4.1.3"))
		}
		dir = c.opts.Charset.Decode(quoted)
		return nil
	})
	return dir, err
}

// quotedName takes the name out of a 257: between quotes, with those within it
// doubled (RFC 959 §4.1.3 and its second appendix). Pure-FTPd and the ftpd of
// inetutils double none: where something stands right behind the closing quote
// it was none, and the last one closes.
func quotedName(text string) (string, bool) {
	_, text, ok := strings.Cut(text, `"`)
	if !ok {
		return "", false
	}
	var name strings.Builder
	for rest := text; ; {
		part, behind, ok := strings.Cut(rest, `"`)
		name.WriteString(part)
		switch {
		case ok && strings.HasPrefix(behind, `"`):
			name.WriteByte('"')
			rest = behind[1:]
			continue
		case ok && (behind == "" || behind[0] == ' '):
			return name.String(), name.Len() > 0
		}
		last := strings.LastIndexByte(text, '"')
		return text[:max(0, last)], last > 0
	}
}

// Size returns the size of a file in octets (RFC 3659 §4).
func (c *Client) Size(ctx context.Context, name string) (size int64, err error) {
	err = c.with(ctx, func() error {
		arg, err := c.encode(VerbSIZE, name)
		if err != nil {
			return err
		}
		// What TYPE A would make of the file may be longer (RFC 3659 §4).
		if err := c.setType(ctx, 'I'); err != nil {
			return err
		}
		size, err = c.size(ctx, arg)
		return err
	})
	return size, err
}

func (c *Client) size(ctx context.Context, arg string) (int64, error) {
	r, err := c.command(ctx, VerbSIZE, arg)
	if err != nil {
		return 0, err
	}
	if err := wantReply(r, 213, "SIZE", "RFC 3659 §4.1"); err != nil {
		return 0, commandError(VerbSIZE, arg, err)
	}
	text := strings.TrimSpace(r.Text())
	size, n, err := ascii.Decimal(text, 1<<63-1)
	if err != nil || n != len(text) {
		return 0, commandError(VerbSIZE, arg, &ParseError{Offset: int64(n), What: "size", Ref: "RFC 3659 §4.1", Err: ErrSyntax})
	}
	return int64(size), nil
}

// ModTime returns when a file was last changed (RFC 3659 §3).
func (c *Client) ModTime(ctx context.Context, name string) (at time.Time, err error) {
	err = c.with(ctx, func() error {
		at, err = c.modTime(ctx, name)
		return err
	})
	return at, err
}

func (c *Client) modTime(ctx context.Context, name string) (time.Time, error) {
	r, err := c.named(ctx, VerbMDTM, name)
	if err != nil {
		return time.Time{}, err
	}
	if err := wantReply(r, 213, "MDTM", "RFC 3659 §3.1"); err != nil {
		return time.Time{}, commandError(VerbMDTM, name, err)
	}
	at, err := ParseTimeVal([]byte(strings.TrimSpace(r.Text())))
	if err != nil {
		return time.Time{}, commandError(VerbMDTM, name, err)
	}
	return at, nil
}

// SetModTime says when a file was last changed, by MFMT, or by MDTM with a time
// as servers take it that have no MFMT. Fractions of a second are lost.
func (c *Client) SetModTime(ctx context.Context, name string, at time.Time) error {
	return c.with(ctx, func() error { return c.setModTime(ctx, name, at) })
}

func (c *Client) setModTime(ctx context.Context, name string, at time.Time) error {
	verb := VerbMFMT
	if !c.features.Has("MFMT") {
		verb = VerbMDTM
	}
	arg, err := c.encode(verb, name)
	if err != nil {
		return err
	}
	val, err := AppendTimeVal(nil, at.Truncate(time.Second))
	if err != nil {
		return commandError(verb, arg, err)
	}
	_, err = c.command(ctx, verb, string(val)+" "+arg)
	return err
}
