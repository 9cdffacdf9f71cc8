package http1_test

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// peerRequest sends the octets to a server of net/http and tells what becomes
// of the first request, as requestCase.want does.
func peerRequest(t *testing.T, in string) (outcome string) {
	synctest.Test(t, func(t *testing.T) {
		client, server := testkit.Pipe()
		ln := &onlyListener{conns: make(chan net.Conn, 1)}
		ln.conns <- server
		seen := ""
		s := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			description := describePeerRequest(r)
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				description += badBody
			}
			if seen == "" {
				seen = description
			}
			w.WriteHeader(299)
		})}
		s.DisableGeneralOptionsHandler = true
		served := make(chan error)
		go func() { served <- s.Serve(ln) }()
		_, err := client.Write([]byte(in))
		require.NoError(t, err)
		require.NoError(t, client.(interface{ CloseWrite() error }).CloseWrite())
		response, err := http.ReadResponse(bufio.NewReader(client), nil)
		switch {
		case err != nil:
			outcome = more
		case response.StatusCode != 299:
			outcome = strconv.Itoa(response.StatusCode)
		default:
			outcome = seen
			if response.Close && strings.HasSuffix(seen, " chunked") {
				outcome += ", then close"
			}
		}
		client.Close()
		assert.NoError(t, s.Shutdown(t.Context())) // waits for what lingers
		<-served
	})
	return outcome
}

// badBody stands behind the description of a request whose body is refused.
const badBody = ", bad body"

// onlyListener accepts what is in conns, until it is closed.
type onlyListener struct{ conns chan net.Conn }

func (l *onlyListener) Accept() (net.Conn, error) {
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l *onlyListener) Close() error {
	close(l.conns)
	return nil
}

func (l *onlyListener) Addr() net.Addr { return &net.TCPAddr{} }

// describePeerRequest is describeRequest for what net/http made of it.
func describePeerRequest(r *http.Request) string {
	target := r.RequestURI
	switch {
	case strings.HasPrefix(target, "/"):
		target = r.Host + target
	case target == "*":
		target = r.Host + " *"
	}
	framing := "no body"
	switch {
	case len(r.TransferEncoding) > 0:
		framing = "chunked"
	case r.Header.Get("Content-Length") != "":
		framing = fmt.Sprintf("%d octets", r.ContentLength)
	}
	return fmt.Sprintf("%s %s %d.%d %s", r.Method, target, r.ProtoMajor, r.ProtoMinor, framing)
}

// difference is a rule that net/http keeps another way. Cases begin the names
// of what shows it.
type difference struct {
	rule, right, ref string
	cases            []string
}

// Who is right where we differ.
const (
	we   = "we"   // net/http breaks the section
	both = "both" // the section leaves it open
)

