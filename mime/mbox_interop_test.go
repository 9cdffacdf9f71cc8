package mime_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/mime"
)

// Python's mailbox module reads what we write, and we read what it writes. It knows
// mboxo alone, and does not take the ">" away again.
func TestInteropMbox(t *testing.T) {
	python := testkit.Program(t, "python3")
	file := filepath.Join(t.TempDir(), "mbox")
	run := func(script string, stdin []byte) string {
		cmd := exec.Command(python, "-c", script, file)
		cmd.Stdin = bytes.NewReader(stdin)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		require.NoError(t, err, "%s", &stderr)
		return string(out)
	}

	var b bytes.Buffer
	w := mime.NewMboxWriter(&b, &mime.MboxOptions{Quoting: mime.MboxO})
	for _, text := range []string{"Subject: one\r\n\r\nFrom here\r\n\r\nto there\r\n", "Subject: two\r\n\r\n\r\n\r\n"} {
		require.NoError(t, w.Begin(mime.MboxFrom{Sender: "a@a.example", Date: time.Date(2011, 7, 8, 12, 8, 34, 0, time.UTC)}))
		_, err := io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o600))
	got := run(`import mailbox, sys
for m in mailbox.mbox(sys.argv[1]):
    print(repr(m.get_from()), repr(m.as_bytes()))`, nil)
	assert.Equal(t, `'a@a.example Fri Jul  8 12:08:34 2011' b'Subject: one\n\n>From here\n\nto there\n'`+"\n"+
		`'a@a.example Fri Jul  8 12:08:34 2011' b'Subject: two\n\n\n\n'`+"\n", got)

	require.NoError(t, os.Remove(file))
	run(`import mailbox, sys
box = mailbox.mbox(sys.argv[1])
for text in b'Subject: one\n\nFrom here\n\nto there\n', b'Subject: two\n\n\n\n':
    m = mailbox.mboxMessage(text)
    m.set_from('a@a.example', (2011, 7, 8, 12, 8, 34, 4, 189, 0))
    box.add(m)
box.flush()`, nil)
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	texts, froms := readMbox(t, f, &mime.MboxOptions{Quoting: mime.MboxO})
	assert.Equal(t, []string{"Subject: one\n\nFrom here\n\nto there\n", "Subject: two\n\n\n\n"}, texts)
	for _, from := range froms {
		assert.Equal(t, "a@a.example", strings.TrimSpace(from.Sender))
		assert.True(t, time.Date(2011, 7, 8, 12, 8, 34, 0, time.UTC).Equal(from.Date), from.Date)
	}
}
