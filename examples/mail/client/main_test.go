package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/examples/internal/mailview"
	"applayer/mime"
)

const goldenFiles = "../../../mime/testdata/golden/"

func run(t *testing.T, stdin string, args ...string) clitest.Result {
	t.Helper()
	return clitest.Run(t, program(), stdin, args...)
}

func TestShow(t *testing.T) {
	got := run(t, "", "show", goldenFiles+"mutt-attach.eml")
	assert.Equal(t, 0, got.Status, got.Stderr)
	assert.Equal(t, `From: Alice Crêpe <alice@crepes.fr>
To: bob@hamburger.edu
Date: Sun, 22 Nov 2026 02:41:11 +0100
Subject: Übersicht

Grüße aus Crêpeville.
Kostet 5 €.
attachment: report.zip (application/zip, 598 octets)
attachment: Übersicht der Pfannkuchen für Bob und alle anderen Gäste im Sommer.txt (text/plain, 40 octets)
attachment: dot.png (image/png, 107 octets)
`, got.Stdout)
}

func TestShowHTMLAlone(t *testing.T) {
	message := "From: a@x.example\r\nDate: Sun, 22 Nov 2026 02:40:00 +0100\r\nContent-Type: text/html\r\n\r\n<p>Do you like <b>ketchup</b>?</p><script>no</script>\r\n"
	got := run(t, message, "show", "-")
	assert.Equal(t, 0, got.Status, got.Stderr)
	assert.Contains(t, got.Stdout, "\n\nDo you like ketchup?\n")
	assert.NotContains(t, got.Stdout, "script")
}

func TestShowRaw(t *testing.T) {
	file := goldenFiles + "python-smtputf8.eml"
	octets, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, clitest.Result{Stdout: string(octets)}, run(t, "", "show", "-raw", file))
	assert.Equal(t, clitest.Result{Stdout: string(octets)}, run(t, string(octets), "show", "-raw", "-"))
}

func TestShowJSON(t *testing.T) {
	got := run(t, "", "show", "-json", goldenFiles+"python-nested.eml")
	require.Equal(t, 0, got.Status, got.Stderr)
	assert.JSONEq(t, `{
		"subject": "all kinds",
		"from": [{"name": "Alice Crêpe", "addr": "alice@crepes.fr"}],
		"to": [{"name": "", "addr": "bob@hamburger.edu"}],
		"cc": [],
		"date": "2026-11-22T02:40:00+01:00",
		"message_id": "all-kinds@crepes.fr",
		"text": "Do you like ketchup?\r\nHow about pickles?\r\n",
		"parts": [
			{"path": "1.1", "type": "text/plain", "charset": "utf-8", "disposition": "", "filename": "", "encoding": "7bit", "size": 42, "sha256": "X"},
			{"path": "1.2.1", "type": "text/html", "charset": "utf-8", "disposition": "", "filename": "", "encoding": "quoted-printable", "size": 113, "sha256": "X"},
			{"path": "1.2.2", "type": "image/png", "charset": "", "disposition": "inline", "filename": "", "encoding": "base64", "size": 107, "sha256": "X"},
			{"path": "2", "type": "application/zip", "charset": "", "disposition": "attachment", "filename": "report.zip", "encoding": "base64", "size": 598, "sha256": "573a9ee09ad5027cfc6d36d4de84330defb03aefad0fb4455397600ecb72fe24"}
		],
		"signatures": [], "encrypted": false,
		"defects": [{"code": "quoted-printable-line", "offset": 838, "field": "", "ref": "RFC 2045 §6.7"}]
	}`, withoutSums(t, got.Stdout))
}

// withoutSums replaces the checksums of all parts but the last.
func withoutSums(t *testing.T, text string) string {
	t.Helper()
	var o object
	require.NoError(t, json.Unmarshal([]byte(text), &o))
	for i := range o.Parts[:len(o.Parts)-1] {
		assert.Len(t, o.Parts[i].SHA256, 64)
		o.Parts[i].SHA256 = "X"
	}
	b, err := json.Marshal(o)
	require.NoError(t, err)
	return string(b)
}

// A message within a message is listed itself, and then its leaves; it is an
// attachment and its text is not the message's.
func TestShowMessageWithin(t *testing.T) {
	got := run(t, "", "show", "-json", goldenFiles+"python-report.eml")
	require.Equal(t, 0, got.Status, got.Stderr)
	var o object
	require.NoError(t, json.Unmarshal([]byte(got.Stdout), &o))
	var parts []string
	for _, p := range o.Parts {
		parts = append(parts, p.Path+" "+p.Type)
	}
	assert.Equal(t, []string{"1 text/plain", "2 message/delivery-status", "3 message/rfc822", "3.1 text/plain"}, parts)
	assert.Equal(t, "Your message could not be delivered.\n", o.Text)
	shown := run(t, "", "show", goldenFiles+"python-report.eml")
	assert.Contains(t, shown.Stdout, "attachment: attachment-2 (message/rfc822, ")
	assert.NotContains(t, shown.Stdout, "ketchup")
}

