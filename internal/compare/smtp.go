package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
)

// The subjects of SMTP's servers. Each is a process of its own, and all have the
// load of Postfix's smtp-source: 20 sessions at once, a new connection for each
// message of 4 KiB. That one process bounds what is seen of the servers; in
// smtp-session, where its connections last, it does less.
//
// In smtp-accept messages are read and thrown away. In smtp-maildir they go into
// a Maildir on the disk, and are answered when they and its directory are synced.
var smtpSubjects = []subject{
	{name: "smtp-accept", programs: []string{"smtp-source", "smtp-sink"}, implementations: acceptSMTP()},
	{name: "smtp-session", programs: []string{"smtp-source", "smtp-sink"}, implementations: acceptSMTP("-d")},
	{name: "smtp-maildir", programs: []string{"smtp-source"}, implementations: []implementation{
		{name: "applayer", bench: loadSMTP(inScratch("maildir-applayer"))},
		{name: "go-smtp", bench: loadSMTP(inScratch("maildir-go-smtp"))},
	}},
}

// acceptSMTP are the servers that throw messages away, and more arguments for the
// load.
func acceptSMTP(args ...string) []implementation {
	return []implementation{
		{name: "applayer", bench: loadSMTP(inScratch("smtp-applayer"), args...)},
		{name: "go-smtp", bench: loadSMTP(inScratch("smtp-go-smtp"), args...)},
		{name: "smtp-sink", bench: loadSMTP(startSink, args...)},
	}
}

// inScratch starts a child with a folder of its own, on the disk.
func inScratch(name string) func() (*server, error) {
	return func() (*server, error) {
		dir, err := os.MkdirTemp("", "compare")
		if err != nil {
			return nil, err
		}
		srv, err := startChild(name, dir)
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		return &server{srv.addr, func() error { return errors.Join(srv.stop(), os.RemoveAll(dir)) }}, nil
	}
}

// startSink is smtp-sink, which throws away all that it takes.
func startSink() (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	args := []string{addr, "128"}
	if os.Geteuid() == 0 {
		args = append([]string{"-u", "nobody"}, args...)
	}
	dir, err := os.MkdirTemp("", "compare")
	if err != nil {
		return nil, err
	}
	return daemon(addr, dir, "smtp-sink", args...)
}

// loadSMTP has smtp-source send b.N messages to a server.
func loadSMTP(start func() (*server, error), args ...string) func(b *testing.B) error {
	return func(b *testing.B) (err error) {
		srv, err := start()
		if err != nil {
			return err
		}
		defer func() {
			b.StopTimer()
			err = errors.Join(err, srv.stop())
		}()
		if err := smtpSource(srv.addr, 1, args); err != nil { // the first takes what is made once
			return err
		}
		b.ResetTimer()
		return smtpSource(srv.addr, b.N, args)
	}
}

func smtpSource(addr string, messages int, args []string) error {
	args = append(slices.Clip(args), "-s", "20", "-l", "4096", "-m", strconv.Itoa(messages),
		"-f", "alice@crepes.fr", "-t", "bob@hamburger.edu", addr)
	out, err := exec.Command("smtp-source", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("smtp-source: %w\n%s", err, out)
	}
	return nil
}
