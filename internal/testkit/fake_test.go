package testkit_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// fakeTB stands in for a test that is to fail or to be skipped.
type fakeTB struct {
	testing.TB // for the methods that are not replaced

	mu       sync.Mutex
	errors   []string
	skips    []string
	logs     []string
	cleanups []func()
}

func (f *fakeTB) Helper() {}

func (f *fakeTB) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }

func (f *fakeTB) Errorf(format string, args ...any) { f.note(&f.errors, format, args) }
func (f *fakeTB) Logf(format string, args ...any)   { f.note(&f.logs, format, args) }

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.note(&f.errors, format, args)
	runtime.Goexit()
}

func (f *fakeTB) Skipf(format string, args ...any) {
	f.note(&f.skips, format, args)
	runtime.Goexit()
}

func (f *fakeTB) note(to *[]string, format string, args []any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*to = append(*to, fmt.Sprintf(format, args...))
}

// play runs body as a test of its own would run, then what it put up for its
// end.
func play(t *testing.T, body func(tb testing.TB)) *fakeTB {
	t.Helper()
	f := &fakeTB{TB: t}
	var wg sync.WaitGroup
	wg.Go(func() { body(f) })
	wg.Wait()
	for _, fn := range slices.Backward(f.cleanups) {
		fn()
	}
	return f
}
