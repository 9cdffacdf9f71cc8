package queue_test

import (
	"bytes"
	"testing"

	"applayer/smtp/queue"
)

// Whatever stands in a file, it is read or refused by its place; what is read of
// the whole is read of the part that counts, and cutting off more of the end
// never tells of more that was done.
func FuzzSpool(f *testing.F) {
	f.Add(fileOf(f), "")
	f.Add(fileOf(f, putOff, taken, reportOf), "")
	f.Add(fileOf(f, putOff), taken)
	f.Add(fileOf(f, putOff), "REPORTED 0 -")
	f.Add([]byte(queue.WithHeader([]string{"ARRIVED 2026-03-01T12:00:00Z", "MAIL FROM:<>", "RCPT TO:<a@b.example> ORCPT=rfc822;a"})), taken)
	f.Fuzz(func(t *testing.T, b []byte, payload string) {
		// A right checksum lets the fuzzer through to the fields.
		if payload != "" && !bytes.ContainsAny([]byte(payload), "\n") {
			b = append(b[:len(b):len(b)], queue.Line(payload)...)
		}
		e, end, err := queue.Read(b)
		if err != nil {
			parse, ok := err.(*queue.ParseError)
			if !ok || parse.Offset < 0 || parse.Offset > int64(len(b)) || parse.Err == nil {
				t.Fatalf("%#v", err)
			}
			return
		}
		if end > int64(len(b)) {
			t.Fatalf("end %d of %d", end, len(b))
		}
		again, end2, err := queue.Read(b[:end])
		if err != nil || end2 != end || len(again.To) != len(e.To) {
			t.Fatalf("%v: %d, then %d", err, end, end2)
		}
		for i := range e.To {
			if again.To[i].State != e.To[i].State {
				t.Fatalf("recipient %d: %v, then %v", i, e.To[i].State, again.To[i].State)
			}
		}
		less, _, err := queue.Read(b[:max(0, len(b)-1)])
		if err != nil {
			return
		}
		for i := range less.To {
			if less.To[i].State.Final() && !e.To[i].State.Final() {
				t.Fatalf("recipient %d: done with less", i)
			}
		}
	})
}
