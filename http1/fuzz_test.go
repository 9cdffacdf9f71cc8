package http1_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/golden"
)

// requireTyped fails for an error that does not say what is wrong.
func requireTyped(t *testing.T, err error) {
	t.Helper()
	if err == http1.ErrIncomplete {
		return
	}
	_, parse := errors.AsType[*http1.ParseError](err)
	_, limit := errors.AsType[*http1.LimitError](err)
	require.True(t, parse || limit, "%T: %v", err, err)
}

// FuzzParseTarget: a target that is taken is written back to one that parses
// to the same.
func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"/", "/a/b?c", "http://h/", "http://h:80/p?q", "HTTPS://[::1]:443/?", "*", "h:443", "/%zz", "http://u@h/"} {
		f.Add("GET", s)
		f.Add("OPTIONS", s)
		f.Add("CONNECT", s)
	}
	f.Fuzz(func(t *testing.T, method, s string) {
		target, err := http1.ParseTarget(method, s)
		if err != nil {
			requireTyped(t, err)
			return
		}
		again, err := http1.ParseTarget(method, target.String())
		require.NoError(t, err)
		assert.Equal(t, target, again)
	})
}

// findBytewise finds the head's end in octets that come one at a time.
func findBytewise(b []byte) (end int, err error) {
	next := 0
	for n := range len(b) + 1 {
		end, next, err = http1.FindHead(b[:n], next, nil)
		if err != http1.ErrIncomplete {
			return end, err
		}
	}
	return end, err
}

// FuzzRequestHead: the head is found alike in one piece and octet by octet, and
// what its offsets name is what Request has as strings.
func FuzzRequestHead(f *testing.F) {
	f.Add([]byte(lectureRequest))
	for _, c := range requestCases() {
		if len(c.in) < 500 {
			f.Add([]byte(c.in))
		}
	}
	f.Add([]byte("\r\nPOST /a HTTP/1.0\r\nContent-Length: 1\r\n\r\nx"))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n"))
	golden.Seed(f, "testdata/golden")
	f.Fuzz(func(t *testing.T, b []byte) {
		end, _, err := http1.FindHead(b, 0, nil)
		bytewise, errBytewise := findBytewise(b)
		assert.Equal(t, end, bytewise)
		assert.Equal(t, err, errBytewise)
		if err != nil {
			requireTyped(t, err)
			return
		}
		var h http1.RequestHead
		var r http1.Request
		nHead, errHead := h.Parse(b, nil)
		n, errRequest := r.Parse(b, nil)
		if errHead != nil {
			requireTyped(t, errHead)
			assert.Equal(t, errHead, errRequest)
			return
		}
		assert.Equal(t, end, nHead)
		if errRequest != nil {
			requireTyped(t, errRequest)
			return
		}
		assert.Equal(t, end, n)
		checkWrittenRequest(t, &r)
		assert.Equal(t, string(h.Method()), r.Method)
		assert.Equal(t, h.Len(), r.Header.Len())
		for i := range h.Len() {
			name, value := h.At(i)
			assert.Equal(t, http1.Field{Name: string(name), Value: string(value)}, r.Header.At(i))
		}
	})
}

// checkWrittenRequest writes a request that was parsed: it is the same again,
// or one that a recipient takes and a sender must not send.
func checkWrittenRequest(t *testing.T, r *http1.Request) {
	t.Helper()
	written, err := r.AppendText(nil)
	if err != nil {
		requireTyped(t, err)
		assert.ErrorIs(t, err, http1.ErrFraming)
		return
	}
	var again http1.Request
	n, err := again.Parse(written, nil)
	require.NoError(t, err, "%q", written)
	assert.Equal(t, len(written), n)
	assert.Equal(t, r.Method, again.Method)
	assert.Equal(t, r.Target, again.Target)
	assert.Equal(t, r.Version, again.Version)
	assert.Equal(t, r.Length, again.Length)
	if r.Version >= http1.HTTP11 || r.Header.Has("Host") {
		assert.Equal(t, fieldsOf(&r.Header), fieldsOf(&again.Header))
	}
	second, err := again.AppendText(nil)
	require.NoError(t, err)
	assert.Equal(t, string(written), string(second))
}

func fieldsOf(h *http1.Header) (fields []http1.Field) {
	for name, value := range h.All() {
		fields = append(fields, http1.Field{Name: name, Value: value})
	}
	return fields
}

// FuzzResponseHead is as FuzzRequestHead.
func FuzzResponseHead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), false)
	for _, c := range responseCases() {
		if len(c.in) < 500 {
			f.Add([]byte(c.in), c.bareLF || c.trimNames)
		}
	}
	f.Add([]byte("HTTP/1.0 404\nA : b\n c\n\n"), true)
	for b := range golden.Streams(f, "testdata/golden") {
		f.Add(b, false)
	}
	f.Fuzz(func(t *testing.T, b []byte, lenient bool) {
		end, _, err := http1.FindHead(b, 0, nil)
		if err != nil {
			requireTyped(t, err)
			return
		}
		h := http1.ResponseHead{AllowBareLF: lenient, TrimNames: lenient}
		n, err := h.Parse(b, nil)
		if err != nil {
			requireTyped(t, err)
			return
		}
		assert.Equal(t, end, n)
		var r http1.Response
		n, err = r.Parse(b, http1.MethodGet, nil)
		if err != nil {
			requireTyped(t, err)
			return
		}
		assert.Equal(t, end, n)
		checkWrittenResponse(t, &r)
		assert.Equal(t, h.Status(), r.Status)
		for _, v := range r.Header.All() {
			assert.True(t, http1.IsFieldValue(v), "%q", v)
		}
	})
}

