package queue_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
	"applayer/smtp/queue"
)

// faults are what the disk does to the queue: strace has one call of a thread
// fail, or kills the process in place of it.
var faults = []struct {
	call, fault string
	when        []int
}{
	{"pwrite64", "error=ENOSPC", []int{1, 2, 3}},
	{"fsync", "error=EIO", []int{1, 2, 3, 4, 5, 6}},
	{"renameat,renameat2", "error=EIO", []int{1, 2}},
	{"unlinkat", "error=EIO", []int{1, 2}},
	{"pwrite64", "signal=KILL", []int{1, 2, 3}},
	{"fsync", "signal=KILL", []int{1, 2, 3, 4, 5, 6}},
	{"renameat,renameat2", "signal=KILL", []int{1, 2}},
	{"unlinkat", "signal=KILL", []int{1, 2}},
}

// Whatever call fails, and wherever the process dies: what was taken comes to
// each recipient, and each refusal to the sender; what was not taken comes to
// nobody. After one fault without a death it comes once.
func TestInteropFaults(t *testing.T) {
	strace := testkit.Program(t, "strace")
	injected := 0
	for _, f := range faults {
		for _, when := range f.when {
			t.Run(fmt.Sprintf("%s %s %d", f.call, f.fault, when), func(t *testing.T) {
				dir := t.TempDir()
				t.Setenv("QUEUE_DIR", dir)
				t.Setenv("QUEUE_SUBMIT", "yes")
				out := filepath.Join(t.TempDir(), "strace")
				first := testkit.StartChild(t, "TestFaultsChild", strace, "-f", "-o", out, "-e", "trace="+f.call,
					"-e", fmt.Sprintf("inject=%s:%s:when=%d", f.call, f.fault, when))
				first.Wait()
				if strings.Contains(strings.ToUpper(first.Stderr()), "PTRACE") {
					testkit.Lack(t, "strace may not trace here: "+first.Stderr())
				}
				trace, err := os.ReadFile(out)
				require.NoError(t, err)
				n := strings.Count(string(trace), "(INJECTED)") + strings.Count(string(trace), "killed by SIGKILL")
				injected += n
				// Each thread counts for itself, so that there may be several.
				once := n <= 1 && f.fault != "signal=KILL"

				t.Setenv("QUEUE_SUBMIT", "")
				second := testkit.StartChild(t, "TestFaultsChild")
				require.Zero(t, second.Wait(), second.Stdout()+second.Stderr())
				assert.Empty(t, messages(t, dir, "messages"))
				assert.Empty(t, messages(t, dir, "corrupt"))
				checkFaults(t, first.Stdout()+second.Stdout(), once)
				if t.Failed() {
					t.Logf("first:\n%s%s\n%s\nsecond:\n%s%s", first.Stdout(), first.Stderr(), trace, second.Stdout(), second.Stderr())
				}
			})
		}
	}
	assert.Greater(t, injected, len(faults))
}

func checkFaults(t *testing.T, out string, once bool) {
	t.Helper()
	taken := map[string]bool{}
	for _, name := range words(out, "taken ") {
		taken[name] = true
	}
	got := map[string]int{}
	for _, line := range words(out, "final ") {
		got[line]++
	}
	for name := range taken {
		for _, who := range []string{"fine", "later", "none", "report"} {
			n := got[name+" "+who]
			assert.NotZero(t, n, "%s for %s is lost", name, who)
			if once {
				assert.LessOrEqual(t, n, 1, "%s for %s", name, who)
			}
		}
	}
	for line := range got {
		if name, _, _ := strings.Cut(line, " "); !taken[name] && once {
			t.Errorf("%s, and was not taken", line)
		}
	}
}

// TestFaultsChild is the process to which the disk does this.
func TestFaultsChild(t *testing.T) {
	testkit.Child(t)
	q := &queue.Queue{Dir: os.Getenv("QUEUE_DIR"), Hostname: "mx.crepes.fr", Schedule: queue.Schedule{First: time.Millisecond, Max: time.Millisecond}}
	q.Deliverer = queue.DelivererFunc(func(_ context.Context, m *queue.Message, to []smtp.Recipient) []queue.Result {
		name, _, _ := strings.Cut(contentOf(t, m)[strings.LastIndex(contentOf(t, m), "Subject: ")+len("Subject: "):], "\r\n")
		results := make([]queue.Result, len(to))
		for i, r := range to {
			who := r.Local
			switch {
			case m.From.IsNull():
				who = "report"
			case who == "later" && time.Since(m.Arrived) < 20*time.Millisecond:
				results[i].Err = errDown
				continue
			case who == "none":
				results[i].Err = smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "no")
			}
			fmt.Printf("final %s %s\n", name, who)
		}
		return results
	})
	require.NoError(t, q.Open())
	done := make(chan error, 1)
	go func() { done <- q.Run(t.Context()) }()
	if os.Getenv("QUEUE_SUBMIT") != "" {
		for n := range 3 {
			name := fmt.Sprint("m", n)
			env := envelope()
			for _, who := range []string{"fine", "later", "none"} {
				env.To = append(env.To, smtp.Recipient{Path: smtp.Path{Local: who, Domain: who + ".example"}})
			}
			if _, err := q.Submit(t.Context(), env, strings.NewReader("Subject: "+name+"\r\n\r\nketchup\r\n")); err == nil {
				fmt.Println("taken", name)
			}
		}
	}
	for end := time.Now().Add(200 * time.Millisecond); len(q.List()) > 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	require.NoError(t, q.Close())
	if err := <-done; err != queue.ErrClosed { // it had nothing to do
		require.NoError(t, err)
	}
}
