package mime_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/golden"
	"applayer/mime"
	"applayer/mime/cjk"
)

// Messages that the programs of others wrote, as our reader sees them.
func TestGolden(t *testing.T) {
	files := messageFiles(t, "testdata/golden")
	require.GreaterOrEqual(t, len(files), 40)
	programs := map[string]bool{}
	for _, file := range files {
		program, _, _ := strings.Cut(filepath.Base(file), "-")
		programs[program] = true
		t.Run(filepath.Base(file), func(t *testing.T) { checkMessageFile(t, file) })
	}
	assert.GreaterOrEqual(t, len(programs), 5)
}

// The RFCs' own examples, as our reader sees them.
func TestGoldenRFC(t *testing.T) {
	for _, file := range messageFiles(t, "testdata/rfc") {
		t.Run(filepath.Base(file), func(t *testing.T) { checkMessageFile(t, file) })
	}
}

// withCJK reads every charset that there is.
var withCJK = &mime.Options{Charset: cjk.Decoder}

func messageFiles(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// checkMessageFile holds what we make of a message against the text beside it,
// and the ways to read it against one another.
func checkMessageFile(t *testing.T, file string) {
	octets, err := os.ReadFile(file)
	require.NoError(t, err)
	e, err := mime.ParseBytes(octets, withCJK)
	require.NoError(t, err)
	shown := printMessage(t, e)
	golden.Equal(t, strings.TrimSuffix(file, ".eml")+".golden", []byte(shown))

	source, err := io.ReadAll(e.Source())
	require.NoError(t, err)
	assert.Equal(t, octets, source)
	h, err := e.Header()
	require.NoError(t, err)
	written, err := h.AppendText(nil)
	require.NoError(t, err)
	assert.Equal(t, string(octets[:e.HeaderSpan().End]), string(written), "a header that nobody changed")

	parsed, err := mime.Parse(bytes.NewReader(octets), int64(len(octets)), withCJK)
	require.NoError(t, err)
	assert.Equal(t, shown, printMessage(t, parsed))
	leaves := treeLines(t, e)
	assert.Equal(t, leaves, streamLines(t, bytes.NewReader(octets)))
	assert.Equal(t, leaves, streamLines(t, iotest.OneByteReader(bytes.NewReader(octets))))
}

// printMessage is a message as text: its header, its entities and its defects.
func printMessage(t testing.TB, e *mime.Entity) string {
	t.Helper()
	var b strings.Builder
	h, err := e.Header()
	require.NoError(t, err)
	for f := range h.Fields() {
		if f.Name() == "" {
			fmt.Fprintf(&b, "%q\n", f.Raw())
			continue
		}
		fmt.Fprintf(&b, "%s: %q\n", f.Name(), headerText(&h, f))
	}
	b.WriteString("\n")
	b.WriteString(printTree(t, e))
	if defects := allDefects(t, e); len(defects) > 0 {
		b.WriteString("\n")
		for _, d := range defects {
			fmt.Fprintf(&b, "%s at %d: %s (%s)\n", d.Code, d.Offset, d.Field, d.Ref)
		}
	}
	return b.String()
}

// printTree is a line for each entity: where it is, what it is, and what its
// body begins with.
func printTree(t testing.TB, e *mime.Entity) string {
	t.Helper()
	var b strings.Builder
	for depth, e := range e.Walk() {
		ct := e.MediaType()
		header, body := e.HeaderSpan(), e.BodySpan()
		fmt.Fprintf(&b, "%s%s %s", strings.Repeat("  ", depth), pathOf(e), ct.Name())
		for _, p := range ct.Params {
			fmt.Fprintf(&b, " %s=%q", p.Name, p.Value)
		}
		fmt.Fprintf(&b, " [%d:%d:%d] %d lines", header.Start, body.Start, body.End, body.Lines)
		if d, err := e.Disposition(); err == nil {
			fmt.Fprintf(&b, " %s", d.Type)
		}
		if name := e.Filename(); name != "" {
			fmt.Fprintf(&b, " %q", name)
		}
		switch e.Kind() {
		case mime.KindMultipart:
			if p := spanText(t, e, e.Preamble()); p != "" {
				fmt.Fprintf(&b, " preamble %q", short(p))
			}
			if p := spanText(t, e, e.Epilogue()); p != "" {
				fmt.Fprintf(&b, " epilogue %q", short(p))
			}
		case mime.KindLeaf:
			decoded, err := io.ReadAll(e.Body())
			require.NoError(t, err)
			sum := sha256.Sum256(decoded)
			fmt.Fprintf(&b, " %d octets %s", len(decoded), hex.EncodeToString(sum[:4]))
			if ct.Type == "text" {
				decoded = []byte(leafText(e))
			}
			fmt.Fprintf(&b, " %q", short(string(decoded)))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// pathOf is the number of an entity, "-" for a multipart that has none.
func pathOf(e *mime.Entity) string { return cmp.Or(e.Path(), "-") }

// short is the front of a text.
func short(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

func spanText(t testing.TB, e *mime.Entity, s mime.Span) string {
	t.Helper()
	root := e
	for root.Parent() != nil {
		root = root.Parent()
	}
	octets, err := io.ReadAll(root.Source())
	require.NoError(t, err)
	return string(octets[s.Start:s.End])
}

// addressFields are the fields that hold addresses.
var addressFields = []string{"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Resent-From", "Resent-To"}

// headerText is a field's value as people read it.
func headerText(h *mime.Header, f mime.Field) string {
	if slices.ContainsFunc(addressFields, func(name string) bool { return strings.EqualFold(name, f.Name()) }) {
		list, _, err := mime.ParseAddressList(f.RawValue(), withCJK)
		if err != nil {
			return err.Error()
		}
		return addressText(list)
	}
	text, _, err := mime.DecodeText(f.RawValue(), withCJK)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(text)
}

// seedMessages gives every golden and damaged message to a fuzz target.
func seedMessages(f *testing.F, add func(message []byte)) {
	f.Helper()
	for _, file := range slices.Concat(messageFiles(f, "testdata/golden"), messageFiles(f, "testdata/rfc")) {
		octets, err := os.ReadFile(file)
		require.NoError(f, err)
		add(octets)
	}
	for _, d := range damagedMessages {
		if len(d.in) < 64<<10 {
			add([]byte(d.in))
		}
	}
}

// seedValues gives the values of all fields of these names in those messages.
func seedValues(f *testing.F, add func(value string), names ...string) {
	f.Helper()
	seen := map[string]bool{}
	seedMessages(f, func(message []byte) {
		e, err := mime.ParseBytes(message, nil)
		require.NoError(f, err)
		for _, e := range e.Walk() {
			h, err := e.Header()
			require.NoError(f, err)
			for field := range h.Fields() {
				value := field.RawValue()
				if !seen[value] && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, field.Name()) }) {
					seen[value] = true
					add(value)
				}
			}
		}
	})
}
