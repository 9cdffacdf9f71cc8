package golden_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/golden"
	"applayer/sockets/pcap"
)

const sockets = "../../sockets/testdata/golden"

func TestLoadCapture(t *testing.T) {
	all := golden.Load(t, filepath.Join(sockets, "nc-python-upper-tcp6.pcap"))
	require.Len(t, all, 1)
	c := all[0]
	assert.Equal(t, "tcp", c.Network)
	assert.Equal(t, "first line\nsecond line\n", string(c.Client))
	assert.Equal(t, "FIRST LINE\nSECOND LINE\n", string(c.Server))
	assert.Equal(t, "closed", c.End)
	var order []string
	for _, s := range c.Segments {
		order = append(order, fmt.Sprint(s.FromClient, " ", string(s.Data)))
	}
	assert.Equal(t, []string{"true first line\n", "false FIRST LINE\n", "true second line\n", "false SECOND LINE\n"}, order)
	assert.Greater(t, c.Segments[2].Time, 200*time.Millisecond)
}

// TestMessages: datagrams are messages as they are; on a stream a length
// stands before each, wherever the segments were cut.
func TestMessages(t *testing.T) {
	seg := func(client bool, s string) golden.Segment {
		return golden.Segment{FromClient: client, Data: []byte(s)}
	}
	tests := []struct {
		name    string
		network string
		in      []golden.Segment
		want    []string
	}{
		{"datagrams", "udp", []golden.Segment{seg(true, "ask"), seg(false, ""), seg(false, "answer")}, []string{"C ask", "S ", "S answer"}},
		{"a segment each", "tcp", []golden.Segment{seg(true, "\x00\x03ask"), seg(false, "\x00\x01a\x00\x01b")}, []string{"C ask", "S a", "S b"}},
		{"cut anywhere", "tcp", []golden.Segment{seg(true, "\x00"), seg(false, "\x00\x02a"), seg(true, "\x03as"), seg(false, "b\x00\x00\x00"), seg(true, "k")}, []string{"S ab", "S ", "C ask"}},
		{"the rest is none", "tcp", []golden.Segment{seg(true, "\x00\x03as"), seg(false, "\x00")}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			c := &golden.Conversation{Network: tt.network, Segments: tt.in}
			for m := range c.Messages() {
				who := "S "
				if m.FromClient {
					who = "C "
				}
				got = append(got, who+string(m.Data))
			}
			assert.Equal(t, tt.want, got)
			for range c.Messages() {
				break
			}
		})
	}
	n := 0
	for m := range golden.Messages(t, "../../dns/testdata/golden") {
		require.GreaterOrEqual(t, len(m.Data), 12)
		n++
	}
	assert.Greater(t, n, 200)
	for range golden.Messages(t, "no/such/folder") {
		t.Error("a message from nowhere")
	}
}

