package mime_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func leafText(e *mime.Entity) string {
	b, err := io.ReadAll(e.Text())
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// structureDefects are what the reader itself lists.
func structureDefects(e *mime.Entity) []mime.Defect { return e.Defects() }

// allDefects are what is wrong with structure, fields, encodings and charsets,
// in this order, each once.
func allDefects(t testing.TB, e *mime.Entity) []mime.Defect {
	t.Helper()
	var list []mime.Defect
	seen := map[string]bool{}
	add := func(defects []mime.Defect) {
		for _, d := range defects {
			key := fmt.Sprint(d.Code, d.Field, d.Offset)
			if !seen[key] {
				list, seen[key] = append(list, d), true
			}
		}
	}
	add(structureDefects(e))
	for _, e := range e.Walk() {
		if e.Kind() != mime.KindLeaf {
			continue
		}
		body := e.Body()
		if e.MediaType().Type == "text" {
			body = e.Text()
		}
		_, err := io.Copy(io.Discard, body)
		require.NoError(t, err)
		add(body.Defects())
	}
	return list
}

// streamLines is what a Reader comes to: a line for each header, body, preamble and
// epilogue.
func streamLines(t testing.TB, src io.Reader) (lines []string) {
	t.Helper()
	r := mime.NewReader(src, withCJK)
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return lines
		}
		require.NoError(t, err)
		p := ev.Part
		switch ev.Kind {
		case mime.EventStart:
			header, err := p.Header().AppendText(nil)
			require.NoError(t, err)
			lines = append(lines, fmt.Sprintf("%s header %q", p.Path(), header))
		case mime.EventBody:
			body, err := io.ReadAll(p.Body())
			require.NoError(t, err)
			lines = append(lines, fmt.Sprintf("%s body %q", p.Path(), body))
		case mime.EventPreamble, mime.EventEpilogue:
			raw, err := io.ReadAll(p.Raw())
			require.NoError(t, err)
			lines = append(lines, fmt.Sprintf("%s %s %q", p.Path(), ev.Kind, raw))
		case mime.EventEnd:
			lines = append(lines, fmt.Sprintf("%s ends at %d", p.Path(), p.BodySpan().End))
		}
	}
}

// treeLines is the same of a tree.
func treeLines(t testing.TB, e *mime.Entity) (lines []string) {
	t.Helper()
	h, err := e.Header()
	require.NoError(t, err)
	header, err := h.AppendText(nil)
	require.NoError(t, err)
	lines = append(lines, fmt.Sprintf("%s header %q", e.Path(), header))
	span := func(kind mime.EventKind, s mime.Span) {
		if s.Size > 0 {
			lines = append(lines, fmt.Sprintf("%s %s %q", e.Path(), kind, spanText(t, e, s)))
		}
	}
	if e.Kind() == mime.KindLeaf {
		body, err := io.ReadAll(e.Body())
		require.NoError(t, err)
		lines = append(lines, fmt.Sprintf("%s body %q", e.Path(), body))
	}
	span(mime.EventPreamble, e.Preamble())
	for c := range e.Children() {
		lines = append(lines, treeLines(t, c)...)
	}
	span(mime.EventEpilogue, e.Epilogue())
	return append(lines, fmt.Sprintf("%s ends at %d", e.Path(), e.BodySpan().End))
}
