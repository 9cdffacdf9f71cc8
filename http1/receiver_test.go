package http1_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/golden"
)

// receive gives octets in pieces of that many to a receiver and writes down the
// events, data joined. Asked are the requests that a client has sent.
func receive(opts *http1.ConnOptions, in string, piece int, asked ...*http1.Request) string {
	r := http1.NewReceiver(opts)
	for _, q := range asked {
		if err := r.SentRequest(q); err != nil {
			return "SentRequest: " + err.Error()
		}
	}
	var out strings.Builder
	inData := false
	have, used := 0, 0
	for {
		e, n, err := r.Next([]byte(in[used:have]), have == len(in))
		used += n
		if err == http1.ErrIncomplete && have < len(in) {
			have = min(len(in), have+piece)
			continue
		}
		if inData && (err != nil || e != http1.EventData) {
			out.WriteString("\n")
			inData = false
		}
		if err != nil {
			if err == http1.ErrIncomplete {
				return out.String() + "incomplete for ever"
			}
			if _, _, again := r.Next([]byte(in[used:]), true); again != err {
				if p, ok := errors.AsType[*http1.ProtocolError](err); !ok || p.Remote {
					return fmt.Sprintf("%v became %v", err, again)
				}
			}
			return out.String() + describeError(err)
		}
		switch e {
		case http1.EventRequest:
			q := r.Request()
			fmt.Fprintf(&out, "%v %s %v %v\n", e, q.Method, q.Target, q.Length)
		case http1.EventResponse, http1.EventInterimResponse, http1.EventSwitch:
			fmt.Fprintf(&out, "%v %d %v\n", e, r.Response().Status, r.Response().Length)
		case http1.EventData:
			if !inData {
				out.WriteString("Data ")
				inData = true
			}
			out.Write(r.Data())
		case http1.EventTrailers:
			trailer := &r.Request().Trailer
			if opts != nil && opts.Client {
				trailer = &r.Response().Trailer
			}
			out.WriteString("Trailers")
			for name, value := range trailer.All() {
				out.WriteString(" " + name + "=" + value)
			}
			out.WriteString("\n")
		default:
			fmt.Fprintln(&out, e)
		}
		if e == http1.EventConnectionClosed {
			return out.String()
		}
	}
}

// describeError tells an error without what depends on chance.
func describeError(err error) string {
	if perr, ok := errors.AsType[*http1.ParseError](err); ok {
		return fmt.Sprintf("%d at %d: %s", perr.Reply, perr.Offset, perr.What)
	}
	return err.Error()
}

