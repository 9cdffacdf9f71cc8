package testkit

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a helper waits for another process before it fails the
// test. It bounds a hang; no test's outcome depends on its value.
const patience = 20 * time.Second

// Program returns the path of the program called name. Where it is not
// installed the test is skipped, or fails if APPLAYER_INTEROP=require is set
// in the environment.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	Lack(tb, "program "+name+" is not installed")
	return ""
}

// Lack skips a test for what is not here, or fails it where all must be.
func Lack(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv("APPLAYER_INTEROP") == "require" {
		tb.Fatalf("testkit: %s, and is required", what)
	}
	tb.Skipf("testkit: %s", what)
}

// Root skips the test for who is not root, giving what must be run by root, or
// fails it if APPLAYER_INTEROP=require is set in the environment.
func Root(tb testing.TB, what string) {
	tb.Helper()
	if os.Geteuid() != 0 {
		Lack(tb, what+" must be run by root")
	}
}

// Linux skips the test on other systems, giving what needs Linux as reason.
func Linux(tb testing.TB, what string) {
	tb.Helper()
	if runtime.GOOS != "linux" {
		tb.Skipf("testkit: %s needs Linux, this is %s", what, runtime.GOOS)
	}
}

// IPv6 skips the test where the loopback interface has no IPv6 address.
func IPv6(tb testing.TB) {
	tb.Helper()
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		tb.Skipf("testkit: no IPv6 on loopback: %v", err)
		return
	}
	l.Close()
}

// Build builds the main package at the import path pkg and returns the path
// of the program, which lives as long as the test.
func Build(tb testing.TB, pkg string) string {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), filepath.Base(pkg))
	if runtime.GOOS == "windows" {
		out += ".exe"
	}
	cmd := exec.Command("go", "build", "-o", out, pkg)
	if text, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("testkit: go build %s: %v\n%s", pkg, err, text)
	}
	return out
}

// Process is a program that [Start] started. Its methods fail the test when
// the program does not do what is waited for; they are for the goroutine that
// runs the test.
type Process struct {
	// Stdin goes to the program; closing it gives the program end of file.
	Stdin io.WriteCloser

	tb             testing.TB
	cmd            *exec.Cmd
	stdout, stderr output
	exited         chan struct{} // closed when the program has ended
}

// Start starts the program at path with args and returns at once. The program
// is killed when the test ends, if it still runs then, and so is what it
// started.
func Start(tb testing.TB, path string, args ...string) *Process {
	tb.Helper()
	return StartEnv(tb, nil, path, args...)
}

// StartEnv is [Start] with env, lines of the form KEY=value, added to the
// environment.
func StartEnv(tb testing.TB, env []string, path string, args ...string) *Process {
	tb.Helper()
	p := &Process{tb: tb, cmd: exec.Command(path, args...), exited: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	ownGroup(p.cmd)
	// Children of the program may keep its pipes open after it ended.
	p.cmd.WaitDelay = time.Second
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		tb.Fatalf("testkit: %s: %v", path, err)
	}
	p.Stdin = stdin
	if err := p.cmd.Start(); err != nil {
		stdin.Close()
		tb.Fatalf("testkit: start: %v", err)
	}
	go func() {
		defer close(p.exited)
		p.cmd.Wait() // the exit status is read from ProcessState
	}()
	tb.Cleanup(func() {
		killGroup(p.cmd)
		<-p.exited
	})
	return p
}

// Pid is the program's process number.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.exited }

// Stdout returns what the program printed so far.
func (p *Process) Stdout() string { return p.stdout.String() }

// Stderr returns what the program printed on standard error so far.
func (p *Process) Stderr() string { return p.stderr.String() }

// WaitLine waits for a whole line on standard output that starts with prefix
// and returns it without its line end. Each call goes on behind the line that
// the last one returned. The test fails when the program ends without such a
// line or takes too long.
func (p *Process) WaitLine(prefix string) string {
	p.tb.Helper()
	return p.waitLine(&p.stdout, "stdout", prefix)
}

// WaitStderr is [Process.WaitLine] for standard error.
func (p *Process) WaitStderr(prefix string) string {
	p.tb.Helper()
	return p.waitLine(&p.stderr, "stderr", prefix)
}

func (p *Process) waitLine(o *output, which, prefix string) string {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ended := false
	for {
		line, more, ok := o.find(prefix)
		switch {
		case ok:
			return line
		case ended:
			p.fatalf("ended without a line %q on %s", prefix, which)
			return ""
		}
		select {
		case <-more:
		case <-p.exited:
			ended = true // and look once more: its last words are in by now
		case <-ctx.Done():
			p.fatalf("no line %q on %s in %v", prefix, which, patience)
			return ""
		}
	}
}

// Stop asks the program to end (SIGTERM; on Windows it is killed), waits until
// it has, and returns its exit status.
func (p *Process) Stop() int {
	p.tb.Helper()
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.cmd.Process.Kill()
	}
	return p.Wait()
}

// Wait waits until the program has ended by itself and returns its exit
// status, -1 when a signal ended it.
func (p *Process) Wait() int {
	p.tb.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.fatalf("still runs after %v", patience)
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *Process) fatalf(format string, args ...any) {
	p.tb.Helper()
	p.tb.Logf("stdout of %s:\n%s", p.cmd.Path, p.Stdout())
	p.tb.Logf("stderr of %s:\n%s", p.cmd.Path, p.Stderr())
	p.tb.Fatalf("testkit: "+filepath.Base(p.cmd.Path)+": "+format, args...)
}

// output collects what a program prints. Its zero value is ready to use.
type output struct {
	mu   sync.Mutex
	buf  []byte
	next int           // where the next find starts
	more chan struct{} // closed at the next Write; nil when nobody waits
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf = append(o.buf, b...)
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.buf)
}

// find returns the next whole line with prefix; without one, a channel that
// is closed when there is more to look at.
func (o *output) find(prefix string) (line string, more <-chan struct{}, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	rest := string(o.buf[o.next:])
	for {
		line, after, whole := strings.Cut(rest, "\n")
		if !whole {
			break
		}
		rest = after
		if strings.HasPrefix(line, prefix) {
			o.next = len(o.buf) - len(rest)
			return strings.TrimSuffix(line, "\r"), nil, true
		}
	}
	if o.more == nil {
		o.more = make(chan struct{})
	}
	return "", o.more, false
}
