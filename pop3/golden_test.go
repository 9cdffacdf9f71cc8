package pop3_test

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/golden"
	"applayer/internal/testkit"
	"applayer/pop3"
)

const captures = "testdata/golden"

// TestGolden prints what we read in what third-party programs said.
func TestGolden(t *testing.T) {
	golden.Run(t, captures, func(t *testing.T, dst []byte, c *golden.Conversation) []byte {
		return append(dst, replay(t, c, 0).shown...)
	})
}

// TestGoldenBytewise: octet by octet they are understood as they are whole.
func TestGoldenBytewise(t *testing.T) {
	for _, path := range golden.Files(t, captures) {
		for _, c := range golden.Load(t, path) {
			assert.Equal(t, replay(t, &c, 0).shown, replay(t, &c, 1).shown, path)
		}
	}
}

// TestGoldenWrittenBack: what we write of what we read are the same octets, both
// sides, up to where TLS begins.
func TestGoldenWrittenBack(t *testing.T) {
	commands, responses := 0, 0
	for _, path := range golden.Files(t, captures) {
		for _, c := range golden.Load(t, path) {
			r := replay(t, &c, 0)
			if r.tls {
				c.Client, c.Server = c.Client[:len(r.client)], c.Server[:len(r.server)]
			}
			assert.Equal(t, string(c.Client), string(r.client), path)
			assert.Equal(t, string(c.Server), string(r.server), path)
			commands += r.commands
			responses += r.responses
		}
	}
	assert.Greater(t, commands, 200)
	assert.Greater(t, responses, 200)
}

// replayed is what became of a conversation.
type replayed struct {
	shown               string
	client, server      []byte // as we write what we read
	commands, responses int
	tls                 bool
}

// half gives a Conn one side's octets to read, in pieces of size octets; 0 is
// all at once.
func half(t *testing.T, octets []byte, client bool, size int) *pop3.Conn {
	near, far := testkit.PipeBuffer(len(octets) + 1)
	t.Cleanup(func() { near.Close() })
	_, err := far.Write(octets)
	require.NoError(t, err)
	far.Close()
	if size > 0 {
		near = &testConn{near, size}
	}
	return pop3.NewConn(near, &pop3.ConnOptions{Client: client})
}

// replay reads both sides of a conversation, and writes them.
func replay(t *testing.T, c *golden.Conversation, size int) *replayed {
	r := new(replayed)
	server, client := half(t, c.Client, false, size), half(t, c.Server, true, size)
	var shown strings.Builder
	respond := func() pop3.Response {
		resp, err := client.ReadResponse()
		require.NoError(t, err, c.Name)
		r.server, err = pop3.AppendResponse(r.server, resp)
		require.NoError(t, err, resp)
		r.responses++
		fmt.Fprintf(&shown, "S %v", resp.Status)
		if resp.Code != "" {
			fmt.Fprintf(&shown, " code %s", resp.Code)
		}
		fmt.Fprintf(&shown, " %q\n", resp.Text)
		return resp
	}
	respond()
	for {
		cmd, err := server.ReadCommand()
		if err == io.EOF {
			break
		}
		if err == nil && cmd.Verb != pop3.VerbUnknown {
			r.client, err = pop3.AppendCommand(r.client, cmd)
			require.NoError(t, err)
			fmt.Fprintf(&shown, "C %v %q\n", cmd.Verb, cmd.Arg)
		} else { // one that nobody knows is as it came
			end := bytes.IndexByte(c.Client[len(r.client):], '\n') + 1
			r.client = c.Client[:len(r.client)+end]
			fmt.Fprintf(&shown, "C unknown: %v\n", err)
		}
		r.commands++
		arg := string(cmd.Arg)
		resp := respond()
		for resp.Status == pop3.StatusContinue {
			line, err := server.ReadAuthLine()
			require.NoError(t, err)
			r.client = append(append(r.client, line...), "\r\n"...)
			fmt.Fprintf(&shown, "C: %q\n", line)
			resp = respond()
		}
		if resp.Status != pop3.StatusOK {
			continue
		}
		switch cmd.Verb {
		case pop3.VerbSTLS:
			r.tls = true
			r.shown = shown.String() + "TLS\n"
			return r
		case pop3.VerbRETR, pop3.VerbTOP, pop3.VerbCAPA:
			r.text(t, &shown, client, cmd.Verb)
		case pop3.VerbLIST, pop3.VerbUIDL, pop3.VerbLANG, pop3.VerbAUTH:
			if arg == "" {
				r.text(t, &shown, client, cmd.Verb)
				continue
			}
			r.line(t, &shown, cmd.Verb, resp.Text)
		case pop3.VerbSTAT:
			r.line(t, &shown, cmd.Verb, resp.Text)
		}
	}
	r.shown = shown.String()
	return r
}

// text reads and writes what follows a response.
func (r *replayed) text(t *testing.T, shown *strings.Builder, client *pop3.Conn, verb pop3.Verb) {
	text, err := io.ReadAll(client.TextReader())
	require.NoError(t, err)
	near, far := testkit.PipeBuffer(2*len(text) + 100)
	defer far.Close()
	out := pop3.NewConn(near, nil)
	w := out.TextWriter()
	for line := range bytes.Lines(text) {
		line := string(bytes.TrimSuffix(line, []byte("\r\n")))
		written := r.line(t, shown, verb, line)
		_, err := io.WriteString(w, written+"\r\n")
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, out.Flush())
	near.Close()
	written, err := io.ReadAll(far)
	require.NoError(t, err)
	r.server = append(r.server, written...)
}

// line shows a line of a listing or message, and returns it as we write it.
func (r *replayed) line(t *testing.T, shown *strings.Builder, verb pop3.Verb, line string) string {
	var b []byte
	var err error
	switch verb {
	case pop3.VerbLIST, pop3.VerbSTAT:
		var l pop3.Listing
		l, err = pop3.ParseListing([]byte(line))
		b = pop3.AppendListing(nil, l)
		fmt.Fprintf(shown, "  %d: %d octets\n", l.Number, l.Size)
	case pop3.VerbUIDL:
		var u pop3.UniqueID
		if u, err = pop3.ParseUniqueID([]byte(line)); err == nil {
			b, err = pop3.AppendUniqueID(nil, u)
		}
		fmt.Fprintf(shown, "  %d: %q\n", u.Number, u.UID)
	case pop3.VerbCAPA:
		var c pop3.Capability
		if c, err = pop3.ParseCapability([]byte(line)); err == nil {
			b, err = pop3.AppendCapability(nil, c)
		}
		fmt.Fprintf(shown, "  %s %q\n", c.Tag, c.Params)
	case pop3.VerbRETR, pop3.VerbTOP, pop3.VerbLANG, pop3.VerbAUTH:
		if verb == pop3.VerbAUTH && strings.Contains(line, " ") {
			return line // what a login is granted with
		}
		b = []byte(line)
		fmt.Fprintf(shown, "  | %s\n", line)
	}
	require.NoError(t, err, line)
	return string(b)
}

// Each capture has its row beside it, and each row what it shows.
func TestCapturesAreThere(t *testing.T) {
	files := golden.Files(t, captures)
	assert.GreaterOrEqual(t, len(files), 20)
	for _, who := range []string{"mpop", "fetchmail", "curl", "poplib", "netcat"} {
		found, err := filepath.Glob(filepath.Join(captures, who+"-*"))
		require.NoError(t, err)
		assert.NotEmpty(t, found, who)
	}
}
