package mime_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
	"applayer/mime"
)

// composed is a message of ours, and what its readers must find.
type composed struct {
	name    string
	subject string
	text    string
	html    string
	options mime.WriteOptions
	inline  map[string]string // by Content-ID
	files   map[string]string // by name
}

var composedMessages = []composed{
	{name: "plain", subject: "plain", text: "Do you like ketchup?\nHow about pickles?\n"},
	{name: "lines-that-transports-change", subject: "lines", text: "From here on\n.\n..\ntrailing blanks  \n" + strings.Repeat("long ", 300) + "\n"},
	{name: "signable", subject: "signable", text: "From here on\n.\ntrailing blanks  \nGrüße\n", options: mime.WriteOptions{Signable: true}},
	{name: "utf8", subject: "Grüße aus Crêpeville, und ein Betreff, der so lang ist, dass er gefaltet werden muss: こんにちは", text: "Grüße\nこんにちは、ボブさん。\n"},
	{name: "eight-bit", subject: "Grüße", text: "Grüße, 5 €\n", options: mime.WriteOptions{EightBit: true}},
	{name: "alternative", subject: "both", text: "Do you like ketchup?\n", html: "<p>Do you like <b>ketchup</b>?</p>\n"},
	{
		name: "all-kinds", subject: "all kinds", text: "See below.\n", html: "<p>See <img src=\"cid:dot@crepes.fr\"></p>\n",
		inline: map[string]string{"dot@crepes.fr": "\x89PNG\r\n\x1a\n\x00\x01"},
		files: map[string]string{
			"report.zip":          "PK\x05\x06" + strings.Repeat("\x00", 41),
			"Übersicht.bin":       strings.Repeat("\x00\xff\r\n--", 500),
			"a \"quoted\" \\name": "x\x00",
		},
	},
	{name: "long-name", subject: "name", text: "a\n", files: map[string]string{strings.Repeat("Pfannkuchenübersicht ", 8) + ".bin": "abc\x00"}},
	{name: "large", subject: "large", text: "a\n", files: map[string]string{"large.bin": strings.Repeat("0123456789abcdef\n", 20_000)}},
}

// write composes the message.
func (c composed) write(t *testing.T) []byte {
	t.Helper()
	m := &mime.Message{Options: c.options}
	require.NoError(t, m.Header.Set("From", "Alice <alice@crepes.fr>"))
	require.NoError(t, m.Header.Set("To", "bob@hamburger.edu"))
	require.NoError(t, m.Header.SetText("Subject", c.subject, nil))
	m.Text(c.text)
	if c.html != "" {
		m.HTML(c.html)
	}
	for id, content := range c.inline {
		m.Inline(id, "image/png", strings.NewReader(content))
	}
	for name, content := range c.files {
		m.Attach(name, "", strings.NewReader(content))
	}
	var b bytes.Buffer
	_, err := m.WriteTo(&b)
	require.NoError(t, err)
	return b.Bytes()
}

// file writes the message to a file, with the line ends that programs want that
// read files.
func (c composed) file(t *testing.T, octets []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "m.eml")
	require.NoError(t, os.WriteFile(file, octets, 0o644))
	return file
}

// sums are the SHA-256 of all files.
func (c composed) sums() (sums []string) {
	for _, files := range []map[string]string{c.inline, c.files} {
		for _, content := range files {
			sum := sha256.Sum256([]byte(content))
			sums = append(sums, hex.EncodeToString(sum[:]))
		}
	}
	return sums
}

// What we write, we read without a defect, and find what went in.
func TestComposedReadBack(t *testing.T) {
	for _, c := range composedMessages {
		t.Run(c.name, func(t *testing.T) {
			octets := c.write(t)
			e, err := mime.ParseBytes(octets, &mime.Options{Strict: true})
			require.NoError(t, err)
			h, err := e.Header()
			require.NoError(t, err)
			assert.Empty(t, h.Check(nil))
			assert.Empty(t, allDefects(t, e))
			assert.Equal(t, c.subject, fact(e, "Subject"))
			leaves := strings.Join(ourLeaves(t, octets), "\n")
			for _, sum := range c.sums() {
				assert.Contains(t, leaves, sum)
			}
			var texts []string
			for _, e := range e.Walk() {
				if m := e.MediaType(); m.Type == "text" {
					texts = append(texts, strings.ReplaceAll(leafText(e), "\r\n", "\n"))
				}
			}
			assert.Contains(t, texts, c.text)
			if c.html != "" {
				assert.Contains(t, texts, c.html)
			}
			for name := range c.files {
				assert.Contains(t, leaves, escaped(name))
			}
		})
	}
}