// hostile has a title for the terminal, a name that reads backwards, and a name
// that leads out of the folder.
const hostile = "From: a@x.example\r\nSubject: =?utf-8?Q?a=1B]0;owned=07_=E2=80=AEb?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\n\r\none\x1b[2Jtwo\r\n" +
	"--b\r\nContent-Disposition: attachment; filename*=utf-8''..%2F..%2Finvoice%E2%80%AEfdp.exe\r\n\r\nthree\r\n" +
	"--b\r\nContent-Disposition: attachment; filename=invoicefdp.exe\r\n\r\nfour\r\n--b--\r\n"

func TestShowMakesControlsVisible(t *testing.T) {
	for _, args := range [][]string{{"show", "-"}, {"show", "-json", "-"}} {
		got := run(t, hostile, args...)
		assert.Equal(t, 0, got.Status, got.Stderr)
		for _, r := range got.Stdout + got.Stderr {
			assert.False(t, r != '\n' && mailview.Visible(string(r)) != string(r), "%q in %q", r, got.Stdout)
		}
		assert.Contains(t, got.Stdout, `\u001b[2Jtwo`)
		assert.Contains(t, got.Stdout, `\u202eb`)
	}
	got := run(t, hostile, "show", "-json", "-")
	var o object
	require.NoError(t, json.Unmarshal([]byte(got.Stdout), &o))
	assert.Equal(t, "../../invoice\u202efdp.exe", o.Parts[1].Filename, "as it was sent")
}

func TestShowSavesInsideItsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "attachments")
	for _, want := range []string{
		"attachment: invoicefdp.exe (text/plain, 5 octets) saved as " + filepath.Join(dir, "invoicefdp.exe") + "\n" +
			"attachment: invoicefdp.exe (text/plain, 4 octets) saved as " + filepath.Join(dir, "invoicefdp-2.exe") + "\n",
		"attachment: invoicefdp.exe (text/plain, 5 octets) saved as " + filepath.Join(dir, "invoicefdp-3.exe") + "\n" +
			"attachment: invoicefdp.exe (text/plain, 4 octets) saved as " + filepath.Join(dir, "invoicefdp-4.exe") + "\n",
	} {
		got := run(t, hostile, "show", "-save", dir, "-")
		assert.Equal(t, 0, got.Status, got.Stderr)
		assert.Contains(t, got.Stdout, want)
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, files, 4)
	first, err := os.ReadFile(filepath.Join(dir, "invoicefdp.exe"))
	require.NoError(t, err)
	assert.Equal(t, "three", string(first))
	outside, err := os.ReadDir(filepath.Dir(dir))
	require.NoError(t, err)
	assert.Len(t, outside, 1)
}

func TestShowTellsDefects(t *testing.T) {
	message := "From: a@x.example\r\nDate: Sun, 22 Nov 2026 02:40:00 +0100\r\nContent-Type: multipart/mixed; boundary=b\r\nno field\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\nb25l!\r\n"
	got := run(t, message, "show", "-")
	assert.Equal(t, 0, got.Status)
	assert.Equal(t, `defect: no colon at byte 101 (RFC 5322 §2.2)
defect: no close delimiter at byte 162 (RFC 2046 §5.1.1)
defect: base64 junk at byte 159 (RFC 2045 §6.8)
`, got.Stderr)
	assert.Contains(t, got.Stdout, "\n\none\n")
}