func TestReceiveRequests(t *testing.T) {
	const first = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
	tests := []struct {
		name, in, want string
	}{
		{"9112-2.1 no body", first, "Request GET /a 0\nEndOfMessage\nConnectionClosed\n"},
		{"9112-6.2 sized", "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
			"Request PUT /a 3\nData abc\nEndOfMessage\nConnectionClosed\n"},
		{"9112-6.2 of no octets", "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
			"Request PUT /a 0\nEndOfMessage\nConnectionClosed\n"},
		{"9112-7.1 chunked", "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nA: b\r\nContent-Length: 7\r\n\r\n" + first,
			"Request PUT /a -1\nData abc\nTrailers A=b\nEndOfMessage\nRequest GET /a 0\nEndOfMessage\nConnectionClosed\n"},
		{"9110-6.5.1 forbidden trailers alone are none", "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: x\r\n\r\n",
			"Request PUT /a -1\nEndOfMessage\nConnectionClosed\n"},
		{"9112-9.3.2 pipelined", first + "\r\n" + first, "Request GET /a 0\nEndOfMessage\nRequest GET /a 0\nEndOfMessage\nConnectionClosed\n"},
		{"9112-2.2 an empty line before the end", first + "\r\n", "Request GET /a 0\nEndOfMessage\nConnectionClosed\n"},
		{"9112-9.6 nothing behind close", "GET /a HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n" + first,
			"Request GET /a 0\nEndOfMessage\nConnectionClosed\n"},
		{"9112-9.3 nothing behind 1.0", "GET /a HTTP/1.0\r\n\r\n" + first, "Request GET /a 0\nEndOfMessage\nConnectionClosed\n"},
		{"9112-9.3 1.0 with keep-alive", "GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" + first,
			"Request GET /a 0\nEndOfMessage\nRequest GET /a 0\nEndOfMessage\nConnectionClosed\n"},
		{"9112-6.1 nothing behind both lengths", "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + first,
			"Request PUT /a -1\nEndOfMessage\nConnectionClosed\n"},
		{"9112-6.1 nothing behind chunked in 1.0", "PUT /a HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + first,
			"Request PUT /a -1\nEndOfMessage\nConnectionClosed\n"},
		{"9110-7.8 what stands behind an upgrade waits", "GET /a HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + first,
			"Request GET /a 0\nEndOfMessage\nhttp1: no Request in state MightSwitch (RFC 9110 §7.8)"},
		{"9110-7.8 an upgrade that Connection does not name is none", "GET /a HTTP/1.1\r\nHost: h\r\nUpgrade: x\r\n\r\n",
			"Request GET /a 0\nEndOfMessage\nConnectionClosed\n"},
		{"9110-7.8 nor is one of 1.0", "GET /a HTTP/1.0\r\nConnection: upgrade, keep-alive\r\nUpgrade: x\r\n\r\n" + first,
			"Request GET /a 0\nEndOfMessage\nRequest GET /a 0\nEndOfMessage\nConnectionClosed\n"},
		{"9110-9.3.6 what stands behind CONNECT waits", "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n\x16\x03\x01",
			"Request CONNECT h:1 0\nEndOfMessage\nhttp1: no Request in state MightSwitch (RFC 9110 §7.8)"},
		{"9110-7.8 closed behind an upgrade", "GET /a HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
			"Request GET /a 0\nEndOfMessage\nConnectionClosed\n"},

		{"9112-8 cut in the head", "GET /a HTTP/1.1\r\nHost: h\r\n", "400 at 26: message: connection closed before its end"},
		{"9112-8 cut in a line end", first + "\r", "Request GET /a 0\nEndOfMessage\n400 at 29: message: connection closed before its end"},
		{"9112-8 cut in a sized body", "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab",
			"Request PUT /a 3\nData ab\n400 at 49: message: connection closed before its end"},
		{"9112-8 cut in a chunked body", "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
			"Request PUT /a -1\nData ab\n400 at 61: message: connection closed before its end"},
		{"9112-8 cut in the trailers", "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b",
			"Request PUT /a -1\n400 at 63: message: connection closed before its end"},
		{"9112-7.1 the offset counts from the start of the stream", first + "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
			"Request GET /a 0\nEndOfMessage\nRequest PUT /a -1\nData abc\n400 at 90: chunk-data: no CRLF at its end"},
		{"9112-3 a broken head, and nothing is read behind it", first + "GET  /b HTTP/1.1\r\nHost: h\r\n\r\n" + first,
			"Request GET /a 0\nEndOfMessage\n400 at 32: request target: empty"},
		{"9110-10.1.1 unknown expectation", "PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue, x=y\r\nContent-Length: 3\r\n\r\nabc",
			"417 at 0: expectation: not known"},
		{"9110-10.1.1 in 1.0 there is none", "PUT /a HTTP/1.0\r\nExpect: x\r\nContent-Length: 3\r\n\r\nabc",
			"Request PUT /a 3\nData abc\nEndOfMessage\nConnectionClosed\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, piece := range []int{len(tt.in), 1, 2, 7} {
				require.Equal(t, tt.want, receive(nil, tt.in, piece), "in pieces of %d", piece)
			}
		})
	}
}

func asked(method string, fields ...string) *http1.Request {
	return &http1.Request{Method: method, Header: http1.NewHeader(fields...)}
}