// GMime reads the same parts, names and octets in what we write.
func TestInteropGMimeReadsOurs(t *testing.T) {
	reader := gmimeReader(t)
	for _, c := range composedMessages {
		t.Run(c.name, func(t *testing.T) {
			octets := c.write(t)
			assert.Equal(t, ourLeaves(t, octets), gmimeLeaves(t, reader, c.file(t, octets)))
			out := peers.Run(t, reader, c.file(t, octets))
			assert.Contains(t, out.Stdout, "subject "+escaped(c.subject)+"\n")
		})
	}
}

// Programs that unpack mail find the files that went in.
func TestInteropExtractorsOfOurs(t *testing.T) {
	for _, x := range extractors {
		t.Run(x.program, func(t *testing.T) {
			testkit.Program(t, x.program)
			for _, c := range composedMessages {
				if len(c.sums()) == 0 {
					continue
				}
				dir := t.TempDir()
				out := peers.Run(t, x.program, x.args(c.file(t, c.write(t)), dir)...)
				require.Zero(t, out.Exit, "%s: %s", c.name, out.Stderr)
				found := folderSums(t, dir)
				for _, sum := range c.sums() {
					assert.Contains(t, found, sum, c.name)
				}
			}
		})
	}
}

// NeoMutt takes what we write as a draft, and what it would send holds the same
// files. We read what it writes.
func TestInteropNeoMutt(t *testing.T) {
	neomutt := testkit.Program(t, "neomutt")
	for _, c := range composedMessages {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			keep, sent := filepath.Join(dir, "keep"), filepath.Join(dir, "sent.eml")
			require.NoError(t, os.WriteFile(keep, []byte("#!/bin/sh\ncat >'"+sent+"'\n"), 0o755))
			settings := "set sendmail='" + keep + "' copy=no charset=UTF-8 from=alice@crepes.fr hostname=crepes.fr sendmail_wait=0"
			cmd := exec.CommandContext(t.Context(), neomutt, "-n", "-F", "/dev/null", "-e", settings, "-H", c.file(t, c.write(t)))
			cmd.Stdin = strings.NewReader("added\n")
			cmd.Env = append(os.Environ(), "HOME="+dir, "LC_ALL=C.UTF-8", "TMPDIR="+dir)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			octets, err := os.ReadFile(sent)
			require.NoError(t, err, string(out))
			e, err := mime.ParseBytes(octets, withCJK)
			require.NoError(t, err)
			assert.Empty(t, structureDefects(e))
			assert.Equal(t, c.subject, fact(e, "Subject"))
			assert.Equal(t, "bob@hamburger.edu", fact(e, "To"))
			leaves := strings.Join(ourLeaves(t, octets), "\n")
			for _, sum := range c.sums() {
				assert.Contains(t, leaves, sum, string(octets))
			}
		})
	}
}

// pythonReader prints the leaves of a message as Python's email reads them.
const pythonReader = `
import email, email.policy, hashlib, sys
m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
print(m['subject'])
for p in m.walk():
    if p.defects: print('defects', p.defects)
    if not p.is_multipart():
        b = p.get_payload(decode=True)
        if p.get_content_maintype() == 'text': b = b.replace(b'\r\n', b'\n')
        print(p.get_content_type(), len(b), hashlib.sha256(b).hexdigest())
`

// pythonLeaf is a leaf as that prints it. Lines of text end in LF there.
func pythonLeaf(t *testing.T, e *mime.Entity) string {
	t.Helper()
	b, err := io.ReadAll(e.Body())
	require.NoError(t, err)
	media := e.MediaType()
	if media.Type == "text" {
		b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	}
	sum := sha256.Sum256(b)
	return fmt.Sprintf("%s %d %s", media.Name(), len(b), hex.EncodeToString(sum[:]))
}

// Python's email reads what we write, without a defect.
func TestInteropPython(t *testing.T) {
	testkit.Program(t, "python3")
	for _, c := range composedMessages {
		t.Run(c.name, func(t *testing.T) {
			octets := c.write(t)
			out := peers.Run(t, "python3", "-c", pythonReader, c.file(t, octets))
			require.Zero(t, out.Exit, out.Stderr)
			want := []string{c.subject}
			e, err := mime.ParseBytes(octets, nil)
			require.NoError(t, err)
			for _, e := range e.Walk() {
				if e.Kind() == mime.KindLeaf {
					want = append(want, pythonLeaf(t, e))
				}
			}
			assert.Equal(t, want, strings.Split(strings.TrimSpace(out.Stdout), "\n"))
		})
	}
}
