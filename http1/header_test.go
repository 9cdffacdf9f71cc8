package http1_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

func TestHeader(t *testing.T) {
	var h http1.Header
	assert.Zero(t, h.Len())
	assert.Empty(t, h.Get("A"))
	assert.False(t, h.Has("A"))
	h.Del("A")

	h.Add("A", "1")
	h.Add("B", "2")
	h.Add("a", "3")
	assert.Equal(t, "1", h.Get("a"))
	assert.True(t, h.Has("b"))
	assert.Equal(t, []string{"1", "3"}, slices.Collect(h.Values("A")))
	assert.Equal(t, []http1.Field{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}, {Name: "a", Value: "3"}}, fieldsOf(&h))

	copied := h.Clone()
	h.Set("a", "4")
	assert.Equal(t, []http1.Field{{Name: "A", Value: "4"}, {Name: "B", Value: "2"}}, fieldsOf(&h))
	assert.Equal(t, 3, copied.Len())
	h.Set("C", "5")
	h.Del("b")
	assert.Equal(t, []http1.Field{{Name: "A", Value: "4"}, {Name: "C", Value: "5"}}, fieldsOf(&h))
	assert.Equal(t, http1.Field{Name: "C", Value: "5"}, h.At(1))
	h.Reset()
	assert.Zero(t, h.Len())
	assert.Equal(t, "1", copied.Get("A"))

	odd := http1.NewHeader("A", "1", "B")
	assert.Equal(t, 1, odd.Len())
}

// A loop that ends early asks for no more.
func TestHeaderIteratorsStop(t *testing.T) {
	h := http1.NewHeader("A", "1, 2", "A", "3")
	for range h.All() {
		break
	}
	for v := range h.Values("A") {
		assert.Equal(t, "1, 2", v)
		break
	}
	for m := range h.List("A") {
		assert.Equal(t, "1", m)
		break
	}
}

