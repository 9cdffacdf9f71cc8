package http1_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// requestCase is what a client sends, and what becomes of the first request in
// it. Want is one of
//
//   - what describeRequest says of a request that is taken,
//   - the status that a server answers, before it closes the connection,
//   - more, where the head is not whole, so that a server goes on to wait.
//
// A body that is taken is Body; BodyReply is the status for one that is not.
type requestCase struct {
	name, in, want string
	body           string
	bodyReply      int
}

// more is the outcome of octets that are the beginning of a message.
const more = "more"

// requestCases are all of them, for whoever reads requests.
func requestCases() (all []requestCase) {
	for _, cases := range [][]requestCase{
		requestLineCases, targetCases, hostCases, requestFieldCases, requestFramingCases, limitCases(), chunkedCases,
	} {
		all = append(all, cases...)
	}
	return all
}

// responseCase is what a server sends in answer to Method, which is GET where
// it is empty. Want is what describeResponse says of a response that is taken,
// malformed, misframed, version or limit for the class of the error, or more.
type responseCase struct {
	name, in, want string
	method         string
	bareLF         bool // the client lets LF alone end a line
	trimNames      bool // it removes white space before a colon
}

// describeRequest tells method, target URI, version and framing, such as
// "GET h/a?b 1.1 no body".
func describeRequest(r *http1.Request) string {
	target := r.Target.Authority
	switch r.Target.Form {
	case http1.AsteriskForm:
		target += " *"
	case http1.AbsoluteForm:
		target = r.Target.String()
	case http1.OriginForm:
		target += r.Target.String()
	}
	framing, err := http1.RequestFraming(r.Version, &r.Header)
	if err != nil {
		return "no framing: " + err.Error()
	}
	return fmt.Sprintf("%s %s %s %s", r.Method, target, strings.TrimPrefix(r.Version.String(), "HTTP/"), describeFraming(framing))
}

// describeResponse tells version, status, reason and framing, such as
// "1.1 200 OK, 5 octets".
func describeResponse(method string, r *http1.Response) string {
	framing, err := http1.ResponseFraming(method, r.Version, r.Status, &r.Header)
	if err != nil {
		return "no framing: " + err.Error()
	}
	return fmt.Sprintf("%s %d %s, %s", strings.TrimPrefix(r.Version.String(), "HTTP/"), r.Status, r.Reason, describeFraming(framing))
}

func describeFraming(f http1.Framing) string {
	s := f.Kind.String()
	if f.Kind == http1.Sized {
		s = strconv.FormatInt(f.Length, 10) + " octets"
	}
	if f.MustClose && f.Kind != http1.UntilClose {
		s += ", then close"
	}
	return s
}

// outcome names an error as requestCase.want does.
func outcome(t *testing.T, err error) string {
	if err == http1.ErrIncomplete {
		return more
	}
	if limit, ok := errors.AsType[*http1.LimitError](err); ok {
		assert.ErrorIs(t, err, http1.ErrTooLarge)
		return strconv.Itoa(limit.Reply)
	}
	perr, ok := errors.AsType[*http1.ParseError](err)
	require.True(t, ok, "%T: %v", err, err)
	assert.NotEmpty(t, perr.What)
	assert.Contains(t, perr.Ref, "RFC ")
	return strconv.Itoa(perr.Reply)
}

// Each request is read in one piece, and found octet by octet.
func TestRequestConformance(t *testing.T) {
	cases := requestCases()
	assert.GreaterOrEqual(t, len(cases), 250)
	names := make(map[string]bool)
	for _, tt := range cases {
		assert.False(t, names[tt.name], "%s: twice", tt.name)
		names[tt.name] = true
		t.Run(tt.name, func(t *testing.T) {
			var r http1.Request
			n, err := r.Parse([]byte(tt.in), nil)
			checkRequest(t, tt, &r, err)
			if err == nil {
				assert.Equal(t, tt.in[:n], string(r.Raw()))
			}

			end, err := findBytewise([]byte(tt.in))
			if err == nil {
				assert.Equal(t, max(n, end), end, "the head's end")
				_, err = r.Parse([]byte(tt.in)[:end], nil)
			}
			checkRequest(t, tt, &r, err)
		})
	}
}

func checkRequest(t *testing.T, tt requestCase, r *http1.Request, err error) {
	t.Helper()
	if err != nil {
		assert.Equal(t, tt.want, outcome(t, err), "%q: %v", tt.in[:min(len(tt.in), 300)], err)
		return
	}
	assert.Equal(t, tt.want, describeRequest(r), "%q", tt.in[:min(len(tt.in), 300)])
}

// Each response is read in one piece, and found octet by octet.
func TestResponseConformance(t *testing.T) {
	cases := responseCases()
	assert.GreaterOrEqual(t, len(cases), 120)
	names := make(map[string]bool)
	for _, tt := range cases {
		assert.False(t, names[tt.name], "%s: twice", tt.name)
		names[tt.name] = true
		t.Run(tt.name, func(t *testing.T) {
			if tt.method == "" {
				tt.method = http1.MethodGet
			}
			got, err := parseResponse(tt, []byte(tt.in))
			checkResponse(t, tt, got, err)

			end, err := findBytewise([]byte(tt.in))
			if err == nil {
				got, err = parseResponse(tt, []byte(tt.in)[:end])
			}
			checkResponse(t, tt, got, err)
		})
	}
}

func parseResponse(tt responseCase, b []byte) (*http1.Response, error) {
	r := http1.NewLenientResponse(tt.bareLF, tt.trimNames)
	_, err := r.Parse(b, tt.method, nil)
	return r, err
}

func checkResponse(t *testing.T, tt responseCase, r *http1.Response, err error) {
	t.Helper()
	if err == nil {
		assert.Equal(t, tt.want, describeResponse(tt.method, r), "%q", tt.in[:min(len(tt.in), 300)])
		return
	}
	got := more
	if err != http1.ErrIncomplete {
		for class, name := range map[error]string{
			http1.ErrMalformed: "malformed", http1.ErrFraming: "misframed", http1.ErrVersion: "version", http1.ErrTooLarge: "limit",
		} {
			if errors.Is(err, class) {
				got = name
			}
		}
	}
	assert.Equal(t, tt.want, got, "%q: %v", tt.in[:min(len(tt.in), 300)], err)
}
