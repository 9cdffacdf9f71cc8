package mime_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestParseDisposition(t *testing.T) {
	tests := []struct {
		name, in, want string
		params         []string
		defects        []mime.DefectCode
	}{
		{"2183-3 inline", "inline", "inline", nil, nil},
		{"2183-2 case and comments", "(a) Attachment (b); filename=x", "attachment", []string{"filename", "x"}, nil},
		{"2183-2.8 unknown", "x-what", "x-what", nil, nil},
		{"7578-4.2", `form-data; name="user"`, "form-data", []string{"name", "user"}, nil},
		{"empty", "", "attachment", nil, []mime.DefectCode{mime.DefectBadDisposition}},
		{"a parameter at once", "filename=x", "attachment", []string{"filename", "x"}, []mime.DefectCode{mime.DefectBadDisposition, mime.DefectMissingSemicolon}},
		{"no type", "; filename=x", "attachment", []string{"filename", "x"}, []mime.DefectCode{mime.DefectBadDisposition}},
		{"quotes around the type", `"inline"; filename=x`, "attachment", []string{"filename", "x"}, []mime.DefectCode{mime.DefectBadDisposition}},
		{"no semicolon", "attachment filename=x", "attachment", []string{"filename", "x"}, []mime.DefectCode{mime.DefectMissingSemicolon}},
		{"text behind the type", "attachment x; filename=x", "attachment", []string{"filename", "x"}, []mime.DefectCode{mime.DefectTextBehindType}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, defects, err := mime.ParseDisposition(tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, d.Type)
			assert.Equal(t, tt.want == "inline", d.Inline())
			assert.Equal(t, tt.params, pairs(d.Params))
			assert.Equal(t, tt.defects, codes(defects))
		})
	}
}

func TestDispositionAppendText(t *testing.T) {
	d := mime.Disposition{Type: "attachment"}
	d.Set("filename", "a b.txt")
	assert.Equal(t, `attachment; filename="a b.txt"`, d.String())
	for _, typ := range []string{"", "a b", "a;b"} {
		_, err := mime.Disposition{Type: typ}.AppendText(nil)
		assert.EqualError(t, err, "mime: disposition is no token at byte 0 (RFC 2183 §2)")
	}
	_, err := mime.Disposition{Type: "a\n"}.AppendText(nil)
	assert.ErrorIs(t, err, mime.ErrHeaderInjection)
}

func TestFilename(t *testing.T) {
	tests := []struct{ name, disposition, mediaType, want string }{
		{"2183-2.3", "attachment; filename=a.txt", "text/plain; name=b.txt", "a.txt"},
		{"the older place", "attachment", "text/plain; name=b.txt", "b.txt"},
		{"an empty name counts for none", `attachment; filename=""`, "text/plain; name=b.txt", "b.txt"},
		{"none", "inline", "text/plain", ""},
		{"percent signs outside of a form", "attachment; filename=a%20b", "text/plain", "a%20b"},
		{"7578-4.2 percent signs", `form-data; name=x; filename="%C3%B6%22.txt"`, "text/plain", `ö".txt`},
		{"7578-4.2 others stand for themselves", `form-data; name=x; filename="100%.txt"`, "text/plain", "100%.txt"},
		{"7578-4.2 and octets that are no text", `form-data; name=x; filename="%FF.txt"`, "text/plain", "%FF.txt"},
		{"7578-4.2 without", `form-data; name=x; filename="a.txt"`, "text/plain", "a.txt"},
		// CVE-2024-39929: a filter that looks at one of these names and a reader
		// that shows the other.
		{"two names", `attachment; filename="a.txt"; filename="a.exe"`, "text/plain", "a.txt"},
		{"two forms of name", `attachment; filename="a.txt"; filename*=utf-8''a.exe`, "text/plain", "a.exe"},
		{"sections over lines", "attachment; filename*0=\"a.\";\r\n filename*1=\"exe\"", "text/plain", "a.exe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, _, err := mime.ParseDisposition(tt.disposition, nil)
			require.NoError(t, err)
			m, _, err := mime.ParseMediaType(tt.mediaType, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, mime.Filename(d, m))
		})
	}
}
