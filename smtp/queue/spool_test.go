package queue_test

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// What happened to two recipients of a message.
const (
	putOff   = `PUTOFF 0-1 2026-03-01T12:00:01Z 2026-03-01T12:05:01Z 1 - 451 4.3.0 "mx.hamburger.edu" "Try later"`
	taken    = `TAKEN 0 2026-03-01T12:05:02Z - 2 relayed 250 2.0.0 "mx.hamburger.edu" "ok" ; REFUSED 1 2026-03-01T12:05:02Z - 2 - 550 5.1.1 "mx.hamburger.edu" "No \"such\" user\u00e9"`
	reportOf = `REPORTED 0-1 2026-03-01T12:05:03Z`
)

// fileOf is a file of a message to bob and carol, with lines behind it.
func fileOf(t testing.TB, payloads ...string) []byte {
	t.Helper()
	env := envelope(bob, carol)
	env.Return, env.EnvelopeID = smtp.ReturnHeader, "QQ 1"
	env.To[0].Notify = smtp.NotifySuccess
	b, err := queue.File(noon, env, text)
	require.NoError(t, err)
	for _, p := range payloads {
		b = append(b, queue.Line(p)...)
	}
	return b
}

func TestRead(t *testing.T) {
	e, end, err := queue.Read(fileOf(t, putOff, taken, reportOf))
	require.NoError(t, err)
	assert.Equal(t, int64(len(fileOf(t, putOff, taken, reportOf))), end)
	assert.Equal(t, alice, e.From)
	assert.Equal(t, smtp.MailOptions{Return: smtp.ReturnHeader, EnvelopeID: "QQ 1"}, e.Options)
	assert.Equal(t, noon, e.Arrived)
	assert.Equal(t, int64(len(text)), e.Size)
	want := []queue.Recipient{
		{Recipient: smtp.Recipient{Path: bob, RcptOptions: smtp.RcptOptions{Notify: smtp.NotifySuccess}}, State: queue.StateDone, Tries: 2, RemoteMTA: "mx.hamburger.edu",
			Reply: smtp.Reply{Code: 250, Enhanced: smtp.EnhancedCode{2, 0, 0}, Lines: []string{"ok"}}},
		{Recipient: smtp.Recipient{Path: carol}, State: queue.StateBounced, Tries: 2, RemoteMTA: "mx.hamburger.edu",
			Reply: smtp.Reply{Code: 550, Enhanced: smtp.EnhancedCode{5, 1, 1}, Lines: []string{`No "such" useré`}}},
	}
	assert.Equal(t, want, e.To)

	e, _, err = queue.Read(fileOf(t, putOff))
	require.NoError(t, err)
	assert.Equal(t, queue.StateDeferred, e.To[1].State)
	assert.Equal(t, noon.Add(5*time.Minute+time.Second), e.To[1].Next)
}

func TestReadRefuses(t *testing.T) {
	whole := string(fileOf(t, putOff, taken))
	change := func(old, fresh string) []byte {
		require.Contains(t, whole, old)
		return []byte(strings.Replace(whole, old, fresh, 1))
	}
	tests := []struct {
		name string
		in   []byte
		err  error
		what string
	}{
		{"empty", nil, queue.ErrShort, "first line"},
		{"another file", []byte(strings.Repeat("Received: from nobody\r\n", 10)), queue.ErrSyntax, "first line"},
		{"first line changed", change("applayer-queue 1", "applayer-queue 2"), queue.ErrChecksum, "first line"},
		{"another version", append([]byte(queue.Line("applayer-queue 2 0000000100 00000000000000000001 00000000")), whole...), queue.ErrVersion, "first line"},
		{"no place", append([]byte(queue.Line("applayer-queue 1 0000000001 00000000000000000001 00000000")), whole...), queue.ErrSyntax, "first line"},
		{"a place beyond reason", append([]byte(queue.Line("applayer-queue 1 9999999999 00000000000000000001 00000000")), whole...), queue.ErrSyntax, "first line"},
		{"an envelope that was changed", change("alice@", "elice@"), queue.ErrChecksum, "envelope"},
		{"content that was cut", []byte(whole[:strings.Index(whole, "ketchup?")]), queue.ErrShort, "content"},
		{"a lost line before a whole one", change("Try later", "Try laser"), queue.ErrChecksum, "state"},
		{"a try after the end", fileOf(t, putOff, taken, putOff), queue.ErrOrder, "state"},
		{"a recipient that is none", fileOf(t, strings.Replace(putOff, "0-1", "0-2", 1)), queue.ErrSyntax, "state"},
		{"recipients in disorder", fileOf(t, strings.Replace(putOff, "0-1", "1,0", 1)), queue.ErrSyntax, "state"},
		{"no recipient", fileOf(t, strings.Replace(putOff, "0-1", "", 1)), queue.ErrSyntax, "state"},
		{"an event that nobody knows", fileOf(t, strings.Replace(putOff, "PUTOFF", "LOST", 1)), queue.ErrSyntax, "state"},
		{"a try is no line", fileOf(t, strings.Replace(putOff, "PUTOFF ", " ", 1)), queue.ErrSyntax, "state"},
		{"no time", fileOf(t, strings.Replace(putOff, "2026-03-01T12:00:01Z", "yesterday", 1)), queue.ErrSyntax, "state"},
		{"a number in another form", fileOf(t, strings.Replace(putOff, " 1 - ", " +1 - ", 1)), queue.ErrSyntax, "state"},
		{"no status", fileOf(t, strings.Replace(putOff, "4.3.0", "4.3", 1)), queue.ErrSyntax, "state"},
		{"a status beyond", fileOf(t, strings.Replace(putOff, "4.3.0", "4.3.99999", 1)), queue.ErrSyntax, "state"},
		{"no quotes", fileOf(t, strings.Replace(putOff, `"Try later"`, `Try later`, 1)), queue.ErrSyntax, "state"},
		{"something behind", fileOf(t, putOff+" x"), queue.ErrSyntax, "state"},
		{"nobody answers", fileOf(t, strings.Replace(taken, "relayed", "lost", 1)), queue.ErrSyntax, "state"},
		{"a report of nobody", fileOf(t, "REPORTED 7 2026-03-01T12:05:03Z"), queue.ErrSyntax, "state"},
		{"a report without time", fileOf(t, "REPORTED 0 now"), queue.ErrSyntax, "state"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := queue.Read(tt.in)
			var parse *queue.ParseError
			require.ErrorAs(t, err, &parse)
			assert.ErrorIs(t, err, tt.err)
			assert.Equal(t, tt.what, parse.What)
			assert.Contains(t, err.Error(), "smtp/queue: "+tt.what)
		})
	}
}

