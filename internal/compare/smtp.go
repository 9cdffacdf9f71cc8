package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// The subjects of SMTP's servers. Each is a process of its own, and all have the
// load of Postfix's smtp-source: 20 sessions at once, a new connection for each
// message of 4 KiB. That one process bounds what is seen of the servers; in
// smtp-session, where its connections last, it does less.
//
// In smtp-accept messages are read and thrown away. The load takes a processor
// nearly whole, so that where there are two it fights for it with each server
// that has two threads: in smtp-accept-apart it has one for itself, and the
// servers all others. In smtp-maildir messages go into a Maildir on the disk, and
// are answered when they and its directory are synced.
var smtpSubjects = []subject{
	{name: "smtp-accept", programs: []string{"smtp-source", "smtp-sink"}, implementations: acceptSMTP(anywhere, anywhere)},
	{name: "smtp-accept-apart", programs: []string{"smtp-source", "smtp-sink", "taskset"}, implementations: acceptSMTP("0", others())},
	{name: "smtp-session", programs: []string{"smtp-source", "smtp-sink"}, implementations: acceptSMTP(anywhere, anywhere, "-d")},
	{name: "smtp-maildir", programs: []string{"smtp-source"}, implementations: []implementation{
		{name: "applayer", bench: loadSMTP(inScratch("maildir-applayer", anywhere), anywhere)},
		{name: "go-smtp", bench: loadSMTP(inScratch("maildir-go-smtp", anywhere), anywhere)},
	}},
}

// acceptSMTP are the servers that throw messages away, where the load and they
// run, and more arguments for the load.
func acceptSMTP(load, servers processors, args ...string) []implementation {
	return []implementation{
		{name: "applayer", bench: loadSMTP(inScratch("smtp-applayer", servers), load, args...)},
		{name: "go-smtp", bench: loadSMTP(inScratch("smtp-go-smtp", servers), load, args...)},
		{name: "smtp-sink", bench: loadSMTP(func() (*server, error) { return startSink(servers) }, load, args...)},
	}
}

// others are all processors but the first.
func others() processors {
	if last := runtime.NumCPU() - 1; last > 0 {
		return processors("1-" + strconv.Itoa(last))
	}
	return anywhere
}

// inScratch starts a child with a folder of its own, on the disk.
func inScratch(name string, on processors) func() (*server, error) {
	return func() (*server, error) {
		all, err := smtpScratch()
		if err != nil {
			return nil, err
		}
		dir, err := os.MkdirTemp(all, name)
		if err != nil {
			return nil, err
		}
		return on.startChild(name, dir)
	}
}

var madeSMTP string

// smtpScratch is the folder of all folders. [removeSMTP] removes it at the end
// and not before: ext4 without a journal takes long to find a new file an inode
// where many were removed in the last minutes.
var smtpScratch = sync.OnceValues(func() (dir string, err error) {
	dir, err = os.MkdirTemp("", "compare")
	madeSMTP = dir
	return dir, err
})

func removeSMTP() {
	if madeSMTP != "" {
		os.RemoveAll(madeSMTP)
	}
}

// startSink is smtp-sink, which throws away all that it takes.
func startSink(on processors) (*server, error) {
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
	return on.daemon(addr, dir, "smtp-sink", args...)
}

// loadSMTP has smtp-source send b.N messages to a server.
func loadSMTP(start func() (*server, error), on processors, args ...string) func(b *testing.B) error {
	return func(b *testing.B) (err error) {
		srv, err := start()
		if err != nil {
			return err
		}
		defer func() {
			b.StopTimer()
			err = errors.Join(err, srv.stop())
		}()
		if err := smtpSource(on, srv.addr, 1, args); err != nil { // the first takes what is made once
			return err
		}
		b.ResetTimer()
		return smtpSource(on, srv.addr, b.N, args)
	}
}

func smtpSource(on processors, addr string, messages int, args []string) error {
	args = append(slices.Clip(args), "-s", "20", "-l", "4096", "-m", strconv.Itoa(messages),
		"-f", "alice@crepes.fr", "-t", "bob@hamburger.edu", addr)
	out, err := on.command("smtp-source", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("smtp-source: %w\n%s", err, out)
	}
	return nil
}
