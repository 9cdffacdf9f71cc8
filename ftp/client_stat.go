package ftp

import (
	"context"
	"strings"
	"time"
)

// Stat returns what the server tells of a name. It asks by MLST where the
// server has it, else by SIZE and MDTM, which many answer for files alone, and
// then looks into the listing of the directory above.
func (c *Client) Stat(ctx context.Context, name string) (e Entry, err error) {
	err = c.with(ctx, func() error {
		e, err = c.stat(ctx, name)
		return err
	})
	return e, err
}

func (c *Client) stat(ctx context.Context, name string) (Entry, error) {
	if c.features.Has("MLST") && !c.avoid.mlst {
		e, err := c.statFacts(ctx, name)
		if !isUnknown(err, VerbMLST) {
			return e, err
		}
		c.avoid.mlst = true
	}
	return c.statOld(ctx, name)
}

// statFacts asks by MLST. The entry stands on the second line of the reply,
// behind a space (RFC 3659 §7.2).
func (c *Client) statFacts(ctx context.Context, name string) (Entry, error) {
	r, err := c.named(ctx, VerbMLST, name)
	if err != nil {
		return Entry{}, err
	}
	if r.Code != 250 || len(r.Lines) < 3 {
		return Entry{}, commandError(VerbMLST, name, unexpected(r, "MLST", "RFC 3659 §7.2"))
	}
	e, err := ParseFacts([]byte(strings.TrimPrefix(r.Lines[1], " ")))
	if err != nil {
		return Entry{}, commandError(VerbMLST, name, err)
	}
	// Servers give the path as it was asked, or from the root, or its last
	// element: what was asked is the one that the caller knows.
	e.Name = baseName(name)
	if e.Type == EntryCurrent || e.Type == EntryParent {
		e.Type = EntryDir
	}
	return e, nil
}

// statOld asks by what there was before MLST.
func (c *Client) statOld(ctx context.Context, name string) (Entry, error) {
	dir, base := splitName(name)
	if base == "" { // a directory, if it is anything
		err := c.entries(ctx, name, func(Entry, error) bool { return false })
		if err != nil && err != errStopped {
			return Entry{}, err
		}
		return Entry{Name: name, Facts: FactType, Type: EntryDir}, nil
	}
	if e, err := c.statFile(ctx, name); err == nil || !c.calls.Alive() || ctx.Err() != nil {
		return e, err
	}
	var found Entry
	seen := 0
	err := c.entries(ctx, dir, func(e Entry, _ error) bool {
		if e.Name == base {
			found = e
		}
		seen++
		return seen <= c.lim.MaxEntries // to end the listing takes longer than to read it
	})
	switch {
	case err == errStopped && found.Name == "":
		return Entry{}, &LimitError{Name: "MaxEntries", Max: int64(c.lim.MaxEntries)}
	case err != nil && err != errStopped:
		return Entry{}, err
	case found.Name == "":
		return Entry{}, commandError(VerbLIST, name, &ReplyError{Code: 550, Text: "not listed in " + dir})
	}
	return found, nil
}

// statFile makes an entry of SIZE and MDTM.
func (c *Client) statFile(ctx context.Context, name string) (Entry, error) {
	e := Entry{Name: baseName(name), Facts: FactType | FactSize, Type: EntryFile}
	arg, err := c.encode(VerbSIZE, name)
	if err == nil {
		err = c.setType(ctx, 'I')
	}
	if err == nil {
		e.Size, err = c.size(ctx, arg)
	}
	if err != nil {
		return Entry{}, err
	}
	if at, err := c.modTime(ctx, name); err == nil {
		e.ModTime, e.Precision, e.Facts = at, time.Second, e.Facts|FactModify
	}
	return e, nil
}

// splitName cuts a path before its last element, which is "" for a path that
// ends in none: the root, "." and "..".
func splitName(name string) (dir, base string) {
	trimmed := strings.TrimRight(name, "/")
	i := strings.LastIndexByte(trimmed, '/')
	base = trimmed[i+1:]
	switch {
	case base == "." || base == "..":
		return name, ""
	case i == 0:
		return "/", base
	case i < 0:
		return "", base
	}
	return trimmed[:i], base
}

// baseName is the last element of a path, or the path where it has none.
func baseName(name string) string {
	if _, base := splitName(name); base != "" {
		return base
	}
	return name
}
