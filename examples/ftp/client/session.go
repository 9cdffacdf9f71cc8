package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"applayer/examples/internal/cli"
	"applayer/ftp"
)

// session is what commands share: sessions with the server, and the directory
// from which relative names count. That is kept here, not by the server, so
// that any session of the pool will do.
type session struct {
	env      *cli.Env
	pool     *ftp.Pool
	progress *bars
	dir      string
}

// begin logs in and asks where it is.
func (s *session) begin(ctx context.Context) error {
	return s.with(ctx, func(c *ftp.Client) (err error) {
		s.dir, err = c.WorkingDir(ctx)
		return err
	})
}

// with runs f once: half of what it does may not be done twice.
func (s *session) with(ctx context.Context, f func(c *ftp.Client) error) error {
	c, err := s.pool.Get(ctx)
	if err != nil {
		return err
	}
	defer s.pool.Put(c)
	return f(c)
}

// close says goodbye.
func (s *session) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	s.pool.Quit(ctx)
}

// remote is a name as the server knows it.
func (s *session) remote(name string) string {
	if strings.HasPrefix(name, "/") {
		return path.Clean(name)
	}
	return path.Join(s.dir, name)
}

// do runs one command.
func (s *session) do(ctx context.Context, words []string) error {
	cmd, err := find(words)
	if err != nil {
		return err
	}
	defer s.progress.clear()
	return cmd.run(ctx, s, words[1:])
}

// errQuit ends a script.
var errQuit = errors.New("quit")

// script runs the commands of standard input. A person is told of errors and
// goes on; others stop at the first.
func (s *session) script(ctx context.Context) error {
	lines := bufio.NewScanner(s.env.Stdin)
	person := s.env.Interactive()
	for {
		if person {
			fmt.Fprint(s.env.Stdout, "ftp> ")
		}
		if !lines.Scan() {
			break
		}
		words, err := split(lines.Text())
		if err == nil && len(words) > 0 {
			err = s.do(ctx, words)
		}
		switch {
		case err == nil:
		case errors.Is(err, errQuit):
			return nil
		case !person || ctx.Err() != nil:
			return err
		default:
			fmt.Fprintln(s.env.Stderr, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	return nil
}

// split cuts a line into words. Quotes keep spaces in a word, a backslash what
// stands behind it, but within single quotes. A # begins a comment.
func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote byte
	begun := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quote != '\'':
			if i++; i == len(line) {
				return nil, errors.New("a backslash at the end of the line")
			}
			word.WriteByte(line[i])
			begun = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote, begun = c, true
		case c == ' ' || c == '\t':
			if begun {
				words = append(words, word.String())
				word.Reset()
			}
			begun = false
		case c == '#' && !begun:
			i = len(line)
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	switch {
	case quote != 0:
		return nil, fmt.Errorf("no %c that ends a quotation", quote)
	case begun:
		words = append(words, word.String())
	}
	return words, nil
}
