package mime_test

import (
	"fmt"
	"net/mail"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

const (
	form    = mime.DefectDateForm
	reach   = mime.DefectDateRange
	trailer = mime.DefectDateTrailer
)

func TestParseDate(t *testing.T) {
	tests := []struct {
		name, in, want string
		unknown        bool
		defects        []mime.DefectCode
	}{
		{"5322-3.3", "Tue, 4 Mar 2025 10:00:05 +0100", "2025-03-04T10:00:05+01:00", false, nil},
		{"5322-3.3 no day name, no seconds", "04 Mar 2025 10:00 -0730", "2025-03-04T10:00:00-07:30", false, nil},
		{"5322-3.3 names without regard to case", "TUE, 4 mAR 2025 10:00:05 +0000", "2025-03-04T10:00:05Z", false, nil},
		{"5322-3.3 unknown zone", "Tue, 4 Mar 2025 10:00:05 -0000", "2025-03-04T10:00:05Z", true, nil},
		{"5322-3.3 second 60", "Sat, 31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00Z", false, nil},
		{"5322-3.3 the farthest zone", "4 Mar 2025 10:00 -9959", "2025-03-04T10:00:00-99:59", false, nil},
		{"5322-A.5 comments and folding", "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)", "1969-02-13T23:32:00-03:30", false, nil},
		{"5322-A.6.2 obsolete date", "21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z", false, nil},
		{"5322-A.6.3 comments anywhere", "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00", false, nil},
		{"5322-4.3 comments everywhere else", "(a)Fri(b),(c)21(d)Nov(e)1997(f)09(g):(h)55(i):(j)06(k)-0600(l)", "1997-11-21T09:55:06-06:00", false, nil},
		{"5322-4.3 49", "4 Mar 49 10:00 GMT", "2049-03-04T10:00:00Z", false, nil},
		{"5322-4.3 50", "4 Mar 50 10:00 GMT", "1950-03-04T10:00:00Z", false, nil},
		{"5322-4.3 100", "4 Mar 100 10:00 GMT", "2000-03-04T10:00:00Z", false, nil},
		{"822-A.3.1", "26 Aug 76 1429 EDT", "1976-08-26T14:29:00-04:00", false, []mime.DefectCode{form}},
		{"5322-4.3 UT", "4 Mar 2025 10:00 UT", "2025-03-04T10:00:00Z", false, nil},
		{"5322-4.3 EST", "4 Mar 2025 10:00 est", "2025-03-04T10:00:00-05:00", false, nil},
		{"5322-4.3 EDT", "4 Mar 2025 10:00 EDT", "2025-03-04T10:00:00-04:00", false, nil},
		{"5322-4.3 CST", "4 Mar 2025 10:00 CST", "2025-03-04T10:00:00-06:00", false, nil},
		{"5322-4.3 CDT", "4 Mar 2025 10:00 CDT", "2025-03-04T10:00:00-05:00", false, nil},
		{"5322-4.3 MST", "4 Mar 2025 10:00 MST", "2025-03-04T10:00:00-07:00", false, nil},
		{"5322-4.3 MDT", "4 Mar 2025 10:00 MDT", "2025-03-04T10:00:00-06:00", false, nil},
		{"5322-4.3 PST", "4 Mar 2025 10:00 PST", "2025-03-04T10:00:00-08:00", false, nil},
		{"5322-4.3 PDT", "4 Mar 2025 10:00 PDT", "2025-03-04T10:00:00-07:00", false, nil},
		{"5322-4.3 military", "4 Mar 2025 10:00 A", "2025-03-04T10:00:00Z", true, nil},
		{"5322-4.3 military Z", "4 Mar 2025 10:00 z", "2025-03-04T10:00:00Z", true, nil},
		{"5322-4.3 J is no zone", "4 Mar 2025 10:00 J", "2025-03-04T10:00:00Z", true, []mime.DefectCode{mime.DefectUnknownZone}},
		{"5322-4.3 other names", "4 Mar 2025 10:00 CEST", "2025-03-04T10:00:00Z", true, []mime.DefectCode{mime.DefectUnknownZone}},

		{"no zone", "4 Mar 2025 10:00", "2025-03-04T10:00:00Z", true, []mime.DefectCode{mime.DefectNoZone}},
		{"no time", "4 Mar 2025", "2025-03-04T00:00:00Z", true, []mime.DefectCode{mime.DefectNoTime, mime.DefectNoZone}},
		{"UTC is not listed", "4 Mar 2025 10:00 UTC", "2025-03-04T10:00:00Z", false, []mime.DefectCode{form}},
		{"GMT with a number", "4 Mar 2025 10:00 GMT+0200", "2025-03-04T10:00:00+02:00", false, []mime.DefectCode{form}},
		{"UTC with a number", "4 Mar 2025 10:00 UTC-3", "2025-03-04T10:00:00-03:00", false, []mime.DefectCode{form, form, form}},
		{"zone with a colon", "4 Mar 2025 10:00 +02:30", "2025-03-04T10:00:00+02:30", false, []mime.DefectCode{form}},
		{"zone of two digits", "4 Mar 2025 10:00 -02", "2025-03-04T10:00:00-02:00", false, []mime.DefectCode{form}},
		{"zone of three digits", "4 Mar 2025 10:00 +130", "2025-03-04T10:00:00+01:30", false, []mime.DefectCode{form}},
		{"zone of five digits", "4 Mar 2025 10:00 +01300", "2025-03-04T10:00:00Z", true, []mime.DefectCode{form, mime.DefectUnknownZone}},
		{"zone without digits", "4 Mar 2025 10:00 +", "2025-03-04T10:00:00Z", true, []mime.DefectCode{mime.DefectUnknownZone}},
		{"5322-3.3 zone of 60 minutes", "4 Mar 2025 10:00 +0160", "2025-03-04T10:00:00Z", true, []mime.DefectCode{reach}},
		{"5322-3.3 wrong day name", "Mon, 4 Mar 2025 10:00 +0000", "2025-03-04T10:00:00Z", false, []mime.DefectCode{mime.DefectDayName}},
		{"5322-3.3 day that is not in the month", "Sat, 29 Feb 2025 10:00 +0000", "2025-03-01T10:00:00Z", false, []mime.DefectCode{reach}},
		{"5322-3.3 day 0", "0 Mar 2025 10:00 +0000", "2025-02-28T10:00:00Z", false, []mime.DefectCode{reach}},
		{"5322-3.3 year before 1900", "4 Mar 1899 10:00 +0000", "1899-03-04T10:00:00Z", false, []mime.DefectCode{reach}},
		{"year of one digit", "4 Mar 5 10:00 +0000", "2005-03-04T10:00:00Z", false, []mime.DefectCode{form}},
		{"hour 24", "4 Mar 2025 24:00 +0000", "2025-03-05T00:00:00Z", false, []mime.DefectCode{reach}},
		{"hour of one digit", "4 Mar 2025 9:00 +0000", "2025-03-04T09:00:00Z", false, []mime.DefectCode{form}},
		{"dots in the time", "4 Mar 2025 09.01.02 +0000", "2025-03-04T09:01:02Z", false, []mime.DefectCode{form, form}},
		{"parts of a second", "4 Mar 2025 09:01:02.250 +0000", "2025-03-04T09:01:02Z", false, []mime.DefectCode{form}},
		{"full names", "Tuesday, 4 March 2025 09:01:02 +0000", "2025-03-04T09:01:02Z", false, []mime.DefectCode{form, form}},
		{"names cut", "Tues, 4 Sept. 2029 09:01:02 +0000", "2029-09-04T09:01:02Z", false, []mime.DefectCode{form, form, form}},
		{"no comma", "Tue 4 Mar 2025 09:01:02 +0000", "2025-03-04T09:01:02Z", false, []mime.DefectCode{form}},
		{"comma behind the year", "Tue, 4 Mar 2025, 09:01:02 +0000", "2025-03-04T09:01:02Z", false, []mime.DefectCode{form}},
		{"form of RFC 850", "Tuesday, 04-Mar-25 09:01:02 GMT", "2025-03-04T09:01:02Z", false, []mime.DefectCode{form, form, form}},
		{"afternoon", "4 Mar 2025 09:01:02 PM +0000", "2025-03-04T21:01:02Z", false, []mime.DefectCode{form}},
		{"after midnight", "4 Mar 2025 12:01 am +0000", "2025-03-04T00:01:00Z", false, []mime.DefectCode{form}},
		{"afternoon of the 24 hour kind", "4 Mar 2025 13:01 PM", "2025-03-04T13:01:00Z", true, []mime.DefectCode{mime.DefectUnknownZone}},
		{"zone twice", "4 Mar 2025 10:00 -0500 EST", "2025-03-04T10:00:00-05:00", false, []mime.DefectCode{trailer}},
		{"text behind", "4 Mar 2025 10:00 -0500; x", "2025-03-04T10:00:00-05:00", false, []mime.DefectCode{trailer}},
		{"unclosed comment", "4 Mar 2025 10:00 -0500 (EST", "2025-03-04T10:00:00-05:00", false, []mime.DefectCode{mime.DefectUnclosedComment}},

		{"asctime", "Tue Mar  4 10:00:05 2025", "2025-03-04T10:00:05Z", true, []mime.DefectCode{form, mime.DefectNoZone}},
		{"asctime with a comma", "Tue, Mar  4 10:00:05 2025 +0100", "2025-03-04T10:00:05+01:00", false, []mime.DefectCode{form}},
		{"date in a shell", "Tue Mar  4 10:00:05 EST 2025", "2025-03-04T10:00:05-05:00", false, []mime.DefectCode{form}},
		{"people", "March 4, 2025 at 10:00 PM +0100", "2025-03-04T22:00:00+01:00", false, []mime.DefectCode{form, form, form}},
		{"people, without at", "Mar 4, 2025, 10:00 +0100", "2025-03-04T10:00:00+01:00", false, []mime.DefectCode{form}},
		{"ISO 8601", "2025-03-04T10:00:05Z", "2025-03-04T10:00:05Z", false, []mime.DefectCode{form}},
		{"ISO 8601 with parts of a second", "2025-03-04T10:00:05.123+01:00", "2025-03-04T10:00:05+01:00", false, []mime.DefectCode{form, form, form}},
		{"ISO 8601 with blanks", "2025-03-04 10:00:05 +0100", "2025-03-04T10:00:05+01:00", false, []mime.DefectCode{form}},
		{"ISO 8601 with slashes", "2025/03/04", "2025-03-04T00:00:00Z", true, []mime.DefectCode{form, mime.DefectNoTime, mime.DefectNoZone}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, defects, err := mime.ParseDate(tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, d.Format("2006-01-02T15:04:05Z07:00"))
			assert.Equal(t, tt.unknown, d.UnknownZone)
			assert.Equal(t, tt.defects, codes(defects))
			_, _, err = mime.ParseDate(tt.in, &mime.Options{Strict: true})
			assert.Equal(t, tt.defects != nil, err != nil, "strict")
		})
	}
}

