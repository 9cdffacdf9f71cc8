package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"applayer/ftp"
)

// command is one that can be typed.
type command struct {
	name, args string
	about      string
	min, max   int // words behind the name
	run        func(ctx context.Context, s *session, args []string) error
}

// allCommands are in the order in which help prints them.
func allCommands() []command {
	return []command{
		{"ls", "[DIR]", "list a directory, or tell of a file", 0, 1, list},
		{"get", "R [L]", "fetch a file; - is standard output", 1, 2, get},
		{"put", "L [R]", "send a file; - is standard input", 1, 2, put},
		{"cd", "[DIR]", "make a directory the current one", 0, 1, changeDir},
		{"pwd", "", "print the current directory", 0, 0, printDir},
		{"mkdir", "DIR", "make a directory", 1, 1, mkdir},
		{"rmdir", "DIR", "remove an empty directory", 1, 1, rmdir},
		{"rm", "FILE", "remove a file", 1, 1, remove},
		{"rename", "FROM TO", "give a file or directory another name", 2, 2, rename},
		{"size", "FILE", "print the size of a file in octets", 1, 1, size},
		{"mirror", "[-R] [-delete] [-n] REMOTE LOCAL", "make LOCAL like REMOTE, with -R REMOTE like LOCAL", 2, 5, mirror},
		{"quote", "WORD...", "send a command as it is, and print the reply", 1, 100, quote},
		{"help", "", "print this list", 0, 0, printHelp},
		{"quit", "", "end", 0, 0, func(context.Context, *session, []string) error { return errQuit }},
	}
}

// find returns the command that words are, if they are one.
func find(words []string) (*command, error) {
	all := allCommands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == words[0] })
	if i < 0 {
		return nil, fmt.Errorf("%s: no such command; help lists them", words[0])
	}
	c := &all[i]
	if n := len(words) - 1; n < c.min || n > c.max {
		return nil, fmt.Errorf("usage: %s %s", c.name, c.args)
	}
	return c, nil
}

// help is the list of commands.
func help() string {
	var b strings.Builder
	for _, c := range allCommands() {
		fmt.Fprintf(&b, "  %-42s %s\n", strings.TrimSpace(c.name+" "+c.args), c.about)
	}
	return b.String()
}

func printHelp(_ context.Context, s *session, _ []string) error {
	_, err := io.WriteString(s.env.Stdout, help())
	return err
}

func list(ctx context.Context, s *session, args []string) error {
	name := s.remote(strings.Join(args, ""))
	var entries []ftp.Entry
	err := s.with(ctx, func(c *ftp.Client) (err error) {
		entries, err = c.List(ctx, name)
		if _, refused := errors.AsType[*ftp.ReplyError](err); refused {
			e, statErr := c.Stat(ctx, name)
			if statErr == nil && e.Type != ftp.EntryDir {
				entries, err = []ftp.Entry{e}, nil
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b ftp.Entry) int { return cmp.Compare(a.Name, b.Name) })
	for i := range entries {
		fmt.Fprintln(s.env.Stdout, line(&entries[i]))
	}
	return nil
}

// line is an entry in one line: mode, size, time, name.
func line(e *ftp.Entry) string {
	at := "-"
	if e.Facts.Has(ftp.FactModify) {
		at = e.ModTime.UTC().Format("2006-01-02T15:04:05Z")
	}
	name := printable(e.Name)
	if e.Target != "" {
		name += " -> " + printable(e.Target)
	}
	return fmt.Sprintf("%s %12d %20s %s", e.FileInfo().Mode(), e.Size, at, name)
}

// printable is a name that a server gave, without what would act on a
// terminal.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, name)
}

func changeDir(ctx context.Context, s *session, args []string) error {
	dir := "/"
	if len(args) > 0 {
		dir = s.remote(args[0])
	}
	return s.with(ctx, func(c *ftp.Client) error {
		if err := c.ChangeDir(ctx, dir); err != nil {
			return err
		}
		at, err := c.WorkingDir(ctx)
		if err == nil {
			s.dir = at
		}
		return err
	})
}

func printDir(_ context.Context, s *session, _ []string) error {
	_, err := fmt.Fprintln(s.env.Stdout, printable(s.dir))
	return err
}

func mkdir(ctx context.Context, s *session, args []string) error {
	return s.with(ctx, func(c *ftp.Client) error { return c.MakeDir(ctx, s.remote(args[0])) })
}

func rmdir(ctx context.Context, s *session, args []string) error {
	return s.with(ctx, func(c *ftp.Client) error { return c.RemoveDir(ctx, s.remote(args[0])) })
}

func remove(ctx context.Context, s *session, args []string) error {
	return s.with(ctx, func(c *ftp.Client) error { return c.Remove(ctx, s.remote(args[0])) })
}

func rename(ctx context.Context, s *session, args []string) error {
	return s.with(ctx, func(c *ftp.Client) error { return c.Rename(ctx, s.remote(args[0]), s.remote(args[1])) })
}

func size(ctx context.Context, s *session, args []string) error {
	return s.with(ctx, func(c *ftp.Client) error {
		n, err := c.Size(ctx, s.remote(args[0]))
		if err == nil {
			fmt.Fprintln(s.env.Stdout, n)
		}
		return err
	})
}

func quote(ctx context.Context, s *session, args []string) error {
	return s.with(ctx, func(c *ftp.Client) error {
		r, err := c.Quote(ctx, strings.Join(args, " "))
		if err != nil {
			return err
		}
		for _, text := range r.Lines {
			fmt.Fprintln(s.env.Stdout, r.Code, printable(text))
		}
		return r.Err()
	})
}

// get fetches a file to a new one, which takes its name when it is whole.
func get(ctx context.Context, s *session, args []string) (err error) {
	name, local := s.remote(args[0]), path.Base(args[0])
	if len(args) > 1 {
		local = args[1]
	}
	if local == "-" {
		_, err := s.pool.Download(ctx, name, s.env.Stdout, 0)
		return err
	}
	if fi, err := os.Stat(local); err == nil && fi.IsDir() {
		local = filepath.Join(local, path.Base(args[0]))
	}
	part := filepath.Join(filepath.Dir(local), ".get-"+rand.Text())
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(part)
		}
	}()
	if _, err := s.pool.Download(ctx, name, f, 0); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(part, local)
}

