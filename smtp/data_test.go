package smtp_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// The line ends that hide a second message where they are taken for what they
// are not (CVE-2023-51764, CVE-2023-51765, CVE-2023-51766).
var smuggled = []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r\n\x00.\r\n", "\r.\r\n", "\n.\r", "\r\n.\r\r\n", "\r\n.\n\r\n", "\r\r\n.\r\r\n", "\n\n.\r\n"}

func TestDataReader(t *testing.T) {
	lim := &smtp.Limits{MaxTextLine: 20, MaxMessageBytes: 100, MaxDiscard: 50}
	x := func(n int) string { return strings.Repeat("x", n) }
	lines := func(n int) string { return strings.Repeat("12345678\r\n", n) }
	tests := []struct {
		name, in string
		policy   smtp.Policy
		want     string
		code     string // of the error, "" for io.EOF
		what     string // the limit or the place
		next     error  // of the command that follows
	}{
		{"5321-4.5.2 plain", "a\r\n..b\r\n.\r\n", 0, "a\r\n.b\r\n", "", "", nil},
		{"no message", ".\r\n", 0, "", "", "", nil},
		{"2.3.8 bare LF", "a\r\nb\nc\r\n.\r\n", 0, "a\r\nb", "554 5.6.0", "at byte 4", nil},
		{"2.3.8 bare CR", "a\rb\r\n.\r\n", 0, "a", "554 5.6.0", "at byte 1", nil},
		{"2.3.8 bare LF ends nothing", "a\n.\nQUIT\r\n.\r\n", 0, "a", "554 5.6.0", "at byte 1", nil},
		{"2.3.8 bare LF, and close", "a\nb\r\n.\r\n", smtp.PolicyRejectAndClose, "a", "554 5.6.0", "at byte 1", smtp.ErrGivenUp},
		{"2.3.8 bare LF, normalized", "a\nb\rc\r\r\n.\r\n", smtp.PolicyNormalize, "a\r\nb\r\nc\r\n", "", "", nil},
		{"line of 20", x(18) + "\r\n.\r\n", 0, x(18) + "\r\n", "", "", nil},
		{"line of 21", x(19) + "\r\n.\r\n", 0, x(19), "554 5.6.0", "MaxTextLine", nil},
		{"line too long, and close", x(40) + "\r\n.\r\n", smtp.PolicyRejectAndClose, x(20), "554 5.6.0", "MaxTextLine", nil},
		{"message of 100", lines(10) + ".\r\n", 0, lines(10), "", "", nil},
		{"message of 101", lines(9) + "123456789\r\n.\r\n", 0, lines(9) + "123456789\r", "552 5.3.4", "MaxMessageBytes", nil},
		{"message of 150", lines(15) + ".\r\n", 0, lines(10), "552 5.3.4", "MaxMessageBytes", nil},
		{"message of 151", lines(14) + "123456789\r\n.\r\n", 0, lines(10), "552 5.3.4", "MaxMessageBytes", &smtp.LimitError{}},
		{"bare LF far before the end", "a\n" + lines(14) + ".\r\n", 0, "a", "554 5.6.0", "at byte 1", nil},
		{"bare LF without end", "a\n" + lines(20) + ".\r\n", 0, "a", "554 5.6.0", "at byte 1", &smtp.LimitError{}},
		{"connection ends", "a\r\n", 0, "a\r\n", "EOF", "", io.ErrUnexpectedEOF},
		{"connection ends behind an error", "a\n", 0, "a", "554 5.6.0", "at byte 1", io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		follow := "NOOP\r\n"
		if tt.next == io.ErrUnexpectedEOF {
			follow = ""
		}
		for _, step := range []int{1, 2, 3, 10, 1000} {
			for _, how := range []string{"Read", "WriteTo", "Drain"} {
				c := feed(t, tt.in+follow, step, &smtp.ConnOptions{Limits: lim})
				d := c.DataReader(tt.policy)
				var got []byte
				var err error
				switch how {
				case "Read":
					got, err = io.ReadAll(struct{ io.Reader }{d})
				case "WriteTo":
					var b bytes.Buffer
					_, err = io.Copy(&b, d)
					got = b.Bytes()
				case "Drain":
					err = d.Drain()
					got = []byte(tt.want)
				}
				name := tt.name + ", " + how
				require.Equal(t, tt.want, string(got), "%s in steps of %d", name, step)
				switch tt.code {
				case "":
					require.NoError(t, err, name)
				case "EOF":
					require.Equal(t, io.ErrUnexpectedEOF, err, name)
				default:
					require.Equal(t, tt.code, code(err), name)
					require.Contains(t, err.Error(), tt.what, name)
				}
				_, again := d.Read(make([]byte, 1))
				if err == nil {
					err = io.EOF
				}
				require.Equal(t, err, again, name)
				cmd, err := c.ReadCommand()
				switch {
				case tt.next == nil:
					require.NoError(t, err, name)
					require.Equal(t, smtp.VerbNOOP, cmd.Verb, name)
				case errors.As(tt.next, new(*smtp.LimitError)):
					require.Contains(t, err.Error(), "MaxDiscard", name)
				default:
					require.ErrorIs(t, err, tt.next, name)
				}
			}
		}
	}
}

// None of them ends a message, whatever the policy is, and what follows is no
// command.
func TestSmugglingIn(t *testing.T) {
	for _, s := range smuggled {
		for policy := smtp.PolicyReject; policy <= smtp.PolicyNormalize; policy++ {
			in := "Subject: a\r\n\r\nb" + s + "MAIL FROM:<evil@example.com>\r\nDATA\r\n.\r\nNOOP\r\n"
			for _, step := range []int{1, 2, 3, 1000} {
				c := feed(t, in, step, nil)
				b, err := io.ReadAll(c.DataReader(policy))
				nul := strings.Contains(s, "\x00")
				switch {
				case policy == smtp.PolicyNormalize || nul:
					require.NoError(t, err, "%q", s)
					require.Contains(t, string(b), "MAIL FROM", "%q", s)
					require.Zero(t, len(b)-len(strings.ReplaceAll(string(b), "\r\n", "xx")), "%q", s)
					require.NotContains(t, strings.ReplaceAll(string(b), "\r\n", ""), "\n")
					require.NotContains(t, strings.ReplaceAll(string(b), "\r\n", ""), "\r")
				default:
					require.ErrorIs(t, err, smtp.ErrBareNewline, "%q", s)
				}
				cmd, err := c.ReadCommand()
				if policy == smtp.PolicyRejectAndClose && !nul {
					require.Equal(t, smtp.ErrGivenUp, err, "%q", s)
					continue
				}
				require.NoError(t, err, "%q", s)
				require.Equal(t, smtp.VerbNOOP, cmd.Verb, "%q", s)
			}
		}
	}
}

// None of them goes out, whatever the message holds and however it is cut.
func TestSmugglingOut(t *testing.T) {
	for _, s := range smuggled {
		text := "Subject: a\r\n\r\nb" + s + "MAIL FROM:<evil@example.com>\r\n"
		for step := 1; step < 10; step++ {
			for _, policy := range []smtp.Policy{smtp.PolicyReject, smtp.PolicyNormalize} {
				wire, err := sent(t, func(c *smtp.Conn) error {
					w := c.DataWriter(policy)
					for from := 0; from < len(text); from += step {
						if _, err := w.Write([]byte(text[from:min(from+step, len(text))])); err != nil {
							return err
						}
					}
					return w.Close()
				})
				switch {
				case strings.Contains(s, "\x00"):
					require.ErrorIs(t, err, smtp.ErrControlOctet, "%q", s)
					require.NotContains(t, wire, "evil", "%q", s)
				case policy == smtp.PolicyReject:
					require.ErrorIs(t, err, smtp.ErrBareNewline, "%q", s)
					require.NotContains(t, wire, "evil", "%q", s)
				default:
					require.NoError(t, err, "%q", s)
					require.Equal(t, 1, strings.Count(wire, "\r\n.\r\n"), "%q", s)
					require.True(t, strings.HasSuffix(wire, "\r\n.\r\n"), "%q", s)
				}
				rest := strings.ReplaceAll(wire, "\r\n", "")
				require.NotContains(t, rest, "\x00", "%q", s)
				require.NotContains(t, rest, "\r", "%q", s)
				require.NotContains(t, rest, "\n", "%q", s)
			}
		}
	}
}

// sent returns what do has sent.
func sent(t *testing.T, do func(*smtp.Conn) error) (string, error) {
	t.Helper()
	peer, ours := testkit.Pipe()
	c := smtp.NewConn(ours, &smtp.ConnOptions{Client: true})
	got := make(chan string)
	go func() {
		b, _ := io.ReadAll(peer)
		got <- string(b)
	}()
	err := do(c)
	if ferr := c.Flush(); err == nil {
		err = ferr
	}
	c.Close()
	wire := <-got
	peer.Close()
	return wire, err
}

func TestDataWriter(t *testing.T) {
	long := strings.Repeat("some text of a line, and more of it\r\n", 10000)
	tests := []struct{ name, in, want string }{
		{"5321-4.5.2 dots", ".a\r\n.\r\n", "..a\r\n..\r\n.\r\n"},
		{"4.1.1.4 no end of line", "a", "a\r\n.\r\n"},
		{"nothing", "", ".\r\n"},
		{"larger than the buffer", long, long + ".\r\n"},
		{"many dots", strings.Repeat(".\r\n", 5000), strings.Repeat("..\r\n", 5000) + ".\r\n"},
	}
	for _, tt := range tests {
		for _, how := range []string{"Write", "ReadFrom"} {
			wire, err := sent(t, func(c *smtp.Conn) error {
				w := c.DataWriter(smtp.PolicyReject)
				if how == "Write" {
					if _, err := io.WriteString(w, tt.in); err != nil {
						return err
					}
				} else if n, err := io.Copy(w, struct{ io.Reader }{strings.NewReader(tt.in)}); err != nil || n != int64(len(tt.in)) {
					return errors.New("short copy")
				}
				return w.Close()
			})
			require.NoError(t, err, tt.name)
			require.Equal(t, tt.want, wire, tt.name)
		}
	}
	broken := errors.New("broken")
	_, err := sent(t, func(c *smtp.Conn) error {
		_, err := c.DataWriter(0).ReadFrom(io.MultiReader(strings.NewReader("a\r\n"), errReader{broken}))
		return err
	})
	assert.Equal(t, broken, err)
	_, err = sent(t, func(c *smtp.Conn) error {
		_, err := c.DataWriter(0).ReadFrom(strings.NewReader("a\nb"))
		return err
	})
	e, ok := errors.AsType[*smtp.ParseError](err)
	require.True(t, ok)
	assert.Equal(t, int64(1), e.Offset)

	_, err = sent(t, func(c *smtp.Conn) error {
		_, err := c.DataWriter(0).ReadFrom(idleReader{})
		return err
	})
	assert.Equal(t, io.ErrNoProgress, err)
}

// RFC 2045 §2.8: a message with NUL is not written, and cannot be ended.
func TestDataWriterNUL(t *testing.T) {
	var b bytes.Buffer
	for _, policy := range []smtp.Policy{smtp.PolicyReject, smtp.PolicyNormalize} {
		for _, w := range []*smtp.DataWriter{smtp.NewTextWriter(&b, policy), smtp.NewConn(at(nil, "192.0.2.1:25"), nil).DataWriter(policy)} {
			n, err := w.Write([]byte("a\r\n\x00.\r\n"))
			assert.Equal(t, 3, n)
			e, ok := errors.AsType[*smtp.ParseError](err)
			require.True(t, ok)
			assert.Equal(t, int64(3), e.Offset)
			_, again := w.Write([]byte("b"))
			assert.Equal(t, err, again)
			assert.Equal(t, err, w.Close())
		}
	}
	assert.Equal(t, "a\r\na\r\n", b.String())
}

// idleReader has nothing to say.
type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestDataWriterWithoutPeer(t *testing.T) {
	peer, ours := testkit.Pipe()
	c := smtp.NewConn(ours, &smtp.ConnOptions{Client: true})
	defer c.Close()
	peer.Close()
	w := c.DataWriter(0)
	_, err := io.Copy(w, strings.NewReader(strings.Repeat("a\r\n", 10000)))
	require.Error(t, err)
	assert.Equal(t, err, w.Close())
	assert.Equal(t, err, c.Flush())
}

func TestTextWriter(t *testing.T) {
	var b bytes.Buffer
	w := smtp.NewTextWriter(&b, smtp.PolicyNormalize)
	_, err := io.WriteString(w, ".a\nb")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	assert.Equal(t, ".a\r\nb\r\n", b.String())
	_, err = io.WriteString(smtp.NewTextWriter(&b, smtp.PolicyReject), "a\nb")
	assert.ErrorIs(t, err, smtp.ErrBareNewline)
}

func TestReadChunk(t *testing.T) {
	long := strings.Repeat("\x00\r\n.\r\n\xff", 10000)
	for _, step := range []int{1, 3, 100, 20000} {
		c := feed(t, "BDAT 5\r\nab\r\n.BDAT 0 LAST\r\nBDAT 70000\r\n"+long+"QUIT\r\n", step, nil)
		for i, want := range []string{"ab\r\n.", "", long} {
			cmd, err := c.ReadCommand()
			require.NoError(t, err)
			size, _, err := smtp.ParseBDAT(cmd.Arg)
			require.NoError(t, err)
			r := c.ReadChunk(size)
			assert.Equal(t, size, r.Left())
			var b bytes.Buffer
			if i == 0 {
				_, err = b.ReadFrom(r)
			} else {
				_, err = r.WriteTo(&b)
			}
			require.NoError(t, err)
			require.Equal(t, want, b.String())
			assert.Zero(t, r.Left())
			n, err := r.Read(make([]byte, 1))
			assert.Zero(t, n)
			assert.Equal(t, io.EOF, err)
		}
		cmd, err := c.ReadCommand()
		require.NoError(t, err)
		assert.Equal(t, smtp.VerbQUIT, cmd.Verb)
	}
	c := feed(t, "abc", 2, nil)
	r := c.ReadChunk(5)
	n, err := r.Read(nil)
	assert.Zero(t, n)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, r)
	assert.Equal(t, io.ErrUnexpectedEOF, err)
	assert.Equal(t, int64(2), r.Left())
	_, err = c.ReadCommand()
	assert.Equal(t, io.ErrUnexpectedEOF, err)
	full := errors.New("full")
	_, err = feed(t, "abc", 3, nil).ReadChunk(3).WriteTo(errWriter{full})
	assert.Equal(t, full, err)
	_, err = feed(t, "abc\r\n", 3, nil).DataReader(0).WriteTo(errWriter{full})
	assert.Equal(t, full, err)
}