func TestParseDateNone(t *testing.T) {
	tests := []struct {
		in     string
		offset int64
		what   string
	}{
		{"", 0, "date: month"},
		{"today", 0, "date: month"},
		{"Tue, ", 5, "date: month"},
		{"Tue, x", 5, "date: month"},
		{"4", 1, "date: month"},
		{"4 xyz 2025", 2, "date: month"},
		{"4 Ma 2025", 2, "date: month"},
		{"4 Marches 2025", 2, "date: month"},
		{"444 Mar 2025", 0, "date: day"},
		{"4 Mar", 5, "date: year"},
		{"4 Mar 20250", 6, "date: year"},
		{"4 Mar 2025 x", 11, "date: hour"},
		{"4 Mar 2025 100", 11, "date: hour"},
		{"4 Mar 2025 10", 13, "date: minute"},
		{"4 Mar 2025 10:", 14, "date: minute"},
		{"4 Mar 2025 10:00:", 17, "date: second"},
		{"4 Mar 2025 25:00", 11, "date: time of day"},
		{"4 Mar 2025 24:01", 11, "date: time of day"},
		{"4 Mar 2025 10:60", 11, "date: time of day"},
		{"4 Mar 2025 10:00:61", 11, "date: time of day"},
		{"Mar", 3, "date: day"},
		{"Mar 4 x", 6, "date: hour"},
		{"Mar 4 10:00", 11, "date: year"},
		{"Mar 4 20250", 6, "date: year"},
		{"Mar 4 2025 x", 11, "date: hour"},
		{"2025 03", 4, "date: day"},
		{"2025-x", 5, "date: month"},
		{"2025-13-01", 5, "date: month"},
		{"2025-00-01", 5, "date: month"},
		{"2025-12", 7, "date: day"},
		{"2025-12-x", 8, "date: day"},
		{"2025-12-01 x", 11, "date: hour"},
	}
	for _, tt := range tests {
		d, _, err := mime.ParseDate(tt.in, nil)
		var e *mime.ParseError
		require.ErrorAs(t, err, &e, tt.in)
		assert.Equal(t, tt.what, e.What, tt.in)
		assert.Equal(t, tt.offset, e.Offset, tt.in)
		assert.Zero(t, d)
	}
}