func TestSend(t *testing.T) {
	dir := t.TempDir()
	letter, menu, out := filepath.Join(dir, "letter.txt"), filepath.Join(dir, "Menü.bin"), filepath.Join(dir, "m.eml")
	require.NoError(t, os.WriteFile(letter, []byte("Grüße,\nAlice\n"), 0o644))
	require.NoError(t, os.WriteFile(menu, []byte{0, 1, 2, 255}, 0o644))
	got := run(t, "", "send", "-out", out, "-from", "Alice Crêpe <alice@crepes.fr>", "-to", "bob@hamburger.edu", "-to", "Carol <carol@hamburger.edu>",
		"-cc", "dave@hamburger.edu", "-subject", "Übersicht", "-attach", menu, letter)
	require.Equal(t, clitest.Result{}, got)
	octets, err := os.ReadFile(out)
	require.NoError(t, err)
	e, err := mime.ParseBytes(octets, &mime.Options{Strict: true})
	require.NoError(t, err)
	h, err := e.Header()
	require.NoError(t, err)
	assert.Empty(t, h.Check(nil))
	for _, c := range octets {
		require.Less(t, c, byte(0x80))
	}
	shown := run(t, "", "show", out)
	assert.Empty(t, shown.Stderr)
	for _, line := range []string{
		"From: Alice Crêpe <alice@crepes.fr>\n", "To: bob@hamburger.edu, Carol <carol@hamburger.edu>\n", "Cc: dave@hamburger.edu\n",
		"Subject: Übersicht\n", "\n\nGrüße,\nAlice\n", "attachment: Menü.bin (application/octet-stream, 4 octets)\n",
	} {
		assert.Contains(t, shown.Stdout, line)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 3)
}

func TestSendFromStandardInput(t *testing.T) {
	got := run(t, "Hello Bob.\n", "send", "-out", "-", "-from", "alice@crepes.fr", "-to", "bob@hamburger.edu", "-subject", "a")
	assert.Equal(t, 0, got.Status, got.Stderr)
	assert.True(t, strings.HasSuffix(got.Stdout, "\r\n\r\nHello Bob.\r\n"), got.Stdout)
}

func TestUsage(t *testing.T) {
	tests := []struct {
		name   string
		args   []string
		status int
		stderr string
	}{
		{"no command", nil, 2, "client: give a command first: send, show, pop, imap\n"},
		{"pop without a folder", []string{"pop"}, 2, "client pop: give one folder\n"},
		{"pop without a server", []string{"pop", "d"}, 2, "client pop: give -server, -user and -pass\n"},
		{"pop with an unknown mode", []string{"pop", "-server", "x:1", "-user", "u", "-pass", "p", "-tls", "starttls", "d"}, 2, "client pop: -tls starttls: is none of auto, stls, implicit and off\n"},
		{"imap", []string{"imap"}, 2, "client: imap: not built yet\n"},
		{"a server without a port", []string{"send", "-server", "x", "-from", "a@x.example", "-to", "b@x.example"}, 2, "client send: -server x: give host:port\n"},
		{"a user without a password", []string{"send", "-server", "x:1", "-user", "u", "-from", "a@x.example", "-to", "b@x.example"}, 2, "client send: -user and -pass: one is not enough\n"},
		{"a line end in a password", []string{"send", "-server", "x:1", "-user", "u", "-pass", "p\r\n", "-from", "a@x.example", "-to", "b@x.example"}, 2, "client send: -pass: a line end or NUL would end the field\n"},
		{"a signature", []string{"send", "-sign-pgp", "x"}, 2, "client send: -sign-pgp: not built yet\n"},
		{"keys", []string{"show", "-pgp-key", "x"}, 2, "client show: -pgp-key: not built yet\n"},
		{"no file to write", []string{"send", "-from", "a@x.example", "-to", "b@x.example"}, 2, "client send: give -out, the file to write, or -server, who sends it\n"},
		{"no recipient", []string{"send", "-out", "m", "-from", "a@x.example"}, 2, "client send: give -from and -to\n"},
		{"a line end in the subject", []string{"send", "-out", "m", "-from", "a@x.example", "-to", "b@x.example", "-subject", "a\r\nBcc: c@x.example"}, 2,
			"client send: -subject: a line end or NUL would end the field\n"},
		{"a line end in an address", []string{"send", "-out", "m", "-from", "a@x.example\n", "-to", "b@x.example"}, 2, "client send: -from: a line end or NUL would end the field\n"},
		{"no message", []string{"show"}, 2, "client show: give one file, or - for standard input\n"},
		{"raw and JSON", []string{"show", "-raw", "-json", "-"}, 2, "client show: -raw prints the message as it is, without -json or -save\n"},
		{"a file that is not there", []string{"show", "none"}, 1, "client show: open none: no such file or directory\n"},
		{"a folder", []string{"show", "."}, 1, "client show: .: not a regular file\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, clitest.Result{Status: tt.status, Stderr: tt.stderr}, run(t, "", tt.args...))
		})
	}
	_, err := os.Stat("m")
	assert.ErrorIs(t, err, os.ErrNotExist, "nothing is written")
	got := run(t, "", "send", "-out", "m", "-from", "no address", "-to", "b@x.example")
	assert.Equal(t, 2, got.Status)
	assert.Contains(t, got.Stderr, "client send: -from: ")
}
