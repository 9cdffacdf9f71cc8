package http1_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// reception is what a receiver makes of the first message.
type reception struct {
	head    string // as requestCase.want
	body    string
	bodyErr error
	closed  bool // nothing behind the message is looked at
}

// receiveRequest gives the octets to a server's receiver, so many at a time.
func receiveRequest(t *testing.T, in string, step int) (got reception) {
	r := http1.NewReceiver(nil)
	var b []byte
	rest := in
	for {
		e, n, err := r.Next(b, rest == "" && got.head != "")
		b = b[n:]
		switch {
		case err == http1.ErrIncomplete && rest == "":
			got.head = more
			return got
		case err == http1.ErrIncomplete:
			b = append(b, rest[:min(step, len(rest))]...)
			rest = rest[min(step, len(rest)):]
			continue
		case err != nil && got.head == "":
			got.head = outcome(t, err)
			return got
		case err != nil:
			got.bodyErr = err
			return got
		}
		switch e {
		case http1.EventRequest:
			got.head = describeRequest(r.Request())
		case http1.EventData:
			got.body += string(r.Data())
		case http1.EventEndOfMessage:
			assert.NoError(t, r.SentResponse(&http1.Response{Version: http1.HTTP11, Status: 400, Header: http1.NewHeader("Content-Length", "0")}))
			e, _, err := r.Next(append(b, rest...), true)
			got.closed = err == nil && e == http1.EventConnectionClosed
			return got
		}
	}
}

// What a connection's receiver makes of each request, bodies too, is the same
// in one piece and octet by octet.
func TestReceiverConformance(t *testing.T) {
	for _, tt := range requestCases() {
		t.Run(tt.name, func(t *testing.T) {
			got := receiveRequest(t, tt.in, len(tt.in)+1)
			bytewise := reception{}
			if len(tt.in) < 10_000 {
				bytewise = receiveRequest(t, tt.in, 1)
			} else {
				bytewise = receiveRequest(t, tt.in, 997)
			}
			assert.Equal(t, got.head, bytewise.head)
			assert.Equal(t, got.closed, bytewise.closed)
			assert.Equal(t, got.bodyErr == nil, bytewise.bodyErr == nil)
			assert.Equal(t, tt.want, got.head)
			if tt.bodyReply != 0 {
				perr, ok := errors.AsType[*http1.ParseError](got.bodyErr)
				if assert.True(t, ok, "%v", got.bodyErr) {
					assert.Equal(t, tt.bodyReply, perr.Reply)
				}
				return
			}
			assert.NoError(t, got.bodyErr)
			assert.Equal(t, tt.body, got.body)
			assert.Equal(t, tt.body, bytewise.body)
			if strings.HasSuffix(tt.want, ", then close") {
				assert.True(t, got.closed, "what stands behind it is looked at")
			}
		})
	}
}

// receiveResponse gives the octets to a client's receiver, so many at a time,
// and returns what becomes of the head.
func receiveResponse(t *testing.T, tt responseCase, step int) (*http1.Response, error) {
	ends := http1.LineEndsCRLF
	if tt.bareLF {
		ends = http1.LineEndsLF
	}
	r := http1.NewReceiver(&http1.ConnOptions{Client: true, LineEnds: ends, Limits: &http1.Limits{MaxFieldSection: 64 << 10}})
	q := http1.Request{Method: tt.method, Target: http1.Target{Authority: "h:1", Path: "/"}, Header: http1.NewHeader("Connection", "upgrade", "Upgrade", "x")}
	if tt.method == http1.MethodConnect {
		q = http1.Request{Method: tt.method, Target: http1.Target{Form: http1.AuthorityForm, Authority: "h:1"}}
	}
	require.NoError(t, r.SentRequest(&q))
	var b []byte
	for rest := tt.in; ; {
		_, n, err := r.Next(b, false)
		b = b[n:]
		if err == http1.ErrIncomplete && rest != "" {
			b = append(b, rest[:min(step, len(rest))]...)
			rest = rest[min(step, len(rest)):]
			continue
		}
		return r.Response(), err
	}
}

// What a client's receiver makes of each response is the same in one piece and
// octet by octet.
func TestReceiverResponseConformance(t *testing.T) {
	for _, tt := range responseCases() {
		if tt.trimNames {
			continue // connections have no such option
		}
		if tt.method == "" {
			tt.method = http1.MethodGet
		}
		t.Run(tt.name, func(t *testing.T) {
			for _, step := range []int{len(tt.in) + 1, 1 + len(tt.in)/1000} {
				r, err := receiveResponse(t, tt, step)
				checkResponse(t, tt, r, err)
			}
		})
	}
}