func TestReceiveResponses(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
	q := asked("GET")
	tests := []struct {
		name, in string
		asked    []*http1.Request
		want     string
	}{
		{"9112-9.2 one", ok, []*http1.Request{q}, "Response 200 1\nData x\nEndOfMessage\nConnectionClosed\n"},
		{"9112-9.2 two in order", ok + ok, []*http1.Request{q, q},
			"Response 200 1\nData x\nEndOfMessage\nResponse 200 1\nData x\nEndOfMessage\nConnectionClosed\n"},
		{"9112-9.2 the method decides which has a body", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + ok, []*http1.Request{asked("HEAD"), q},
			"Response 200 0\nEndOfMessage\nResponse 200 1\nData x\nEndOfMessage\nConnectionClosed\n"},
		{"9112-9.2 one that nobody asked for", ok, nil, "http1: peer: no Response in state Idle (RFC 9112 §9.2)"},
		{"9112-9.2 line ends between", ok + "\r\n\r\n", []*http1.Request{q}, "Response 200 1\nData x\nEndOfMessage\nConnectionClosed\n"},
		{"9112-9.2 one too many", ok + ok, []*http1.Request{q},
			"Response 200 1\nData x\nEndOfMessage\nhttp1: peer: no Response in state Idle (RFC 9112 §9.2)"},
		{"9110-15.2 interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + ok, []*http1.Request{q},
			"InterimResponse 100 0\nInterimResponse 103 0\nResponse 200 1\nData x\nEndOfMessage\nConnectionClosed\n"},
		{"9110-15.2.2 101 asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nxyz",
			[]*http1.Request{asked("GET", "Connection", "upgrade", "Upgrade", "x")},
			"Switch 101 0\nhttp1: no Request in state Switched (RFC 9110 §7.8)"},
		{"9110-15.2.2 101 not asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nxyz", []*http1.Request{q},
			"http1: peer: no Switch in state SendResponse (RFC 9110 §7.8)"},
		{"9110-9.3.6 CONNECT", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz", []*http1.Request{asked("CONNECT")},
			"Switch 200 0\nhttp1: no Request in state Switched (RFC 9110 §7.8)"},
		{"9110-9.3.6 CONNECT refused", "HTTP/1.1 403 Forbidden\r\nContent-Length: 1\r\n\r\nx", []*http1.Request{asked("CONNECT")},
			"Response 403 1\nData x\nEndOfMessage\nConnectionClosed\n"},
		{"9112-6.3 until close", "HTTP/1.1 200 OK\r\n\r\nabc", []*http1.Request{q}, "Response 200 -1\nData abc\nEndOfMessage\nConnectionClosed\n"},
		{"9112-7.1 chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1  \r\nx\r\n0\r\nA: b\r\nSet-Cookie: c\r\n\r\n", []*http1.Request{q},
			"Response 200 -1\nData x\nTrailers A=b\nEndOfMessage\nConnectionClosed\n"},
		{"9112-9.6 nothing behind close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx" + ok, []*http1.Request{q, q},
			"Response 200 1\nData x\nEndOfMessage\nConnectionClosed\n"},
		{"9112-6.3 nothing behind two lengths", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n" + ok, []*http1.Request{q, q},
			"Response 200 -1\nEndOfMessage\nConnectionClosed\n"},
		{"9112-8 none", "", []*http1.Request{q}, "400 at 0: message: connection closed before its end"},
		{"9112-8 the second is missing", ok, []*http1.Request{q, q},
			"Response 200 1\nData x\nEndOfMessage\n400 at 39: message: connection closed before its end"},
		{"9112-8 cut", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxy", []*http1.Request{q},
			"Response 200 3\nData xy\n400 at 40: message: connection closed before its end"},
		{"9112-2.2 LF alone", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", []*http1.Request{q}, "Response 200 1\nData x\nEndOfMessage\nConnectionClosed\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, piece := range []int{max(1, len(tt.in)), 1, 2, 7} {
				require.Equal(t, tt.want, receive(&http1.ConnOptions{Client: true}, tt.in, piece, tt.asked...), "in pieces of %d", piece)
			}
		})
	}
}

