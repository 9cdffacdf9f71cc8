package mailstore_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailstore"
	"applayer/internal/testkit"
)

// others is another program's way to a store: Dovecot does not run as root, so what
// root has made is given to nobody.
type others struct {
	dir string
	uid int
}

func newOthers(t *testing.T) others {
	dir, err := os.MkdirTemp("", "mailstore")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	o := others{dir, os.Getuid()}
	if o.uid == 0 {
		o.uid = 65534
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	return o
}

// run runs a program on the files as they are.
func (o others) run(t *testing.T, name string, args ...string) string {
	if os.Getuid() == 0 {
		require.NoError(t, filepath.WalkDir(o.dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || path == o.dir {
				return err
			}
			return os.Lchown(path, o.uid, o.uid)
		}))
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "USER=nobody", "HOME="+filepath.Join(o.dir, "bob"), "TERM=dumb")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// Dovecot reads, flags, adds, copies and removes messages, and makes a folder, while
// the store is open: each side sees what the other did, and sizes are the same.
func TestInteropDovecot(t *testing.T) {
	doveadm := testkit.Program(t, "doveadm")
	o := newOthers(t)
	s := openStore(t, filepath.Join(o.dir, "mail"), nil)
	box := filepath.Join(o.dir, "mail", "bob", "Maildir")
	conf := filepath.Join(o.dir, "conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, `log_path = /dev/stderr
ssl = no
base_dir = %[1]s/run
state_dir = %[1]s/run
mail_location = maildir:%[2]s
first_valid_uid = 1
mail_uid = %[3]d
mail_gid = %[3]d
`, o.dir, box, o.uid), 0o644))
	run := func(args ...string) string { return o.run(t, doveadm, append([]string{"-c", conf}, args...)...) }

	m := mailbox(t, s, "bob", "INBOX")
	texts := []string{"Subject: one\r\n\r\na\r\n", "Subject: two\r\n\r\nb\r\n", "Subject: three\r\n\r\nc\r\n"}
	fill(t, m, texts...)
	_, err := m.Change(t.Context(), mailstore.Change{Flags: "FS"}, 2)
	require.NoError(t, err)
	got := run("fetch", "hdr.subject size.virtual flags", "mailbox", "INBOX", "all")
	for i, want := range []string{"one", "two", "three"} {
		assert.Contains(t, got, fmt.Sprintf("hdr.subject: %s\nsize.virtual: %d\n", want, len(texts[i])))
	}
	assert.Contains(t, got, `\Flagged \Seen`)

	run("flags", "add", `\Answered`, "mailbox", "INBOX", "subject", "one")
	run("expunge", "mailbox", "INBOX", "subject", "three")
	letter := filepath.Join(o.dir, "letter")
	require.NoError(t, os.WriteFile(letter, []byte("Subject: four\n\nd\n"), 0o644))
	run("save", "-m", "INBOX", letter)
	run("mailbox", "create", "Sent")
	run("copy", "Sent", "mailbox", "INBOX", "subject", "two")
	before := view(t, m)
	assert.Equal(t, []string{"1 Rnew", "2 FS", "4 new"}, rowsWithoutRecent(rows(before)))
	assert.Equal(t, "Subject: four\r\n\r\nd\r\n", text(t, m, 4))
	names, err := s.Folders("bob")
	require.NoError(t, err)
	assert.Equal(t, []string{"INBOX", "Sent"}, names)
	sent := mailbox(t, s, "bob", "Sent")
	v := view(t, sent)
	require.Equal(t, []string{"1 FS"}, rows(v))
	assert.Equal(t, texts[1], text(t, sent, 1))
	require.NoError(t, sent.Count(t.Context()))
	assert.Equal(t, int64(len(texts[1])), view(t, sent).At(0).Size)

	// And the other way round once more.
	require.NoError(t, m.Expunge(t.Context(), 1))
	_, _, err = m.Move(t.Context(), sent, 4)
	require.NoError(t, err)
	got = run("fetch", "hdr.subject", "mailbox", "INBOX", "all")
	assert.NotContains(t, got, "one")
	assert.Contains(t, got, "two")
	assert.Contains(t, run("fetch", "text", "mailbox", "Sent", "subject", "four"), "Subject: four")
}

// rowsWithoutRecent takes a message that Dovecot puts into cur as one in new: which it
// chooses is its own affair. It sets flags of one in new there.
func rowsWithoutRecent(rows []string) []string {
	last := len(rows) - 1
	if rows[last] == "4 " {
		rows[last] = "4 new"
	}
	return rows
}

// mutt opens the folder while the store is open: it flags a message, removes another,
// and saves.
func TestInteropMutt(t *testing.T) {
	mutt := testkit.Program(t, "neomutt")
	o := newOthers(t)
	s := openStore(t, filepath.Join(o.dir, "mail"), nil)
	m := mailbox(t, s, "bob", "INBOX")
	for i := range 3 { // mutt sorts by the date
		fill(t, m, fmt.Sprintf("From: alice@crepes.fr\r\nDate: Fri, 8 Jul 2011 12:00:0%d +0000\r\n\r\na\r\n", i))
	}
	before := view(t, m)
	screen, terminal := testkit.Terminal(t)
	defer screen.Close()
	go func() {
		for b := make([]byte, 4096); ; {
			if _, err := screen.Read(b); err != nil {
				return
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, mutt, "-n", "-F", "/dev/null",
		"-e", "set mbox_type=Maildir delete=yes quit=yes move=no wait_key=no sleep_time=0 folder="+o.dir,
		"-e", `push "<last-entry><delete-message><first-entry><flag-message><sync-mailbox><quit>"`,
		"-f", filepath.Join(o.dir, "mail", "bob", "Maildir"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.Env = append(os.Environ(), "TERM=vt100", "HOME="+o.dir)
	err := cmd.Run()
	terminal.Close()
	require.NoError(t, err)
	v := view(t, m)
	got := strings.Join(rows(v), ", ")
	assert.Equal(t, 2, v.Len(), got)
	assert.Equal(t, []mailstore.Range{{First: 3, Last: 3}}, v.Since(before.HighestModSeq).Vanished)
	assert.Contains(t, got, "1 F")
	fill(t, m, "Subject: four\r\n\r\nd\r\n")
	assert.Equal(t, uint32(4), view(t, m).At(2).UID)
}
