package queue_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
	"applayer/smtp/queue"
)

// strace sees that a message is on the disk before it has its name, and the name
// before Submit returns; and that what became of a try is there before the next.
func TestInteropDurable(t *testing.T) {
	trace := testkit.StraceChild(t, "TestChildDurable", "fsync,renameat,renameat2,unlinkat,write,pwrite64,openat")
	const call = `(?s:.*?)\n\d+ +`
	steps := []string{
		`write\(\d+, "\\0`, `pwrite64\(\d+, "[0-9a-f]{8} applayer-q`, `fsync\(`, `renameat2?\(`,
		`openat\(.*"messages"`, `fsync\(`, `write\(1, "taken`,
		`write\(1, "try`, `pwrite64\(\d+, "[0-9a-f]{8} TAKEN 0`, `fsync\(`,
		`write\(1, "try`, `unlinkat\(`, `openat\(.*"messages"`, `fsync\(`, `write\(1, "ended`,
	}
	assert.Regexp(t, regexp.MustCompile(strings.Join(steps, call)), trace)
}

func TestChildDurable(t *testing.T) {
	testkit.Child(t)
	q := &queue.Queue{
		Dir: t.TempDir(),
		Deliverer: queue.DelivererFunc(func(_ context.Context, _ *queue.Message, to []smtp.Recipient) []queue.Result {
			fmt.Println("try")
			return queue.Same(len(to), queue.Result{})
		}),
		Limits: queue.Limits{MaxActive: 1},
	}
	require.NoError(t, q.Open())
	id, err := q.Submit(t.Context(), envelope(bob, dave), strings.NewReader(text))
	require.NoError(t, err)
	fmt.Println("taken", id)
	q.Trace = &queue.Trace{Ended: func(*queue.Message) {
		fmt.Println("ended")
		go q.Close()
	}}
	require.NoError(t, q.Run(t.Context()))
}
