package ftp_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"applayer/ftp"
)

func TestParseTimeVal(t *testing.T) {
	utc := func(year int, month time.Month, day, hour, minute, second, nano int) time.Time {
		return time.Date(year, month, day, hour, minute, second, nano, time.UTC)
	}
	tests := []struct {
		name, in string
		want     time.Time
	}{
		{"3659-3.4 whole seconds", "19980705132316", utc(1998, 7, 5, 13, 23, 16, 0)},
		{"3659-3.4 milliseconds", "19980615100045.014", utc(1998, 6, 15, 10, 0, 45, 14e6)},
		{"nanoseconds", "20260102030405.123456789", utc(2026, 1, 2, 3, 4, 5, 123456789)},
		{"more than nanoseconds", "20260102030405.1234567899", utc(2026, 1, 2, 3, 4, 5, 123456789)},
		{"3659-2.3 a leap second", "20161231235960", utc(2017, 1, 1, 0, 0, 0, 0)},
		{"a leap day", "20240229000000", utc(2024, 2, 29, 0, 0, 0, 0)},
		{"the first year", "10000101000000", utc(1000, 1, 1, 0, 0, 0, 0)},
		{"the year 19100", "191000102030405", utc(2000, 1, 2, 3, 4, 5, 0)},
		{"the year 19126", "191260102030405.5", utc(2026, 1, 2, 3, 4, 5, 5e8)},
		{"empty", "", time.Time{}},
		{"13 digits", "2026010203040", time.Time{}},
		{"15 digits", "202601020304055", time.Time{}},
		{"a year of three digits", "09990101000000", time.Time{}},
		{"a point and no digit", "20260102030405.", time.Time{}},
		{"a letter behind", "20260102030405Z", time.Time{}},
		{"a letter behind the point", "20260102030405.5x", time.Time{}},
		{"month 0", "20260002030405", time.Time{}},
		{"month 13", "20261302030405", time.Time{}},
		{"day 0", "20260100030405", time.Time{}},
		{"the 30th of February", "20260230030405", time.Time{}},
		{"hour 24", "20260102240405", time.Time{}},
		{"minute 60", "20260102036005", time.Time{}},
		{"second 61", "20260102030461", time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ftp.ParseTimeVal([]byte(tt.in))
			if tt.want.IsZero() {
				assert.Equal(t, &ftp.ParseError{What: "time-val", Ref: "RFC 3659 §2.3", Reply: 501, Err: ftp.ErrSyntax}, err)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestAppendTimeVal(t *testing.T) {
	east := time.FixedZone("", 3600)
	tests := []struct {
		in   time.Time
		want string
	}{
		{time.Date(1998, 6, 15, 10, 0, 45, 14e6, time.UTC), "19980615100045.014"},
		{time.Date(1998, 6, 15, 10, 0, 45, 0, east), "19980615090045"},
		{time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC), "20260102030405.123456789"},
		{time.Date(9999, 12, 31, 23, 59, 59, 5e8, time.UTC), "99991231235959.5"},
	}
	for _, tt := range tests {
		b, err := ftp.AppendTimeVal([]byte("213 "), tt.in)
		assert.NoError(t, err)
		assert.Equal(t, "213 "+tt.want, string(b))
	}
	for _, year := range []int{999, 10000, -1} {
		b, err := ftp.AppendTimeVal([]byte("x"), time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
		assert.ErrorIs(t, err, ftp.ErrValue)
		assert.Equal(t, "x", string(b))
	}
}
