package http1_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"applayer/http1"
)

// The representation of the tests was changed on Sunday, 26 September 2010 at
// 20:09:20 and a half.
var (
	changed = time.Date(2010, 9, 26, 20, 9, 20, 5e8, time.UTC)
	there   = http1.Validators{ETag: `"a"`, LastModified: changed, Exists: true}
	weak    = http1.Validators{ETag: `W/"a"`, LastModified: changed, Exists: true}
	undated = http1.Validators{ETag: `"a"`, Exists: true}
	untaged = http1.Validators{LastModified: changed, Exists: true}
	absent  = http1.Validators{}
)

const (
	sameDate   = "Sun, 26 Sep 2010 20:09:20 GMT"
	beforeDate = "Sun, 26 Sep 2010 20:09:19 GMT"
	afterDate  = "Sun, 26 Sep 2010 20:09:21 GMT"
)

func TestCheckPreconditions(t *testing.T) {
	const (
		yes   = http1.PreconditionTrue
		whole = http1.PreconditionWhole
		same  = http1.PreconditionNotModified
		fail  = http1.PreconditionFailed
	)
	type fields = []string
	for _, tt := range []struct {
		name   string
		method string
		fields fields
		v      http1.Validators
		want   http1.Precondition
	}{
		{"9110-13.2.2 none", "GET", nil, there, yes},

		{"9110-13.1.1 one that matches", "PUT", fields{"If-Match", `"a"`}, there, yes},
		{"9110-13.1.1 one of a list", "PUT", fields{"If-Match", `"b", "a"`}, there, yes},
		{"9110-13.1.1 one of two fields", "PUT", fields{"If-Match", `"b"`, "if-match", `"a"`}, there, yes},
		{"9110-13.1.1 none matches", "PUT", fields{"If-Match", `"b"`}, there, fail},
		{"9110-13.1.1 with GET too", "GET", fields{"If-Match", `"b"`}, there, fail},
		{"9110-13.1.1 strong comparison, weak here", "PUT", fields{"If-Match", `W/"a"`}, weak, fail},
		{"9110-13.1.1 strong comparison, weak there", "PUT", fields{"If-Match", `W/"a"`}, there, fail},
		{"9110-13.1.1 asterisk, something there", "PUT", fields{"If-Match", `*`}, there, yes},
		{"9110-13.1.1 asterisk, nothing there", "PUT", fields{"If-Match", `*`}, absent, fail},
		{"9110-13.1.1 tag, nothing there", "DELETE", fields{"If-Match", `"a"`}, absent, fail},
		{"9110-13.1.1 asterisk in a list is invalid", "PUT", fields{"If-Match", `*, "b"`}, there, fail},
		{"9110-13.1.1 two asterisks are invalid", "PUT", fields{"If-Match", `*`, "If-Match", `*`}, there, fail},
		{"9110-13.1.1 no tag at all", "PUT", fields{"If-Match", `a`}, there, fail},
		{"9110-13.1.1 empty", "PUT", fields{"If-Match", ``}, there, fail},

		{"9110-13.1.4 changed then", "PUT", fields{"If-Unmodified-Since", sameDate}, there, yes},
		{"9110-13.1.4 changed before", "PUT", fields{"If-Unmodified-Since", afterDate}, there, yes},
		{"9110-13.1.4 changed since", "PUT", fields{"If-Unmodified-Since", beforeDate}, there, fail},
		{"9110-13.1.4 with GET too", "GET", fields{"If-Unmodified-Since", beforeDate}, there, fail},
		{"9110-13.1.4 no date known", "PUT", fields{"If-Unmodified-Since", beforeDate}, undated, yes},
		{"9110-13.1.4 invalid date ignored", "PUT", fields{"If-Unmodified-Since", "yesterday"}, there, yes},
		{"9110-13.1.4 several ignored", "PUT", fields{"If-Unmodified-Since", beforeDate, "If-Unmodified-Since", beforeDate}, there, yes},
		{"9110-13.1.4 list ignored", "PUT", fields{"If-Unmodified-Since", beforeDate + ", " + beforeDate}, there, yes},
		{"9110-13.1.4 ignored beside If-Match", "PUT", fields{"If-Unmodified-Since", beforeDate, "If-Match", `"a"`}, there, yes},

		{"9110-13.1.2 GET, matches", "GET", fields{"If-None-Match", `"a"`}, there, same},
		{"9110-13.1.2 HEAD, matches", "HEAD", fields{"If-None-Match", `"a"`}, there, same},
		{"9110-13.1.2 PUT, matches", "PUT", fields{"If-None-Match", `"a"`}, there, fail},
		{"9110-13.1.2 weak comparison", "GET", fields{"If-None-Match", `W/"a"`}, there, same},
		{"9110-13.1.2 weak comparison the other way", "GET", fields{"If-None-Match", `"a"`}, weak, same},
		{"9110-13.1.2 one of a list", "GET", fields{"If-None-Match", `"x", W/"y", "a"`}, there, same},
		{"9110-13.1.2 none matches", "GET", fields{"If-None-Match", `"b"`}, there, yes},
		{"9110-13.1.2 asterisk, GET", "GET", fields{"If-None-Match", `*`}, there, same},
		{"9110-13.1.2 asterisk, PUT of what is there", "PUT", fields{"If-None-Match", `*`}, there, fail},
		{"9110-13.1.2 asterisk, PUT of what is not", "PUT", fields{"If-None-Match", `*`}, absent, yes},
		{"9110-13.1.2 no tag here", "GET", fields{"If-None-Match", `"a"`}, untaged, yes},
		{"9110-13.1.2 no tag at all", "GET", fields{"If-None-Match", `a`}, there, yes},

		{"9110-13.1.3 changed then", "GET", fields{"If-Modified-Since", sameDate}, there, same},
		{"9110-13.1.3 changed before", "HEAD", fields{"If-Modified-Since", afterDate}, there, same},
		{"9110-13.1.3 changed since", "GET", fields{"If-Modified-Since", beforeDate}, there, yes},
		{"9110-5.6.7 date of RFC 850", "GET", fields{"If-Modified-Since", "Sunday, 26-Sep-10 20:09:20 GMT"}, there, same},
		{"9110-5.6.7 date of asctime", "GET", fields{"If-Modified-Since", "Sun Sep 26 20:09:20 2010"}, there, same},
		{"9110-13.1.3 invalid date ignored", "GET", fields{"If-Modified-Since", "0"}, there, yes},
		{"9110-13.1.3 several ignored", "GET", fields{"If-Modified-Since", sameDate, "If-Modified-Since", sameDate}, there, yes},
		{"9110-13.1.3 no date known", "GET", fields{"If-Modified-Since", sameDate}, undated, yes},
		{"9110-13.1.3 ignored with PUT", "PUT", fields{"If-Modified-Since", sameDate}, there, yes},
		{"9110-13.1.3 ignored beside If-None-Match", "GET", fields{"If-Modified-Since", sameDate, "If-None-Match", `"b"`}, there, yes},

		{"9110-13.2.2 If-Match before If-None-Match", "GET", fields{"If-None-Match", `"a"`, "If-Match", `"b"`}, there, fail},
		{"9110-13.2.2 both true and false", "GET", fields{"If-None-Match", `"a"`, "If-Match", `"a"`}, there, same},
		{"9110-13.2.2 If-Unmodified-Since before If-Modified-Since", "GET", fields{"If-Modified-Since", sameDate, "If-Unmodified-Since", beforeDate}, there, fail},
		{"9110-13.2.2 304 before If-Range", "GET", fields{"If-None-Match", `"a"`, "Range", "bytes=0-0", "If-Range", `"b"`}, there, same},

		{"9110-13.1.5 tag that matches", "GET", fields{"Range", "bytes=0-0", "If-Range", `"a"`}, there, yes},
		{"9110-13.1.5 tag that does not", "GET", fields{"Range", "bytes=0-0", "If-Range", `"b"`}, there, whole},
		{"9110-13.1.5 weak tag", "GET", fields{"Range", "bytes=0-0", "If-Range", `W/"a"`}, weak, whole},
		{"9110-13.1.5 list", "GET", fields{"Range", "bytes=0-0", "If-Range", `"a", "b"`}, there, whole},
		{"9110-13.1.5 date that matches", "GET", fields{"Range", "bytes=0-0", "If-Range", sameDate}, there, yes},
		{"9110-13.1.5 date exactly", "GET", fields{"Range", "bytes=0-0", "If-Range", afterDate}, there, whole},
		{"9110-13.1.5 no date known", "GET", fields{"Range", "bytes=0-0", "If-Range", sameDate}, undated, whole},
		{"9110-13.1.5 neither", "GET", fields{"Range", "bytes=0-0", "If-Range", "x"}, there, whole},
		{"9110-13.1.5 two fields", "GET", fields{"Range", "bytes=0-0", "If-Range", `"a"`, "If-Range", `"a"`}, there, whole},
		{"9110-13.1.5 ignored without Range", "GET", fields{"If-Range", `"b"`}, there, yes},
		{"9110-13.1.5 ignored with HEAD", "HEAD", fields{"Range", "bytes=0-0", "If-Range", `"b"`}, there, yes},

		{"9110-13.2.1 ignored with OPTIONS", "OPTIONS", fields{"If-Match", `"b"`}, there, yes},
		{"9110-13.2.1 ignored with TRACE", "TRACE", fields{"If-None-Match", `*`}, there, yes},
		{"9110-13.2.1 ignored with CONNECT", "CONNECT", fields{"If-Match", `"b"`}, there, yes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http1.NewHeader(tt.fields...)
			got := http1.CheckPreconditions(tt.method, &h, tt.v, changed.Add(time.Hour))
			assert.Equal(t, tt.want.String(), got.String())
		})
	}
}

// A date to the second is no strong validator while its second may go on, in
// which the representation may change again (RFC 9110 §8.8.2.2).
func TestIfRangeDateIsWeakAtFirst(t *testing.T) {
	h := http1.NewHeader("Range", "bytes=0-0", "If-Range", sameDate)
	for after, want := range map[time.Duration]http1.Precondition{
		0:                       http1.PreconditionWhole,
		time.Second:             http1.PreconditionWhole,
		2 * time.Second:         http1.PreconditionTrue,
		-100 * time.Millisecond: http1.PreconditionWhole,
	} {
		assert.Equal(t, want, http1.CheckPreconditions("GET", &h, there, changed.Add(after)), "%v after the change", after)
	}
}

// What most requests for pages have costs nothing.
func TestCheckPreconditionsAllocs(t *testing.T) {
	h := http1.NewHeader("Host", "h", "If-None-Match", `"x", "y", W/"z"`, "If-Modified-Since", sameDate)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if http1.CheckPreconditions("GET", &h, there, changed) != http1.PreconditionTrue {
			t.Error("not true")
		}
	}))
}