type errWriter struct{ err error }

func (w errWriter) Write([]byte) (int, error) { return 0, w.err }

func TestPolicyStrings(t *testing.T) {
	assert.Equal(t, "reject", smtp.PolicyReject.String())
	assert.Equal(t, "reject and close", smtp.PolicyRejectAndClose.String())
	assert.Equal(t, "normalize", smtp.PolicyNormalize.String())
	assert.Equal(t, "unknown", smtp.Policy(9).String())
}

// However a message comes, it is the same message, ends at the same place or in
// the same error, and what is behind it is left; none is longer than the limit.
func FuzzDotReader(f *testing.F) {
	for _, s := range smuggled {
		for policy := range uint8(3) {
			f.Add("a"+s+"b\r\n.\r\nQUIT\r\n", uint8(2), policy)
		}
	}
	for _, s := range []string{"a\r\n..b\r\n.\r\nNOOP\r\n", ".\r\n", "a\r\n", strings.Repeat("x", 50) + "\r\n.\r\n", strings.Repeat("x\r\n", 50) + ".\r\n"} {
		f.Add(s, uint8(3), uint8(2))
	}
	f.Fuzz(func(t *testing.T, s string, step, policy uint8) {
		if len(s) > 1000 {
			return
		}
		opts := &smtp.ConnOptions{Limits: &smtp.Limits{MaxTextLine: 40, MaxMessageBytes: 90, MaxDiscard: 60}}
		read := func(step int) (text, rest string, err, end error) {
			c := feed(t, s, step, opts)
			b, err := io.ReadAll(c.DataReader(smtp.Policy(policy % 3)))
			commands, end := readCommands(c)
			return string(b), strings.Join(commands, "\n"), err, end
		}
		text, rest, err, end := read(len(s) + 1)
		text2, rest2, err2, end2 := read(int(step) + 1)
		require.Equal(t, text, text2)
		require.Equal(t, err, err2)
		require.Equal(t, rest, rest2)
		require.Equal(t, end, end2)
		require.LessOrEqual(t, len(text), 90)
		if err != nil {
			return
		}
		mark := strings.Index("\r\n"+s, "\r\n.\r\n")
		require.GreaterOrEqual(t, mark, 0)
		after, _ := readCommands(feed(t, s[mark+3:], 1000, opts))
		require.Equal(t, strings.Join(after, "\n"), rest)
		wire, err := sent(t, func(c *smtp.Conn) error {
			w := c.DataWriter(smtp.PolicyReject)
			if _, err := io.WriteString(w, text); err != nil {
				return err
			}
			return w.Close()
		})
		if strings.Contains(text, "\x00") { // which the server refuses one floor above
			require.ErrorIs(t, err, smtp.ErrControlOctet)
			return
		}
		require.NoError(t, err, "what was taken can be sent")
		again, err := io.ReadAll(feed(t, wire, 1000, opts).DataReader(smtp.PolicyReject))
		if err == nil {
			require.Equal(t, text, string(again))
		}
	})
}
