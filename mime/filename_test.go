package mime_test

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestSafeFilename(t *testing.T) {
	long := strings.Repeat("ö", 100)
	tests := []struct{ name, in, want string }{
		{"a name", "report 2024.pdf", "report 2024.pdf"},
		{"other scripts", "отчёт 報告.pdf", "отчёт 報告.pdf"},
		{"2183-2.3 a path", "../../etc/passwd", "passwd"},
		{"2183-2.3 a path of Windows", `C:\dir\new.txt`, "new.txt"},
		{"both", `a/b\c`, "c"},
		{"a separator last", "a/b/", "b"},
		{"separators alone", `/\/`, "attachment-7"},
		{"empty", "", "attachment-7"},
		{"dot", ".", "attachment-7"},
		{"dots", "..", "attachment-7"},
		{"dots behind a path", "a/..", "attachment-7"},
		{"blanks and dots at the end", " a.txt. . ", "a.txt"},
		{"blanks alone", " \u00a0\u3000 ", "attachment-7"},
		{"hidden", ".bashrc", "_bashrc"},
		{"an option", "-rf", "_rf"},
		{"a home", "~root", "_root"},
		{"signs of shells and Windows", `a<b>c:d"e|f?g*h.txt`, "a_b_c_d_e_f_g_h.txt"},
		{"an alternate stream", "a.txt:b.exe", "a.txt_b.exe"},
		{"control characters", "a\x00b\nc\x7f\u0085d.txt", "abcd.txt"},
		{"text turned around", "annex\u202egpj.exe", "annexgpj.exe"},
		{"characters without width", "a\u200b\ufeff\u2066b.txt", "ab.txt"},
		{"signs that look like separators", "a\u2215b\uff0fc\uff3cd", "a_b_c_d"},
		{"line separators", "a\u2028b\u2029c", "abc"},
		{"no characters", "a\ufffe\U0001ffffb\ufdd0c\ue000d", "abcd"},
		{"no UTF-8", "a\xffb.txt", "a_b.txt"},
		{"unknown characters", "a\ufffdb.txt", "a_b.txt"},
		{"a device", "NUL", "_NUL"},
		{"a device with an extension", "con.tar.gz", "_con.tar.gz"},
		{"a device with a blank", "aux .txt", "_aux .txt"},
		{"a port", "Com1.txt", "_Com1.txt"},
		{"a port of another script", "LPT².txt", "_LPT².txt"},
		{"ports are two of three letters", "cow1.txt", "cow1.txt"},
		{"and one digit", "com10.txt", "com10.txt"},
		{"and have one", "comb", "comb"},
		{"long", long + ".pdf", strings.Repeat("ö", 69) + ".pdf"},
		{"long without extension", long, strings.Repeat("ö", 71)},
		{"long extension", "a." + long, "a." + strings.Repeat("ö", 70)},
		{"long with a dot before the cut", strings.Repeat("a", 138) + ". " + "bbb.txt", strings.Repeat("a", 138) + ".txt"},
		{"a long device", "con." + strings.Repeat("a", 140), "_con." + strings.Repeat("a", 138)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := mime.SafeFilename(tt.in, 7)
			assert.Equal(t, tt.want, got)
			checkSafe(t, got)
		})
	}
}

// checkSafe checks what every safe name has.
func checkSafe(t *testing.T, name string) {
	assert.Equal(t, name, mime.SafeFilename(name, 7), "it is safe as it is")
	assert.LessOrEqual(t, len(name), 143)
	assert.True(t, utf8.ValidString(name))
	assert.True(t, filepath.IsLocal(name))
	assert.Equal(t, name, filepath.Base(name))
	assert.NotContains(t, ".-~ ", name[:1])
	assert.NotContains(t, ". ", name[len(name)-1:])
	assert.False(t, strings.ContainsAny(name, `/\<>:"|?*`))
	assert.False(t, strings.ContainsFunc(name, func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Cf)
	}))
}

func FuzzSafeFilename(f *testing.F) {
	for _, s := range []string{"", "../a", "con. .", ".-~ .a", strings.Repeat("a.", 200), strings.Repeat("ö", 140) + ". .b", "a\u202eb:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkSafe(t, mime.SafeFilename(s, 7)) })
}

// Other readers show the name that is not empty, so this is the one that a
// filter has to see, whatever the order.
func TestFilenameIsNotHiddenByAnEmptyForm(t *testing.T) {
	for _, value := range []string{
		"attachment; filename*=; filename=x.exe",
		`attachment; filename*=""; filename=x.exe`,
		"attachment; filename=x.exe; filename*=utf-8''",
		"attachment; filename*0=; filename*1=; filename=x.exe",
		"attachment; filename*=utf-8''; filename*0=x.; filename*1=exe",
		"attachment; filename*=utf-8''x.exe; filename=y",
	} {
		d, _, err := mime.ParseDisposition(value, nil)
		require.NoError(t, err)
		assert.Equal(t, "x.exe", d.Filename(), value)
		assert.Len(t, d.Params, 1, value)
	}
}