func TestLoadText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "two.txtar")
	text := "What no decent program sends.\n-- control --\nS: 220 ready\nC: PASV\n" +
		`C[data]@1s: \x00\x01\` + "\n# a remark\nC: QUIT\r\n-- second --\nC: other\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	all := golden.Load(t, path)
	require.Len(t, all, 3)
	assert.Equal(t, "control", all[0].Name)
	assert.Equal(t, "PASV\r\nQUIT\r\n", string(all[0].Client))
	assert.Equal(t, "220 ready\r\n", string(all[0].Server))
	assert.Len(t, all[0].Segments, 3)
	assert.Equal(t, "control [data]", all[1].Name)
	assert.Equal(t, []golden.Segment{{Time: time.Second, FromClient: true, Data: []byte{0, 1}}}, all[1].Segments)
	assert.Equal(t, "second", all[2].Name)
}

func TestReadTellsTheFault(t *testing.T) {
	dir := t.TempDir()
	tests := []struct{ name, file, content, want string }{
		{"not a dialogue", "a.txtar", "-- x --\nX: a\n", "C or S"},
		{"a text without files", "b.txtar", "C: a\n", "no conversation"},
		{"not a capture", "c.pcap", "a capture?? a capture?? a capture??", "neither pcap nor pcapng"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, tt.file)
			require.NoError(t, os.WriteFile(path, []byte(tt.content), 0o644))
			_, err := golden.Read(path)
			assert.ErrorContains(t, err, tt.want)
			assert.ErrorContains(t, err, tt.file)
		})
	}
	_, err := golden.Read(filepath.Join(dir, "none.pcap"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = golden.Read(filepath.Join(dir, "c.pcap"))
	parse, ok := errors.AsType[*pcap.ParseError](err)
	require.True(t, ok)
	assert.Zero(t, parse.Offset)
}

func TestParseTxtar(t *testing.T) {
	tests := []struct {
		name, in string
		want     []golden.File
	}{
		{"a comment alone", "hello\n", nil},
		{"two files", "-- a --\n1\n2\n-- b --\n", []golden.File{{"a", []byte("1\n2\n")}, {Name: "b"}}},
		{"no line end at the end", "-- a --\n1", []golden.File{{"a", []byte("1")}}},
		{"CRLF", "-- a --\r\n1\r\n", []golden.File{{"a", []byte("1\r\n")}}},
		{"no name is no header", "-- a --\n--  --\n", []golden.File{{"a", []byte("--  --\n")}}},
		{"half a header is none", "-- a --\n-- b\n", []golden.File{{"a", []byte("-- b\n")}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, golden.ParseTxtar([]byte(tt.in)))
		})
	}
}

func TestDiff(t *testing.T) {
	many := strings.Repeat("x\n", 45)
	tests := []struct{ name, want, got, diff string }{
		{"equal", "a\n", "a\n", ""},
		{"one line of three", "a\nb\nc\n", "a\nB\nc\n", "line 2:\n  a\n- b\n+ B\n  c\n"},
		{"a line more", "a\nc\n", "a\nb\nc\n", "line 2:\n  a\n+ b\n  c\n"},
		{"the line end", "a\n", "a", "line 1:\n- a\n+ a (no line end)\n"},
		{"a CR", "a\r\n", "a\n", "line 1:\n- \"a\\r\"\n+ a\n"},
		{"a space at the end", "a\n", "a \n", "line 1:\n- a\n+ \"a \"\n"},
		{"octets that are no text", "\xff\n", "\tÿ\n", "line 1:\n- \"\\xff\"\n+ \tÿ\n"},
		{"nothing got", "a\n", "", "line 1:\n- a\n"},
		{"too much", "", many, "line 1:\n" + strings.Repeat("+ x\n", 40) + "+ … 5 more lines\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.diff, golden.Diff([]byte(tt.want), []byte(tt.got)))
		})
	}
}

// failures is a testing.TB that keeps what a test would report.
type failures struct {
	testing.TB
	errors, fatals []string
}

func (f *failures) Helper()                   {}
func (f *failures) Errorf(s string, a ...any) { f.errors = append(f.errors, fmt.Sprintf(s, a...)) }
func (f *failures) Fatalf(s string, a ...any) {
	f.fatals = append(f.fatals, fmt.Sprintf(s, a...))
	runtime.Goexit()
}

// watch runs f as a test of its own and tells what it reported.
func watch(t *testing.T, f func(tb testing.TB)) *failures {
	fake := &failures{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(fake)
	}()
	<-done
	return fake
}

func TestEqualAndUpdate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.golden")
	got := watch(t, func(tb testing.TB) { golden.Equal(tb, path, []byte("a\n")) })
	require.Len(t, got.fatals, 1)
	assert.Contains(t, got.fatals[0], "-update")

	require.NoError(t, flag.Set("update", "true"))
	got = watch(t, func(tb testing.TB) { golden.Equal(tb, path, []byte("a\n")) })
	require.NoError(t, flag.Set("update", "false"))
	assert.Empty(t, got.fatals)

	got = watch(t, func(tb testing.TB) { golden.Equal(tb, path, []byte("a\n")) })
	assert.Empty(t, append(got.fatals, got.errors...))
	got = watch(t, func(tb testing.TB) { golden.Equal(tb, path, []byte("b\n")) })
	require.Len(t, got.errors, 1)
	assert.Contains(t, got.errors[0], "- a\n+ b\n")
}

func TestFilesFails(t *testing.T) {
	got := watch(t, func(tb testing.TB) { golden.Files(tb, t.TempDir()) })
	assert.Len(t, got.fatals, 1)
	got = watch(t, func(tb testing.TB) { golden.Files(tb, "none") })
	assert.Len(t, got.fatals, 1)
	dir := t.TempDir()
	for _, name := range []string{"a.pcap", "a.golden", "a.txtar"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	got = watch(t, func(tb testing.TB) { golden.Files(tb, dir) })
	require.Len(t, got.fatals, 1)
	assert.Contains(t, got.fatals[0], "a.pcap and a.txtar", "one .golden file for two")
	got = watch(t, func(tb testing.TB) { golden.Load(tb, "none.pcap") })
	assert.Len(t, got.fatals, 1)
}

func TestRunShows(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.txtar"), []byte("-- a --\nC: hello\nS: HELLO\\\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.golden"), []byte("# a\nC: hello\nS: HELLO\\\n"), 0o644))
	golden.Run(t, dir, nil)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.golden"), []byte("7"), 0o644))
	golden.Run(t, dir, func(_ *testing.T, dst []byte, c *golden.Conversation) []byte {
		return fmt.Append(dst, len(c.Client))
	})
}

// FuzzSeed shows that both streams of each capture reach a fuzz target.
func FuzzSeed(f *testing.F) {
	golden.Seed(f, "none")
	golden.Seed(f, sockets)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, file := range golden.ParseTxtar(b) {
			assert.NotEmpty(t, file.Name)
		}
	})
}