func TestAppendDate(t *testing.T) {
	east := func(s int) *time.Location { return time.FixedZone("", s) }
	tests := []struct {
		name string
		in   mime.Date
		want string
	}{
		{"5322-3.3", mime.Date{Time: time.Date(2025, 3, 4, 1, 2, 3, 999, east(5400))}, "Tue, 4 Mar 2025 01:02:03 +0130"},
		{"west", mime.Date{Time: time.Date(2025, 3, 14, 1, 2, 3, 0, east(-12600))}, "Fri, 14 Mar 2025 01:02:03 -0330"},
		{"UTC", mime.Date{Time: time.Date(2025, 3, 4, 1, 2, 3, 0, time.UTC)}, "Tue, 4 Mar 2025 01:02:03 +0000"},
		{"5322-3.3 unknown zone", mime.Date{Time: time.Date(2025, 3, 4, 1, 2, 3, 0, east(3600)), UnknownZone: true}, "Tue, 4 Mar 2025 00:02:03 -0000"},
		{"5322-3.3 second 60", mime.Date{Time: time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC), LeapSecond: true}, "Sat, 31 Dec 2016 23:59:60 +0000"},
		{"no second 60 there", mime.Date{Time: time.Date(2017, 1, 1, 0, 0, 1, 0, time.UTC), LeapSecond: true}, "Sun, 1 Jan 2017 00:00:01 +0000"},
		{"seconds in the zone", mime.Date{Time: time.Date(1925, 3, 4, 1, 2, 3, 0, east(3208))}, "Wed, 4 Mar 1925 01:01:35 +0053"},
		{"5322-3.3 1900", mime.Date{Time: time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)}, "Mon, 1 Jan 1900 00:00:00 +0000"},
		{"before 1900", mime.Date{Time: time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC)}, ""},
		{"beyond 9999", mime.Date{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, ""},
		{"zone of 100 hours", mime.Date{Time: time.Date(2025, 1, 1, 0, 0, 0, 0, east(360000))}, ""},
		{"no date", mime.Date{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, tt.in.String())
			b, err := mime.AppendDate([]byte("x"), tt.in)
			assert.Equal(t, "x"+tt.want, string(b))
			assert.Equal(t, tt.want == "", err != nil)
			var h mime.Header
			assert.Equal(t, err, h.SetDate(tt.in))
			assert.Equal(t, tt.want, h.Get("Date"))
		})
	}
}