func TestReceiverOptions(t *testing.T) {
	const bare = "GET / HTTP/1.1\nHost: h\n\n"
	assert.Equal(t, "400 at 14: line: LF without CR", receive(nil, bare, 1))
	assert.Equal(t, "Request GET / 0\nEndOfMessage\nConnectionClosed\n", receive(&http1.ConnOptions{LineEnds: http1.LineEndsLF}, bare, 1))
	assert.Equal(t, "400 at 12: line: LF without CR",
		receive(&http1.ConnOptions{Client: true, LineEnds: http1.LineEndsCRLF}, "HTTP/1.1 200\n\n", 1, asked("GET")))

	limited := &http1.ConnOptions{Limits: &http1.Limits{MaxBody: 3}}
	const head = "PUT / HTTP/1.1\r\nHost: h\r\n"
	assert.Equal(t, "http1: limit MaxBody of 3 reached", receive(limited, head+"Content-Length: 4\r\n\r\nabcd", 1))
	for _, piece := range []int{1, 1000} {
		got := receive(limited, head+"Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", piece)
		assert.Contains(t, got, "\nData abc\nhttp1: limit MaxBody of 3 reached")
	}
	assert.Contains(t, receive(limited, head+"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 1), "Data abc\nEndOfMessage")
}

func TestReceiverKnowsWhatIsSent(t *testing.T) {
	r := http1.NewReceiver(&http1.ConnOptions{Scheme: "https"})
	in := []byte("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
	next := func() (http1.Event, error) {
		e, n, err := r.Next(in, true)
		in = in[n:]
		return e, err
	}
	next()
	assert.Equal(t, "https", r.Request().Target.Scheme)
	next()
	_, err := next()
	assert.Error(t, err, "the answer to the upgrade is not known")
	require.NoError(t, r.SentResponse(&http1.Response{Status: 103}))
	require.NoError(t, r.SentResponse(&http1.Response{Status: 200, Version: http1.HTTP11}))
	e, err := next()
	require.NoError(t, err)
	assert.Equal(t, http1.EventRequest, e)
	assert.Equal(t, "/2", r.Request().Target.Path)
	next()
	require.NoError(t, r.SentResponse(&http1.Response{Status: 200, Version: http1.HTTP11, Header: http1.NewHeader("Connection", "close")}))
	e, err = next()
	require.NoError(t, err)
	assert.Equal(t, http1.EventConnectionClosed, e)
	assert.Error(t, r.SentResponse(&http1.Response{Status: 200}))

	c := http1.NewReceiver(&http1.ConnOptions{Client: true})
	require.NoError(t, c.SentRequest(asked("GET", "Connection", "close")))
	assert.Error(t, c.SentRequest(asked("GET")))
	assert.Equal(t, http1.StateMustClose, c.State(http1.SideClient))
}

// FuzzReceiver: any cutting of the octets into pieces gives the same events and
// errors.
func FuzzReceiver(f *testing.F) {
	f.Add("PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 3, false)
	f.Add("\r\nPUT /a HTTP/1.0\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabcGET", 1, false)
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\r\n\r\nHTTP/1.1 204 \r\n\r\nHTTP/1.0 200\n\nabc", 2, true)
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n", 2, true)
	for stream := range golden.Streams(f, "testdata/golden") {
		f.Add(string(stream[:min(len(stream), 4096)]), 11, strings.HasPrefix(string(stream), "HTTP/"))
	}
	f.Fuzz(func(t *testing.T, in string, piece int, client bool) {
		var requests []*http1.Request
		if client {
			requests = []*http1.Request{asked("GET"), asked("HEAD"), asked("GET"), asked("CONNECT")}
		}
		for _, lim := range []*http1.Limits{nil, {
			MaxStartLine: 100, MaxFieldSection: 200, MaxField: 100, MaxFields: 5, MaxBody: 50, MaxChunkLine: 30, MaxChunkOverhead: 40,
		}} {
			opts := &http1.ConnOptions{Client: client, Limits: lim}
			whole := receive(opts, in, max(1, len(in)), requests...)
			cut := receive(opts, in, 1+int(uint(piece)%40), requests...)
			if whole != cut && !sameButForLimit(whole, cut) {
				t.Fatalf("whole:\n%s\ncut:\n%s", whole, cut)
			}
		}
	})
}

// sameButForLimit tells whether both end in an error and agree before it: a
// limit may be reached before or behind another fault of the same line.
func sameButForLimit(a, b string) bool {
	cutLast := func(s string) string { return s[:strings.LastIndexByte(s, '\n')+1] }
	return cutLast(a) == cutLast(b) && a != cutLast(a) && b != cutLast(b) && (strings.Contains(a, "limit") || strings.Contains(b, "limit"))
}
