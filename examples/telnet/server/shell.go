package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"applayer/sockets/telnet"
)

// shell does what users ask, in this process. The zero value is ready.
type shell struct {
	mu   sync.Mutex
	here map[*telnet.Session]time.Time // who is logged in, and since when
}

// words are what the shell knows, in the order of help.
var words = []struct {
	name, help string
	do         func(sh *shell, s *telnet.Session, rest string)
}{
	{"help", "lists what there is", nil},
	{"echo", "TEXT says TEXT", func(_ *shell, s *telnet.Session, rest string) { fmt.Fprintln(s, rest) }},
	{"date", "tells the time", func(_ *shell, s *telnet.Session, _ string) { fmt.Fprintln(s, time.Now().Format(time.UnixDate)) }},
	{"who", "tells who is here", (*shell).who},
	{"size", "tells the size of your window", size},
	{"quit", "leaves", nil},
}

// ServeTelnet talks with a user until he leaves.
func (sh *shell) ServeTelnet(_ context.Context, s *telnet.Session) {
	sh.enter(s)
	defer sh.leave(s)
	for {
		line, err := s.ReadLine("> ")
		switch {
		case errors.Is(err, telnet.ErrInterrupted):
			continue
		case err != nil:
			return
		}
		word, rest, _ := strings.Cut(strings.Trim(line, " \t"), " ")
		if word == "quit" {
			fmt.Fprintln(s, "bye")
			return
		}
		sh.do(s, word, rest)
	}
}

func (sh *shell) do(s *telnet.Session, word, rest string) {
	for _, w := range words {
		switch {
		case word == "help":
			fmt.Fprintf(s, "%-5s%s\n", w.name, w.help)
		case w.name == word && w.do != nil:
			w.do(sh, s, rest)
			return
		}
	}
	if word != "help" && word != "" {
		fmt.Fprintf(s, "%s: there is no such command; help lists those there are\n", word)
	}
}

func (sh *shell) enter(s *telnet.Session) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.here == nil {
		sh.here = map[*telnet.Session]time.Time{}
	}
	sh.here[s] = time.Now()
}

func (sh *shell) leave(s *telnet.Session) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	delete(sh.here, s)
}

// who lists the users by name, then by when they came.
func (sh *shell) who(to *telnet.Session, _ string) {
	sh.mu.Lock()
	here := maps.Clone(sh.here)
	sh.mu.Unlock()
	var lines []string
	for s, since := range here {
		lines = append(lines, fmt.Sprintf("%s since %s from %s\n", s.User(), since.Format(time.DateTime), s.RemoteAddr()))
	}
	slices.Sort(lines)
	fmt.Fprint(to, strings.Join(lines, ""))
}

func size(_ *shell, s *telnet.Session, _ string) {
	w, ok := s.Window()
	if !ok || w == (telnet.Window{}) {
		fmt.Fprintln(s, "your client has not told")
		return
	}
	fmt.Fprintf(s, "%d columns, %d rows\n", w.Columns, w.Rows)
}
