package form_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/form"
)

// part is what a test sees of one.
type part struct {
	name, fileName string
	isFile         bool
	contentType    string
	content        string
}

const typeB = "multipart/form-data; boundary=b"

func readParts(body io.Reader, lim *form.Limits) (parts []part, err error) {
	r, err := form.NewReader(body, typeB, lim)
	if err != nil {
		return nil, err
	}
	for p, err := range r.Parts() {
		if err != nil {
			return parts, err
		}
		content, err := io.ReadAll(struct{ io.Reader }{p})
		parts = append(parts, part{p.Name, p.FileName, p.IsFile, p.ContentType, string(content)})
		if err != nil {
			return parts, err
		}
	}
	return parts, nil
}

// disposition makes a body of one part with this Content-Disposition.
func disposition(value string) string {
	return "--b\r\nContent-Disposition: " + value + "\r\n\r\nx\r\n--b--\r\n"
}

var readerCases = []struct {
	name, in string
	want     []part
}{
	{"7578-4.2 a field", disposition(`form-data; name="user"`), []part{{"user", "", false, "text/plain", "x"}}},
	{"7578-4.2 a file", disposition(`form-data; name="f"; filename="a.txt"`), []part{{"f", "a.txt", true, "text/plain", "x"}}},
	{"what a browser sends",
		"------WebKitFormBoundary\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n" +
			"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\r\n--b--\r\n",
		[]part{{"a", "", false, "text/plain", "1"}, {"f", "x.png", true, "image/png", "\x89PNG\r\n\x1a\n"}}},
	{"no file chosen", disposition(`form-data; name="f"; filename=""`), []part{{"f", "", true, "text/plain", "x"}}},
	{"no field", "--b--\r\n", nil},
	{"7578-4.3 files of one name", disposition(`form-data; name=f; filename=a`)[:len(disposition(`form-data; name=f; filename=a`))-7] + disposition(`form-data; name=f; filename=b`),
		[]part{{"f", "a", true, "text/plain", "x"}, {"f", "b", true, "text/plain", "x"}}},
	{"names without case, tokens, odd spacing", "--b\r\ncontent-disposition:FORM-DATA \t; NAME=user;;FileName=a \r\ncontent-TYPE:\ttext/html \r\n\r\nx\r\n--b--",
		[]part{{"user", "a", true, "text/html", "x"}}},
	{"7578-4.8 other fields are ignored", "--b\r\nX-Y: z\r\nContent-Disposition: form-data; name=a; size=1; x=\"y\"\r\nX-Y: z\r\n\r\nx\r\n--b--", []part{{"a", "", false, "text/plain", "x"}}},
	{"7578-4.7 encodings that change nothing", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: Binary\r\n\r\nx\r\n--b--", []part{{"a", "", false, "text/plain", "x"}}},
	{"UTF-8 in names", disposition(`form-data; name="ö"; filename="ü.txt"`), []part{{"ö", "ü.txt", true, "text/plain", "x"}}},
	{"quoted-pairs", disposition(`form-data; name="a\"b\\c"`), []part{{`a"b\c`, "", false, "text/plain", "x"}}},
	{"7578-2 a quotation mark, percent-encoded", disposition(`form-data; name="a%22b"; filename="%22.txt"`), []part{{`a"b`, `".txt`, true, "text/plain", "x"}}},
	{"7578-2 other percent-encoding is left", disposition(`form-data; name="a%0D%0Ab"; filename="100%25.txt"`), []part{{"a%0D%0Ab", "100%25.txt", true, "text/plain", "x"}}},
	{"7578-4.2 a path is cut", disposition(`form-data; name="f"; filename="../../etc/passwd"`), []part{{"f", "passwd", true, "text/plain", "x"}}},
	{"7578-4.2 a path with backslashes is cut", disposition(`form-data; name="f"; filename="C:\dir\new.txt"`), []part{{"f", "new.txt", true, "text/plain", "x"}}},
	{"7578-4.2 a directory is no name", disposition(`form-data; name="f"; filename="a/.."`), []part{{"f", "", true, "text/plain", "x"}}},
	{"7578-4.2 nor is a slash", disposition(`form-data; name="f"; filename="a/"`), []part{{"f", "", true, "text/plain", "x"}}},
	{"7578-4.3 files within one part, the older way",
		"--b\r\nContent-Disposition: form-data; name=\"files\"\r\nContent-Type: Multipart/Mixed; boundary=inner\r\n\r\n" +
			"--inner\r\nContent-Disposition: file; filename=\"1.txt\"\r\nContent-Type: text/plain\r\n\r\none\r\n" +
			"--inner\r\nContent-Disposition: attachment; filename=\"2.gif\"\r\nContent-Type: image/gif\r\n\r\ntwo\r\n" +
			"--inner--\r\n--b\r\nContent-Disposition: form-data; name=\"after\"\r\n\r\nx\r\n--b--\r\n",
		[]part{{"files", "1.txt", true, "text/plain", "one"}, {"files", "2.gif", true, "image/gif", "two"}, {"after", "", false, "text/plain", "x"}}},
	{"a type that only begins like it", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed-up\r\n\r\nx\r\n--b--", []part{{"a", "", false, "multipart/mixed-up", "x"}}},
	{"the epilogue is ignored", disposition(`form-data; name=a`) + "--b\r\n", []part{{"a", "", false, "text/plain", "x"}}},
}

func TestReader(t *testing.T) {
	for _, tt := range readerCases {
		for how, in := range map[string]io.Reader{
			"whole":          strings.NewReader(tt.in),
			"octet by octet": iotest.OneByteReader(strings.NewReader(tt.in)),
		} {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				got, err := readParts(in, nil)
				require.NoError(t, err)
				assert.Equal(t, tt.want, got)
			})
		}
	}
}

