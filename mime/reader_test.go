package mime_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// streamed is an event and the octets that were read in it.
type streamed struct {
	kind   mime.EventKind
	part   *mime.Part
	octets []byte
}

// span returns where the octets are.
func (s streamed) span() mime.Span {
	switch s.kind {
	case mime.EventStart:
		return s.part.HeaderSpan()
	case mime.EventPreamble:
		return s.part.Preamble()
	case mime.EventEpilogue:
		return s.part.Epilogue()
	}
	return s.part.BodySpan()
}

// stream reads all of a message. Encoded parts are taken as the leaves that they
// are in the tree.
func stream(t *testing.T, r *mime.Reader) (events []streamed) {
	t.Helper()
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return events
		}
		require.NoError(t, err)
		s := streamed{kind: ev.Kind, part: ev.Part}
		switch ev.Kind {
		case mime.EventEnd:
		case mime.EventStart:
			s.octets, err = ev.Part.Header().AppendText(nil)
		default:
			s.octets, err = io.ReadAll(ev.Part.Raw())
		}
		require.NoError(t, err)
		events = append(events, s)
		if ev.Kind == mime.EventStart && ev.Part.Encoded() {
			raw, err := io.ReadAll(ev.Part.Raw())
			require.NoError(t, err)
			events = append(events, streamed{mime.EventBody, ev.Part, raw})
		}
	}
}

// walked tells all events of a message, with what is in encoded parts.
func walked(t *testing.T, r *mime.Reader) string {
	t.Helper()
	var b strings.Builder
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return b.String()
		}
		require.NoError(t, err)
		p := ev.Part
		fmt.Fprintf(&b, "%s %s %q", ev.Kind, p.Kind(), p.Path())
		switch ev.Kind {
		case mime.EventStart:
			fmt.Fprintf(&b, " %d", p.Header().Len())
		case mime.EventEnd:
			fmt.Fprint(&b, p.BodySpan(), len(r.Defects()))
		default:
			raw, err := io.ReadAll(p.Body())
			require.NoError(t, err)
			fmt.Fprintf(&b, " %q", raw)
		}
		b.WriteByte('\n')
	}
}

// sameAsStream compares a tree with what the Reader sees in the same octets, and
// tells that no octet is lost: what is in no event is a delimiter.
func sameAsStream(t *testing.T, root *mime.Entity, in []byte, src io.Reader, opts *mime.Options) {
	t.Helper()
	r := mime.NewReader(src, opts)
	events := stream(t, r)
	require.Equal(t, root.Defects(), r.Defects())

	var parts []*mime.Part
	var open int
	for _, ev := range events {
		switch ev.kind {
		case mime.EventStart:
			parts = append(parts, ev.part)
			open++
		case mime.EventEnd:
			open--
		}
	}
	require.Zero(t, open)
	i := 0
	for _, e := range root.Walk() {
		require.Less(t, i, len(parts))
		p := parts[i]
		require.Equal(t, e.Encoded(), p.Encoded())
		if !e.Encoded() {
			require.Equal(t, e.Path(), p.Path())
			require.Equal(t, e.Kind(), p.Kind())
		}
		require.Equal(t, e.Opaque(), p.Opaque())
		require.Equal(t, e.HeaderSpan(), p.HeaderSpan())
		require.Equal(t, e.BodySpan(), p.BodySpan())
		require.Equal(t, e.Preamble(), p.Preamble())
		require.Equal(t, e.Epilogue(), p.Epilogue())
		require.Equal(t, e.PartsAfterClose(), p.PartsAfterClose())
		i++
	}
	require.Len(t, parts, i)

	slices.SortStableFunc(events, func(a, b streamed) int { return cmp.Compare(a.span().Start, b.span().Start) })
	at := int64(0)
	for _, ev := range events {
		s := ev.span()
		if ev.kind == mime.EventEnd || s.Start == s.End {
			continue
		}
		requireDelimiters(t, in[at:s.Start])
		want := in[s.Start:s.End]
		if opts != nil && opts.Wire && ev.kind != mime.EventStart {
			want = wired(want)
		}
		require.Equal(t, string(want), string(ev.octets))
		at = s.End
	}
	requireDelimiters(t, in[at:])
}