var requestDifferences = []difference{
	{"an empty line before the request line is skipped", we, "RFC 9112 §2.2", []string{"9112-2.2 one empty line before"}},
	{"a bare LF ends a line only where it is allowed to: others may see one line where it makes two", both, "RFC 9112 §2.2", []string{"9112-2.2 LF"}},
	{"a folded line is refused; it may be unfolded by a server", both, "RFC 9112 §5.2", []string{"9112-5.2"}},
	{"a version of another major number is 505, even where it could be the start of HTTP/2", both, "RFC 9110 §15.6.6", []string{"9113-3.4 preface of HTTP/2"}},
	{"the target has octets of URIs alone", we, "RFC 9112 §3.2", []string{"9112-3.2 fragment", "9112-3.2 backslash", "9112-3.2 double quote", "9112-3.2 angle brackets", "9112-3.2 braces", "9112-3.2 vertical bar", "9112-3.2 circumflex", "9112-3.2 grave accent", "9112-3.2 octets beyond ASCII"}},
	{"brackets are for IP literals", we, "RFC 3986 §3.2.2", []string{"3986-3.2.2 brackets"}},
	{"a percent sign has two hexadecimal digits behind it, in a query as well", we, "RFC 3986 §2.1", []string{"3986-2.1 percent sign alone in the query"}},
	{"the target URI is normalized", both, "RFC 9110 §4.2.3", []string{"9110-4.2.3"}},
	{"an absolute-form has no user information", we, "RFC 9110 §4.2.4", []string{"9110-4.2.4"}},
	{"an absolute-form of http has a host", we, "RFC 9110 §4.2.1", []string{"9110-4.2.1 empty host", "9110-4.2.1 port without a host"}},
	{"an absolute-form has an authority", we, "RFC 9112 §3.2.2", []string{"3986-3 one slash", "3986-3 no slash"}},
	{"CONNECT has a port that there can be", we, "RFC 9110 §9.3.6", []string{"9110-9.3.6"}},
	{"CONNECT has authority-form", we, "RFC 9112 §3.2.3", []string{"9112-3.2.3 CONNECT"}},
	{"authority-form is for CONNECT alone", we, "RFC 9112 §3.2.3", []string{"9112-3.2.3 authority-form with GET"}},
	{"asterisk-form is for OPTIONS alone", we, "RFC 9112 §3.2.4", []string{"9112-3.2.4 GET *"}},
	{"Host has the grammar of uri-host and port, not only its characters", we, "RFC 9112 §3.2", []string{"3986-2.1 Host", "9110-4.2.1 Host", "3986-3.2.3 Host", "3986-3.2.2 IP", "3986-3.2.2 name in brackets", "3986-3.2.2 empty brackets"}},
	{"a list of the same length is that length; it may be refused", both, "RFC 9110 §8.6", []string{"9112-6.3 equal list", "9112-6.3 equal numbers"}},
	{"a list may have empty members", we, "RFC 9110 §5.6.1", []string{"9110-5.6.1"}},
	{"Transfer-Encoding in HTTP/1.0 is faulty framing, but framing: what comes behind it is no request", we, "RFC 9112 §6.1", []string{"9112-6.1 chunked in HTTP/1.0"}},
	{"after Transfer-Encoding beside Content-Length the connection ends", we, "RFC 9112 §6.1", []string{"9112-6.3 chunked beside a length", "9112-6.3 chunked before a length"}},
	{"a last coding that is not chunked is 400, not 501", we, "RFC 9112 §6.3", []string{"9112-6.3 chunked is not the last", "9112-6.3 no chunked", "9112-6.3 identity", "9112-6.3 empty", "9112-6.3 chunked in quotes", "9112-6.3 a letter", "9112-6.3 obs-text", "9112-7.1 chunked with a parameter", "9112-6.3 chunked by spaces"}},
	{"chunked twice is no unknown coding", we, "RFC 9112 §6.1", []string{"9112-6.1 chunked twice"}},
	{"a long request line is 414", we, "RFC 9110 §15.5.15", []string{"9110-15.5.15"}},
	{"long fields are 431, and the limits are lower", both, "RFC 6585 §5", []string{"6585-5"}},
	{"a chunk extension may have white space within", we, "RFC 9112 §7.1.1", []string{"9112-7.1.1 extension with white space"}},
	{"a chunk extension has a grammar", we, "RFC 9112 §7.1.1", []string{"9112-7.1.1"}},
	{"a trailer section has the rules of a header section", we, "RFC 9112 §7.1.2", []string{"9112-7.1.2"}},
}

// explain returns the difference that the case shows.
func explain(known []difference, name string) (int, bool) {
	for i, d := range known {
		for _, prefix := range d.cases {
			if strings.HasPrefix(name, prefix) {
				return i, true
			}
		}
	}
	return 0, false
}

// checkDifferences tells differences that the list does not explain. That one
// of the list is gone is no failure: another release of net/http may be right.
func checkDifferences(t *testing.T, known []difference, seen map[string]string) {
	t.Helper()
	shown := make(map[int]bool)
	for name, how := range seen {
		i, ok := explain(known, name)
		assert.True(t, ok, "%s: %s", name, how)
		shown[i] = true
	}
	for i, d := range known {
		assert.Contains(t, []string{we, both}, d.right)
		assert.Contains(t, d.ref, "RFC ")
		if !shown[i] {
			t.Logf("no difference any more: %s", d.rule)
		}
	}
}

