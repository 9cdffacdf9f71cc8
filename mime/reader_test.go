package mime_test

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"testing"

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

// stream reads all of a message.
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
		require.Equal(t, e.Path(), p.Path())
		require.Equal(t, e.Kind(), p.Kind())
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
