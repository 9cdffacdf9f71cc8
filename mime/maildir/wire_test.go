package maildir_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime/maildir"
)

var wireForms = []struct{ name, file, wire string }{
	{"empty", "", ""},
	{"LF", "a\n\nb\n", "a\r\n\r\nb\r\n"},
	{"CRLF stays", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
	{"both", "a\r\nb\nc", "a\r\nb\r\nc"},
	{"CR alone stays", "a\rb\r\r\nc\r", "a\rb\r\r\nc\r"},
	{"LF alone", "\n", "\r\n"},
	{"a long one", strings.Repeat("line of text\n", 20000), strings.Repeat("line of text\r\n", 20000)},
	{"LF only, and long", strings.Repeat("\n", 100000), strings.Repeat("\r\n", 100000)},
	{"no line at all", strings.Repeat("x", 100000), strings.Repeat("x", 100000)},
	{"CRLF over all borders", strings.Repeat("\r\n", 70000) + "a" + strings.Repeat("\r\n", 40000), strings.Repeat("\r\n", 70000) + "a" + strings.Repeat("\r\n", 40000)},
}

func TestWire(t *testing.T) {
	for _, tt := range wireForms {
		t.Run(tt.name, func(t *testing.T) { checkWire(t, []byte(tt.file), []byte(tt.wire)) })
	}
}

// checkWire reads a file in all ways.
func checkWire(t testing.TB, file, wire []byte) {
	open := func() *maildir.Wire { return maildir.NewWire(bytes.NewReader(file), int64(len(file))) }
	size, err := open().Size()
	require.NoError(t, err)
	require.Equal(t, int64(len(wire)), size)
	var b bytes.Buffer
	n, err := open().WriteTo(&b)
	require.NoError(t, err)
	require.Equal(t, size, n)
	require.True(t, bytes.Equal(wire, b.Bytes()), "WriteTo")
	got, err := io.ReadAll(struct{ io.Reader }{open()})
	require.NoError(t, err)
	require.True(t, bytes.Equal(wire, got), "Read")
	if len(wire) < 20 {
		require.NoError(t, iotest.TestReader(open(), wire))
	}
	w := open()
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		at := r.IntN(len(wire) + 1)
		part := make([]byte, r.IntN(len(wire)-at+1))
		n, err := w.ReadAt(part, int64(at))
		require.NoError(t, err)
		require.True(t, bytes.Equal(wire[at:at+n], part), "ReadAt %d of %d", len(part), at)
	}
	n3, err := w.ReadAt(make([]byte, 3), size)
	require.ErrorIs(t, err, io.EOF)
	require.Zero(t, n3)
	_, err = w.ReadAt(make([]byte, 3), size+1)
	require.ErrorIs(t, err, io.EOF)
}

func TestWireSeek(t *testing.T) {
	w := maildir.NewWire(strings.NewReader("a\nbc\n"), 5)
	for _, tt := range []struct {
		off    int64
		whence int
		at     int64
		rest   string
	}{
		{2, io.SeekStart, 2, "\nbc\r\n"},
		{-2, io.SeekEnd, 5, "\r\n"},
		{-1, io.SeekCurrent, 6, "\n"},
		{0, io.SeekStart, 0, "a\r\nbc\r\n"},
		{5, io.SeekEnd, 7, ""},
	} {
		at, err := w.Seek(tt.off, tt.whence)
		require.NoError(t, err)
		assert.Equal(t, tt.at, at)
		rest, err := io.ReadAll(w)
		require.NoError(t, err)
		assert.Equal(t, tt.rest, string(rest))
	}
	_, err := w.Seek(-1, io.SeekStart)
	require.Error(t, err)
	_, err = w.Seek(0, 3)
	require.Error(t, err)
	_, err = w.ReadAt(nil, -1)
	require.Error(t, err)
	require.NoError(t, w.Close())
}

// A file that is shorter than it was said to be is no message that ends early.
func TestWireOfShrunkFile(t *testing.T) {
	for name, read := range map[string]func(w *maildir.Wire) error{
		"Read":    func(w *maildir.Wire) error { _, err := w.Read(make([]byte, 10)); return err },
		"WriteTo": func(w *maildir.Wire) error { _, err := w.WriteTo(io.Discard); return err },
		"ReadAt":  func(w *maildir.Wire) error { _, err := w.ReadAt(make([]byte, 2), 5); return err },
		"Size":    func(w *maildir.Wire) error { _, err := w.Size(); return err },
		"Seek":    func(w *maildir.Wire) error { _, err := w.Seek(-1, io.SeekEnd); return err },
	} {
		err := read(maildir.NewWire(strings.NewReader("a\n"), 9))
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF, name)
	}
}

// What is delivered with LF is given back by Wire, however it was cut into writes;
// the file has no CRLF but behind a CR.
func FuzzDeliverLF(f *testing.F) {
	f.Add([]byte("a\r\n\r\nb\r\n"), uint8(1))
	f.Add([]byte("\r\r\n\r\n\n\ra\r"), uint8(1))
	f.Add([]byte("\r\n\r\n\r\r\n"), uint8(3))
	d, _ := newDir(f)
	f.Fuzz(func(t *testing.T, b []byte, cut uint8) {
		y, err := d.Create(&maildir.DeliveryOptions{LF: true})
		require.NoError(t, err)
		defer y.Abort()
		for part := range slices.Chunk(b, int(cut)+1) {
			if cut%2 == 0 {
				_, err = y.Write(part)
			} else {
				_, err = y.ReadFrom(bytes.NewReader(part))
			}
			require.NoError(t, err)
		}
		checkDeliveredLF(t, d, y, b)
	})
}

