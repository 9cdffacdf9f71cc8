package mime_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// fact tells something about a message: a field as people read it, or "tree",
// "text", "preamble", "epilogue", "charset", "filename" and "safe".
func fact(e *mime.Entity, key string) string {
	h, err := e.Header()
	if err != nil {
		return err.Error()
	}
	switch key {
	case "tree":
		return treeFact(e)
	case "text":
		return fmt.Sprintf("%q", leafText(e))
	case "preamble":
		return spanFact(e, e.Preamble())
	case "epilogue":
		return spanFact(e, e.Epilogue())
	case "charset":
		return e.MediaType().Get("charset")
	case "filename", "safe":
		name := e.Filename()
		if key == "safe" {
			return mime.SafeFilename(name, 1)
		}
		return name
	case "From", "To", "Cc", "Bcc":
		list, err := h.AddressList(key)
		if err != nil {
			return ""
		}
		return addressText(list)
	case "Date":
		return dateFact(&h)
	case "Message-ID", "References", "In-Reply-To":
		ids, _ := h.MessageIDs(key)
		return strings.Join(ids, " ")
	}
	text, err := h.Text(key)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

func leafText(e *mime.Entity) string {
	b, err := io.ReadAll(e.Text())
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func spanFact(e *mime.Entity, s mime.Span) string {
	octets, err := io.ReadAll(e.Source())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%q", octets[s.Start:s.End])
}

func dateFact(h *mime.Header) string {
	d, err := h.Date()
	if err != nil {
		return ""
	}
	s := d.Time.Format(time.RFC3339)
	if d.UnknownZone {
		s += " (zone unknown)"
	}
	return s
}

// treeFact is a tree in one line: the type of each entity, and of a leaf its
// encoding, if it has one, and its body.
func treeFact(e *mime.Entity) string {
	var b strings.Builder
	h, err := e.Header()
	if err != nil {
		return err.Error()
	}
	b.WriteString(e.MediaType().Name())
	if e.Kind() != mime.KindLeaf {
		b.WriteByte('(')
		for c := range e.Children() {
			if s := b.String(); s[len(s)-1] != '(' {
				b.WriteString(", ")
			}
			b.WriteString(treeFact(c))
		}
		b.WriteByte(')')
		return b.String()
	}
	if h.Has("Content-Transfer-Encoding") {
		b.WriteString(" " + strings.ToLower(strings.Trim(strings.Fields(h.Get("Content-Transfer-Encoding"))[0], ";")))
	}
	body, err := io.ReadAll(e.Body())
	if err != nil {
		return err.Error()
	}
	fmt.Fprintf(&b, " %q", body)
	return b.String()
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
			if key := fmt.Sprint(d.Code, d.Offset); !seen[key] {
				list, seen[key] = append(list, d), true
			}
		}
	}
	add(structureDefects(e))
	for _, e := range e.Walk() {
		h, err := e.Header()
		require.NoError(t, err)
		add(h.CheckPart(withCJK))
		if e.Kind() != mime.KindLeaf {
			continue
		}
		body := e.Body()
		if e.MediaType().Type == "text" {
			body = e.Text()
		}
		_, err = io.Copy(io.Discard, body)
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

// addressText is a list as it is written in UTF-8, in one line.
func addressText(list mime.AddressList) string {
	b, err := mime.AppendAddressList(nil, list, &mime.WriteOptions{UTF8: true})
	if err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(string(b)), " ")
}

func defectCodes(defects []mime.Defect) (list []mime.DefectCode) {
	for _, d := range defects {
		list = append(list, d.Code)
	}
	return list
}
