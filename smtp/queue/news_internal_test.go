package queue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// All that NOTIFY can say against all that can become of a recipient, and against
// a sender who is null (RFC 3461 §5.2, RFC 5321 §4.5.5): what is told of failed,
// delivered, relayed, passed on and late.
func TestNotifyInAllCombinations(t *testing.T) {
	const s, f, d = smtp.NotifySuccess, smtp.NotifyFailure, smtp.NotifyDelay
	tests := []struct {
		notify smtp.Notify
		want   [5]action
	}{
		{0, [5]action{actionFailed}},
		{smtp.NotifyNever, [5]action{}},
		{s, [5]action{0, actionDelivered, actionRelayed, 0, 0}},
		{f, [5]action{actionFailed}},
		{d, [5]action{0, 0, 0, 0, actionDelayed}},
		{s | f, [5]action{actionFailed, actionDelivered, actionRelayed, 0, 0}},
		{s | d, [5]action{0, actionDelivered, actionRelayed, 0, actionDelayed}},
		{f | d, [5]action{actionFailed, 0, 0, 0, actionDelayed}},
		{s | f | d, [5]action{actionFailed, actionDelivered, actionRelayed, 0, actionDelayed}},
	}
	outcomes := [5]outcome{
		{event: EventRefused},
		{event: EventTaken, where: whereDelivered},
		{event: EventTaken, where: whereRelayed},
		{event: EventTaken, where: wherePassed},
		{event: EventPutOff},
	}
	postmaster := at("postmaster", "crepes.fr")
	for _, tt := range tests {
		for i, o := range outcomes {
			e := newEntry(Message{ID: "x", From: at("alice", "crepes.fr"), Arrived: time.Now()},
				[]smtp.Recipient{{Path: at("bob", "hamburger.edu"), RcptOptions: smtp.RcptOptions{Notify: tt.notify}}})
			e.delayDue = true
			require.NoError(t, e.to[0].way.Do(EventTry))
			require.NoError(t, e.to[0].do(o))
			var want items
			if tt.want[i] != actionNone {
				want = items{{0, tt.want[i]}}
			}
			assert.Equal(t, want, (&Queue{DoubleBounce: postmaster}).news(e), "%v, outcome %d", tt.notify, i)

			e.msg.From = smtp.Path{}
			assert.Empty(t, (&Queue{}).news(e), "%v, outcome %d: nobody is there", tt.notify, i)
			want = nil
			if o.event == EventRefused {
				want = items{{0, actionFailed}}
			}
			assert.Equal(t, want, (&Queue{DoubleBounce: postmaster}).news(e), "%v, outcome %d: of failures, whatever was asked for", tt.notify, i)

			e.told([]int{0})
			assert.Empty(t, (&Queue{DoubleBounce: postmaster}).news(e), "once")
			e.msg.From = at("alice", "crepes.fr")
			assert.Empty(t, (&Queue{}).news(e), "once")
		}
	}
}
