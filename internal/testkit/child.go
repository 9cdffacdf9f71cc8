package testkit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// childEnv names, in the environment of a test binary, the test that it runs
// for another process.
const childEnv = "APPLAYER_TEST_CHILD"

// StartChild runs the named test of the running test binary in a process of its
// own, through the command line in front of it, if any. The test begins with
// [Child].
func StartChild(tb testing.TB, test string, front ...string) *Process {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatalf("testkit: %v", err)
	}
	args := append(front[:len(front):len(front)], self, "-test.run=^"+test+"$", "-test.count=1")
	return StartEnv(tb, []string{childEnv + "=" + test}, args[0], args[1:]...)
}

// Child skips a test that is the other process of a test, unless this is that
// process.
func Child(tb testing.TB) {
	tb.Helper()
	if os.Getenv(childEnv) != tb.Name() {
		tb.Skip("testkit: the other process of a test")
	}
}

// StraceChild runs the named test in a process of its own under strace, to its
// end, and returns what strace wrote of the system calls, a list with commas.
// Where strace is not installed or may not trace the test is skipped, or fails
// if APPLAYER_INTEROP=require is set in the environment.
func StraceChild(tb testing.TB, test, calls string) string {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "strace")
	p := StartChild(tb, test, Program(tb, "strace"), "-f", "-o", out, "-e", "trace="+calls)
	code := p.Wait()
	if strings.Contains(strings.ToUpper(p.Stderr()), "PTRACE") {
		Lack(tb, "strace may not trace here: "+p.Stderr())
	}
	if code != 0 {
		tb.Fatalf("testkit: %s under strace: exit status %d\n%s%s", test, code, p.Stdout(), p.Stderr())
	}
	b, err := os.ReadFile(out)
	if err != nil {
		tb.Fatalf("testkit: %v", err)
	}
	return string(b)
}
