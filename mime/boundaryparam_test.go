package mime_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// The scanner finds the boundary that the media type tells, however it is
// written.
func TestBoundaryParameter(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"2046-5.1.1 plain", `multipart/mixed; boundary=b`, "b"},
		{"2046-5.1.1 quoted", `multipart/mixed; boundary="a \"b"`, `a "b`},
		{"2231-3 in sections", `multipart/mixed; boundary*1=b; boundary*0="a "`, "a b"},
		{"2231-4 with a charset", `multipart/mixed; boundary*=us-ascii'en'a%20b`, "a b"},
		{"2231-4.1 both", `multipart/mixed; BOUNDARY*0*=''a%3D; boundary*1="=b"`, "a==b"},
		{"another parameter first", `multipart/mixed; boundaries=x; boundary=b`, "b"},
		{"the first of two", `multipart/mixed; boundary=b; boundary=c`, "b"},
		{"behind as many parameters as may be", `multipart/mixed` + strings.Repeat("; a=b", 255) + "; boundary=b", "b"},
		{"behind more parameters than may be", `multipart/mixed` + strings.Repeat("; a=b", 256) + "; boundary=b", ""},
		{"none", `multipart/mixed; charset=b`, ""},
		{"empty", `multipart/mixed; boundary=""`, ""},
		{"empty in sections", `multipart/mixed; boundary*0=`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, _, err := mime.ParseMediaType(tt.value, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, m.Get("boundary"))
			e, err := mime.ParseBytes([]byte("Content-Type: "+tt.value+"\r\n\r\n--"+tt.want+"\r\n\r\nx\r\n--"+tt.want+"--\r\n"), nil)
			require.NoError(t, err)
			if tt.want == "" {
				assert.Equal(t, mime.KindLeaf, e.Kind())
				return
			}
			var parts []string
			for c := range e.Children() {
				parts = append(parts, c.Path())
			}
			assert.Equal(t, []string{"1"}, parts)
		})
	}
}
