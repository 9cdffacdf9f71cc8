package mime_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestParseSection(t *testing.T) {
	tests := []struct {
		name, in string
		want     mime.Section
	}{
		{"9051-6.4.5.1 empty", "", mime.Section{}},
		{"9051-6.4.5.1 HEADER", "HEADER", mime.Section{Of: mime.OfHeader}},
		{"9051-6.4.5.1 TEXT", "text", mime.Section{Of: mime.OfText}},
		{"9051-6.4.5.1 part", "1", mime.Section{Part: []int{1}}},
		{"9051-6.4.5.1 nested part", "4.2.2.1", mime.Section{Part: []int{4, 2, 2, 1}}},
		{"9051-6.4.5.1 MIME", "4.1.MIME", mime.Section{Part: []int{4, 1}, Of: mime.OfMIME}},
		{"9051-6.4.5.1 HEADER of a part", "4.2.Header", mime.Section{Part: []int{4, 2}, Of: mime.OfHeader}},
		{"9051-6.4.5.1 TEXT of a part", "3.TEXT", mime.Section{Part: []int{3}, Of: mime.OfText}},
		{"9051-6.4.5.1 HEADER.FIELDS", "HEADER.FIELDS (DATE From)", mime.Section{Of: mime.OfHeaderFields, Fields: []string{"DATE", "From"}}},
		{"9051-6.4.5.1 HEADER.FIELDS.NOT", "3.HEADER.FIELDS.NOT (X)", mime.Section{Part: []int{3}, Of: mime.OfHeaderFieldsNot, Fields: []string{"X"}}},
		{"9051-9 quoted name", `HEADER.FIELDS ("a \" \\ b" c)`, mime.Section{Of: mime.OfHeaderFields, Fields: []string{`a " \ b`, "c"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := mime.ParseSection(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			again, err := mime.ParseSection(got.String())
			require.NoError(t, err)
			assert.Equal(t, tt.want, again)
		})
	}
}

func TestParseSectionRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		at       int64
	}{
		{"9051-9 nz-number", "0", 0},
		{"9051-9 leading zero", "1.01", 2},
		{"number too large", "2147483648", 0},
		{"dot at the end", "1.", 1},
		{"no dot", "1HEADER", 1},
		{"9051-6.4.5.1 MIME needs a part", "MIME", 0},
		{"unknown specifier", "1.BODY", 2},
		{"number behind the specifier", "TEXT.1", 0},
		{"text behind the section", "HEADER (a)", 6},
		{"no names", "HEADER.FIELDS", 13},
		{"no name in the list", "HEADER.FIELDS ()", 15},
		{"list without an end", "HEADER.FIELDS (a", 16},
		{"two blanks", "HEADER.FIELDS (a  b)", 17},
		{"quoted name without an end", `HEADER.FIELDS ("a)`, 15},
		{"empty quoted name", `HEADER.FIELDS ("")`, 15},
		{"line end in a name", "HEADER.FIELDS (\"a\r\nb\")", 15},
		{"text behind the list", "HEADER.FIELDS (a) b", 16},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := mime.ParseSection(tt.in)
			perr, ok := errors.AsType[*mime.ParseError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, tt.at, perr.Offset)
			assert.Equal(t, "RFC 9051 §6.4.5.1", perr.Ref)
		})
	}
}

// A section that is read is written in a form that reads the same.
func FuzzParseSection(f *testing.F) {
	for _, s := range []string{"", "1.2.3", "4.MIME", "1.HEADER.FIELDS (a \"b\\\"\")", "HEADER.FIELDS.NOT (x y)", "TEXT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sec, err := mime.ParseSection(s)
		if err != nil {
			perr, ok := errors.AsType[*mime.ParseError](err)
			if !ok || perr.Offset > int64(len(s)) {
				t.Fatalf("%q: %v does not point into it", s, err)
			}
			return
		}
		again, err := mime.ParseSection(sec.String())
		if err != nil || !assert.ObjectsAreEqual(sec, again) {
			t.Fatalf("%q: %v came back as %v, %v", s, sec, again, err)
		}
	})
}

// RFC 9051 §9: a quoted string has no line end, so a name cannot end the command
// that it is written into.
func TestSectionStringHoldsNoLineEnd(t *testing.T) {
	s := mime.Section{Of: mime.OfHeaderFields, Fields: []string{"a\r\nb \x00", `c"\`}}
	assert.Equal(t, `HEADER.FIELDS ("a??b ?" "c\"\\")`, s.String())
}

// A section without names is written as what it is, and no reader takes it.
func TestSectionWithoutFields(t *testing.T) {
	s := mime.Section{Of: mime.OfHeaderFieldsNot}.String()
	assert.Equal(t, "HEADER.FIELDS.NOT ()", s)
	_, err := mime.ParseSection(s)
	assert.Error(t, err)
}
