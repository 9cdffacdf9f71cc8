package http1_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/dialogue"
	"applayer/internal/golden"
)

// TestGolden receives what third-party programs said to each other, cut as
// they sent it, and prints what was understood.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/golden", func(t *testing.T, dst []byte, c *golden.Conversation) []byte {
		return append(dst, view(t, c, 0).out...)
	})
}

// conversations gives those of all captures.
func conversations(t *testing.T, yield func(t *testing.T, c *golden.Conversation)) {
	for _, path := range golden.Files(t, "testdata/golden") {
		for _, c := range golden.Load(t, path) {
			yield(t, &c)
		}
	}
}

// TestGoldenBytewise: octet by octet they are understood as they are whole.
func TestGoldenBytewise(t *testing.T) {
	conversations(t, func(t *testing.T, c *golden.Conversation) {
		assert.Equal(t, string(view(t, c, 0).out), string(view(t, c, 1).out), c.Name)
	})
}

// TestGoldenWrittenBack: the heads that programs send are those that we write
// from what we parsed, octet for octet.
func TestGoldenWrittenBack(t *testing.T) {
	heads := 0
	conversations(t, func(t *testing.T, c *golden.Conversation) {
		for _, m := range view(t, c, 0).messages {
			heads++
			assert.Equal(t, m.raw, m.written, c.Name)
		}
	})
	assert.Greater(t, heads, 100, "heads in all captures")
}

// TestGoldenPeer: net/http reads the same messages with the same contents and
// trailers.
func TestGoldenPeer(t *testing.T) {
	compared := 0
	conversations(t, func(t *testing.T, c *golden.Conversation) {
		v := view(t, c, 0)
		if v.switched || v.failed {
			return
		}
		var ours, theirs []string
		for _, m := range v.messages {
			ours = append(ours, m.String())
		}
		slices.Sort(ours)
		for _, m := range peerMessages(t, c) {
			theirs = append(theirs, m.String())
		}
		slices.Sort(theirs)
		assert.Equal(t, theirs, ours, c.Name)
		compared++
	})
	assert.Greater(t, compared, 30, "conversations compared")
}

// message is one message as it was understood.
type message struct {
	start        string // method and target, or status
	fields       int    // without those that net/http hides
	content      string
	trailers     int
	raw, written string // the head
}

func (m *message) String() string {
	return fmt.Sprintf("%s, %d fields, content %q, %d trailers", m.start, m.fields, m.content, m.trailers)
}

// peerMessages reads a conversation with net/http.
func peerMessages(t *testing.T, c *golden.Conversation) (all []message) {
	client, server := bufio.NewReader(bytes.NewReader(c.Client)), bufio.NewReader(bytes.NewReader(c.Server))
	take := func(start string, h http.Header, body io.Reader, trailers *http.Header) {
		content, err := io.ReadAll(body)
		require.NoError(t, err)
		all = append(all, message{start: start, fields: countFields(h), content: string(content), trailers: countFields(*trailers)})
	}
	for {
		r, err := http.ReadRequest(client)
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		take(r.Method+" "+r.RequestURI, r.Header, r.Body, &r.Trailer)
		for {
			p, err := http.ReadResponse(server, r)
			require.NoError(t, err)
			take(fmt.Sprint(p.StatusCode), p.Header, p.Body, &p.Trailer)
			if p.StatusCode >= 200 {
				break
			}
		}
	}
}

func countFields(h http.Header) (n int) {
	for name, values := range h {
		if !peerHides(name) {
			n += len(values)
		}
	}
	return n
}

// peerHides names the fields that net/http takes out of the header.
func peerHides(name string) bool {
	return slices.Contains([]string{"Connection", "Host", "Trailer", "Transfer-Encoding"}, http.CanonicalHeaderKey(name))
}

// viewer stands between a client and a server and understands both.
type viewer struct {
	t        *testing.T
	out      []byte
	messages []message
	asked    []string // the methods of requests without final response
	switched bool     // another protocol, or a tunnel, followed
	failed   bool     // something was not understood
	sides    [2]side
}