// What net/http's server makes of each request is what we make of it, but for
// the differences listed.
func TestRequestsDifferFromNetHTTP(t *testing.T) {
	seen := make(map[string]string)
	for _, tt := range requestCases() {
		want := tt.want
		if want == more {
			continue // net/http answers when no more comes; so will our server
		}
		if tt.bodyReply != 0 {
			want += badBody
		}
		if got := peerRequest(t, tt.in); got != want {
			seen[tt.name] = fmt.Sprintf("we %.100s, net/http %.100s", want, got)
		}
	}
	checkDifferences(t, requestDifferences, seen)
}

// peerResponse tells what net/http makes of a response, as responseCase.want
// does where it is taken.
func peerResponse(in, method string) string {
	r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(in)), &http.Request{Method: method})
	if err != nil {
		return "refused"
	}
	framing := "until close"
	switch {
	case method == http.MethodHead || r.StatusCode < 200 || r.StatusCode == 204 || r.StatusCode == 304:
		framing = "no body"
	case len(r.TransferEncoding) > 0:
		framing = "chunked"
	case r.ContentLength >= 0:
		framing = fmt.Sprintf("%d octets", r.ContentLength)
	}
	_, reason, _ := strings.Cut(r.Status, " ")
	return fmt.Sprintf("%d.%d %d %s, %s", r.ProtoMajor, r.ProtoMinor, r.StatusCode, reason, framing)
}

var responseDifferences = []difference{
	{"the status code is three digits from 100 on", we, "RFC 9110 §15", []string{"9112-4 status with a sign", "9110-15 status below 100", "9110-15 status 000"}},
	{"there is one space between version and status", we, "RFC 9112 §4", []string{"9112-4 two spaces before the status"}},
	{"a reason phrase has no control characters", we, "RFC 9112 §4", []string{"9112-4 NUL", "9112-4 CR", "9112-4 escape", "9112-4 DEL"}},
	{"a major version is 1", we, "RFC 9110 §2.5", []string{"9110-15.6.6"}},
	{"a field name is a token", we, "RFC 9110 §5.1", []string{"9110-5.1 name of two words"}},
	{"white space before a colon is refused, or removed where that is asked for", both, "RFC 9112 §5.1", []string{"9112-5.1"}},
	{"a bare LF ends a line only where it is allowed to", both, "RFC 9112 §2.2", []string{"9112-2.2 LF", "9112-5.2 folded by LF"}},
	{"a list of the same length is that length", both, "RFC 9112 §6.3", []string{"9112-5.2 folded list"}},
	{"what answers CONNECT with success has no body", we, "RFC 9112 §6.3", []string{"9112-6.3 CONNECT"}},
	{"after Transfer-Encoding beside Content-Length the connection ends", we, "RFC 9112 §6.1", []string{"9112-6.3 chunked beside a length"}},
	{"Transfer-Encoding in HTTP/1.0 is faulty framing, but framing", we, "RFC 9112 §6.1", []string{"9112-6.1 chunked in HTTP/1.0"}},
	{"there are limits", both, "RFC 6585 §5", []string{"9112-4 status line of 16 KiB", "6585-5"}},
}

// What net/http makes of each response is what we make of it, but for the
// differences listed.
func TestResponsesDifferFromNetHTTP(t *testing.T) {
	seen := make(map[string]string)
	for _, tt := range responseCases() {
		want, method := tt.want, tt.method
		if !strings.Contains(want, ",") {
			want = "refused"
		}
		if method == "" {
			method = http1.MethodGet
		}
		if got := peerResponse(tt.in, method); got != want {
			seen[tt.name] = fmt.Sprintf("we %.100s, net/http %.100s", want, got)
		}
	}
	checkDifferences(t, responseDifferences, seen)
}
