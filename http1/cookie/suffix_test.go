package cookie_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
)

func TestShortSuffixes(t *testing.T) {
	for in, want := range map[string]string{
		"com":                   "com",
		"example.com":           "com",
		"www.example.com":       "com",
		"www.example.co.uk":     "co.uk",
		"co.uk":                 "co.uk",
		"uk":                    "uk",
		"a.b.sch.uk":            "b.sch.uk",
		"me.github.io":          "github.io",
		"www.ck":                "ck",
		"x.www.ck":              "ck",
		"example.ck":            "example.ck",
		"www.example.ck":        "example.ck",
		"ck":                    "ck",
		"localhost":             "localhost",
		"bmo.com.12-53-246.com": "com",
	} {
		assert.Equal(t, want, cookie.ShortSuffixes().PublicSuffix(in), in)
	}
}

func TestParseSuffixList(t *testing.T) {
	l, err := cookie.ParseSuffixList("// a comment\n\n*\nCOM and words\r\nco.example\n*.net\n!a.net\n\u516c\u53f8.cn\nm\u00fcnchen.example")
	require.NoError(t, err)
	for in, want := range map[string]string{
		"x.com":                      "com",
		"x.co.example":               "co.example",
		"y.x.net":                    "x.net",
		"y.a.net":                    "net",
		"x.xn--55qx5d.cn":            "xn--55qx5d.cn",
		"x.xn--mnchen-3ya.example":   "xn--mnchen-3ya.example",
		"words":                      "words",
		"y.x.xn--mnchen-3ya.example": "xn--mnchen-3ya.example",
	} {
		assert.Equal(t, want, l.PublicSuffix(in), in)
	}
	for _, in := range []string{"a..b", ".com", "com.", "!", "*.", "a.*.b", "!com", "a_b@c", "\xff.com", strings.Repeat("\u00e9", 64)} {
		_, err := cookie.ParseSuffixList("com\n" + in + "\n")
		pe, ok := errors.AsType[*cookie.ParseError](err)
		require.True(t, ok, "%q", in)
		assert.Equal(t, 2, pe.Line)
		assert.Equal(t, int64(4), pe.Offset)
		assert.Equal(t, "cookie: rule of a public suffix at byte 4 in line 2", pe.Error())
	}
}

// Two of the samples of RFC 3492 §7.1, and what Python's codec gives for others.
func TestPunycode(t *testing.T) {
	for in, want := range map[string]string{
		"\u4ed6\u4eec\u4e3a\u4ec0\u4e48\u4e0d\u8bf4\u4e2d\u6587":                                                                               "ihqwcrb4cv8a8dqg056pqjye",
		"\u05dc\u05de\u05d4\u05d4\u05dd\u05e4\u05e9\u05d5\u05d8\u05dc\u05d0\u05de\u05d3\u05d1\u05e8\u05d9\u05dd\u05e2\u05d1\u05e8\u05d9\u05ea": "4dbcagdahymbxekheh6e0a7fei0b",
		"b\u00fccher":            "bcher-kva",
		"\u3072\u3068\u3064":     "k9jh3a",
		"pr\u00e9-\u4e2d-\u00e9": "pr---cpac2759k",
	} {
		got, ok := cookie.AppendPunycode(nil, in)
		require.True(t, ok)
		assert.Equal(t, want, string(got), in)
	}
}

// Whatever the list, the suffix is the end of the name, at a dot; one that is
// asked for again is itself, or an exception's parent.
func FuzzParseSuffixList(f *testing.F) {
	f.Add("com\n*.ck\n!www.ck\nco.uk\n", "a.www.ck")
	f.Add("// x\n\u516c\u53f8.cn\n", "x.xn--55qx5d.cn")
	f.Fuzz(func(t *testing.T, text, name string) {
		l, err := cookie.ParseSuffixList(text)
		if err != nil {
			require.IsType(t, &cookie.ParseError{}, err)
			return
		}
		suffix := l.PublicSuffix(name)
		require.True(t, suffix == name || strings.HasSuffix(name, "."+suffix), "%q of %q", suffix, name)
		last := name[strings.LastIndexByte(name, '.')+1:]
		require.True(t, strings.HasSuffix(suffix, last), "%q of %q", suffix, name)
	})
}
