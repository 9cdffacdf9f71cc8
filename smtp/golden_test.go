package smtp_test

import (
	"bytes"
	"cmp"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/golden"
	"applayer/smtp"
)

const captures = "testdata/golden"

// TestGolden prints what we read in what third-party programs said: commands
// with their arguments taken apart, replies, and messages.
func TestGolden(t *testing.T) {
	for _, path := range golden.Files(t, captures) {
		t.Run(captureName(path), func(t *testing.T) {
			golden.Equal(t, strings.TrimSuffix(path, filepath.Ext(path))+".golden", viewCapture(t, path, 0).out)
		})
	}
}

// TestGoldenBytewise: octet by octet they are understood as they are whole.
func TestGoldenBytewise(t *testing.T) {
	for _, path := range golden.Files(t, captures) {
		assert.Equal(t, string(viewCapture(t, path, 0).out), string(viewCapture(t, path, 1).out), path)
	}
}

// TestGoldenWrittenBack: what we write of what we read are the same octets, but
// for the case of verbs and keywords and the order of parameters.
func TestGoldenWrittenBack(t *testing.T) {
	var replies, commands, arguments, messages int
	for _, path := range golden.Files(t, captures) {
		v := viewCapture(t, path, 0)
		for _, r := range v.replies {
			got, err := smtp.AppendReply(nil, r.Reply)
			require.NoError(t, err, "%s: %q", path, r.raw)
			assert.Equal(t, r.raw, string(got), path)
			replies++
		}
		for _, c := range v.commands {
			got, err := smtp.AppendCommand(nil, c.Command)
			require.NoError(t, err, "%s: %q", path, c.line)
			verb, arg, _ := strings.Cut(c.line, " ")
			assert.Equal(t, strings.TrimSpace(strings.ToUpper(verb)+" "+strings.TrimSpace(arg))+"\r\n", string(got), path)
			commands++
			if got, ok := appendArgument(t, c.Command); ok {
				assert.Equal(t, sortedWords(string(c.Arg)), sortedWords(string(got)), path)
				arguments++
			}
		}
		for _, m := range v.messages {
			var got bytes.Buffer
			var w io.WriteCloser = smtp.NewTextWriter(&got, smtp.PolicyReject)
			if m.dots {
				w = dataWriter(t, &got)
			}
			_, err := io.WriteString(w, m.text)
			require.NoError(t, err, path)
			require.NoError(t, w.Close(), path)
			assert.Equal(t, m.raw, got.String(), path)
			messages++
		}
	}
	assert.Greater(t, replies, 350)
	assert.Greater(t, commands, 250)
	assert.Greater(t, arguments, 120)
	assert.Greater(t, messages, 40)
}

// appendArgument takes an argument apart and puts it together again. It is
// false for those that are text, and for those that are outside the grammar.
func appendArgument(t *testing.T, c smtp.Command) ([]byte, bool) {
	t.Helper()
	var got []byte
	switch c.Verb {
	case smtp.VerbMAIL:
		from, opts, err := smtp.ParseMail(c.Arg)
		if err != nil {
			return nil, false
		}
		got, err = smtp.AppendMail(nil, from, opts)
		require.NoError(t, err)
	case smtp.VerbRCPT:
		to, opts, err := smtp.ParseRcpt(c.Arg, false)
		if err != nil || bytes.Contains(c.Arg, []byte("<@")) { // a source route is dropped
			return nil, false
		}
		got, err = smtp.AppendRcpt(nil, to, opts)
		require.NoError(t, err)
	case smtp.VerbBDAT:
		size, last, err := smtp.ParseBDAT(c.Arg)
		require.NoError(t, err)
		got, err = smtp.AppendBDAT(nil, size, last)
		require.NoError(t, err)
	case smtp.VerbAUTH:
		mechanism, initial, err := smtp.ParseAuth(c.Arg)
		if err != nil {
			return nil, false
		}
		got, err = smtp.AppendAuth(nil, mechanism, initial)
		require.NoError(t, err)
		return bytes.TrimSpace(got), true
	default:
		return nil, false
	}
	return got, true
}

// sortedWords are the words of an argument in upper case, sorted behind the
// first, without the space that some put before a path.
func sortedWords(s string) []string {
	s = strings.Replace(s, ": <", ":<", 1)
	words := strings.Fields(strings.ToUpper(s))
	slices.Sort(words[1:])
	return words
}

// dataWriter is a writer of messages behind DATA, with nothing before them.
func dataWriter(t *testing.T, w io.Writer) *flushed {
	t.Helper()
	c := smtp.NewConn(&played{out: w}, &smtp.ConnOptions{Client: true})
	return &flushed{c.DataWriter(smtp.PolicyReject), c}
}

type flushed struct {
	*smtp.DataWriter
	c *smtp.Conn
}

func (f *flushed) Close() error {
	return cmp.Or(f.DataWriter.Close(), f.c.Flush())
}

// played is a connection whose octets are there, in pieces of size if that is
// not 0, and that writes into out.
type played struct {
	net.Conn
	in   []byte
	size int
	out  io.Writer
}

func (p *played) Read(b []byte) (int, error) {
	if len(p.in) == 0 {
		return 0, io.EOF
	}
	if p.size > 0 {
		b = b[:min(len(b), p.size)]
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	return n, nil
}

func (p *played) Write(b []byte) (int, error) { return p.out.Write(b) }

func captureName(path string) string {
	return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
}