func TestHeaderList(t *testing.T) {
	tests := []struct {
		name   string
		values []string
		want   []string
	}{
		{"9110-5.6.1 one", []string{"a"}, []string{"a"}},
		{"9110-5.6.1 white space", []string{" a\t,\tb "}, []string{"a", "b"}},
		{"9110-5.6.1 empty members", []string{",a,,b,"}, []string{"a", "b"}},
		{"9110-5.6.1 nothing but commas", []string{",", "", " , "}, nil},
		{"9110-5.3 several fields", []string{"a, b", "c"}, []string{"a", "b", "c"}},
		{"9110-5.6.4 comma in quotes", []string{`a="b,c", d`}, []string{`a="b,c"`, "d"}},
		{"9110-5.6.4 escaped quote", []string{`"a\",b", c`}, []string{`"a\",b"`, "c"}},
		{"9110-5.6.4 quote without an end", []string{`a, "b, c`, "d"}, []string{"a", `"b, c`, "d"}},
		{"9110-5.6.4 backslash outside quotes", []string{`a\, b`}, []string{`a\`, "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h http1.Header
			for _, v := range tt.values {
				h.Add("X", v)
			}
			assert.Equal(t, tt.want, slices.Collect(h.List("x")))
		})
	}
}

// To look something up costs no memory.
func TestHeaderAllocatesNothing(t *testing.T) {
	var r http1.Request
	_, err := r.Parse([]byte(lectureRequest), nil)
	require.NoError(t, err)
	h, octets := &r.Header, 0
	for name, look := range map[string]func(){
		"Get": func() { octets += len(h.Get("connection")) },
		"Has": func() { h.Has("upgrade") },
		"Set": func() { h.Set("Keep-Alive", "116") },
		"Add": func() { h.Add("A", "b"); h.Del("a") },
		"All": func() {
			for n, v := range h.All() {
				octets += len(n) + len(v)
			}
		},
		"Vals": func() {
			for v := range h.Values("accept") {
				octets += len(v)
			}
		},
		"List": func() {
			for m := range h.List("accept-encoding") {
				octets += len(m)
			}
		},
		"Wght": func() { octets += h.EncodingWeight("gzip") },
	} {
		assert.Zero(t, testing.AllocsPerRun(100, look), name)
	}
	assert.Positive(t, octets)
}

func TestRequestParseAllocates(t *testing.T) {
	in := []byte(lectureRequest)
	var head http1.RequestHead
	var r http1.Request
	var p http1.Response
	response := []byte(lectureResponse)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = head.Parse(in, nil) }))
	assert.Equal(t, 1.0, testing.AllocsPerRun(100, func() { _, _ = r.Parse(in, nil) }), "the one string")
	assert.Equal(t, 1.0, testing.AllocsPerRun(100, func() { _, _ = p.Parse(response, http1.MethodGet, nil) }), "the one string")
}

func BenchmarkHeaderGet(b *testing.B) {
	var r http1.Request
	_, err := r.Parse([]byte(lectureRequest), nil)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		r.Header.Get("connection")
	}
}

func TestRequestHead(t *testing.T) {
	in := "\r\nPOST http://h/a HTTP/1.0\r\nA: b \r\nEmpty:\r\na: c\r\n\r\nbody"
	var h http1.RequestHead
	n, err := h.Parse([]byte(in), nil)
	require.NoError(t, err)
	assert.Equal(t, len(in)-len("body"), n)
	assert.Equal(t, in[:n], string(h.Raw()))
	assert.Equal(t, "POST", string(h.Method()))
	assert.Equal(t, "http://h/a", string(h.Target()))
	assert.Equal(t, http1.HTTP10, h.Version())
	assert.Equal(t, 3, h.Len())
	assert.Equal(t, "b", string(h.Get("a")))
	assert.Empty(t, h.Get("empty"))
	assert.Nil(t, h.Get("c"))
	var names []string
	for name, value := range h.All() {
		names = append(names, string(name)+"="+string(value))
	}
	assert.Equal(t, []string{"A=b", "Empty=", "a=c"}, names)
	for range h.All() {
		break
	}

	lenient := http1.RequestHead{AllowBareLF: true}
	n, err = lenient.Parse([]byte("\nGET / HTTP/1.1\nHost: h\n\n"), nil)
	require.NoError(t, err)
	assert.Equal(t, 25, n)
	name, value := lenient.At(0)
	assert.Equal(t, "Host h", string(name)+" "+string(value))
}

func TestResponseHead(t *testing.T) {
	var h http1.ResponseHead
	n, err := h.Parse([]byte("HTTP/1.0 404 Not Found\r\nA: b\r\n c\r\n\r\n"), nil)
	require.NoError(t, err)
	assert.Equal(t, 36, n)
	assert.Equal(t, http1.HTTP10, h.Version())
	assert.Equal(t, 404, h.Status())
	assert.Equal(t, "Not Found", string(h.Reason()))
	assert.Equal(t, "b\r\n c", string(h.Get("a")), "the fold is still there")
}

// A fold becomes spaces, of which none stands around the value.
func TestResponseUnfolds(t *testing.T) {
	var r http1.Response
	_, err := r.Parse([]byte("HTTP/1.1 200 OK\r\nA: b\r\n c \r\n\t\r\n d\r\nB:\r\n \r\n e\r\nC: f\r\n \r\n\r\n"), http1.MethodGet, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"b", "c", "d"}, strings.Fields(r.Header.Get("A")))
	assert.NotContains(t, r.Header.Get("A"), "\r")
	assert.Equal(t, "e", r.Header.Get("B"))
	assert.Equal(t, "f", r.Header.Get("C"))
}

func TestNames(t *testing.T) {
	assert.Equal(t, "origin-form", http1.OriginForm.String())
	assert.Equal(t, "asterisk-form", http1.AsteriskForm.String())
	assert.Equal(t, "until close", http1.UntilClose.String())
	assert.Equal(t, "HTTP/1.0", http1.HTTP10.String())
	assert.Equal(t, "Early Hints", http1.StatusText(103))
	assert.Empty(t, http1.StatusText(-1))
	assert.Empty(t, http1.StatusText(299))
	assert.Empty(t, http1.StatusText(1<<20))
	assert.True(t, http1.IsSafe("HEAD"))
	assert.False(t, http1.IsSafe("head"))
	assert.True(t, http1.IsIdempotent("PUT"))
	assert.False(t, http1.IsIdempotent("POST"))
	err := &http1.ParseError{What: "chunk", Err: io.ErrUnexpectedEOF, Offset: 7}
	assert.EqualError(t, err, "http1: chunk: unexpected EOF at byte 7")
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// Errors tell which line, which octet, which field and which rule.
func TestParseErrorTellsWhere(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"field name", "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n", `http1: field name: white space before the colon of "A" at byte 26 (RFC 9112 §5.1)`},
		{"field value", "GET / HTTP/1.1\r\nHost: h\r\nA: b\x00\r\n\r\n", `http1: field value: control character of "A" at byte 29 (RFC 9110 §5.5)`},
		{"Host", "\r\nGET / HTTP/1.1\r\nA: b\r\nHost: a b\r\n\r\n", `http1: Host: no uri-host [ ":" port ] of "Host" at byte 30 (RFC 9112 §3.2)`},
		{"target", "GET /% HTTP/1.1\r\nHost: h\r\n\r\n", `http1: request target: percent sign without two hexadecimal digits at byte 5 (RFC 3986 §2.1)`},
		{"length", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", `http1: body length: no decimal number below 2^63 of "Content-Length" at byte 41 (RFC 9110 §8.6)`},
		{"limit", "GET / HTTP/1.1\r\n" + string(make([]byte, 70000)), "http1: limit MaxFieldSection of 65536 reached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r http1.Request
			_, err := r.Parse([]byte(tt.in), nil)
			require.EqualError(t, err, tt.want)
		})
	}
	var r http1.Request
	_, err := r.Parse([]byte("\r\nGET / HTTP/1.1\r\nA: b\r\nHost: a b\r\n\r\n"), nil)
	var perr *http1.ParseError
	require.ErrorAs(t, err, &perr)
	assert.Equal(t, 3, perr.Line)
	assert.Equal(t, "Host", perr.Field)
	_, err = r.Parse([]byte("GET / HTTP/1.1\r\n\r\n"), nil)
	require.ErrorAs(t, err, &perr)
	assert.Equal(t, "Host", perr.Field)
}
