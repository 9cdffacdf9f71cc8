package maildir_test

import (
	"os/exec"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/mime/maildir"
)

// Python's mailbox module sees our messages, flags and folders, and we see its.
func TestInteropPython(t *testing.T) {
	python := testkit.Program(t, "python3")
	d, path := newDir(t)
	run := func(script string) string {
		out, err := exec.Command(python, "-c", "import mailbox, sys\nbox = mailbox.Maildir(sys.argv[1])\n"+script, path).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	deliver(t, d, "Subject: one\n\na\n", nil)
	deliver(t, d, "Subject: two\n\nb\n", &maildir.DeliveryOptions{Flags: "RS"})
	folder, err := maildir.NewFolder("Lists", "Go")
	require.NoError(t, err)
	inner, err := d.CreateFolder(folder)
	require.NoError(t, err)
	deliver(t, inner, "Subject: three\n\nc\n", nil)
	require.NoError(t, inner.Close())
	got := run(`for m in sorted(box, key=lambda m: m['subject']):
    print(m['subject'], m.get_subdir(), m.get_flags())
print(box.list_folders(), [m['subject'] for m in box.get_folder('Lists.Go')])`)
	assert.Equal(t, "one new \ntwo cur RS\n['Lists.Go'] ['three']\n", got)

	run(`m = mailbox.MaildirMessage(b'Subject: four\n\nd\n')
m.set_subdir('cur')
m.set_flags('SF')
box.add(m)
for key, m in list(box.items()):
    if m['subject'] == 'one':
        m.set_subdir('cur')
        m.add_flag('T')
        box[key] = m
box.add_folder('Sent')`)
	var rows []string
	for m, err := range d.All() {
		require.NoError(t, err)
		subject, _, _ := strings.Cut(text(t, d, m), "\n")
		rows = append(rows, subject+" "+map[bool]string{true: "new", false: "cur"}[m.New]+" "+string(m.Flags))
	}
	sort.Strings(rows)
	assert.Equal(t, []string{"Subject: four cur FS", "Subject: one cur T", "Subject: two cur RS"}, rows)
	folders, err := d.Folders()
	require.NoError(t, err)
	require.Len(t, folders, 2)
	assert.Equal(t, []string{"Sent"}, folders[1].Path)
}
