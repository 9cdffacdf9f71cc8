package mailstore_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailstore"
	"applayer/internal/testkit"
)

const crashDir = "MAILSTORE_CRASH_DIR"

// A process that delivers as fast as it can is killed, twenty times. What it has told
// to be delivered is there for each of its users, once and whole; nothing is half
// there; and no message has another UID than before.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(crashDir, dir)
	told := map[string]bool{}       // "user id"
	uids := map[string]uint32{}     // of those that were seen
	validity := map[string]uint32{} // by user
	for round := range 20 {
		p := testkit.StartChild(t, "TestChildDelivers")
		for range 5 + rand.IntN(60) {
			p.WaitLine("told ")
		}
		process, err := os.FindProcess(p.Pid())
		require.NoError(t, err)
		require.NoError(t, process.Kill())
		p.Wait()
		toldBy(p.Stdout(), told)
		checkKilled(t, dir, round, told, uids, validity)
	}
	t.Logf("%d deliveries told, %d there", len(told), len(uids))
}

// toldBy collects what a process told: "told ID USER...".
func toldBy(out string, told map[string]bool) {
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if len(words) < 3 || words[0] != "told" || !strings.HasSuffix(line, "\n") {
			continue
		}
		for _, user := range words[2:] {
			told[user+" "+words[1]] = true
		}
	}
}

var killedMessage = regexp.MustCompile(`^Subject: (\S+)\r\n\r\n(?:x{70}\r\n)+end\r\n$`)

func checkKilled(t *testing.T, dir string, round int, told map[string]bool, uids, validity map[string]uint32) {
	s, err := mailstore.Open(dir, nil)
	require.NoError(t, err)
	defer s.Close()
	there := map[string]bool{}
	for _, user := range []string{"alice", "bob", "carol"} {
		m, err := s.Mailbox(user, "INBOX")
		require.NoError(t, err)
		v := view(t, m)
		if round > 0 {
			require.Equal(t, validity[user], v.UIDValidity)
		}
		validity[user] = v.UIDValidity
		for _, msg := range v.All() {
			content := text(t, m, msg.UID)
			require.Equal(t, msg.Size, int64(len(content)))
			match := killedMessage.FindStringSubmatch(content)
			require.NotNil(t, match, "half a message: %q", content)
			id := user + " " + match[1]
			require.False(t, there[id], "%s is there twice", id)
			there[id] = true
			if uid, ok := uids[id]; ok {
				require.Equal(t, uid, msg.UID, "%s has another UID", id)
			}
			uids[id] = msg.UID
		}
		require.NoError(t, m.Close())
	}
	for id := range maps.Keys(told) {
		assert.True(t, there[id], "%s was told to be delivered, and is not there", id)
	}
}

func TestChildDelivers(t *testing.T) {
	testkit.Child(t)
	s, err := mailstore.Open(os.Getenv(crashDir), nil)
	require.NoError(t, err)
	users := []string{"alice", "bob", "carol"}
	out := bufio.NewWriter(os.Stdout)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				to := users[rand.IntN(3):]
				id := fmt.Sprintf("%x", rand.Uint64())
				body := strings.Repeat(strings.Repeat("x", 70)+"\r\n", 1+rand.IntN(200))
				if err := s.Deliver(t.Context(), to, io.MultiReader(strings.NewReader("Subject: "+id+"\r\n\r\n"+body), strings.NewReader("end\r\n"))); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				fmt.Fprintln(out, "told", id, strings.Join(to, " "))
				out.Flush()
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}
