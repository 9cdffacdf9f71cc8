package http1_test

import (
	"encoding"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

var (
	_ encoding.TextAppender = (*http1.Request)(nil)
	_ encoding.TextAppender = (*http1.Response)(nil)
)

func origin(path string) http1.Target { return http1.Target{Path: path} }

func TestRequestAppendText(t *testing.T) {
	absolute := http1.Target{Form: http1.AbsoluteForm, Scheme: "http", Authority: "h:8080", Path: "/a", Query: "b"}
	host := http1.NewHeader("Host", "h")
	tests := []struct {
		name string
		r    http1.Request
		want string
	}{
		{"9110-7.2 Host from the authority, first",
			http1.Request{Target: http1.Target{Authority: "h"}, Header: http1.NewHeader("Accept", "*/*")},
			"GET / HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n"},
		{"9110-7.2 Host that is there stays where it is",
			http1.Request{Method: "HEAD", Target: http1.Target{Authority: "other", Path: "/a"}, Header: http1.NewHeader("A", "b", "hOst", "h")},
			"HEAD /a HTTP/1.1\r\nA: b\r\nhOst: h\r\n\r\n"},
		{"9112-3.2 HTTP/1.0 without Host", http1.Request{Version: http1.HTTP10, Target: origin("/")}, "GET / HTTP/1.0\r\n\r\n"},
		{"9112-2.3 other minor version", http1.Request{Version: 17, Header: host}, "GET / HTTP/1.7\r\nHost: h\r\n\r\n"},
		{"9112-3.2.1 query", http1.Request{Target: http1.Target{Path: "/a", Query: "b?c"}, Header: host}, "GET /a?b?c HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"9112-3.2.1 empty query", http1.Request{Target: http1.Target{Path: "/a", HasQuery: true}, Header: host}, "GET /a? HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"9112-3.2.2 absolute-form", http1.Request{Target: absolute}, "GET http://h:8080/a?b HTTP/1.1\r\nHost: h:8080\r\n\r\n"},
		{"9112-3.2.3 authority-form",
			http1.Request{Method: "CONNECT", Target: http1.Target{Form: http1.AuthorityForm, Authority: "[::1]:443"}},
			"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n"},
		{"9112-3.2.4 asterisk-form",
			http1.Request{Method: "OPTIONS", Target: http1.Target{Form: http1.AsteriskForm, Authority: "h"}},
			"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"9112-3.2.4 absolute-form without path",
			http1.Request{Method: "OPTIONS", Target: http1.Target{Form: http1.AbsoluteForm, Scheme: "http", Authority: "h"}},
			"OPTIONS http://h HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"9112-5 empty value", http1.Request{Header: http1.NewHeader("Host", "", "X", "")}, "GET / HTTP/1.1\r\nHost: \r\nX: \r\n\r\n"},
		{"9112-6.2 Content-Length", http1.Request{Header: http1.NewHeader("Host", "h", "Content-Length", "5")}, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"},
		{"9112-6.1 chunked", http1.Request{Header: http1.NewHeader("Host", "h", "transfer-encoding", "Chunked")}, "GET / HTTP/1.1\r\nHost: h\r\ntransfer-encoding: Chunked\r\n\r\n"},
		{"9110-5.5 obs-text", http1.Request{Header: http1.NewHeader("Host", "h", "X", "\xe9\t\xff")}, "GET / HTTP/1.1\r\nHost: h\r\nX: \xe9\t\xff\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.r.AppendText([]byte("before"))
			require.NoError(t, err)
			assert.Equal(t, "before"+tt.want, string(got))

			var again http1.Request
			n, err := again.Parse([]byte(tt.want), nil)
			require.NoError(t, err)
			assert.Equal(t, len(tt.want), n)
			second, err := again.AppendText(nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(second))
		})
	}
}

func TestRequestAppendTextRefuses(t *testing.T) {
	with := func(namesAndValues ...string) http1.Request {
		return http1.Request{Target: origin("/"), Header: http1.NewHeader(append([]string{"Host", "h"}, namesAndValues...)...)}
	}
	at := func(target http1.Target) http1.Request {
		return http1.Request{Target: target, Header: http1.NewHeader("Host", "h")}
	}
	to := func(method string, target http1.Target) http1.Request {
		r := at(target)
		r.Method = method
		return r
	}
	in := func(v http1.Version, r http1.Request) http1.Request {
		r.Version = v
		return r
	}
	absolute := func(scheme, authority string) http1.Request {
		return at(http1.Target{Form: http1.AbsoluteForm, Scheme: scheme, Authority: authority})
	}
	tests := []struct {
		name   string
		r      http1.Request
		offset int64
		class  error
		ref    string
	}{
		{"9112-3.1 space in the method", to("GET /", origin("/")), 0, http1.ErrMalformed, "RFC 9112 §3.1"},
		{"9112-2.3 other major version", in(20, with()), 6, http1.ErrVersion, "RFC 9112 §2.3"},
		{"9112-3.2 space in the path", at(origin("/a b")), 6, http1.ErrMalformed, "RFC 3986 §3.3"},
		{"9112-3.2 CRLF in the path", at(origin("/\r\nX: y")), 5, http1.ErrMalformed, "RFC 3986 §3.3"},
		{"9112-3.2.1 path without slash", at(origin("a")), 4, http1.ErrMalformed, "RFC 9112 §3.2.1"},
		{"9112-3.2.1 question mark in the path", at(origin("/a?b")), 6, http1.ErrMalformed, "RFC 3986 §3.3"},
		{"3986-2.1 bare percent sign", at(origin("/%4")), 5, http1.ErrMalformed, "RFC 3986 §3.3"},
		{"3986-3.4 fragment", at(http1.Target{Path: "/", Query: "a#b"}), 7, http1.ErrMalformed, "RFC 3986 §3.4"},
		{"9112-3.2.2 no scheme", absolute("", "h"), 4, http1.ErrMalformed, "RFC 3986 §3.1"},
		{"9112-3.2.2 no authority", absolute("http", ""), 11, http1.ErrMalformed, "RFC 9112 §3.2.2"},
		{"9110-4.2.4 user information", absolute("http", "u@h"), 11, http1.ErrMalformed, "RFC 9112 §3.2.2"},
		{"9112-3.2.3 authority-form with GET", at(http1.Target{Form: http1.AuthorityForm, Authority: "h:1"}), 4, http1.ErrMalformed, "RFC 9112 §3.2.3"},
		{"9112-3.2.3 CONNECT with a path", to("CONNECT", origin("/")), 8, http1.ErrMalformed, "RFC 9112 §3.2.3"},
		{"9112-3.2.3 CONNECT without port", to("CONNECT", http1.Target{Form: http1.AuthorityForm, Authority: "h"}), 8, http1.ErrMalformed, "RFC 9112 §3.2.3"},
		{"9112-3.2.4 asterisk-form with GET", at(http1.Target{Form: http1.AsteriskForm}), 4, http1.ErrMalformed, "RFC 9112 §3.2.4"},
		{"9112-3.2 unknown form", at(http1.Target{Form: 9}), 4, http1.ErrMalformed, "RFC 9112 §3.2.3"},
		{"9112-3.2 no Host", http1.Request{Target: origin("/")}, 16, http1.ErrMalformed, "RFC 9112 §3.2"},
		{"9112-3.2 bad authority for Host", http1.Request{Target: http1.Target{Authority: "a b"}}, 16, http1.ErrMalformed, "RFC 9112 §3.2"},
		{"9112-3.2 bad Host", http1.Request{Header: http1.NewHeader("Host", "a/b")}, 16, http1.ErrMalformed, "RFC 9112 §3.2"},
		{"9112-3.2 two Hosts", with("host", "h"), 16, http1.ErrMalformed, "RFC 9112 §3.2"},
		{"9110-5.1 empty name", with("", "x"), 25, http1.ErrMalformed, "RFC 9110 §5.1"},
		{"9112-5.1 space in a name", with("X ", "x"), 25, http1.ErrMalformed, "RFC 9110 §5.1"},
		{"9110-5.5 CRLF in a value", with("X", "a\r\nY: b"), 29, http1.ErrMalformed, "RFC 9110 §5.5"},
		{"9110-5.5 LF far in a value", with("X", "0123456789\n"), 38, http1.ErrMalformed, "RFC 9110 §5.5"},
		{"9110-5.5 NUL in a value", with("X", "\x00"), 28, http1.ErrMalformed, "RFC 9110 §5.5"},
		{"9110-5.5 space before a value", with("X", " a"), 28, http1.ErrMalformed, "RFC 9110 §5.5"},
		{"9110-5.5 tab behind a value", with("X", "a\t"), 28, http1.ErrMalformed, "RFC 9110 §5.5"},
		{"9110-8.6 Content-Length is no number", with("Content-Length", "+1"), 0, http1.ErrFraming, "RFC 9110 §8.6"},
		{"9110-8.6 Content-Length of 2^63", with("Content-Length", "9223372036854775808"), 0, http1.ErrFraming, "RFC 9110 §8.6"},
		{"9110-8.6 Content-Length as a list", with("Content-Length", "5, 5"), 0, http1.ErrFraming, "RFC 9110 §8.6"},
		{"9110-8.6 Content-Length twice", with("Content-Length", "5", "content-length", "5"), 0, http1.ErrFraming, "RFC 9110 §8.6"},
		{"9112-6.2 both", with("Content-Length", "5", "Transfer-Encoding", "chunked"), 0, http1.ErrFraming, "RFC 9112 §6.2"},
		{"9112-6.1 chunked twice", with("Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"), 0, http1.ErrFraming, "RFC 9112 §6.1"},
		{"9112-6.1 other coding", with("Transfer-Encoding", "gzip, chunked"), 0, http1.ErrFraming, "RFC 9112 §6.1"},
		{"9112-6.1 chunked in HTTP/1.0", in(http1.HTTP10, with("Transfer-Encoding", "chunked")), 0, http1.ErrFraming, "RFC 9112 §6.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.r.AppendText([]byte("before"))
			assert.Equal(t, "before", string(got))
			requireRefused(t, err, tt.offset, tt.class, tt.ref)
		})
	}
}

func requireRefused(t *testing.T, err error, offset int64, class error, ref string) {
	t.Helper()
	perr, ok := errors.AsType[*http1.ParseError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, offset, perr.Offset, "%v", err)
	assert.ErrorIs(t, err, class)
	assert.Equal(t, ref, perr.Ref)
	assert.Zero(t, perr.Reply)
}

func TestResponseAppendText(t *testing.T) {
	length := http1.NewHeader("Content-Length", "5")
	chunked := http1.NewHeader("Transfer-Encoding", "chunked")
	tests := []struct {
		name string
		r    http1.Response
		want string
	}{
		{"9112-4 reason of its own", http1.Response{Status: 200}, "HTTP/1.1 200 OK\r\n\r\n"},
		{"9112-4 another reason", http1.Response{Status: 200, Reason: "F\xfcr dich"}, "HTTP/1.1 200 F\xfcr dich\r\n\r\n"},
		{"9112-4 a status without reason", http1.Response{Status: 599}, "HTTP/1.1 599 \r\n\r\n"},
		{"9112-4 status 999", http1.Response{Status: 999}, "HTTP/1.1 999 \r\n\r\n"},
		{"9112-2.3 HTTP/1.0", http1.Response{Version: http1.HTTP10, Status: 404}, "HTTP/1.0 404 Not Found\r\n\r\n"},
		{"9110-8.6 Content-Length", http1.Response{Status: 200, Header: length}, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
		{"9110-8.6 Content-Length in a 304", http1.Response{Status: 304, Header: length}, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"},
		{"9112-6.1 chunked in a 304", http1.Response{Status: 304, Header: chunked}, "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"9110-9.3.6 Content-Length in a refused CONNECT",
			http1.Response{Status: 403, Header: length, Request: &http1.Request{Method: "CONNECT"}},
			"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.r.AppendText([]byte("before"))
			require.NoError(t, err)
			assert.Equal(t, "before"+tt.want, string(got))

			var again http1.Response
			_, err = again.Parse([]byte(tt.want), "GET", nil)
			require.NoError(t, err)
			second, err := again.AppendText(nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(second))
		})
	}
}

func TestResponseAppendTextRefuses(t *testing.T) {
	with := func(status int, namesAndValues ...string) http1.Response {
		return http1.Response{Status: status, Header: http1.NewHeader(namesAndValues...)}
	}
	tunnel := with(200, "Content-Length", "5")
	tunnel.Request = &http1.Request{Method: "CONNECT"}
	old := with(200, "Transfer-Encoding", "chunked")
	old.Version = http1.HTTP10
	tests := []struct {
		name   string
		r      http1.Response
		offset int64
		class  error
		ref    string
	}{
		{"9110-15 status 0", with(0), 9, http1.ErrMalformed, "RFC 9110 §15"},
		{"9110-15 status 99", with(99), 9, http1.ErrMalformed, "RFC 9110 §15"},
		{"9110-15 status 1000", with(1000), 9, http1.ErrMalformed, "RFC 9110 §15"},
		{"9110-15 status -1", with(-1), 9, http1.ErrMalformed, "RFC 9110 §15"},
		{"9112-2.3 other major version", http1.Response{Version: 30, Status: 200}, 0, http1.ErrVersion, "RFC 9112 §2.3"},
		{"9112-4 CRLF in the reason", http1.Response{Status: 200, Reason: "OK\r\nX: y"}, 15, http1.ErrMalformed, "RFC 9112 §4"},
		{"9110-5.1 colon in a name", with(200, "X: y\r\nZ", "x"), 17, http1.ErrMalformed, "RFC 9110 §5.1"},
		{"9110-8.6 Content-Length in a 100", with(100, "Content-Length", "0"), 0, http1.ErrFraming, "RFC 9110 §8.6"},
		{"9110-8.6 Content-Length in a 204", with(204, "Content-Length", "0"), 0, http1.ErrFraming, "RFC 9110 §8.6"},
		{"9112-6.1 chunked in a 204", with(204, "Transfer-Encoding", "chunked"), 0, http1.ErrFraming, "RFC 9112 §6.1"},
		{"9110-8.6 Content-Length in a 200 to CONNECT", tunnel, 0, http1.ErrFraming, "RFC 9110 §8.6"},
		{"9112-6.1 chunked in HTTP/1.0", old, 0, http1.ErrFraming, "RFC 9112 §6.1"},
		{"9112-6.2 both", with(200, "Content-Length", "5", "Transfer-Encoding", "chunked"), 0, http1.ErrFraming, "RFC 9112 §6.2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.r.AppendText([]byte("before"))
			assert.Equal(t, "before", string(got))
			requireRefused(t, err, tt.offset, tt.class, tt.ref)
		})
	}
}

func TestAppendTextAllocatesNothing(t *testing.T) {
	var r http1.Request
	_, err := r.Parse([]byte(lectureRequest), nil)
	require.NoError(t, err)
	w := http1.Response{Status: 200, Header: http1.NewHeader("Content-Length", "5")}
	buf := make([]byte, 0, 1024)
	assert.Zero(t, testing.AllocsPerRun(100, func() { buf, err = r.AppendText(buf[:0]) }))
	assert.Zero(t, testing.AllocsPerRun(100, func() { buf, err = w.AppendText(buf[:0]) }))
	assert.NoError(t, err)
}
