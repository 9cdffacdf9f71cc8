package main

import (
	"context"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/pop3"
)

// letter is a message with its unique-id.
type letter struct{ uid, text string }

// office is the mail of each user, as a server has it that makes errors.
type office struct {
	mu    sync.Mutex
	mail  map[string][]letter
	wrong int64 // what a size is told wrong by
}

func (o *office) Login(_ context.Context, user, _ string) (string, error) { return user, nil }

func (o *office) Open(_ context.Context, user string) (pop3.Maildrop, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return &counter{o, user, slices.Clone(o.mail[user])}, nil
}

// left is how many messages of a user's are left.
func (o *office) left(user string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.mail[user])
}

// counter is where a user gets his mail.
type counter struct {
	*office
	user  string
	stock []letter
}

func (c *counter) Len() int         { return len(c.stock) }
func (c *counter) Stat(i int) int64 { return int64(len(c.stock[i].text)) - c.wrong }
func (c *counter) UID(i int) string { return c.stock[i].uid }
func (c *counter) Close() error     { return nil }
func (c *counter) Open(_ context.Context, i int) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(c.stock[i].text)), nil
}

func (c *counter) Commit(_ context.Context, deleted []int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range slices.Backward(deleted) {
		c.mail[c.user] = slices.Delete(c.mail[c.user], i, i+1)
	}
	return nil
}

// open serves it.
func (o *office) open(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &pop3.Server{Backend: o}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(l) // until Close
	}()
	t.Cleanup(func() {
		assert.NoError(t, s.Close())
		<-served
	})
	return l.Addr().String()
}

// filed are the messages in a folder, by the names of their files.
func filed(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		all[e.Name()] = string(b)
	}
	return all
}

// No message leaves the server that is not in the folder, whatever unique-ids
// there are: two messages may have one, and those of another mailbox may be the
// same.
func TestPopLosesNothing(t *testing.T) {
	const a, b, c = "Subject: a\r\n\r\n", "Subject: b\r\n\r\n", "Subject: long\r\n\r\n"
	for name, tt := range map[string]struct {
		first, then []letter
		wrong       int64
		want        map[string]string
	}{
		"one twice":           {nil, []letter{{"1", a}, {"1", b}, {"2", c}}, 0, map[string]string{"1.eml": a, "1~1.eml": b, "2.eml": c}},
		"a copy":              {nil, []letter{{"1", a}, {"1", a}}, 0, map[string]string{"1.eml": a}},
		"one of them before":  {[]letter{{"1", a}}, []letter{{"1", a}, {"1", b}}, 0, map[string]string{"1.eml": a, "1~1.eml": b}},
		"another mailbox":     {[]letter{{"1", a}}, []letter{{"1", c}}, 0, map[string]string{"1.eml": a, "1~1.eml": c}},
		"one goes on":         {[]letter{{"1", a}}, []letter{{"1", a + c}}, 0, map[string]string{"1.eml": a, "1~1.eml": a + c}},
		"one ends before":     {[]letter{{"1", a + c}}, []letter{{"1", a}}, 0, map[string]string{"1.eml": a + c, "1~1.eml": a}},
		"a size told wrong":   {[]letter{{"1", a}}, []letter{{"1", a}}, 3, map[string]string{"1.eml": a}},
		"unique-id of a path": {nil, []letter{{"../x", a}, {"/etc/x", b}, {"X-1", c}}, 0, map[string]string{"%2e%2e%2fx.eml": a, "%2fetc%2fx.eml": b, "X-1.eml": c}},
	} {
		t.Run(name, func(t *testing.T) {
			o := &office{mail: map[string][]letter{"bob": tt.first, "amy": tt.then}, wrong: tt.wrong}
			addr := o.open(t)
			dir := filepath.Join(t.TempDir(), "deep", "inbox")
			got := run(t, "", "pop", "-server", addr, "-user", "bob", "-pass", "x", "-keep", dir)
			require.Equal(t, 0, got.Status, got.Stderr)
			assert.Equal(t, len(tt.first), o.left("bob"))
			before := filed(t, dir)
			got = run(t, "", "pop", "-server", addr, "-user", "amy", "-pass", "x", dir)
			require.Equal(t, 0, got.Status, got.Stderr)
			after := filed(t, dir)
			assert.Equal(t, tt.want, after)
			assert.Zero(t, o.left("amy"))
			maps.DeleteFunc(after, func(name, _ string) bool { _, ok := before[name]; return ok })
			for name := range after {
				assert.Contains(t, got.Stdout, filepath.Join(dir, name)+"\n")
			}
			assert.Len(t, strings.Fields(got.Stdout), len(after), "what is new is told")
		})
	}
}

// A message that cannot be kept stays at the server, and the others leave it.
func TestPopCannotSave(t *testing.T) {
	o := &office{mail: map[string][]letter{"bob": {{"1", "a\r\n"}, {"2", "b\r\n"}, {"3", "c\r\n"}}}}
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "2.eml"), 0o700))
	got := run(t, "", "pop", "-server", o.open(t), "-user", "bob", "-pass", "x", dir)
	assert.Equal(t, 1, got.Status)
	assert.Contains(t, got.Stderr, "message 2: ")
	assert.Contains(t, got.Stderr, "pop: 1 messages: not fetched\n")
	o.mu.Lock()
	defer o.mu.Unlock()
	assert.Equal(t, []letter{{"2", "b\r\n"}}, o.mail["bob"])
	assert.NoFileExists(t, filepath.Join(dir, ".2.eml.part"))
}
