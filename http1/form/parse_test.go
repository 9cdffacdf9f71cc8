package form_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/form"
)

func pair(name, value string) form.Field { return form.Field{Name: name, Value: value} }

func bare(name string) form.Field { return form.Field{Name: name, Bare: true} }

var urlEncodedCases = []struct {
	name, in string
	want     form.Fields
}{
	{"7578-5.3 its example in UTF-8", "name=Xavier+Xantico&verdict=Yes&colour=Blue&happy=sad&Utf%C3%B6r=Send",
		form.Fields{pair("name", "Xavier Xantico"), pair("verdict", "Yes"), pair("colour", "Blue"), pair("happy", "sad"), pair("Utför", "Send")}},
	{"the lecture's search: two names without values", "monkeys&banana", form.Fields{bare("monkeys"), bare("banana")}},
	{"nothing", "", nil},
	{"an empty value is one", "a=", form.Fields{pair("a", "")}},
	{"an empty name", "=b", form.Fields{pair("", "b")}},
	{"both empty", "=", form.Fields{pair("", "")}},
	{"empty fields are none", "&&a=1&&b=2&", form.Fields{pair("a", "1"), pair("b", "2")}},
	{"order and duplicates", "b=1&a=2&b=3&b", form.Fields{pair("b", "1"), pair("a", "2"), pair("b", "3"), bare("b")}},
	{"only the first equals sign divides", "a=b=c==", form.Fields{pair("a", "b=c==")}},
	{"a semicolon does not divide", "a=1;b=2", form.Fields{pair("a", "1;b=2")}},
	{"encoded dividers do not divide", "a%26b=c%3Dd%2b", form.Fields{pair("a&b", "c=d+")}},
	{"plus in a name", "a+b", form.Fields{bare("a b")}},
	{"UTF-8 as it is", "ö=ü", form.Fields{pair("ö", "ü")}},
	{"UTF-8 half encoded", "a=%C3\xbc", form.Fields{pair("a", "ü")}},
	{"line ends as browsers send them", "a=1%0D%0A2%00", form.Fields{pair("a", "1\r\n2\x00")}},
}

func TestParseURLEncoded(t *testing.T) {
	for _, tt := range urlEncodedCases {
		t.Run(tt.name, func(t *testing.T) {
			got, err := form.ParseURLEncoded(tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			got, err = form.ParseURLEncoded([]byte(tt.in), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestParseURLEncodedRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		offset   int64
		text     string
	}{
		{"3986-2.1 percent sign at the end", "a=b%", 3, "form: value: percent sign without two hexadecimal digits at byte 3 (RFC 3986 §2.1)"},
		{"3986-2.1 one digit", "x=1&a%4=b", 5, "form: name: percent sign without two hexadecimal digits at byte 5 (RFC 3986 §2.1)"},
		{"3986-2.1 one digit before the next field", "a=%4&1", 2, ""},
		{"3986-2.1 no digits", "%zz", 0, ""},
		{"3986-2.1 a sign is no digit", "%+1", 0, ""},
		{"7578-5.1.2 Latin-1", "Utf%F6r=Send", 0, "form: name: not UTF-8 at byte 0 (RFC 7578 §5.1.2)"},
		{"7578-5.1.2 overlong slash", "a=%C0%AF", 2, ""},
		{"7578-5.1.2 cut character", "a=x&b=%C3", 6, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fields, err := form.ParseURLEncoded(tt.in, nil)
			e, ok := errors.AsType[*form.ParseError](err)
			require.True(t, ok, "%v", err)
			assert.Nil(t, fields)
			assert.Equal(t, tt.offset, e.Offset)
			assert.Equal(t, 400, e.Reply)
			assert.Equal(t, 400, form.Status(err))
			assert.ErrorIs(t, err, http1.ErrMalformed)
			if tt.text != "" {
				assert.EqualError(t, err, tt.text)
			}
		})
	}
}

// requireLimit checks that err names this limit and the reply 413.
func requireLimit(t *testing.T, name string, limit int64, err error) {
	t.Helper()
	e, ok := errors.AsType[*form.LimitError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, form.LimitError{Name: name, Max: limit, Reply: 413}, *e)
	require.ErrorIs(t, err, http1.ErrTooLarge)
	require.Equal(t, 413, form.Status(err))
}

func TestParseURLEncodedLimits(t *testing.T) {
	lim := &form.Limits{MaxBody: 20, MaxFields: 2, MaxName: 3, MaxValue: 4}
	for _, good := range []string{"a&b", "&&&&a&b&&", "abc=1234", "%41%41%41=1234", strings.Repeat("&", 20)} {
		_, err := form.ParseURLEncoded(good, lim)
		assert.NoError(t, err, good)
	}
	for in, want := range map[string]form.LimitError{
		"a&b&c":                 {Name: "MaxFields", Max: 2},
		"abcd":                  {Name: "MaxName", Max: 3},
		"a=12345":               {Name: "MaxValue", Max: 4},
		strings.Repeat("&", 21): {Name: "MaxBody", Max: 20},
	} {
		_, err := form.ParseURLEncoded(in, lim)
		requireLimit(t, want.Name, want.Max, err)
	}
	many := strings.Repeat("a&", 1001)
	_, err := form.ParseURLEncoded(many, nil)
	requireLimit(t, "MaxFields", 1000, err)
	fields, err := form.ParseURLEncoded(many, &form.Limits{MaxFields: -1})
	require.NoError(t, err)
	assert.Len(t, fields, 1001)
}

func TestFields(t *testing.T) {
	var f form.Fields
	assert.Empty(t, f.Get("a"))
	f.Add("a", "1")
	f.Add("b", "2")
	f.Add("a", "3")
	f = append(f, bare("c"))
	assert.Equal(t, "1", f.Get("a"))
	assert.Equal(t, []string{"1", "3"}, f.Values("a"))
	assert.Nil(t, f.Values("x"))
	assert.True(t, f.Has("c"))
	assert.False(t, f.Has("A"), "names have case")
	var all []string
	for name, value := range f.All() {
		all = append(all, name+"="+value)
		if name == "b" {
			break
		}
	}
	assert.Equal(t, []string{"a=1", "b=2"}, all)
	all = nil
	for name := range f.All() {
		all = append(all, name)
	}
	assert.Equal(t, []string{"a", "b", "a", "c"}, all)
}

func TestAppendURLEncoded(t *testing.T) {
	got, err := form.AppendURLEncoded([]byte("?"), form.Fields{pair("a b", "c&d=e"), bare("monkeys"), pair("", ""), pair("ö", "~*-._+\r\n")})
	require.NoError(t, err)
	assert.Equal(t, "?a+b=c%26d%3De&monkeys&=&%C3%B6=%7E*-._%2B%0D%0A", string(got))
	for _, bad := range []form.Field{bare(""), {Name: "a", Value: "1", Bare: true}, pair("\xff", ""), pair("a", "\xff")} {
		_, err := form.AppendURLEncoded(nil, form.Fields{bad})
		assert.ErrorAs(t, err, new(*form.ParseError), "%+v", bad)
	}
}
