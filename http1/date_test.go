package http1_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

var november = time.Date(1994, time.November, 6, 8, 49, 37, 0, time.UTC)

func TestParseDate(t *testing.T) {
	now := time.Date(2026, time.March, 15, 12, 0, 0, 0, time.UTC)
	date := func(y int, m time.Month, d, h, min, s int) time.Time {
		return time.Date(y, m, d, h, min, s, 0, time.UTC)
	}
	tests := []struct {
		name, in string
		want     time.Time // zero: refused
	}{
		{"9110-5.6.7 IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", november},
		{"9110-5.6.7 rfc850-date", "Sunday, 06-Nov-94 08:49:37 GMT", november},
		{"9110-5.6.7 asctime-date", "Sun Nov  6 08:49:37 1994", november},
		{"9110-5.6.7 asctime-date, two digits of a day", "Wed Nov 16 08:49:37 1994", date(1994, 11, 16, 8, 49, 37)},
		{"9110-5.6.7 the lecture's Date", "Sun, 26 Sep 2010 20:09:20 GMT", date(2010, 9, 26, 20, 9, 20)},
		{"9110-5.6.7 leap second", "Sat, 31 Dec 2016 23:59:60 GMT", date(2017, 1, 1, 0, 0, 0)},
		{"9110-5.6.7 29 February", "Thu, 29 Feb 2024 00:00:00 GMT", date(2024, 2, 29, 0, 0, 0)},
		{"9110-5.6.7 wrong day of the week", "Mon, 06 Nov 1994 08:49:37 GMT", november},
		{"9110-5.6.7 year 0000", "Sat, 01 Jan 0000 00:00:00 GMT", date(0, 1, 1, 0, 0, 0)},
		{"9110-5.6.7 two digits, 50 years ahead", "Sunday, 15-Mar-76 12:00:00 GMT", date(2076, 3, 15, 12, 0, 0)},
		{"9110-5.6.7 two digits, a second more", "Sunday, 15-Mar-76 12:00:01 GMT", date(1976, 3, 15, 12, 0, 1)},
		{"9110-5.6.7 two digits, next year", "Sunday, 15-Mar-27 12:00:00 GMT", date(2027, 3, 15, 12, 0, 0)},
		{"9110-5.6.7 two digits, 49 years ago", "Sunday, 15-Mar-77 12:00:00 GMT", date(1977, 3, 15, 12, 0, 0)},
		{"9110-5.6.7 two digits, 29 February", "Monday, 29-Feb-00 12:00:00 GMT", date(2000, 2, 29, 12, 0, 0)},

		{"9110-5.6.7 empty", "", time.Time{}},
		{"9110-5.6.7 a number", "0", time.Time{}},
		{"9110-5.6.7 another zone", "Sun, 06 Nov 1994 08:49:37 UTC", time.Time{}},
		{"9110-5.6.7 zone as a number", "Sun, 06 Nov 1994 08:49:37 +0000", time.Time{}},
		{"9110-5.6.7 zone in lower case", "Sun, 06 Nov 1994 08:49:37 gmt", time.Time{}},
		{"9110-5.6.7 month in lower case", "Sun, 06 nov 1994 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 month across two", "Sun, 06 anF 1994 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 no day of the week", "Xyz, 06 Nov 1994 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 day across two", "unM, 06 Nov 1994 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 long day of the week, short month", "Xunday, 06-Nov-94 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 one digit of a day", "Sun, 6 Nov 1994 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 space for a digit", "Sun,  6 Nov 1994 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 day 0", "Sun, 00 Nov 1994 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 31 November", "Sun, 31 Nov 1994 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 29 February of another year", "Sun, 29 Feb 2023 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 hour 24", "Sun, 06 Nov 1994 24:49:37 GMT", time.Time{}},
		{"9110-5.6.7 minute 60", "Sun, 06 Nov 1994 08:60:37 GMT", time.Time{}},
		{"9110-5.6.7 second 61", "Sun, 06 Nov 1994 08:49:61 GMT", time.Time{}},
		{"9110-5.6.7 no colon", "Sun, 06 Nov 1994 08-49:37 GMT", time.Time{}},
		{"9110-5.6.7 letters for a year", "Sun, 06 Nov 19xx 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 space behind", "Sun, 06 Nov 1994 08:49:37 GMT ", time.Time{}},
		{"9110-5.6.7 dashes in the fixdate", "Sun, 06-Nov-1994 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 rfc850-date with a short day", "Sun, 06-Nov-94 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 rfc850-date without a year", "Sunday, 06-Nov-xx 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 rfc850-date of 30 February", "Sunday, 30-Feb-94 08:49:37 GMT", time.Time{}},
		{"9110-5.6.7 asctime-date with a zone", "Sun Nov  6 08:49:37 1994 GMT", time.Time{}},
		{"9110-5.6.7 asctime-date without spaces", "Sun Nov--6 08:49:37 1994", time.Time{}},
		{"9110-5.6.7 asctime-date with dashes", "Sun Nov-06 08:49:37 1994", time.Time{}},
		{"9110-5.6.7 NUL", "Sun, 06 Nov 1994 08:49:\x007 GMT", time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := http1.ParseDate(tt.in, now)
			if tt.want.IsZero() && !strings.Contains(tt.in, " 0000 ") {
				requireRefusedAt(t, err, 400, "RFC 9110 §5.6.7")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func requireRefusedAt(t *testing.T, err error, reply int, ref string) {
	t.Helper()
	var perr *http1.ParseError
	require.ErrorAs(t, err, &perr)
	assert.Equal(t, reply, perr.Reply)
	assert.Equal(t, ref, perr.Ref)
}

func TestAppendDate(t *testing.T) {
	assert.Equal(t, "x Sun, 06 Nov 1994 08:49:37 GMT", string(http1.AppendDate([]byte("x "), november)))
	east := time.FixedZone("", 9*60*60)
	assert.Equal(t, "Sun, 06 Nov 1994 08:49:37 GMT", string(http1.AppendDate(nil, november.In(east))))
	assert.Equal(t, "Fri, 31 Dec 9999 23:59:59 GMT", string(http1.AppendDate(nil, time.Date(60056, 1, 2, 3, 4, 5, 6, time.UTC))))
	assert.Equal(t, "Sat, 01 Jan 0000 00:00:00 GMT", string(http1.AppendDate(nil, time.Date(-1, 1, 2, 3, 4, 5, 6, time.UTC))))
	for s := int64(-1 << 36); s < 1<<37; s += 86_413 * 97 {
		at := time.Unix(s, 0).UTC()
		if at.Year() < 0 || at.Year() > 9999 {
			continue
		}
		require.Equal(t, at.Format(http.TimeFormat), string(http1.AppendDate(nil, at)))
	}
	buf := make([]byte, 0, 64)
	assert.Zero(t, testing.AllocsPerRun(100, func() { buf = http1.AppendDate(buf[:0], november) }))
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = http1.ParseDate("Sun, 06 Nov 1994 08:49:37 GMT", november) }))
}

// The cache gives the right text whichever way clocks go.
func TestDateCache(t *testing.T) {
	var c http1.DateCache
	for _, d := range []time.Duration{0, 999 * time.Millisecond, time.Second, -time.Second, 0, time.Hour} {
		at := november.Add(d)
		assert.Equal(t, at.Format(http.TimeFormat), string(c.Append(nil, at)))
	}
	buf := make([]byte, 0, 64)
	assert.Zero(t, testing.AllocsPerRun(100, func() { buf = c.Append(buf[:0], november.Add(time.Hour)) }))

	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for s := range 1000 {
				at := november.Add(time.Duration(s*(i+1)) * time.Second)
				if got := string(c.Append(nil, at)); got != at.Format(http.TimeFormat) {
					t.Errorf("%v: %s", at, got)
				}
			}
		})
	}
	wg.Wait()
}

// FuzzParseDate: a date is written back to the fixdate of the same second, and
// net/http takes those of four digits for the same time.
func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sat, 31 Dec 2016 23:59:60 GMT", "Fri, 30 Feb 2001 00:00:00 GMT"} {
		f.Add(s, int64(1_700_000_000))
	}
	f.Fuzz(func(t *testing.T, s string, unix int64) {
		now := time.Unix(unix%(1<<36), 0)
		at, err := http1.ParseDate(s, now)
		if err != nil {
			requireTyped(t, err)
			return
		}
		if at.Year() <= 9999 {
			again, err := http1.ParseDate(string(http1.AppendDate(nil, at)), now)
			require.NoError(t, err)
			assert.Equal(t, at, again)
		}
		if strings.Contains(s, "-") {
			assert.False(t, at.After(now.AddDate(50, 0, 0)), "%v is too far ahead", at)
			return
		}
		peer, err := http.ParseTime(s)
		if err != nil {
			assert.Contains(t, s, ":60", "net/http knows no leap seconds")
			return
		}
		assert.True(t, peer.Equal(at), "%v, net/http %v", at, peer)
	})
}

func BenchmarkParseDate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = http1.ParseDate("Sun, 06 Nov 1994 08:49:37 GMT", november)
	}
}