// requireDelimiters tells that octets are lines of delimiters, or the line ends
// around them.
func requireDelimiters(t *testing.T, b []byte) {
	t.Helper()
	for line := range bytes.Lines(b) {
		line = bytes.TrimRight(line, "\r\n")
		require.True(t, len(line) == 0 || bytes.HasPrefix(line, []byte("--")), "%q", b)
	}
}

func TestReaderEvents(t *testing.T) {
	const in = multi + "pre\r\n--b\r\nA: 1\r\n\r\none\r\n--b--\r\npost"
	var got []string
	for _, ev := range stream(t, mime.NewReader(bytes.NewReader([]byte(in)), nil)) {
		got = append(got, ev.kind.String()+" "+ev.part.Path()+" "+string(ev.octets))
	}
	assert.Equal(t, []string{"start  " + multi, "preamble  pre", "start 1 A: 1\r\n\r\n", "body 1 one", "end 1 ", "epilogue  post", "end  "}, got)
}

// TestReaderDecodes walks through what is encoded though it must not be.
func TestReaderDecodes(t *testing.T) {
	inner := "--b\r\nContent-Transfer-Encoding: base64\r\nContent-Type: message/rfc822\r\n\r\n" +
		base64.StdEncoding.EncodeToString([]byte("Subject: deep\r\n\r\nhi")) + "\r\n--b\r\n\r\ntwo\r\n--b--\r\n"
	in := "Content-Transfer-Encoding: base64\r\n" + multi + base64.StdEncoding.EncodeToString([]byte(inner)) + "\r\n"
	want := `start multipart "" 2
start message "1" 2
start leaf "1.1" 1
body leaf "1.1" "hi"
end leaf "1.1"{17 19 2 0} 1
end message "1"{72 100 28 0} 1
start leaf "2" 0
body leaf "2" "two"
end leaf "2"{109 112 3 0} 1
end multipart ""{80 246 166 1} 2
`
	r := mime.NewReader(strings.NewReader(in), nil)
	assert.Equal(t, want, walked(t, r))
	for _, d := range r.Defects() {
		assert.Equal(t, mime.DefectEncodedComposite, d.Code)
	}

	// The limits are those of one message.
	r = mime.NewReader(strings.NewReader(in), &mime.Options{Limits: mime.Limits{MaxDepth: 1}})
	assert.Contains(t, walked(t, r), "start leaf \"1\" 2\n")
	assert.NotEmpty(t, r.Defects())
	r = mime.NewReader(strings.NewReader(in), &mime.Options{Limits: mime.Limits{MaxParts: 2}})
	assert.Contains(t, walked(t, r), "start leaf \"2\" 0\nbody leaf \"2\" \"\\r\\ntwo\\r\\n--b--\\r\\n\"\n", "counted over all")
	_, err := mime.NewReader(strings.NewReader(in), &mime.Options{Strict: true}).Next()
	assert.Error(t, err)

	event, err := mime.NewReader(strings.NewReader(in), nil).Next()
	require.NoError(t, err)
	assert.Equal(t, inner, all(t, event.Part.Body()), "or it is taken as a whole")
}

func TestReaderPast(t *testing.T) {
	r := mime.NewReader(strings.NewReader(multi+"--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n"), nil)
	var bodies []io.Reader
	for {
		ev, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if ev.Kind == mime.EventBody {
			bodies = append(bodies, ev.Part.Raw())
		}
	}
	for _, body := range bodies {
		_, err := body.Read(make([]byte, 1))
		assert.Error(t, err)
	}
	r = mime.NewReader(strings.NewReader(multi+"--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n"), nil)
	var body io.Reader
	for body == nil {
		ev, err := r.Next()
		require.NoError(t, err)
		if ev.Kind == mime.EventBody {
			body = ev.Part.Raw()
		}
	}
	_, err := r.Next()
	require.NoError(t, err)
	_, err = body.Read(make([]byte, 1))
	assert.ErrorIs(t, err, mime.ErrPast)
	_, err = io.Copy(io.Discard, body)
	assert.ErrorIs(t, err, mime.ErrPast)
}