// checkWrittenResponse is checkWrittenRequest for a response to GET.
func checkWrittenResponse(t *testing.T, r *http1.Response) {
	t.Helper()
	written, err := r.AppendText(nil)
	if err != nil {
		requireTyped(t, err)
		assert.ErrorIs(t, err, http1.ErrFraming)
		return
	}
	var again http1.Response
	n, err := again.Parse(written, http1.MethodGet, nil)
	require.NoError(t, err, "%q", written)
	assert.Equal(t, len(written), n)
	assert.Equal(t, r.Version, again.Version)
	assert.Equal(t, r.Status, again.Status)
	if r.Reason != "" {
		assert.Equal(t, r.Reason, again.Reason)
	}
	assert.Equal(t, r.Length, again.Length)
	assert.Equal(t, fieldsOf(&r.Header), fieldsOf(&again.Header))
}

// FuzzAppendText: whatever a program puts into a message, what is written is
// one message with just these parts, or nothing.
func FuzzAppendText(f *testing.F) {
	f.Add("GET", uint8(0), "", "h", "/a", "b", "X", "y", 200, "OK")
	f.Add("GET", uint8(1), "http", "h:80", "", "", "Host", "h\r\nX: y", 204, "")
	f.Add("CONNECT", uint8(2), "", "h:443", "", "", "Content-Length", "5", 100, "a\r\n\r\nHTTP/1.1 200 OK")
	f.Add("OPTIONS", uint8(3), "", "h", "", "", "Transfer-Encoding", "chunked", 999, " ")
	f.Add("GET /x HTTP/1.1\r\nA:", uint8(0), "", "h", "/ HTTP/1.1\r\n", "#", "A\r\n\r\n", "b", 99, "\x00")
	f.Fuzz(func(t *testing.T, method string, form uint8, scheme, authority, path, query, name, value string, status int, reason string) {
		none := &http1.Limits{MaxStartLine: -1, MaxFieldSection: -1, MaxField: -1}
		header := http1.NewHeader(name, value)
		q := http1.Request{Method: method, Header: header, Target: http1.Target{
			Form: http1.TargetForm(form), Scheme: scheme, Authority: authority, Path: path, Query: query,
		}}
		if written, err := q.AppendText(nil); err != nil {
			requireTyped(t, err)
			assert.Empty(t, written)
		} else {
			var again http1.Request
			n, err := again.Parse(written, none)
			require.NoError(t, err, "%q", written)
			assert.Equal(t, len(written), n)
			assert.Equal(t, value, again.Header.Get(name))
			assert.LessOrEqual(t, again.Header.Len(), 2)
			if q.Target.Form <= http1.AbsoluteForm { // the others have none
				assert.Equal(t, query, again.Target.Query)
			}
			assert.Equal(t, q.Target.Form, again.Target.Form)
		}
		p := http1.Response{Status: status, Reason: reason, Header: header}
		if written, err := p.AppendText(nil); err != nil {
			requireTyped(t, err)
			assert.Empty(t, written)
		} else {
			var again http1.Response
			n, err := again.Parse(written, http1.MethodGet, none)
			require.NoError(t, err, "%q", written)
			assert.Equal(t, len(written), n)
			assert.Equal(t, status, again.Status)
			assert.Equal(t, fieldsOf(&header), fieldsOf(&again.Header))
		}
	})
}

// FuzzMembers: members joined by commas are the same members; none is empty or
// has white space around it; fields of one name make one list.
func FuzzMembers(f *testing.F) {
	f.Add("a, b,,c", "d")
	f.Add(`"a,b\",", c`, `"open`)
	f.Add("\t ,\t, ", "")
	f.Fuzz(func(t *testing.T, a, b string) {
		h := http1.NewHeader("A", a, "B", "x", "a", b)
		both := slices.Collect(h.List("A"))
		apart := slices.Concat(slices.Collect(http1.Members(a)), slices.Collect(http1.Members(b)))
		assert.Equal(t, apart, both)
		members := slices.Collect(http1.Members(a))
		for _, m := range members {
			assert.NotEmpty(t, strings.Trim(m, " \t"))
			assert.Equal(t, strings.Trim(m, " \t"), m)
		}
		assert.Equal(t, members, slices.Collect(http1.Members(strings.Join(members, ", "))))
	})
}

// FuzzIsHost: a Host that is taken makes a URL whose host it is.
func FuzzIsHost(f *testing.F) {
	for _, c := range hostCases {
		if _, host, ok := strings.Cut(c.in, "Host: "); ok {
			f.Add(strings.TrimSuffix(host, "\r\n\r\n"))
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !http1.IsHost(s) {
			return
		}
		for _, c := range []byte(s) {
			assert.True(t, '!' <= c && c <= '~' && !strings.ContainsRune("/?#@\\\"<>^`{|}", rune(c)), "%q", s)
		}
		target, err := http1.ParseTarget(http1.MethodGet, "http://"+s+"/")
		if s == "" {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		assert.Equal(t, s, target.Authority)
		// net/url decodes names, and knows no literals of the future.
		u, err := url.Parse("http://" + s + "/")
		if err == nil && !strings.Contains(s, "%") {
			assert.Equal(t, s, u.Host)
		}
	})
}
