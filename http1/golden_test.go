package http1_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/dialogue"
	"applayer/internal/golden"
)

// TestGolden parses what third-party programs said to each other and prints
// what was understood of it.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/golden", func(t *testing.T, dst []byte, c *golden.Conversation) []byte {
		v := &viewer{t: t, client: c.Client, server: c.Server}
		v.remark("%s, %s", c.Name, c.End)
		v.conversation()
		return append(dst, v.out...)
	})
}

// TestGoldenWrittenBack: the heads that programs send are those that we write
// from what we parsed, octet for octet.
func TestGoldenWrittenBack(t *testing.T) {
	heads := 0
	for _, path := range golden.Files(t, "testdata/golden") {
		for _, c := range golden.Load(t, path) {
			v := &viewer{t: t, client: c.Client, server: c.Server, onHead: func(raw, written []byte, err error) {
				heads++
				require.NoError(t, err, "%s: %s", path, raw)
				assert.Equal(t, string(raw), string(written), path)
			}}
			v.conversation()
		}
	}
	assert.Greater(t, heads, 100, "heads in all captures")
}

// viewer takes a conversation apart: requests, and behind each its responses.
type viewer struct {
	t              *testing.T
	client, server []byte // what is not looked at yet
	out            []byte
	// onHead is given each head, and what we would have written.
	onHead func(raw, written []byte, err error)
}

func (v *viewer) remark(format string, args ...any) {
	v.out = fmt.Appendf(append(v.out, "# "...), format+"\n", args...)
}

// lines prints octets of one side, line by line.
func (v *viewer) lines(server bool, b []byte) {
	for line := range bytes.SplitAfterSeq(b, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		text, whole := bytes.CutSuffix(line, []byte("\r\n"))
		v.out = dialogue.AppendLine(v.out, dialogue.Line{Server: server, Text: string(text), Open: !whole})
		v.out = append(v.out, '\n')
	}
}

// content prints a message's content, or of a long one what tells it from
// others.
func (v *viewer) content(server bool, b []byte) {
	if len(b) > 400 || !utf8.Valid(b) {
		v.remark("%d octets of content, SHA-256 %.4x…", len(b), sha256.Sum256(b))
		return
	}
	v.lines(server, b)
}

func (v *viewer) conversation() {
	for len(v.client) > 0 {
		if !v.exchange() {
			break
		}
	}
	if len(v.client) > 0 {
		v.remark("not taken:")
		v.lines(false, v.client)
	}
	if len(v.server) > 0 {
		v.remark("not taken:")
		v.lines(true, v.server)
	}
}

// exchange takes a request and all responses to it. It is false where the
// client's octets are no request.
func (v *viewer) exchange() bool {
	var r http1.Request
	n, err := r.Parse(v.client, nil)
	if err != nil {
		v.remark("refused: %s", rule(err))
		v.lines(false, v.client)
		v.client = nil
		for !v.response(http1.MethodGet) {
		}
		return false
	}
	v.head(&r, v.client[:n])
	framing, err := http1.RequestFraming(r.Version, &r.Header)
	require.NoError(v.t, err)
	v.remark("request: %v, %s", r.Target.Form, describe(framing, &r.Header))
	v.lines(false, v.client[:n])
	v.client = v.client[n:]
	answered := r.Header.Has("Expect") && v.response(r.Method)
	if answered && len(v.client) == 0 {
		v.remark("content never sent")
		return true
	}
	v.client = v.body(false, framing, v.client)
	for !answered && len(v.server) > 0 {
		answered = v.response(r.Method)
	}
	return true
}

// response takes one response and tells whether it was the final one, or none.
func (v *viewer) response(method string) (final bool) {
	var r http1.Response
	n, err := r.Parse(v.server, method, nil)
	if err != nil {
		v.remark("no response: %s", rule(err))
		return true
	}
	r.Request = &http1.Request{Method: method}
	v.head(&r, v.server[:n])
	framing, err := http1.ResponseFraming(method, r.Version, r.Status, &r.Header)
	require.NoError(v.t, err)
	v.remark("response: %d, %s", r.Status, describe(framing, &r.Header))
	v.lines(true, v.server[:n])
	v.server = v.body(true, framing, v.server[n:])
	return r.Status >= 200 || r.Status == http1.StatusSwitchingProtocols
}

// head compares a head with what is written from its parts.
func (v *viewer) head(m interface{ AppendText([]byte) ([]byte, error) }, raw []byte) {
	if v.onHead != nil {
		written, err := m.AppendText(nil)
		v.onHead(raw, written, err)
	}
}

// body takes and prints a message's content and returns what follows it.
func (v *viewer) body(server bool, f http1.Framing, b []byte) (rest []byte) {
	switch f.Kind {
	case http1.Sized:
		require.GreaterOrEqual(v.t, int64(len(b)), f.Length)
		v.content(server, b[:f.Length])
		return b[f.Length:]
	case http1.Chunked:
		in := bufio.NewReader(bytes.NewReader(b))
		data, err := io.ReadAll(httputil.NewChunkedReader(in))
		require.NoError(v.t, err)
		v.content(server, data)
		section, err := io.ReadAll(in)
		require.NoError(v.t, err)
		trailers, rest, ok := bytes.Cut(append([]byte("\r\n"), section...), []byte("\r\n\r\n"))
		require.True(v.t, ok, "%q", section)
		for line := range strings.SplitSeq(string(trailers), "\r\n") {
			if line != "" {
				v.remark("trailer: %s", line)
			}
		}
		return rest
	case http1.UntilClose:
		v.content(server, b)
		return nil
	}
	return b
}

// rule names what an error answers, and the section broken.
func rule(err error) string {
	if e, ok := errors.AsType[*http1.ParseError](err); ok {
		return fmt.Sprintf("%d, %s", e.Reply, e.Ref)
	}
	return err.Error()
}

// describe tells how a message ends, and whether others may follow it.
func describe(f http1.Framing, h *http1.Header) string {
	var b strings.Builder
	fmt.Fprintf(&b, "fields %d, ", h.Len())
	if f.Kind == http1.Sized {
		fmt.Fprintf(&b, "%d octets", f.Length)
	} else {
		b.WriteString(f.Kind.String())
	}
	if f.MustClose {
		b.WriteString(", must close")
	}
	return b.String()
}
