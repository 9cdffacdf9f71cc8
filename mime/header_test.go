package mime_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestParseHeader(t *testing.T) {
	tests := []struct {
		name, in string
		n        int
		names    []string
		defects  []mime.DefectCode
	}{
		{"5322-2.1 fields and the empty line", "A: 1\r\nB: 2\r\n\r\nbody", 14, []string{"A", "B"}, nil},
		{"5322-4.1 line ends of LF", "A: 1\nB: 2\n\nbody", 11, []string{"A", "B"}, nil},
		{"5322-2.1 no fields", "\r\nbody", 2, nil, nil},
		{"no octets", "", 0, nil, nil},
		{"5322-3.5 header without body", "A: 1\r\n", 6, []string{"A"}, nil},
		{"header without line end", "A: 1", 4, []string{"A"}, nil},
		{"a CR at the end is no line", "A: 1\r\n\r", 7, []string{"A", ""}, []mime.DefectCode{mime.DefectNoColon}},
		{"body without header", "Dear Sir,\r\n\r\nA: 1\r\n", 0, nil, []mime.DefectCode{mime.DefectNoHeader}},
		{"a folded line first", " A: 1\r\n\r\n", 0, nil, []mime.DefectCode{mime.DefectNoHeader}},
		{"a line without colon", "A: 1\r\nDear Sir\r\nB: 2\r\n\r\n", 24, []string{"A", "", "B"}, []mime.DefectCode{mime.DefectNoColon}},
		{"4155-A From line", "From a@x Sat Jan  3 01:05:34 1996\nA: 1\n\n", 40, []string{"", "A"}, []mime.DefectCode{mime.DefectFromLine}},
		{"7103-7.1.2 quoted From line", ">From a@x Sat Jan  3 01:05:34 1996\nA: 1\n\n", 41, []string{"", "A"}, []mime.DefectCode{mime.DefectFromLine}},
		{"5322-4.2 blank folded line", "A: 1\r\n \r\n 2\r\n\r\n", 15, []string{"A"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, n, defects, err := mime.ParseHeader([]byte(tt.in), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.n, n)
			var names []string
			for f := range h.Fields() {
				names = append(names, f.Name())
			}
			assert.Equal(t, tt.names, names)
			assert.Equal(t, tt.defects, codes(defects))
			if n > 0 {
				assert.Equal(t, tt.in[:n], text(t, &h), "written back octet for octet")
			}
		})
	}
}

// text returns a header as it is written.
func text(t *testing.T, h *mime.Header) string {
	t.Helper()
	b, err := h.AppendText(nil)
	require.NoError(t, err)
	var w bytes.Buffer
	n, err := h.WriteTo(&w)
	require.NoError(t, err)
	assert.EqualValues(t, len(b), n)
	assert.Equal(t, string(b), w.String())
	return string(b)
}

func TestParseHeaderLimits(t *testing.T) {
	in := []byte("A: 1\r\nB: 234567\r\n\r\n")
	tests := []struct {
		name   string
		limits mime.Limits
		n      int
	}{
		{"", mime.Limits{MaxHeaderBytes: 19, MaxFields: 2, MaxFieldBytes: 11}, 19},
		{"MaxHeaderBytes", mime.Limits{MaxHeaderBytes: 18}, 0},
		{"MaxHeaderBytes", mime.Limits{MaxHeaderBytes: 10}, 0},
		{"MaxFields", mime.Limits{MaxFields: 1}, 0},
		{"MaxFieldBytes", mime.Limits{MaxFieldBytes: 10}, 0},
	}
	for _, tt := range tests {
		h, n, defects, err := mime.ParseHeader(in, &mime.Options{Limits: tt.limits})
		require.NoError(t, err)
		assert.Equal(t, tt.n, n)
		if tt.name == "" {
			assert.Empty(t, defects)
			continue
		}
		assert.Zero(t, h.Len())
		require.Len(t, defects, 1)
		assert.Equal(t, mime.DefectLimit, defects[0].Code)
		var limit *mime.LimitError
		require.ErrorAs(t, defects[0].Err, &limit)
		assert.Equal(t, tt.name, limit.Name)

		_, n, _, err = mime.ParseHeader(in, &mime.Options{Limits: tt.limits, Strict: true})
		require.ErrorAs(t, err, &limit)
		assert.Zero(t, n)
	}
}

func TestParseHeaderStrict(t *testing.T) {
	_, n, _, err := mime.ParseHeader([]byte("A: 1\r\nB\r\n\r\n"), &mime.Options{Strict: true})
	assert.EqualError(t, err, "mime: no colon at byte 6 (RFC 5322 §2.2)")
	assert.Zero(t, n)
}

func TestFieldParts(t *testing.T) {
	h := parse(t, "X: y\r\nSubject \t:  one\r\n two \r\n \r\n\tthree \r\nZ:\r\n\r\n")
	f, ok := h.Field("subject")
	require.True(t, ok)
	assert.Equal(t, "Subject", f.Name())
	assert.Equal(t, "Subject \t:  one\r\n two \r\n \r\n\tthree \r\n", f.Raw())
	assert.Equal(t, "  one\r\n two \r\n \r\n\tthree ", f.RawValue())
	assert.Equal(t, "one two  \tthree", f.Value())
	assert.EqualValues(t, 6, f.Offset())
	assert.Equal(t, "", h.Get("Z"))
	assert.True(t, h.Has("z"))
	assert.False(t, h.Has(""))
	_, ok = h.Field("none")
	assert.False(t, ok)
}

