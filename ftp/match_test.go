package ftp_test

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/ftp"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "anything", true},
		{"a", "", false},
		{"abc", "abc", true},
		{"abc", "abcd", false},
		{"*.txt", "a.txt", true},
		{"*.txt", "a.txt.gz", false},
		{"a*b*c", "aXbYc", true},
		{"a*b*c", "abbbcbc", true},
		{"a*b*c", "acb", false},
		{"**a**", "bab", true},
		{"?", "ä", true},
		{"??", "ä", false},
		{"*?", "ä", true},
		{"?", "\xff", true},
		{"?", "", false},
		{"[a-c]x", "bx", true},
		{"[a-c]x", "dx", false},
		{"[^a-c]x", "dx", true},
		{"[!a-c]x", "dx", true},
		{"[!a-c]x", "ax", false},
		{"[ä-ö]", "ö", true},
		{"[]]", "]", true},
		{"[]a]", "a", true},
		{"[a-]", "-", true},
		{"[a-]", "b", false},
		{`[\]]`, "]", true},
		{`[\a-\c]`, "b", true},
		{"[\xff]", "\xff", true},
		{"[\xfe]", "\xff", false},
		{"[a", "[a", true},
		{"[a", "a", false},
		{"[", "[", true},
		{"[^", "[^", true},
		{"[a[", "[a[", true},
		{"*[b[c", "a[b[c", true},
		{`\*`, "*", true},
		{`\*`, "a", false},
		{`\ä`, "ä", true},
		{`\`, `\`, true},
		{`a\`, `a\`, true},
		{"*[0-9]", "file1", true},
		{"*[0-9]", "file1x", false},
	} {
		assert.Equal(t, tt.want, ftp.Match(tt.pattern, tt.name), "%q %q", tt.pattern, tt.name)
	}
}

// A matcher that tries every star takes longer than the test may: with 100
// stars, more steps than there are atoms.
func TestMatchCVE20110762(t *testing.T) {
	name := strings.Repeat("a", 255)
	for _, unit := range []string{"*a", "*?", "*[a-z]", "*a*", "?*"} {
		assert.False(t, ftp.Match(strings.Repeat(unit, 100)+"b", name), unit)
		assert.True(t, ftp.Match(strings.Repeat(unit, 100), name), unit)
	}
	assert.False(t, ftp.Match(strings.Repeat("*", 4000)+"b", name))
	assert.False(t, ftp.Match(strings.Repeat("[", 4000), name), "classes without an end")
	assert.False(t, ftp.Match("*"+strings.Repeat("[", 4000), strings.Repeat("[", 255)), "the same behind a star")
}

// Where both know the grammar, path.Match says the same.
func FuzzMatch(f *testing.F) {
	for _, p := range []string{"*.txt", "a*b?c", "[a-z]*", `\*`, "[^x]", "*a*a*a*b"} {
		f.Add(p, "a.txt")
		f.Add(p, "aaaaab")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) > 512 || len(name) > 255 {
			return
		}
		got := ftp.Match(pattern, name)
		assert.True(t, ftp.Match("*"+pattern+"*", name) || !got, "stars around take nothing away")
		want, err := path.Match(pattern, name)
		if err != nil || strings.Contains(pattern+name, "/") || strings.Contains(pattern, "[!") || strings.ToValidUTF8(pattern, "") != pattern {
			return
		}
		assert.Equal(t, want, got, "%q %q", pattern, name)
	})
}