func TestReaderTakesAWhole(t *testing.T) {
	const body = "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n"
	r := mime.NewReader(strings.NewReader(multi+body), nil)
	ev, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, body, all(t, ev.Part.Raw()))
	ev, err = r.Next()
	require.NoError(t, err)
	assert.Equal(t, mime.EventEnd, ev.Kind)
	assert.EqualValues(t, len(body), ev.Part.BodySpan().Size)
	_, err = r.Next()
	assert.Equal(t, io.EOF, err)
}

// TestReaderSource gives the source's errors, and to those who read a body too.
func TestReaderSource(t *testing.T) {
	broken := errors.New("broken")
	src := func() io.Reader {
		return io.MultiReader(strings.NewReader(multi+"--b\r\n\r\none"), iotest.ErrReader(broken))
	}
	r := mime.NewReader(src(), nil)
	var err error
	for err == nil {
		_, err = r.Next()
	}
	assert.ErrorIs(t, err, broken)
	_, err = r.Next()
	assert.ErrorIs(t, err, broken, "it is repeated")

	r = mime.NewReader(src(), nil)
	for {
		ev, err := r.Next()
		require.NoError(t, err)
		if ev.Kind == mime.EventBody {
			_, err = io.ReadAll(ev.Part.Body())
			assert.ErrorIs(t, err, broken)
			break
		}
	}
	_, err = r.Next()
	assert.ErrorIs(t, err, broken)

	_, err = mime.NewReader(iotest.ErrReader(io.ErrUnexpectedEOF), nil).Next()
	assert.Equal(t, io.ErrUnexpectedEOF, err)
	_, err = mime.Parse(strings.NewReader("A: 1\r\n\r\nabc"), 100, nil)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "the source has less than was said")
}

// slowSource gives nothing most of the time.
type slowSource struct{ calls int }

func (s *slowSource) Read([]byte) (int, error) {
	s.calls++
	return 0, nil
}

func TestReaderOfNothing(t *testing.T) {
	src := &slowSource{}
	_, err := mime.NewReader(src, nil).Next()
	assert.ErrorIs(t, err, io.ErrNoProgress)
	assert.LessOrEqual(t, src.calls, 100)
}

// TestReaderTakesWhatIsCut takes a multipart whose header a delimiter ends.
func TestReaderTakesWhatIsCut(t *testing.T) {
	for _, kind := range []string{"multipart/mixed; boundary=c", "message/rfc822"} {
		r := mime.NewReader(strings.NewReader(multi+"--b\r\nContent-Type: "+kind+"\r\n--b\r\n\r\nx\r\n--b--"), nil)
		_, err := r.Next()
		require.NoError(t, err)
		ev, err := r.Next()
		require.NoError(t, err)
		assert.Empty(t, all(t, ev.Part.Raw()))
		var kinds []string
		for _, ev := range stream(t, r) {
			kinds = append(kinds, ev.kind.String()+" "+ev.part.Path())
		}
		assert.Equal(t, []string{"end 1", "start 2", "body 2", "end 2", "end "}, kinds)
	}
}

func TestReaderWritesTo(t *testing.T) {
	r := mime.NewReader(strings.NewReader("A: 1\r\n\r\nbody"), nil)
	ev, err := r.Next()
	require.NoError(t, err)
	raw := ev.Part.Raw()
	broken := errors.New("broken")
	_, err = io.Copy(oneOctetWriter{broken}, raw)
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, "ody", all(t, raw), "what was written is gone")
}

// oneOctetWriter takes an octet.
type oneOctetWriter struct{ err error }

func (w oneOctetWriter) Write([]byte) (int, error) { return 1, w.err }

func TestKinds(t *testing.T) {
	assert.Equal(t, "leaf multipart message Kind(?)", fmt.Sprint(mime.KindLeaf, mime.KindMultipart, mime.KindMessage, mime.Kind(9)))
	assert.Equal(t, "start EventKind(?)", fmt.Sprint(mime.EventStart, mime.EventKind(9)))
	assert.Equal(t, "x-uuencode unknown TransferEncoding(?)", fmt.Sprint(mime.EncodingUU, mime.EncodingUnknown, mime.TransferEncoding(99)))
}