// put sends a file.
func put(ctx context.Context, s *session, args []string) error {
	name := filepath.Base(args[0])
	if len(args) > 1 {
		name = args[1]
		if strings.HasSuffix(name, "/") {
			name += filepath.Base(args[0])
		}
	}
	if args[0] == "-" {
		if len(args) == 1 {
			return errors.New("put -: give a name for it")
		}
		return s.with(ctx, func(c *ftp.Client) error { return c.Store(ctx, s.remote(name), s.env.Stdin) })
	}
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	return s.pool.Upload(ctx, s.remote(name), f)
}

// mirror makes one side like the other, and prints each step.
func mirror(ctx context.Context, s *session, args []string) error {
	opts := &ftp.MirrorOptions{Report: s.step}
	up := false
	for len(args) > 2 {
		switch args[0] {
		case "-R":
			up = true
		case "-delete":
			opts.Delete = true
		case "-n":
			opts.DryRun = true
		default:
			return fmt.Errorf("mirror %s: no such flag", args[0])
		}
		args = args[1:]
	}
	remote, local := s.remote(args[0]), args[1]
	if !up && !opts.DryRun {
		if err := os.MkdirAll(local, 0o777); err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(local)
	if err != nil {
		return err
	}
	defer root.Close()
	var stats ftp.MirrorStats
	if up {
		stats, err = s.pool.MirrorUp(ctx, root, remote, opts)
	} else {
		stats, err = s.pool.MirrorDown(ctx, remote, root, opts)
	}
	s.progress.clear()
	fmt.Fprintf(s.env.Stdout, "copied %d (%d octets), skipped %d, made %d, deleted %d, left %d, failed %d\n",
		stats.Copied, stats.Octets, stats.Skipped, stats.Made, stats.Deleted, stats.Left, stats.Failed)
	if stats.Failed > 0 && ctx.Err() == nil {
		return fmt.Errorf("mirror: %d failed", stats.Failed)
	}
	return err
}

// step prints one step of a mirror.
func (s *session) step(m ftp.MirrorStep) {
	switch {
	case m.Err != nil:
		fmt.Fprintf(s.env.Stderr, "%v %s: %s\n", m.Op, printable(m.Path), printable(m.Err.Error()))
	case m.Op != ftp.MirrorSkip:
		fmt.Fprintf(s.env.Stdout, "%v %s\n", m.Op, printable(m.Path))
	}
}
