package http1_test

import (
	"errors"
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
		errHead := h.Parse(b[:end], nil)
		n, errRequest := r.Parse(b, nil)
		if errHead != nil {
			requireTyped(t, errHead)
			assert.Equal(t, errHead, errRequest)
			return
		}
		if errRequest != nil {
			requireTyped(t, errRequest)
			return
		}
		assert.Equal(t, end, n)
		assert.Equal(t, string(h.Method()), r.Method)
		assert.Equal(t, h.Len(), r.Header.Len())
		for i := range h.Len() {
			name, value := h.At(i)
			assert.Equal(t, http1.Field{Name: string(name), Value: string(value)}, r.Header.At(i))
		}
	})
}

// FuzzResponseHead is as FuzzRequestHead.
func FuzzResponseHead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), false)
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
		if err := h.Parse(b[:end], nil); err != nil {
			requireTyped(t, err)
			return
		}
		var r http1.Response
		n, err := r.Parse(b, http1.MethodGet, nil)
		if err != nil {
			requireTyped(t, err)
			return
		}
		assert.Equal(t, end, n)
		assert.Equal(t, h.Status(), r.Status)
		for _, v := range r.Header.All() {
			assert.True(t, http1.IsFieldValue(v), "%q", v)
		}
	})
}
