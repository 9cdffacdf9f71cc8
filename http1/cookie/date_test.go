package cookie_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
)

func TestParseDate(t *testing.T) {
	at := func(y int, m time.Month, d, hh, mm, ss int) time.Time {
		return time.Date(y, m, d, hh, mm, ss, 0, time.UTC)
	}
	tests := []struct {
		name, in string
		want     time.Time
	}{
		{"IMF-fixdate", "Sun, 26 Sep 2010 20:09:20 GMT", lecture},
		{"RFC 850", "Sunday, 26-Sep-10 20:09:20 GMT", lecture},
		{"asctime", "Sun Sep 26 20:09:20 2010", lecture},
		{"Netscape's", "Sun, 26-Sep-2010 20:09:20 GMT", lecture},
		{"any order", "20:09:20 2010 26 Sep", at(2010, 9, 26, 20, 9, 20)},
		{"the year before the day is a day only with two digits", "2010 Sep 26 20:09:20", lecture},
		{"no weekday, no zone", "26 sep 2010 20:09:20", lecture},
		{"the zone is passed over", "Sun, 26 Sep 2010 20:09:20 +0400", lecture},
		{"parts of one digit", "1 Jan 2010 1:2:3", at(2010, 1, 1, 1, 2, 3)},
		{"months go on", "26 SEPTEMBER-ish 2010 20:09:20", lecture},
		{"numbers go on", "26th Sep 2010AD 20:09:20.123", lecture},
		{"the first of each counts", "26 Sep 2010 20:09:20 27 Oct 2011 21:10:21", lecture},
		{"two-digit years to 69", "26 Sep 69 20:09:20", at(2069, 9, 26, 20, 9, 20)},
		{"two-digit years from 70", "26 Sep 70 20:09:20", at(1970, 9, 26, 20, 9, 20)},
		{"two-digit years to 99", "26 Sep 99 20:09:20", at(1999, 9, 26, 20, 9, 20)},
		{"delimiters of all kinds", "\t!\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~26~Sep|2010/20:09:20 ", lecture},
		{"the epoch", "Thu, 01 Jan 1970 00:00:00 GMT", time.Unix(0, 0).UTC()},
		{"the earliest year", "1 Jan 1601 00:00:00", at(1601, 1, 1, 0, 0, 0)},
		{"the latest second", "31 Dec 9999 23:59:59", at(9999, 12, 31, 23, 59, 59)},
		{"a leap day", "29 Feb 2012 00:00:00", at(2012, 2, 29, 0, 0, 0)},
		{"a colon elsewhere is no delimiter", "26 Sep 2010 x:y 20:09:20", lecture},
		{"a time of two parts is a number that goes on", "20:09 Sep 2010 1:02:03", at(2010, 9, 20, 1, 2, 3)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := cookie.ParseDate(tt.in)
			require.NoError(t, err, "%q", tt.in)
			assert.Equal(t, tt.want, got, "%q", tt.in)
		})
	}
	refused := []struct{ name, in string }{
		{"empty", ""},
		{"no time", "26 Sep 2010"},
		{"no day", "Sep 2010 20:09:20"},
		{"no month", "26 2010 20:09:20"},
		{"no year", "26 Sep 20:09:20"},
		{"hour 24", "26 Sep 2010 24:09:20"},
		{"minute 60", "26 Sep 2010 20:60:20"},
		{"a leap second", "26 Sep 2010 20:09:60"},
		{"three digits in a time", "26 Sep 2010 020:09:20"},
		{"a time of two parts", "26 Sep 2010 20:09"},
		{"day 0", "0 Sep 2010 20:09:20"},
		{"day 32", "32 Sep 2010 20:09:20"},
		{"the 31st of September", "31 Sep 2010 20:09:20"},
		{"no leap year", "29 Feb 2010 20:09:20"},
		{"a year of three digits", "26 Sep 100 20:09:20"},
		{"a year before 1601", "26 Sep 1600 20:09:20"},
		{"a year of five digits", "26 Sep 20100 20:09:20"},
		{"a month of two letters", "26 Se 2010 20:09:20"},
		{"digits in other scripts", "２６ Sep 2010 20:09:20"},
	}
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			got, err := cookie.ParseDate(tt.in)
			assert.Error(t, err, "%q gave %v", tt.in, got)
		})
	}
}