// parse reads a header that has no defects but perhaps its end.
func parse(t *testing.T, in string) mime.Header {
	t.Helper()
	h, n, _, err := mime.ParseHeader([]byte(in), nil)
	require.NoError(t, err)
	require.Equal(t, len(in), n)
	return h
}

func TestHeaderChanges(t *testing.T) {
	const in = "Received: a\r\nSUBJECT:x\r\nto: y\r\nSubject : z\r\n\r\n"
	tests := []struct {
		name   string
		in     string
		change func(h *mime.Header) error
		want   string
	}{
		{"add", in, func(h *mime.Header) error { return h.Add("X-A", " b ") },
			"Received: a\r\nSUBJECT:x\r\nto: y\r\nSubject : z\r\nX-A: b\r\n\r\n"},
		{"add to nothing", "", func(h *mime.Header) error { return h.Add("X-A", "b") }, "X-A: b\r\n\r\n"},
		{"5322-3.6.7 trace fields go to the front", in, func(h *mime.Header) error { return h.Insert(0, "Received", "b") },
			"Received: b\r\nReceived: a\r\nSUBJECT:x\r\nto: y\r\nSubject : z\r\n\r\n"},
		{"set keeps the place of the first", in, func(h *mime.Header) error { return h.Set("Subject", "q") },
			"Received: a\r\nSubject: q\r\nto: y\r\n\r\n"},
		{"set adds", in, func(h *mime.Header) error { return h.Set("Cc", "q") },
			"Received: a\r\nSUBJECT:x\r\nto: y\r\nSubject : z\r\nCc: q\r\n\r\n"},
		{"delete", in, func(h *mime.Header) error { h.Del("subject"); h.Del("none"); return nil },
			"Received: a\r\nto: y\r\n\r\n"},
		{"line ends of LF stay", "A: 1\n\n", func(h *mime.Header) error { return h.Add("B", strings.Repeat("x ", 40)+"y") },
			"A: 1\nB: " + strings.TrimSpace(strings.Repeat("x ", 38)) + "\n x x y\n\n"},
		{"a last line without end", "A: 1", func(h *mime.Header) error { return h.Add("B", "2") }, "A: 1\r\nB: 2\r\n\r\n"},
		{"a CR at the end is no line end", "A: 1\n\r", func(h *mime.Header) error { return h.Add("B", "2") }, "A: 1\n\r\r\nB: 2\n\n"},
		{"raw field", in, func(h *mime.Header) error {
			f, err := mime.RawField("DKIM-Signature:  v=1;\r\n\tb=\r\n")
			h.InsertField(0, f)
			return err
		}, "DKIM-Signature:  v=1;\r\n\tb=\r\n" + in},
		{"no field", in, func(h *mime.Header) error {
			h.InsertField(0, mime.Field{})
			h.SetField(mime.Field{})
			return nil
		}, in},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h mime.Header
			if tt.in != "" {
				h = parse(t, tt.in)
			}
			before := h.Clone()
			require.NoError(t, tt.change(&h))
			assert.Equal(t, tt.want, text(t, &h))
			if tt.in != "" {
				assert.Equal(t, tt.in, text(t, &before), "the clone stays")
			}
		})
	}
}

func TestZeroHeader(t *testing.T) {
	var h mime.Header
	assert.Equal(t, "\r\n", text(t, &h))
	assert.Equal(t, "", h.Get("A"))
	assert.Nil(t, h.Values("A"))
	require.NoError(t, h.Set("A", "1"))
	require.NoError(t, h.Add("a", "2"))
	assert.Equal(t, []string{"1", "2"}, h.Values("A"))
	f, _ := h.Field("A")
	assert.EqualValues(t, -1, f.Offset())
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte("From a@x Sat Jan  3 01:05:34 1996\nA: 1\n\nbody"), "x", "y")
	f.Add([]byte("A : 1\r\n \r\n b\r\nB\r\nc:\r\n\r\nbody"), "X-Y", "a b\tc")
	seedMessages(f, func(message []byte) { f.Add(message, "X-Y", "a b") })
	f.Fuzz(func(t *testing.T, b []byte, name, value string) {
		h, n, defects, err := mime.ParseHeader(b, nil)
		require.NoError(t, err)
		require.LessOrEqual(t, n, len(b))
		if n > 0 {
			require.Equal(t, string(b[:n]), text(t, &h), "octet for octet")
			again, m, _, err := mime.ParseHeader(b[:n], nil)
			require.NoError(t, err)
			require.Equal(t, n, m, "what follows does not matter")
			require.Equal(t, h.Len(), again.Len())
		}
		_, _, _, err = mime.ParseHeader(b, &mime.Options{Strict: true})
		require.Equal(t, len(defects) > 0, err != nil)
		for f := range h.Fields() {
			require.Equal(t, f.Raw(), string(b[f.Offset():int(f.Offset())+len(f.Raw())]))
			require.NotContains(t, f.Value(), "\n")
		}
		if h.Add(name, value) != nil {
			return
		}
		values := h.Values(name)
		require.Equal(t, strings.Trim(value, " \t"), values[len(values)-1], "what is added is there")
		written := text(t, &h)
		again, n, _, err := mime.ParseHeader([]byte(written), nil)
		require.NoError(t, err)
		require.Equal(t, len(written), n, "and it is one field")
		require.Equal(t, h.Len(), again.Len())
		require.Equal(t, values, again.Values(name))
	})
}
