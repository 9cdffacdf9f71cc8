package mailview_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailview"
	"applayer/mime"
)

const both = "From: =?utf-8?q?J=C3=BCrgen?= <j@crepes.fr>, c@crepes.fr\r\nSubject: =?utf-8?q?Men=C3=BC?=\r\nDate: yesterday\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/html\r\n\r\n<p>Two &lt; <b>three</b></p>\r\n" +
	"--b\r\nContent-Type: text/plain; name=../x\r\n\r\nno text: it has a name\r\n" +
	"--b\r\n\r\nPlain.\r\n" +
	"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: within\r\n\r\nnot this\r\n--b--\r\n"

func TestView(t *testing.T) {
	tests := []struct {
		name, message     string
		text, plain       string
		attachments       []string
		parts             []string
		from, subject, on string
	}{
		{"plain text before HTML", both, "Plain.", "Plain.", []string{"x", "attachment-2"}, []string{"1", "2", "3", "4", "4.1"},
			"Jürgen <j@crepes.fr>, c@crepes.fr", "Menü", "yesterday"},
		{"HTML as text", "Content-Type: text/html\r\n\r\n<p>Two &lt; <b>three</b></p>", "Two < three\n", "", nil, []string{"1"}, "", "", ""},
		{"octets of no charset", "Content-Type: text/plain; charset=x-none\r\n\r\nM\xfcnchen", "M\ufffdnchen", "M\ufffdnchen", nil, []string{"1"}, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := mime.ParseBytes([]byte(tt.message), nil)
			require.NoError(t, err)
			v, err := mailview.New(e, 1<<20)
			require.NoError(t, err)
			assert.Equal(t, tt.text, v.Text)
			assert.Equal(t, tt.plain, v.Plain)
			var names, paths []string
			for _, a := range v.Attachments {
				names = append(names, a.Name)
			}
			for _, p := range v.Parts {
				paths = append(paths, p.Path)
			}
			assert.Equal(t, tt.attachments, names)
			assert.Equal(t, tt.parts, paths)
			assert.Equal(t, tt.from, v.Field("From"))
			assert.Equal(t, tt.subject, v.Field("Subject"))
			assert.Equal(t, tt.on, v.Field("Date"))
		})
	}
}

func TestParseAddresses(t *testing.T) {
	for _, tt := range []struct {
		typed, want string
		needsUTF8   bool
	}{
		{"Bob <bob@hamburger.edu>, carol@crepes.fr", "Bob <bob@hamburger.edu>, carol@crepes.fr", false},
		{"J\u00fcrgen <j@b\u00fccher.example>", "J\u00fcrgen <j@xn--bcher-kva.example>", false},
		{"jos\u00e9@b\u00fccher.example", "jos\u00e9@b\u00fccher.example", true},
		{"all: bob@B\u00dcCHER.example, jos\u00e9@x.example;", "\"all\": bob@xn--bcher-kva.example, jos\u00e9@x.example;", true},
		{"nobody:;", "\"nobody\":;", false},
		{"bob@[192.0.2.1]", "bob@[192.0.2.1]", false},
	} {
		list, needsUTF8, err := mailview.ParseAddresses(tt.typed)
		require.NoError(t, err, tt.typed)
		assert.Equal(t, tt.want, list.String())
		assert.Equal(t, tt.needsUTF8, needsUTF8, tt.typed)
	}
	for _, typed := range []string{"Alice <>", "alice", "a b@x.example", "g: <>;", "a@x.example\r\nBcc: b@x.example", "jos\xe9@x.example"} {
		_, _, err := mailview.ParseAddresses(typed)
		assert.Error(t, err, "%q", typed)
	}
}

// A message can have any length, what is shown of it has not.
func TestViewCut(t *testing.T) {
	for _, kind := range []string{"text/plain; charset=utf-8", "text/html; charset=utf-8"} {
		for most, want := range map[int64]string{4: "\u00fcb\ufffd", 5: "\u00fcb\u00e4", 6: "\u00fcb\u00e4r", 7: "\u00fcb\u00e4r"} {
			e, err := mime.ParseBytes([]byte("Content-Type: "+kind+"\r\n\r\n\u00fcb\u00e4r"), nil)
			require.NoError(t, err)
			v, err := mailview.New(e, most)
			require.NoError(t, err)
			assert.Equal(t, want, strings.TrimSpace(v.Text))
			assert.Equal(t, most < 6, v.Cut, most)
		}
	}
}

// A field is never silently empty: what has no address that can be read is shown
// as it came.
func TestFieldWithoutAddress(t *testing.T) {
	for field, want := range map[string]string{
		"To: undisclosed-recipients:;": "undisclosed-recipients:;",
		"To: =?utf-8?q?J=C3=BC?= <>":   "J\u00fc <>",
		"To: <bob@x.example>":          "bob@x.example",
	} {
		e, err := mime.ParseBytes([]byte(field+"\r\n\r\n"), nil)
		require.NoError(t, err)
		h, err := e.Header()
		require.NoError(t, err)
		assert.Equal(t, want, mailview.Field(&h, "To"), field)
	}
}

// What would change how a terminal shows the text can be seen instead, in
// whatever charset the terminal is.
func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain \u00fc \U0001f95e \ufffd": "plain \u00fc \U0001f95e \ufffd",
		"\x1b[2J\x07\x7f":                `\u001b[2J\u0007\u007f`,
		"\u009b31m\u0085":                `\u009b31m\u0085`,
		"a\u202efdp.exe\u200f\u2066":     `a\u202efdp.exe\u200f\u2066`,
		"\x9b31m":                        `\x9b31m`,
		"\xc3":                           `\xc3`,
		"\xed\xa0\x80\ufffd":             `\xed\xa0\x80` + "\ufffd",
		"one\r\ntwo\t\u2028":             `one\u000d\u000atwo\u0009\u2028`,
	} {
		assert.Equal(t, want, mailview.Visible(text))
	}
	assert.Equal(t, "one\ntwo\t"+`\u000d\x9b`, mailview.VisibleLines("one\r\ntwo\t\r\x9b"))
	assert.Equal(t, `{"a":"\u202e"}`, string(mailview.VisibleJSON([]byte("{\"a\":\"\u202e\"}\n"))))
}