// side is one direction.
type side struct {
	received *http1.Receiver
	left     []byte // not used yet
	eof      bool   // nothing follows left
	inside   bool   // a message: behind its head, before its end
	at       int    // the place in messages of the one that is received
	content  []byte
	opaque   bool // what follows is not HTTP
}

const (
	client = iota
	server
)

var sideNames = [...]string{"client", "server"}

// view shows a conversation, in pieces of at most size octets; 0 is as it was
// sent.
func view(t *testing.T, c *golden.Conversation, size int) *viewer {
	t.Helper()
	v := &viewer{t: t}
	v.begin()
	v.remark("%s, %s", c.Name, c.End)
	for _, s := range c.Segments {
		require.Zero(t, s.Gap)
		from := server
		if s.FromClient {
			from = client
		}
		pieces := slices.Values([][]byte{s.Data})
		if size > 0 {
			pieces = slices.Chunk(s.Data, size)
		}
		for b := range pieces {
			v.receive(from, b, false)
		}
	}
	if c.End != "open" {
		v.receive(client, nil, true)
		v.receive(server, nil, true)
	}
	v.lines(client, v.sides[client].left)
	v.lines(server, v.sides[server].left)
	return v
}

// begin makes both sides stand at the beginning of a connection.
func (v *viewer) begin() {
	for i := range v.sides {
		v.sides[i].received = http1.NewReceiver(&http1.ConnOptions{Client: i == server})
	}
}

// receive takes octets, or the end, of one side.
func (v *viewer) receive(from int, b []byte, eof bool) {
	s := &v.sides[from]
	s.left, s.eof = append(s.left, b...), eof
	v.understand(from)
	if from == server {
		// What stands behind a request for another protocol waits for the answer.
		v.understand(client)
	}
}

// understand shows what a side did, as far as it is there.
func (v *viewer) understand(from int) {
	s := &v.sides[from]
	for !s.opaque {
		e, n, err := s.received.Next(s.left, s.eof)
		used := s.left[:n:n]
		s.left = s.left[n:]
		switch {
		case err == http1.ErrIncomplete || waits(err):
			return
		case err != nil:
			s.left = append(used, s.left...)
			v.fault(from, err)
		default:
			s.opaque = e == http1.EventConnectionClosed
			v.event(from, e, used)
		}
	}
}

// waits tells of the one error that is not final: see [http1.Receiver.Next].
func waits(err error) bool {
	e, ok := errors.AsType[*http1.ProtocolError](err)
	return ok && !e.Remote
}

// fault ends what is understood of a side. A server answers what it does not
// understand too. What the server goes on to say is shown at the end.
func (v *viewer) fault(from int, err error) {
	v.failed = true
	s := &v.sides[from]
	s.opaque = true
	v.remark("%s: %s", sideNames[from], rule(err))
	if from == server {
		return
	}
	v.lines(client, s.left)
	s.left = nil
	if !s.inside && !v.sides[server].opaque {
		v.asked = append(v.asked, http1.MethodGet)
		require.NoError(v.t, v.sides[server].received.SentRequest(&http1.Request{Method: http1.MethodGet}))
	}
}