// An envelope line out of its place, with a right checksum.
func TestReadEnvelope(t *testing.T) {
	for name, lines := range map[string][]string{
		"no recipient":     {"ARRIVED 2026-03-01T12:00:00Z", "MAIL FROM:<a@b.example>"},
		"no sender":        {"ARRIVED 2026-03-01T12:00:00Z", "RCPT TO:<a@b.example>"},
		"no time":          {"MAIL FROM:<a@b.example>", "RCPT TO:<a@b.example>"},
		"the time of none": {"ARRIVED -", "MAIL FROM:<a@b.example>", "RCPT TO:<a@b.example>"},
		"a path of none":   {"ARRIVED 2026-03-01T12:00:00Z", "MAIL FROM:<a@>", "RCPT TO:<a@b.example>"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := queue.Read([]byte(queue.WithHeader(lines)))
			assert.IsType(t, &queue.ParseError{}, err)
		})
	}
}

// Wherever a crash cuts an append off, what was there before it counts, and the
// rest is as if it had not been.
func TestTornAppend(t *testing.T) {
	before, whole := fileOf(t, putOff), fileOf(t, putOff, taken)
	for n := len(before); n < len(whole); n++ {
		for _, torn := range [][]byte{
			whole[:n],
			append(append([]byte(nil), whole[:n]...), make([]byte, len(whole)-n)...), // blocks that were never written
		} {
			e, end, err := queue.Read(torn)
			require.NoError(t, err, "at %d", n)
			assert.Equal(t, int64(len(before)), end, "at %d", n)
			assert.Equal(t, queue.StateDeferred, e.To[0].State, "at %d", n)
		}
	}
	// What is before the lines was there when the file got its name: if a part of
	// it is missing, it is no message.
	content := fileOf(t)
	for n := range len(content) {
		_, _, err := queue.Read(content[:n])
		assert.IsType(t, &queue.ParseError{}, err, "at %d", n)
	}
}

// No octet of the file can be changed so that it says something else.
func TestFlippedBits(t *testing.T) {
	whole := fileOf(t, putOff, taken, reportOf)
	want, _, err := queue.Read(whole)
	require.NoError(t, err)
	content := strings.Index(string(whole), text)
	tail := strings.LastIndex(string(whole[:len(whole)-1]), "\n") + 1
	for i := range whole {
		b := append([]byte(nil), whole...)
		b[i] ^= 0x04
		got, _, err := queue.Read(b)
		switch {
		case i >= content && i < content+len(text):
			assert.Equal(t, want, got, "the content has its own checksum")
		case i >= tail-1: // with its end, the line before runs into the last one
			assert.NoError(t, err, "the last line may be torn")
		default:
			assert.IsType(t, &queue.ParseError{}, err, "at %d", i)
		}
	}
}