func checkDeliveredLF(t testing.TB, d *maildir.Dir, y *maildir.Delivery, b []byte) {
	m, err := y.Commit()
	require.NoError(t, err)
	defer d.Remove(m)
	file := text(t, d, m)
	require.NotRegexp(t, `[^\r]\r\n`, file)
	w, err := d.OpenWire(m)
	require.NoError(t, err)
	defer w.Close()
	got, err := io.ReadAll(w)
	require.NoError(t, err)
	want := normal(b)
	require.Equal(t, string(want), string(got))
	size, _ := m.WireSize()
	require.Equal(t, int64(len(want)), size)
	size, _ = m.Size()
	require.Equal(t, int64(len(file)), size)
}

// normal is b with CRLF for each LF that stands alone.
func normal(b []byte) []byte {
	var out []byte
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return out
}

func TestDeliverLF(t *testing.T) {
	d, _ := newDir(t)
	for _, text := range []string{
		strings.Repeat("line of text\r\n", 20000), "a" + strings.Repeat("\r\n", 70000), strings.Repeat("\r\n", 70000), strings.Repeat("\r", 200000) + "\n", strings.Repeat("\r", 1<<16) + "\n",
		"a\nb\n", "\r\n", "",
	} {
		for _, r := range []io.Reader{strings.NewReader(text), struct{ io.Reader }{strings.NewReader(text)}, iotest.DataErrReader(strings.NewReader(text))} {
			y, err := d.Create(&maildir.DeliveryOptions{LF: true})
			require.NoError(t, err)
			_, err = io.Copy(y, r)
			require.NoError(t, err)
			checkDeliveredLF(t, d, y, []byte(text))
		}
	}
}

// A CRLF that is written in two parts counts once in the size that the name tells.
func TestDeliverSizes(t *testing.T) {
	d, _ := newDir(t)
	for _, text := range []string{strings.Repeat("x", 1<<16-1) + "\r\n", strings.Repeat("x", 1<<16-1) + "y\n"} {
		m := deliver(t, d, text, nil)
		w, err := d.OpenWire(m)
		require.NoError(t, err)
		want, err := w.Size()
		require.NoError(t, err)
		require.NoError(t, w.Close())
		got, _ := m.WireSize()
		assert.Equal(t, want, got)
		assert.Equal(t, int64(len(text)+strings.Count(text, "y\n")), got)
	}
}

func TestBatch(t *testing.T) {
	d, path := newDir(t)
	b := d.Batch()
	var all []maildir.Message
	for _, s := range []string{"a\n", "b\n", "c\n"} {
		y, err := d.Create(nil)
		require.NoError(t, err)
		_, err = io.WriteString(y, s)
		require.NoError(t, err)
		will, err := y.Finish()
		require.NoError(t, err)
		assert.Equal(t, "tmp/"+files(t, path, "tmp")[0], y.TempFile())
		assert.Empty(t, files(t, path, "new")[len(all):], "it has no name yet")
		_, err = io.WriteString(y, s)
		require.Error(t, err)
		m, err := b.Place(y)
		require.NoError(t, err)
		assert.Equal(t, will, m)
		_, err = b.Place(y)
		require.Error(t, err, "it has its name")
		all = append(all, m)
	}
	require.NoError(t, b.Commit())
	m, err := b.SetFlags(all[1], "S")
	require.NoError(t, err)
	require.NoError(t, b.Remove(all[0]))
	require.NoError(t, b.Remove(all[0]), "one that is gone is no error")
	_, err = b.SetFlags(all[0], "S")
	require.Error(t, err)
	b.Changed(all[2])
	require.NoError(t, b.Commit())
	assert.Equal(t, []string{all[2].File}, files(t, path, "new"))
	assert.Equal(t, []string{m.File}, files(t, path, "cur"))
	y, err := d.Create(nil)
	require.NoError(t, err)
	_, err = y.Finish()
	require.NoError(t, err)
	require.NoError(t, y.Abort())
	assert.Empty(t, files(t, path, "tmp"))
}

func TestUniqueBase(t *testing.T) {
	now := time.Now()
	a, b := maildir.UniqueBase(now, 3, 4), maildir.UniqueBase(now, 3, 4)
	assert.NotEqual(t, a, b)
	assert.Regexp(t, `^\d+\.M\d+P\d+Q\d+R[0-9a-f]{16}\.[^:/]+,S=3,W=4$`, a)
	_, err := maildir.ParseName(a)
	require.NoError(t, err)
	for _, received := range []time.Time{time.Unix(7, 0), {}, time.Unix(-1, 0)} {
		n := maildir.Name{Base: maildir.UniqueBase(received, -1, 4)}
		_, ok := n.WireSize()
		assert.False(t, ok, "no size is told that is not known")
		got, ok := n.Time()
		assert.True(t, ok)
		if received.Unix() <= 0 { // names have no such
			received = now
		}
		assert.WithinDuration(t, received, got, 10*time.Second)
	}
}
