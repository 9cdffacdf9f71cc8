package maildir_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime/maildir"
)

func TestParseName(t *testing.T) {
	const base = "1310126914.M20046P2137V801I1C5E.host,S=1234,W=1260"
	tests := []struct {
		name, in string
		want     maildir.Name
		file     string
	}{
		{"new", base, maildir.Name{Base: base}, base},
		{"cur without flags", base + ":2,", maildir.Name{Base: base, Info: true}, base + ":2,"},
		{"flags", base + ":2,FRS", maildir.Name{Base: base, Flags: "FRS", Info: true}, base + ":2,FRS"},
		{"flags out of order, and twice", base + ":2,SRaFS", maildir.Name{Base: base, Flags: "FRSa", Info: true}, base + ":2,FRSa"},
		{"what is no flag", base + ":2,S,x=1", maildir.Name{Base: base, Flags: "Sx", Info: true}, base + ":2,Sx"},
		{"Windows", base + ";2,S", maildir.Name{Base: base, Flags: "S", Info: true}, base + ":2,S"},
		{"the first separator", "a:2,:2,S", maildir.Name{Base: "a", Flags: "S", Info: true}, "a:2,S"},
		{"experimental info", "a:1,x", maildir.Name{Base: "a:1,x"}, "a:1,x"},
		{"any base", "msg", maildir.Name{Base: "msg"}, "msg"},
		{"octets beyond ASCII", "\xfc:2,S", maildir.Name{Base: "\xfc", Flags: "S", Info: true}, "\xfc:2,S"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := maildir.ParseName(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.file, got.String())
		})
	}
	for in, at := range map[string]int64{"": 0, ".a": 0, "a/b": 1, "a\x00": 1, "ab\n": 2, "a\x7f": 1, ":2,S": 0, strings.Repeat("a", 256): 255} {
		_, err := maildir.ParseName(in)
		var parse *maildir.ParseError
		if assert.ErrorAs(t, err, &parse, in) {
			assert.Equal(t, at, parse.Offset, in)
			assert.Contains(t, err.Error(), "maildir: name: ")
		}
	}
	assert.Equal(t, ";2,", maildir.SeparatorOn("windows"))
}

func TestNameParts(t *testing.T) {
	n, err := maildir.ParseName("1310126914.M1P2.host,S=1234,W=1260:2,S")
	require.NoError(t, err)
	at, ok := n.Time()
	assert.True(t, ok)
	assert.True(t, time.Date(2011, 7, 8, 12, 8, 34, 0, time.UTC).Equal(at), at)
	size, ok := n.Size()
	assert.True(t, ok)
	assert.Equal(t, int64(1234), size)
	wire, ok := n.WireSize()
	assert.True(t, ok)
	assert.Equal(t, int64(1260), wire)
	for _, base := range []string{"msg", "12", "12x.y", "9999999999999999999.x", ".1"} {
		_, ok := maildir.Name{Base: base}.Time()
		assert.False(t, ok, base)
	}
	for _, base := range []string{"a", "a,S=", "a,S=1x", "a,S=-1", "a,S=99999999999999999999", "S=1"} {
		_, ok := maildir.Name{Base: base}.Size()
		assert.False(t, ok, base)
	}
}

func TestKey(t *testing.T) {
	for base, want := range map[string]string{
		"a,U=5": "a", "a,S=1,W=2,U=77": "a,S=1,W=2", "a": "a", "a5": "a5", "a,U=": "a,U=", "a,U=5x": "a,U=5x", ",U=5": ",U=5", "a,U=5,S=1": "a,U=5,S=1",
	} {
		assert.Equal(t, want, maildir.Name{Base: base}.Key(), base)
	}
}

func TestFlags(t *testing.T) {
	f := maildir.Flags("").With(maildir.Seen, maildir.Draft, maildir.Seen, 'a', ',')
	assert.Equal(t, maildir.Flags("DSa"), f)
	assert.True(t, f.Has(maildir.Draft))
	assert.False(t, f.Has(maildir.Trashed))
	assert.Equal(t, maildir.Flags("Da"), f.Without(maildir.Seen, maildir.Passed))
	assert.Equal(t, maildir.Flags("DSa"), f, "it is a value")
}

func TestEscapeHost(t *testing.T) {
	assert.Equal(t, `a\057b\072c\054d\073e`, maildir.EscapeHost("a/b:c,d;e"))
	assert.Len(t, maildir.EscapeHost(strings.Repeat("a", 300)), 64)
}

func TestFolderNames(t *testing.T) {
	tests := []struct {
		file string
		path []string
	}{
		{".Sent", []string{"Sent"}},
		{".Lists.Go &- C", []string{"Lists", "Go & C"}},
		{".Entw&APw-rfe", []string{"Entwürfe"}},
	}
	for _, tt := range tests {
		f, err := maildir.ParseFolder(tt.file)
		require.NoError(t, err)
		assert.Equal(t, tt.path, f.Path)
		again, err := maildir.NewFolder(tt.path...)
		require.NoError(t, err)
		assert.Equal(t, f, again)
	}
	f, err := maildir.ParseFolder(".a&b.\xfc.&AAA-")
	require.NoError(t, err)
	assert.Equal(t, []string{"a&b", "\xfc", "&AAA-"}, f.Path, "no modified UTF-7 (RFC 3501 §5.1.3), or NUL")

	var parse *maildir.ParseError
	for _, file := range []string{"", "a", ".", "..", ".a.", ".a..b", ".a/b", ".a\x00", "." + strings.Repeat("a", 255)} {
		_, err := maildir.ParseFolder(file)
		assert.ErrorAs(t, err, &parse, file)
	}
	for _, path := range [][]string{nil, {""}, {"a", ""}, {"a.b"}, {"a/b"}, {"a\x00"}, {"\xfc"}, {strings.Repeat("a", 255)}, {strings.Repeat("ü", 100)}} {
		_, err := maildir.NewFolder(path...)
		assert.ErrorAs(t, err, &parse, path)
	}
	_, err = maildir.NewFolder("\xfc")
	assert.Contains(t, err.Error(), "(RFC 3501 §5.1.3)")
	require.ErrorAs(t, err, &parse)
	assert.Error(t, parse.Unwrap())
}

// FuzzParseName checks that a name that was read is written as one of the same
// meaning, and that the second time nothing changes.
func FuzzParseName(f *testing.F) {
	f.Add("1310126914.M20046P2137V801I1C5E.host,S=1234,W=1260:2,FS")
	f.Add("a;2,SS:2,x")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := maildir.ParseName(s)
		if err != nil {
			return
		}
		require.NotContains(t, s, "/")
		require.True(t, strings.HasPrefix(s, n.Base))
		again, err := maildir.ParseName(n.String())
		require.NoError(t, err)
		require.Equal(t, n, again)
		require.Equal(t, n.Flags, n.Flags.With().Without())
		n.Size()
		n.WireSize()
		n.Time()
	})
}

// FuzzParseFolder checks that folders have one name alone.
func FuzzParseFolder(f *testing.F) {
	f.Add(".Lists.Entw&APw-rfe", "Lists", "Entwürfe")
	f.Add(".&AAA-", "a.b", "&")
	f.Fuzz(func(t *testing.T, file, a, b string) {
		if folder, err := maildir.ParseFolder(file); err == nil {
			if again, err := maildir.NewFolder(folder.Path...); err == nil && again.File == file {
				require.Equal(t, folder, again)
			}
		}
		if folder, err := maildir.NewFolder(a, b); err == nil {
			again, err := maildir.ParseFolder(folder.File)
			require.NoError(t, err)
			require.Equal(t, folder, again)
		}
	})
}
