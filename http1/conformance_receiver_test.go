package http1_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

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
