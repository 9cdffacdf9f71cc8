package mime_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
	"applayer/mime"
)

// gmimeReader builds the reader over GMime once, and returns its path.
func gmimeReader(t *testing.T) string {
	t.Helper()
	gcc := testkit.Program(t, "gcc")
	pkgConfig := testkit.Program(t, "pkg-config")
	flags, err := exec.CommandContext(t.Context(), pkgConfig, "--cflags", "--libs", "gmime-3.0").Output()
	if err != nil {
		testkit.Lack(t, "GMime 3.0")
	}
	program := filepath.Join(t.TempDir(), "reader")
	args := append([]string{"-Wall", "-Wextra", "-Werror", "-o", program, "testdata/gmime/reader.c"}, strings.Fields(string(flags))...)
	out, err := exec.CommandContext(t.Context(), gcc, args...).CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// leafLine is a leaf as the reader over GMime prints it.
func leafLine(path, mediaType, name string, body []byte) string {
	sum := sha256.Sum256(body)
	return fmt.Sprintf("%s %s %s %d %s", path, mediaType, name, len(body), hex.EncodeToString(sum[:]))
}

// ourLeaves is what we read in that form.
func ourLeaves(t *testing.T, octets []byte) (lines []string) {
	t.Helper()
	e, err := mime.ParseBytes(octets, withCJK)
	require.NoError(t, err)
	for _, e := range e.Walk() {
		if e.Kind() != mime.KindLeaf {
			continue
		}
		body, err := io.ReadAll(e.Body())
		require.NoError(t, err)
		lines = append(lines, leafLine(e.Path(), e.MediaType().Name(), escaped(e.Filename()), body))
	}
	return lines
}

// escaped is a string as reader.c quotes it.
func escaped(s string) string {
	b := []byte{'"'}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			b = fmt.Appendf(b, `\x%02x`, c)
		} else {
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

// gmimeLeaves is what GMime reads.
func gmimeLeaves(t *testing.T, reader, file string) (lines []string) {
	t.Helper()
	out := peers.Run(t, reader, file)
	require.Zero(t, out.Exit, out.Stderr)
	for line := range strings.Lines(out.Stdout) {
		if words := strings.Fields(line); len(words) >= 5 && isPath(words[0]) {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	for i, line := range lines { // GMime numbers no message that is a leaf
		lines[i] = regexp.MustCompile(`^- `).ReplaceAllString(line, "1 ")
	}
	return lines
}

var pathForm = regexp.MustCompile(`^(-|\d+(\.\d+)*)$`)

func isPath(s string) bool { return pathForm.MatchString(s) }

// gmimeDiffers lists the messages that GMime reads otherwise, and why we do not.
var gmimeDiffers = map[string]string{
	"mimeconstruct-digest.eml": "a message of a digest has a body and no header; GMime drops the body (RFC 5322 §2.1)",
	"perl-mimetools.eml":       "lines end in LF around a message whose lines end in CRLF; GMime leaves the CR before a delimiter (RFC 2046 §5.1.1)",
	"2049-a.eml":               "base64 that lacks its padding; GMime drops the last group (RFC 2045 §6.8 speaks of padding as a sign only)",
}

// GMime and we read the same parts, names and octets.
func TestInteropGMimeReads(t *testing.T) {
	reader := gmimeReader(t)
	for _, file := range slices.Concat(messageFiles(t, "testdata/golden"), messageFiles(t, "testdata/rfc")) {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			octets, err := os.ReadFile(file)
			require.NoError(t, err)
			ours, theirs := ourLeaves(t, octets), gmimeLeaves(t, reader, file)
			if why, ok := gmimeDiffers[name]; ok {
				assert.NotEqual(t, theirs, ours, "they agree now: %s", why)
				return
			}
			assert.Equal(t, theirs, ours)
		})
	}
}

// folderSums are the SHA-256 of the files in a folder.
func folderSums(t *testing.T, dir string) (sums []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		sum := sha256.Sum256(b)
		sums = append(sums, hex.EncodeToString(sum[:]))
	}
	return sums
}

// extractors are programs that write the attachments of a message into a folder.
var extractors = []struct {
	program string
	args    func(file, dir string) []string
}{
	{"munpack", func(file, dir string) []string { return []string{"-q", "-f", "-C", dir, file} }},
	{"ripmime", func(file, dir string) []string { return []string{"-i", file, "-d", dir} }},
	{"mu", func(file, dir string) []string { return []string{"extract", "--save-all", "--target-dir=" + dir, file} }},
}

// Programs that unpack mail find the octets that we find, in messages with
// attachments in base64 by six programs.
func TestInteropExtractors(t *testing.T) {
	messages := []string{"mpack-zip", "snail-attach", "swaks-attach", "mailutils-attach", "perl-mimelite-mixed", "python-nested", "nmh-mhbuild"}
	for _, x := range extractors {
		t.Run(x.program, func(t *testing.T) {
			testkit.Program(t, x.program)
			for _, name := range messages {
				checkExtraction(t, x.program, x.args, "testdata/golden/"+name+".eml")
			}
		})
	}
}

// checkExtraction extracts the attachments of a message: those that are no text
// come out as we read them.
func checkExtraction(t *testing.T, program string, args func(file, dir string) []string, file string) {
	t.Helper()
	octets, err := os.ReadFile(file)
	require.NoError(t, err)
	dir := t.TempDir()
	abs, err := filepath.Abs(file)
	require.NoError(t, err)
	out := peers.Run(t, program, args(abs, dir)...)
	require.Zero(t, out.Exit, out.Stderr)
	found := folderSums(t, dir)
	require.NotEmpty(t, found, "%s of %s: %s", program, file, out.Stderr)
	for _, line := range ourLeaves(t, octets) {
		words := strings.Fields(line)
		if strings.HasPrefix(words[1], "text/") || strings.HasPrefix(words[1], "message/") || strings.Contains(line, ` "" `) {
			continue // they change line ends of text, leave messages, and name what has no name
		}
		assert.Contains(t, found, words[len(words)-1], "%s of %s: %s", program, file, line)
	}
}