var refused = []struct {
	name, in string
	offset   int64
	reply    int
	text     string // if not empty
}{
	{"7578-4.2 no Content-Disposition", "--b\r\nX: y\r\n\r\nx\r\n--b--", 5, 400, "form: Content-Disposition: missing at byte 5 (RFC 7578 §4.2)"},
	{"7578-4.2 empty header", "--b\r\n\r\nx\r\n--b--", 5, 400, ""},
	{"7578-4.2 another disposition", disposition(`attachment; name=a`), 26, 400, "form: form-data at byte 26 (RFC 7578 §4.2)"},
	{"7578-4.2 no disposition", disposition(`; name=a`), 26, 400, ""},
	{"7578-4.2 no name", disposition(`form-data; filename=a`), 26, 400, "form: parameter name: missing at byte 26 (RFC 7578 §4.2)"},
	{"7578-4.2 filename*", disposition(`form-data; name=a; filename*=UTF-8''x`), 45, 400, "form: parameter filename*: not allowed in a form at byte 45 (RFC 7578 §4.2)"},
	{"7578-4.2 filename* beside filename", disposition(`form-data; name=a; filename=x; FileName*=UTF-8''y`), 57, 400, ""},
	{"7578-4.2 name*", disposition(`form-data; name*=UTF-8''x`), 37, 400, ""},
	{"two names", disposition(`form-data; name=a; Name=b`), 45, 400, "form: parameter name: given twice at byte 45 (RFC 7578 §4.2)"},
	{"two file names", disposition(`form-data; name=a; filename=b; filename=c`), 57, 400, ""},
	{"two dispositions", "--b\r\nContent-Disposition: form-data; name=a\r\ncontent-disposition: form-data; name=b\r\n\r\nx\r\n--b--", 45, 400, ""},
	{"two types", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--", 64, 400, ""},
	{"7578-4.7 an encoding that changes octets", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--", 72, 415, ""},
	{"space before the colon", "--b\r\nContent-Disposition : form-data; name=a\r\n\r\nx\r\n--b--", 24, 400, ""},
	{"no colon", "--b\r\nContent-Disposition\r\n\r\nx\r\n--b--", 24, 400, ""},
	{"folded line", "--b\r\nContent-Disposition: form-data; name=a;\r\n filename=b\r\n\r\nx\r\n--b--", 46, 400, "form: field name and colon at byte 46 (RFC 2046 §5.1)"},
	{"NUL in a name", disposition("form-data; name=\"a\x00b\""), 44, 400, "form: field value: control character at byte 44 (RFC 2046 §5.1)"},
	{"bare CR in a name", disposition("form-data; name=\"a\rb\""), 44, 400, ""},
	{"bare LF in a header", disposition("form-data; name=\"a\nb\""), 44, 400, "form: part: LF without CR at byte 44 (RFC 2046 §5.1.1)"},
	{"Latin-1 in a name", disposition("form-data; name=\"\xf6\""), 26, 400, ""},
	{"quote not closed", disposition(`form-data; name="a\"`), 42, 400, "form: parameter value at byte 42 (RFC 9110 §5.6.6)"},
	{"something behind a quote", disposition(`form-data; name="a"b`), 45, 400, ""},
	{"no value", disposition(`form-data; name=`), 42, 400, ""},
	{"no equals sign", disposition(`form-data; name`), 41, 400, ""},
	{"2046-5.1.1 no last delimiter", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx", 48, 400, "form: last delimiter: unexpected EOF at byte 48 (RFC 2046 §5.1.1)"},
	{"nothing", "", 0, 400, ""},
	{"delimiter in a header", "--b\r\nContent-Disposition: form-data; name=a\r\n--b--\r\n", 45, 400, ""},
	{"7578-4.3 nested without boundary", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed\r\n\r\nx\r\n--b--", 5, 400, ""},
	{"7578-4.3 nested with a bad type", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary\r\n\r\nx\r\n--b--", 5, 400, ""},
	{"7578-4.3 nested without its last delimiter", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nx\r\n--b--", 90, 400, ""},
	{"7578-4.3 nested in a body that is cut", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nx", 98, 400, ""},
	{"7578-4.3 fault in a nested part", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nA\n\r\n", 96, 400, ""},
}

func TestReaderRefuses(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readParts(strings.NewReader(tt.in), nil)
			e, ok := errors.AsType[*form.ParseError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, tt.offset, e.Offset, "%v", err)
			assert.Equal(t, tt.reply, e.Reply)
			if tt.text != "" {
				assert.EqualError(t, err, tt.text)
			}
			_, pieces := readParts(iotest.OneByteReader(strings.NewReader(tt.in)), nil)
			assert.Equal(t, err.Error(), pieces.Error(), "chunks make no difference")
		})
	}
}

func TestReaderStops(t *testing.T) {
	r, err := form.NewReader(strings.NewReader("--b\r\n\r\n"), typeB, nil)
	require.NoError(t, err)
	_, first := r.Next()
	_, again := r.Next()
	require.Error(t, first)
	assert.Equal(t, first, again)

	_, err = readParts(strings.NewReader("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx"), nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)

	broken := errors.New("broken")
	_, err = readParts(io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx"), iotest.ErrReader(broken)), nil)
	assert.ErrorIs(t, err, broken)
}

func TestNewReaderTypes(t *testing.T) {
	for _, good := range []string{"multipart/form-data; boundary=b", `Multipart/Form-Data;charset=utf-8;Boundary="a b"`, `multipart/form-data; boundary="----=_Part:1"`} {
		_, err := form.NewReader(nil, good, nil)
		assert.NoError(t, err, good)
	}
	for bad, reply := range map[string]int{
		"":                                                         415,
		"text/plain":                                               415,
		"multipart/mixed; boundary=b":                              415,
		"application/x-www-form-urlencoded":                        415,
		"multipart/form-data":                                      400,
		"multipart/form-data; boundary=\"\"":                       400,
		"multipart/form-data; boundary=\"a \"":                     400,
		"multipart/form-data; boundary=a; boundary=b":              400,
		"multipart/form-data, boundary=a":                          400,
		"multipart/form-data; boundary=a:b":                        400,
		"multipart/form-data; boundary=\"a\r\nb\"":                 400,
		"multipart/form-data; boundary=" + strings.Repeat("a", 71): 400,
	} {
		_, err := form.NewReader(nil, bad, nil)
		e, ok := errors.AsType[*form.ParseError](err)
		require.True(t, ok, "%q: %v", bad, err)
		assert.Equal(t, reply, e.Reply, "%q", bad)
	}
}

func TestReaderLimits(t *testing.T) {
	three := strings.Repeat("--b\r\nContent-Disposition: form-data; name=abc\r\n\r\nx\r\n", 3) + "--b--\r\n"
	_, err := readParts(strings.NewReader(three), &form.Limits{MaxParts: 3, MaxName: 3, MaxBody: int64(len(three)), MaxPartHeader: 44})
	require.NoError(t, err, "all just met")
	tests := []struct {
		lim  form.Limits
		want form.LimitError
	}{
		{form.Limits{MaxParts: 2}, form.LimitError{Name: "MaxParts", Max: 2}},
		{form.Limits{MaxName: 2}, form.LimitError{Name: "MaxName", Max: 2}},
		{form.Limits{MaxBody: int64(len(three)) - 1}, form.LimitError{Name: "MaxBody", Max: int64(len(three)) - 1}},
		{form.Limits{MaxBody: 50}, form.LimitError{Name: "MaxBody", Max: 50}},
		{form.Limits{MaxPartHeader: 43}, form.LimitError{Name: "MaxPartHeader", Max: 43}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.want.Name, tt.want.Max), func(t *testing.T) {
			_, err := readParts(iotest.OneByteReader(strings.NewReader(three)), &tt.lim)
			requireLimit(t, tt.want.Name, tt.want.Max, err)
		})
	}
	_, err = readParts(strings.NewReader("--b\r\nX: "+strings.Repeat("y", 9000)), nil)
	requireLimit(t, "MaxPartHeader", 8192, err)
	_, err = readParts(strings.NewReader(strings.Repeat("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n", 1001)), nil)
	requireLimit(t, "MaxParts", 1000, err)
	_, err = readParts(strings.NewReader(disposition("form-data; name=a; filename="+strings.Repeat("f", 1025))), nil)
	requireLimit(t, "MaxName", 1024, err)
}

func TestPartText(t *testing.T) {
	tests := []struct {
		content, want string
		wantErr       bool
	}{{"ö\r\n", "ö\r\n", false}, {"", "", false}, {"\xf6", "", true}}
	for _, tt := range tests {
		r, err := form.NewReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n"+tt.content+"\r\n--b--"), typeB, nil)
		require.NoError(t, err)
		p, err := r.Next()
		require.NoError(t, err)
		got, err := p.Text()
		assert.Equal(t, tt.want, got)
		assert.Equal(t, tt.wantErr, err != nil, "%v", err)
	}
	for in, lim := range map[string]*form.Limits{
		"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n12345\r\n--b--": {MaxValue: 4},
	} {
		r, err := form.NewReader(strings.NewReader(in), typeB, lim)
		require.NoError(t, err)
		p, err := r.Next()
		require.NoError(t, err)
		_, err = p.Text()
		requireLimit(t, "MaxValue", 4, err)
	}
}
