package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/pop3"
	"applayer/smtp"
)

var loadMessage = regexp.MustCompile(`\r\nSubject: (m\d+)\r\n\r\n(?:x{70}\r\n)+end\r\n$`)

// load sends messages until the server is gone, and notes those that it took.
type load struct {
	mu    sync.Mutex
	next  int
	taken map[string]bool
	told  chan struct{}
}

func (l *load) name() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	return fmt.Sprintf("m%d", l.next)
}

// send is one client, whose connection is good for many messages.
func (l *load) send(t *testing.T, addr string) {
	c, err := smtp.Dial(t.Context(), "tcp", addr, &smtp.Options{TLS: smtp.TLSOff})
	if err != nil {
		return
	}
	defer c.Close()
	e := smtp.Envelope{From: smtp.Path{Local: "alice", Domain: "crepes.fr"}, To: []smtp.Recipient{{Path: smtp.Path{Local: "bob", Domain: "hamburger.edu"}}}}
	for {
		name := l.name()
		message := "Subject: " + name + "\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 20) + "end\r\n"
		if _, err := c.Send(t.Context(), e, strings.NewReader(message)); err != nil {
			return
		}
		l.mu.Lock()
		l.taken[name] = true
		l.mu.Unlock()
		select {
		case l.told <- struct{}{}:
		default:
		}
	}
}

// The server is killed in a load, twenty times. Each message that it has answered
// 250 is there, once and whole; nothing is half there.
func TestKilled(t *testing.T) {
	program := testkit.Build(t, "applayer/examples/mail/server")
	dir := t.TempDir()
	users := file(t, "users", "bob:hungry\n")
	args := []string{"-domain", "hamburger.edu", "-data", filepath.Join(dir, "mail"), "-users", users, "-smtp", "127.0.0.1:0", "-pop3", "127.0.0.1:0"}
	start := func() (p *testkit.Process, smtpAddr, popAddr string) {
		p = testkit.Start(t, program, args...)
		smtpAddr = strings.TrimSpace(strings.TrimPrefix(p.WaitLine("smtp listening on tcp "), "smtp listening on tcp "))
		return p, smtpAddr, strings.TrimSpace(strings.TrimPrefix(p.WaitLine("pop3 listening on tcp "), "pop3 listening on tcp "))
	}
	l := &load{taken: map[string]bool{}, told: make(chan struct{}, 1000)}
	for range 20 {
		p, addr, _ := start()
		var clients sync.WaitGroup
		for range 4 {
			clients.Go(func() { l.send(t, addr) })
		}
		for range 5 + rand.IntN(40) {
			<-l.told
		}
		process, err := os.FindProcess(p.Pid())
		require.NoError(t, err)
		require.NoError(t, process.Kill())
		p.Wait()
		clients.Wait()
		for len(l.told) > 0 {
			<-l.told
		}
	}
	p, _, addr := start()
	there := map[string]int{}
	for _, m := range fetchAll(t, addr) {
		name := loadMessage.FindStringSubmatch(m)
		require.NotNil(t, name, "half a message: %q", m)
		there[name[1]]++
	}
	for name := range l.taken {
		assert.Equal(t, 1, there[name], name)
	}
	for name, count := range there {
		assert.Equal(t, 1, count, name)
	}
	t.Logf("%d messages taken, %d there", len(l.taken), len(there))
	assert.Equal(t, 0, p.Stop())
}

// fetchAll is what bob has.
func fetchAll(t *testing.T, addr string) (all []string) {
	c, err := pop3.Dial(t.Context(), "tcp", addr, nil)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Login(t.Context(), "bob", "hungry"))
	for m, err := range c.Sync(t.Context(), func(string) bool { return false }) {
		require.NoError(t, err)
		b, err := io.ReadAll(m)
		require.NoError(t, err)
		all = append(all, string(b))
	}
	require.NoError(t, c.Quit(t.Context()))
	return all
}

// strace sees that a message is written and synced, gets its name, that the folder
// is synced, and only then 250; and the same of the queue.
func TestInteropDurable(t *testing.T) {
	trace := testkit.StraceChild(t, "TestChildServes", "fsync,renameat,renameat2,write,pwrite64,openat")
	const call = `(?s:.*?)\n\d+ +`
	steps := []string{
		`write\(\d+, "354 `, `write\(\d+, "Return-Path: `, `fsync\(`, `renameat2?\(.*`, `openat\(.*"new"`, `fsync\(`, `write\(\d+, "250 2\.0\.0`,
		`write\(\d+, "354 `, `pwrite64\(`, `fsync\(`, `renameat2?\(.*`, `openat\(.*"messages"`, `fsync\(`, `write\(\d+, "250 2\.0\.0`,
	}
	assert.Regexp(t, regexp.MustCompile(strings.Join(steps, call)), trace)
}

// TestChildServes has the server take a message for bob, and one for elsewhere.
func TestChildServes(t *testing.T) {
	testkit.Child(t)
	_, addrs := start(t, []string{"smtp", "submission"}, "-resolver", unused(t), "-retry", "1h")
	dial := func(role string) *smtp.Client {
		c, err := smtp.Dial(t.Context(), "tcp", addrs[role], &smtp.Options{TLS: smtp.TLSOff, NoChunking: true, NoPipelining: true})
		require.NoError(t, err)
		return c
	}
	c := dial("smtp")
	defer c.Close()
	e := smtp.Envelope{From: smtp.Path{Local: "alice", Domain: "crepes.fr"}, To: []smtp.Recipient{{Path: smtp.Path{Local: "bob", Domain: "hamburger.edu"}}}}
	_, err := c.Send(t.Context(), e, strings.NewReader(letter))
	require.NoError(t, err)
	s := dial("submission")
	defer s.Close()
	require.NoError(t, s.Login(t.Context(), "bob", "hungry"))
	e.From, e.To = e.To[0].Path, []smtp.Recipient{{Path: e.From}}
	_, err = s.Send(t.Context(), e, strings.NewReader(letter))
	require.NoError(t, errors.Join(err, s.Quit(t.Context()), c.Quit(t.Context())))
}

// unused is an address where no name server is.
func unused(t *testing.T) string {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer pc.Close()
	return pc.LocalAddr().String()
}