func TestHeaderDate(t *testing.T) {
	h := parse(t, "A: 1\r\nDate: 4 Mar\r\nResent-Date: 4 Mar 2025 10:00 EDT\r\n\r\n")
	_, err := h.Date()
	assert.EqualError(t, err, "mime: Date: date: year at byte 17 (RFC 5322 §3.3)")
	d, err := h.DateOf("Resent-Date")
	require.NoError(t, err)
	assert.Equal(t, "Tue, 4 Mar 2025 10:00:00 -0400", d.String())
	_, err = h.DateOf("X")
	assert.ErrorIs(t, err, mime.ErrNoField)
}

func FuzzDate(f *testing.F) {
	f.Add("Tue, 4 Mar 2025 10:00:05 +0100")
	f.Add("Thu,\r\n 13\r\n Feb 69 23(c):32:60 EDT (Newfoundland Time)")
	f.Add("Tue Mar  4 10:00:05 CET 2025")
	f.Add("2025-03-04T10:00:05.1-00:00")
	seedValues(f, func(value string) { f.Add(value) }, "Date", "Resent-Date")
	f.Fuzz(func(t *testing.T, s string) {
		d, defects, err := mime.ParseDate(s, nil)
		if err != nil {
			return
		}
		_, _, err = mime.ParseDate(s, &mime.Options{Strict: true})
		require.Equal(t, len(defects) > 0, err != nil)
		// net/mail takes the times of zones with names for UTC's (RFC 5322 §4.3).
		if peer, peerErr := mail.ParseDate(s); peerErr == nil && err == nil && numericZone.MatchString(s) {
			require.True(t, d.Equal(peer), "%s, net/mail has %s", d, peer)
		}
		b, err := mime.AppendDate(nil, d)
		if err != nil {
			return
		}
		again, defects, err := mime.ParseDate(string(b), nil)
		require.NoError(t, err)
		require.Empty(t, defects, "what is written is right")
		require.True(t, again.Equal(d.Time))
		require.Equal(t, d.UnknownZone, again.UnknownZone)
		require.Equal(t, d.String(), again.String())
	})
}

func ExampleParseDate() {
	d, defects, err := mime.ParseDate("Mon, 4 Mar 25 10:00 EST (it was a Tuesday)", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d)
	fmt.Println(d.UTC().Format(time.RFC3339), defects)
	// Output:
	// Tue, 4 Mar 2025 10:00:00 -0500
	// 2025-03-04T15:00:00Z [day name at byte 0 (RFC 5322 §3.3)]
}
