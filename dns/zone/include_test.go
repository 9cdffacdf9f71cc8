package zone_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/internal/testkit"
)

func TestInclude(t *testing.T) {
	files := fstest.MapFS{
		"a":         {Data: []byte("x A 192.0.2.1\n$ORIGIN sub\ny A 192.0.2.2")},
		"d/b c":     {Data: []byte(" A 192.0.2.3\nz A 192.0.2.4\n$INCLUDE a\n")},
		"ttl":       {Data: []byte("$TTL 7\n")},
		"empty":     {},
		"unclosed":  {Data: []byte("q TXT (a\n")},
		"directory": {Mode: fs.ModeDir},
	}
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"1035-5.1 origin goes in and does not come out", "$INCLUDE a\nw A 192.0.2.5\n", []string{
			"x.e. 5 IN A 192.0.2.1", "y.sub.e. 5 IN A 192.0.2.2", "w.e. 5 IN A 192.0.2.5",
		}},
		{"1035-5.1 origin of its own", "$INCLUDE a f\nw A 192.0.2.5\n", []string{
			"x.f.e. 5 IN A 192.0.2.1", "y.sub.f.e. 5 IN A 192.0.2.2", "w.e. 5 IN A 192.0.2.5",
		}},
		{"owner goes in and does not come out", "w A 192.0.2.5\n$INCLUDE \"d/b c\"\n A 192.0.2.6\nw A 192.0.2.7\n", []string{
			"w.e. 5 IN A 192.0.2.5", "w.e. 5 IN A 192.0.2.3", "z.e. 5 IN A 192.0.2.4", "x.e. 5 IN A 192.0.2.1",
			"y.sub.e. 5 IN A 192.0.2.2", "w.e. 5 IN A 192.0.2.6", "w.e. 5 IN A 192.0.2.7",
		}},
		{"2308-4 TTL comes out", "$include ./d/../ttl\nw A 192.0.2.5\n", []string{"w.e. 7 IN A 192.0.2.5"}},
		{"empty file", "$INCLUDE empty\nw A 192.0.2.5\n", []string{"w.e. 5 IN A 192.0.2.5"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := records("$TTL 5\n"+tt.in, &zone.ReaderOptions{Origin: dns.MustName("e."), FS: files})
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	for _, tt := range []struct {
		name, in, file string
		line           int
		err            error
	}{
		{"no file", "$INCLUDE\n", "e.zone", 1, dns.ErrSyntax},
		{"too many words", "$INCLUDE a b c\n", "e.zone", 1, dns.ErrSyntax},
		{"origin that is no name", "$INCLUDE a b..\n", "e.zone", 1, dns.ErrLabel},
		{"file that is not there", "\n$INCLUDE none\n", "e.zone", 2, fs.ErrNotExist},
		{"out of the folder", "$INCLUDE ../a\n", "e.zone", 1, fs.ErrInvalid},
		{"out of the folder on the way", "$INCLUDE d/../../a\n", "e.zone", 1, fs.ErrInvalid},
		{"absolute path", "$INCLUDE /etc/passwd\n", "e.zone", 1, fs.ErrInvalid},
		{"empty path", "$INCLUDE \"\"\n", "e.zone", 1, fs.ErrInvalid},
		{"folder", "$INCLUDE d\n", "e.zone", 1, zone.ErrNotRegular},
		{"file that is wrong", "$TTL 5\n$INCLUDE unclosed\n)\n", "unclosed", 1, dns.ErrSyntax},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := records(tt.in, &zone.ReaderOptions{Origin: dns.MustName("e."), File: "e.zone", FS: files})
			var pe *zone.ParseError
			require.ErrorAs(t, err, &pe)
			if tt.file == "e.zone" {
				assert.ErrorIs(t, err, tt.err)
			}
			assert.Equal(t, tt.file, pe.File)
			assert.Equal(t, tt.line, pe.Line)
		})
	}
	_, err := records("$INCLUDE a\n", nil)
	assert.ErrorIs(t, err, zone.ErrNoFS)
}

// Files that include each other end at a limit, and none stays open.
func TestIncludeLimits(t *testing.T) {
	testkit.NoLeaks(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"self":  "$INCLUDE self\n",
		"a":     strings.Repeat("$INCLUDE b\n", 10),
		"b":     strings.Repeat("$INCLUDE c\n", 10),
		"c":     strings.Repeat("$INCLUDE d\n", 10),
		"d":     strings.Repeat("x. 5 A 192.0.2.1\n", 10),
		"eight": "$INCLUDE self\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	for _, tt := range []struct {
		name, in string
		limits   zone.Limits
		want     string
	}{
		{"file that includes itself", "$INCLUDE self\n", zone.Limits{}, "MaxDepth"},
		{"1110 files", "$INCLUDE a\n", zone.Limits{}, "MaxIncludes"},
		{"1110 files are many enough", "$INCLUDE a\n", zone.Limits{MaxIncludes: 1111}, ""},
		{"no limit of files", "$INCLUDE a\n", zone.Limits{MaxIncludes: -1}, ""},
		{"depth of four", "$INCLUDE a\n", zone.Limits{MaxIncludes: -1, MaxDepth: 4}, ""},
		{"depth of three", "$INCLUDE a\n", zone.Limits{MaxIncludes: -1, MaxDepth: 3}, "MaxDepth"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := records(tt.in, &zone.ReaderOptions{FS: root.FS(), Limits: &tt.limits})
			if tt.want == "" {
				require.NoError(t, err)
				assert.Len(t, got, 10000)
				return
			}
			var le *dns.LimitError
			require.ErrorAs(t, err, &le)
			assert.Equal(t, tt.want, le.Name)
		})
	}
	// A reader that is left in the middle is closed.
	r := zone.NewReader(strings.NewReader("$INCLUDE d\n"), &zone.ReaderOptions{FS: root.FS()})
	_, err = r.Next()
	require.NoError(t, err)
	require.NoError(t, r.Close())
}

// A link does not lead out of the folder, where the file system sees to it.
func TestIncludeLink(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "zones"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("x. 5 A 192.0.2.1\n"), 0o600))
	if err := os.Symlink("../secret", filepath.Join(dir, "zones", "link")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	root, err := os.OpenRoot(filepath.Join(dir, "zones"))
	require.NoError(t, err)
	defer root.Close()
	got, err := records("$INCLUDE link\n", &zone.ReaderOptions{FS: root.FS()})
	assert.Empty(t, got)
	assert.ErrorAs(t, err, new(*zone.ParseError))
}
