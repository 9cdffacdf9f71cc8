package testkit

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// leakPatience is how long goroutines and descriptors may take to go away
// after a test, a variable so that the check's own test does not wait.
var leakPatience = 5 * time.Second

// NoLeaks fails the test if, when it ends, goroutines run or descriptors are
// open that did not when NoLeaks was called. It tries again for some seconds,
// since a closed connection's goroutines need a moment to notice. Call it
// first, so that it looks after all other clean-up; it is not for parallel
// tests, which would see each other's. Descriptors are looked at on Linux,
// which lists them.
func NoLeaks(tb testing.TB) {
	tb.Helper()
	goroutinesBefore := goroutines()
	descriptorsBefore := descriptors()
	tb.Cleanup(func() {
		tb.Helper()
		var stacks, files []string
		wait := time.Millisecond
		for waited := time.Duration(0); ; waited += wait {
			stacks = added(goroutinesBefore, goroutines())
			files = added(descriptorsBefore, descriptors())
			if len(stacks) == 0 && len(files) == 0 {
				return
			}
			if waited >= leakPatience {
				break
			}
			time.Sleep(wait)
			wait = min(2*wait, 200*time.Millisecond)
		}
		if len(stacks) > 0 {
			tb.Errorf("testkit: %d goroutines left:\n\n%s", len(stacks), strings.Join(stacks, "\n\n"))
		}
		if len(files) > 0 {
			tb.Errorf("testkit: %d descriptors left: %s", len(files), strings.Join(files, ", "))
		}
	})
}

// added returns the values whose key is new in now.
func added(before, now map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(now)) {
		if _, ok := before[k]; !ok {
			out = append(out, now[k])
		}
	}
	return out
}

// background names functions whose goroutines are nobody's leak: those of
// package testing, and those that the runtime starts once and keeps.
var background = []string{
	"created by testing.(*T).Run",
	"created by testing.(*F).Fuzz",
	"created by testing.runFuzzing",
	"created by os/signal.",
	"created by runtime.",
	"runtime.ReadTrace",
}

// goroutines returns the stacks of all other goroutines by their number.
func goroutines() map[string]string {
	buf := make([]byte, 1<<16)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	out := map[string]string{}
	all := bytes.Split(buf, []byte("\n\n"))
	for _, b := range all[1:] { // the first is ours
		stack := strings.TrimSpace(string(b))
		number, _, ok := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
		if !ok || slices.ContainsFunc(background, func(s string) bool { return strings.Contains(stack, s) }) {
			continue
		}
		out[number] = stack
	}
	return out
}

// descriptors returns what this process's open descriptors stand for. The key
// holds number and target, so that a number used anew counts as new.
func descriptors() map[string]string {
	const dir = "/proc/self/fd"
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return out
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // the descriptor that ReadDir itself used
		}
		if strings.HasPrefix(target, "anon_inode:[event") {
			continue // the runtime's poller, made at its first use and kept
		}
		name := e.Name() + " " + target
		out[name] = name
	}
	return out
}
