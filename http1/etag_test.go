package http1_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

func TestParseEntityTag(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		opaque   string
		weak, ok bool
	}{
		{"9110-8.8.3 strong", `"xyzzy"`, "xyzzy", false, true},
		{"9110-8.8.3 weak", `W/"xyzzy"`, "xyzzy", true, true},
		{"9110-8.8.3 empty", `""`, "", false, true},
		{"9110-8.8.3 the lecture's", `"17dc6-a5c-bf716880"`, "17dc6-a5c-bf716880", false, true},
		{"9110-8.8.3 comma, backslash, exclamation mark", `"!a,b\"`, `!a,b\`, false, true},
		{"9110-8.8.3 obs-text", "\"\xe9\"", "\xe9", false, true},
		{"9110-8.8.3 no quotes", `xyzzy`, "", false, false},
		{"9110-8.8.3 weak in lower case", `w/"a"`, "", false, false},
		{"9110-8.8.3 space within", `"a b"`, "", false, false},
		{"9110-8.8.3 no quote at the end", `"a`, "", false, false},
		{"9110-8.8.3 quote alone", `"`, "", false, false},
		{"9110-8.8.3 weak alone", `W/`, "", false, false},
		{"9110-8.8.3 octets behind it", `"a"b`, "", false, false},
		{"9110-8.8.3 DEL", "\"\x7f\"", "", false, false},
		{"9110-8.8.3 CRLF", "\"a\r\nb\"", "", false, false},
		{"9110-8.8.3 nothing", ``, "", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tag, err := http1.ParseEntityTag(tt.in)
			if !tt.ok {
				requireTyped(t, err)
				assert.Empty(t, tag)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.in, string(tag))
			assert.Equal(t, tt.opaque, tag.Opaque())
			assert.Equal(t, tt.weak, tag.Weak())
			made, err := http1.NewEntityTag(tt.opaque, tt.weak)
			require.NoError(t, err)
			assert.Equal(t, tag, made)
		})
	}
	_, err := http1.NewEntityTag(`a"b`, false)
	assert.Error(t, err)
	assert.Empty(t, http1.EntityTag("").Opaque())
}

// The four rows of the table in RFC 9110 §8.8.3.2, and no tag at all.
func TestEntityTagMatch(t *testing.T) {
	for _, tt := range []struct {
		a, b         http1.EntityTag
		strong, weak bool
	}{
		{`W/"1"`, `W/"1"`, false, true},
		{`W/"1"`, `W/"2"`, false, false},
		{`W/"1"`, `"1"`, false, true},
		{`"1"`, `"1"`, true, true},
		{`"1"`, `"2"`, false, false},
		{``, ``, false, false},
		{``, `""`, false, false},
		{`""`, `""`, true, true},
	} {
		assert.Equal(t, tt.strong, tt.a.MatchStrong(tt.b), "%s strong %s", tt.a, tt.b)
		assert.Equal(t, tt.strong, tt.b.MatchStrong(tt.a), "%s strong %s", tt.b, tt.a)
		assert.Equal(t, tt.weak, tt.a.MatchWeak(tt.b), "%s weak %s", tt.a, tt.b)
		assert.Equal(t, tt.weak, tt.b.MatchWeak(tt.a), "%s weak %s", tt.b, tt.a)
	}
}

func TestEntityTags(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []http1.EntityTag
	}{
		{"9110-13.1.2 one", `"a"`, []http1.EntityTag{`"a"`}},
		{"9110-13.1.2 three", `"xyzzy", "r2d2xxxx",W/"c3piozzzz"`, []http1.EntityTag{`"xyzzy"`, `"r2d2xxxx"`, `W/"c3piozzzz"`}},
		{"9110-5.6.1 empty members", ` , "a",, ,"b",`, []http1.EntityTag{`"a"`, `"b"`}},
		{"9110-8.8.3 comma within", `"a,b" , "c"`, []http1.EntityTag{`"a,b"`, `"c"`}},
		{"9110-8.8.3 backslash escapes nothing", `"a\", "b"`, []http1.EntityTag{`"a\"`, `"b"`}},
		{"9110-13.1.2 asterisk is no tag", `*`, nil},
		{"9110-13.1.2 tag without quotes passed over", `abc, "d"`, []http1.EntityTag{`"d"`}},
		{"9110-13.1.2 octets behind a tag", `"a"x, "d"`, []http1.EntityTag{`"d"`}},
		{"9110-13.1.2 no quote at the end", `"a, `, nil},
		{"9110-13.1.2 nothing", ``, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, slices.Collect(http1.EntityTags(tt.in)))
		})
	}
	for range http1.EntityTags(`"a", "b"`) {
		break
	}
}

// FuzzParseEntityTag: what is taken is made again from its parts, and stands
// in a list as it is.
func FuzzParseEntityTag(f *testing.F) {
	for _, s := range []string{`"xyzzy"`, `W/"a,b"`, `""`, `"a\"`, `abc`, `*`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for tag := range http1.EntityTags(s) {
			again, err := http1.ParseEntityTag(string(tag))
			require.NoError(t, err)
			require.Equal(t, tag, again)
			require.Contains(t, s, string(tag))
		}
		tag, err := http1.ParseEntityTag(s)
		if err != nil {
			requireTyped(t, err)
			return
		}
		made, err := http1.NewEntityTag(tag.Opaque(), tag.Weak())
		require.NoError(t, err)
		assert.Equal(t, s, string(made))
		list := strings.Repeat(s+" ,", 3)
		assert.Equal(t, []http1.EntityTag{tag, tag, tag}, slices.Collect(http1.EntityTags(list)))
	})
}