// event shows what a side did and tells the other.
func (v *viewer) event(from int, e http1.Event, used []byte) {
	s, other := &v.sides[from], v.sides[1-from].received
	switch e {
	case http1.EventRequest:
		r := s.received.Request()
		f, err := http1.RequestFraming(r.Version, &r.Header)
		require.NoError(v.t, err)
		v.head(from, used, r.Method+" "+r.Target.String(), &r.Header, r,
			fmt.Sprintf("%v: %v, %s", e, r.Target.Form, ending(f)))
		v.asked = append(v.asked, r.Method)
		require.NoError(v.t, other.SentRequest(r))
	case http1.EventInterimResponse, http1.EventResponse, http1.EventSwitch:
		p := s.received.Response()
		p.Request = &http1.Request{Method: v.asked[0]}
		f, err := http1.ResponseFraming(p.Request.Method, p.Version, p.Status, &p.Header)
		require.NoError(v.t, err)
		v.head(from, used, fmt.Sprint(p.Status), &p.Header, p,
			fmt.Sprintf("%v: %d, %s", e, p.Status, ending(f)))
		if e == http1.EventResponse {
			break
		}
		require.NoError(v.t, other.SentResponse(p))
		if e == http1.EventSwitch {
			v.asked = v.asked[1:]
			v.switchTo(p)
		}
	case http1.EventData:
		s.content = append(s.content, s.received.Data()...)
	case http1.EventTrailers:
		v.content(from)
		v.trailers(s)
	case http1.EventEndOfMessage:
		v.content(from)
		s.inside = false
		if from == server {
			v.asked = v.asked[1:]
			require.NoError(v.t, other.SentResponse(s.received.Response()))
		}
	case http1.EventConnectionClosed:
		v.remark("%v: %s", e, sideNames[from])
	}
}

// head shows a head and keeps the message.
func (v *viewer) head(from int, raw []byte, start string, h *http1.Header, wire encoding.TextAppender, what string) {
	m := message{start: start}
	written, err := wire.AppendText(nil)
	require.NoError(v.t, err)
	m.raw, m.written = string(raw), string(written)
	for name := range h.All() {
		if !peerHides(name) {
			m.fields++
		}
	}
	v.sides[from].at, v.sides[from].inside = len(v.messages), true
	v.messages = append(v.messages, m)
	v.remark("%s", what)
	v.lines(from, raw)
}

// trailers shows the fields behind a chunked body.
func (v *viewer) trailers(s *side) {
	h := &s.received.Request().Trailer
	if s == &v.sides[server] {
		h = &s.received.Response().Trailer
	}
	v.messages[s.at].trailers = h.Len()
	for name, value := range h.All() {
		v.remark("trailer: %s: %s", name, value)
	}
}

// switchTo goes on behind a response that leaves the connection to others. In
// the tunnels of the captures it is HTTP again.
func (v *viewer) switchTo(p *http1.Response) {
	v.switched = true
	if p.Request.Method == http1.MethodConnect {
		v.begin()
		return
	}
	v.sides[client].opaque, v.sides[server].opaque = true, true
}

func (v *viewer) remark(format string, args ...any) {
	v.out = fmt.Appendf(append(v.out, "# "...), format+"\n", args...)
}

// lines prints octets of one side, line by line.
func (v *viewer) lines(from int, b []byte) {
	for line := range bytes.SplitAfterSeq(b, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		text, whole := bytes.CutSuffix(line, []byte("\r\n"))
		v.out = dialogue.AppendLine(v.out, dialogue.Line{Server: from == server, Text: string(text), Open: !whole})
		v.out = append(v.out, '\n')
	}
}

// content shows a message's content, or of a long one what tells it from
// others.
func (v *viewer) content(from int) {
	s := &v.sides[from]
	v.messages[s.at].content += string(s.content)
	if len(s.content) > 400 || !utf8.Valid(s.content) {
		v.remark("%d octets of content, SHA-256 %.4x…", len(s.content), sha256.Sum256(s.content))
	} else {
		v.lines(from, s.content)
	}
	s.content = nil
}

// rule names what an error answers, and the section broken.
func rule(err error) string {
	if e, ok := errors.AsType[*http1.ParseError](err); ok {
		return fmt.Sprintf("%d, %s", e.Reply, e.Ref)
	}
	if e, ok := errors.AsType[*http1.ProtocolError](err); ok {
		return fmt.Sprintf("%s in state %s, %s", e.Event, e.State, e.Ref)
	}
	return err.Error()
}

// ending tells how a message ends, and whether others may follow it.
func ending(f http1.Framing) string {
	text := f.Kind.String()
	if f.Kind == http1.Sized {
		text = fmt.Sprintf("%d octets", f.Length)
	}
	if f.MustClose {
		text += ", must close"
	}
	return text
}
