package ftp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/ftp"
)

func TestParseListOptions(t *testing.T) {
	for _, tt := range []struct{ name, arg, letters, path string }{
		{"none", "", "", ""},
		{"path", "sub", "", "sub"},
		{"one", "-a", "a", ""},
		{"and a path", "-l sub", "l", "sub"},
		{"a group", "-laR sub", "alR", "sub"},
		{"groups", "-l -a -R sub", "alR", "sub"},
		{"-A is -a", "-A", "a", ""},
		{"all that count", "-adlrtRS", "adlrtRS", ""},
		{"others are passed over", "-1CFLxé", "", ""},
		{"spaces belong to the path", "-a  sub ", "a", " sub "},
		{"a path begins with a space", " -a", "", " -a"},
		{"after -- comes the path", "-- -a", "", "-a"},
		{"after options, too", "-l -- -a", "l", "-a"},
		{"-- alone", "--", "", ""},
		{"long ones are a group of letters", "--help", "l", ""},
		{"a lone dash", "- x", "", "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, p := ftp.ParseListOptions(tt.arg)
			assert.Equal(t, tt.letters, o.Letters())
			assert.Equal(t, tt.path, p)
		})
	}
}

// The path is a part of the argument, and told after "--" it comes back as it is.
func FuzzParseListOptions(f *testing.F) {
	for _, s := range []string{"-la sub", "-- -x", "-", "--", "-a -b -- -c d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		_, p := ftp.ParseListOptions(arg)
		assert.True(t, strings.HasSuffix(arg, p))
		o, again := ftp.ParseListOptions("-aR -- " + arg)
		assert.Equal(t, arg, again)
		assert.Equal(t, "aR", o.Letters())
	})
}