// messages returns the files of a queue.
func messages(t *testing.T, dir, sub string) []string {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(dir, sub))
	require.NoError(t, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestCorruptFileIsSetAside(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "messages"), 0o700))
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "tmp"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "messages", "bad"), []byte("no message"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "tmp", "half"), []byte("half"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "messages", "good"), fileOf(t), 0o600))
		var log strings.Builder
		var traced string
		s := newSink(nil)
		q := &queue.Queue{Dir: dir, Deliverer: s,
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Trace:  &queue.Trace{Corrupt: func(file string, _ error) { traced = file }}}
		stop := running(t, q)
		assert.Equal(t, []string{"bad"}, messages(t, dir, "corrupt"))
		assert.Empty(t, messages(t, dir, "tmp"))
		assert.Equal(t, "bad", traced)
		pass(time.Second)
		assert.Len(t, s.got(), 1)
		stop()
		assert.Contains(t, log.String(), "damaged file set aside")
	})
}

// What another version wrote is no damage: it stays where that one looks for it.
func TestAnotherVersionIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "messages"), 0o700))
	other := append([]byte(queue.Line("applayer-queue 2 0000000100 00000000000000000001 00000000")), "more"...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "messages", "other"), other, 0o600))
	var log strings.Builder
	q := &queue.Queue{Dir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	require.NoError(t, q.Open())
	assert.Empty(t, q.List())
	require.NoError(t, q.Close())
	assert.Equal(t, []string{"other"}, messages(t, dir, "messages"))
	assert.Contains(t, log.String(), "another version")
}

// A file that the disk made as long as a number can be is not read into memory.
func TestHugeFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "messages"), 0o700))
	name := filepath.Join(dir, "messages", "huge")
	require.NoError(t, os.WriteFile(name, fileOf(t, putOff), 0o600))
	if err := os.Truncate(name, 1<<40); err != nil {
		t.Skip("no file can be that long here:", err)
	}
	q := &queue.Queue{Dir: dir}
	require.NoError(t, q.Open())
	require.NoError(t, q.Close())
	assert.Equal(t, []string{"huge"}, messages(t, dir, "corrupt"))
}

// The folders that the queue is in are made too.
func TestOpenMakesFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "queue")
	q := &queue.Queue{Dir: dir}
	require.NoError(t, q.Open())
	require.NoError(t, q.Close())
	assert.DirExists(t, filepath.Join(dir, "messages"))
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	assert.Error(t, q.Open(), "a file is there")
}

// Content that the disk changed is not sent; its sender hears of it.
func TestDamagedContent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		s := newSink(nil)
		q := &queue.Queue{Dir: dir, Deliverer: s, Hostname: "mx.crepes.fr"}
		require.NoError(t, q.Open())
		id := submit(t, q, envelope(bob), text)
		name := filepath.Join(dir, "messages", id)
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(name, []byte(strings.Replace(string(b), "like", "hate", 1)), 0o600))
		require.NoError(t, q.Close())

		running(t, q)
		pass(time.Minute)
		assert.Empty(t, s.times(bob))
		reports := s.reports()
		require.Len(t, reports, 1)
		_, r := report(t, reports[0].text)
		assert.Equal(t, "5.3.0", r.Groups[1].Get("Status"))
		assert.Nil(t, r.Original)
		assert.Equal(t, []string{id}, messages(t, dir, "corrupt"))
	})
}

// Who counts octets and does not read up to the end gets no whole content either,
// if it is not what was written.
func TestDamagedContentByCount(t *testing.T) {
	for name, chunk := range map[string]func(io.Reader) io.Reader{
		"at once":   func(r io.Reader) io.Reader { return r },
		"by octets": iotest.OneByteReader,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "messages"), 0o700))
			b := []byte(strings.Replace(string(fileOf(t)), "like", "hate", 1))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "messages", "x"), b, 0o600))
			q := &queue.Queue{Dir: dir}
			require.NoError(t, q.Open())
			defer q.Close()
			m := q.List()[0].Message
			r, err := m.Open()
			require.NoError(t, err)
			defer r.Close()
			_, err = io.ReadFull(chunk(r), make([]byte, m.Size))
			assert.ErrorIs(t, err, queue.ErrChecksum)
			_, err = r.Read(make([]byte, 1))
			assert.ErrorIs(t, err, queue.ErrChecksum, "it stays so")
		})
	}
}

func TestOpenContent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		long := text + strings.Repeat("ketchup\r\n", 20_000)
		var got string
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: newSink(func(m *queue.Message, _ smtp.Recipient) queue.Result {
			r, err := m.Open()
			require.NoError(t, err)
			defer r.Close()
			b, err := io.ReadAll(r)
			require.NoError(t, err)
			got = string(b)
			return queue.Result{}
		})}
		running(t, q)
		submit(t, q, envelope(bob), long)
		pass(time.Second)
		assert.Equal(t, long, got)
	})
}
