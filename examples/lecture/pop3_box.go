package main

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"applayer/pop3"
)

// popBox is bob's maildrop in memory.
type popBox struct {
	mu   sync.Mutex
	mail []popMessage
	last int           // unique-id
	free chan struct{} // has a value while no session has it
}

type popMessage struct {
	uid  int
	text string
}

func newPopBox(messages ...string) *popBox {
	b := &popBox{free: make(chan struct{}, 1)}
	b.free <- struct{}{}
	b.fill(messages...)
	return b
}

// fill delivers messages.
func (b *popBox) fill(messages ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range messages {
		b.last++
		b.mail = append(b.mail, popMessage{b.last, text})
	}
}

// count is how many messages there are.
func (b *popBox) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.mail)
}

// unlocked waits until no session has it.
func (b *popBox) unlocked(ctx context.Context) error {
	select {
	case <-b.free:
		b.free <- struct{}{}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Login implements [pop3.Backend].
func (b *popBox) Login(_ context.Context, user, password string) (string, error) {
	if user != popUser || password != popPass {
		return "", pop3.ErrAuthRefused
	}
	return user, nil
}

// Open implements [pop3.Backend].
func (b *popBox) Open(context.Context, string) (pop3.Maildrop, error) {
	select {
	case <-b.free:
	default:
		return nil, pop3.ErrInUse
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return &popSession{box: b, mail: slices.Clone(b.mail)}, nil
}

// popSession is the maildrop as a session sees it.
type popSession struct {
	box  *popBox
	mail []popMessage
}

func (s *popSession) Len() int         { return len(s.mail) }
func (s *popSession) Stat(i int) int64 { return int64(len(s.mail[i].text)) }
func (s *popSession) UID(i int) string { return "bob." + strconv.Itoa(s.mail[i].uid) }

func (s *popSession) Open(_ context.Context, i int) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(s.mail[i].text)), nil
}

func (s *popSession) Commit(_ context.Context, deleted []int) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	for _, i := range deleted {
		s.box.mail = slices.DeleteFunc(s.box.mail, func(m popMessage) bool { return m.uid == s.mail[i].uid })
	}
	return nil
}

func (s *popSession) Close() error {
	s.box.free <- struct{}{}
	return nil
}
