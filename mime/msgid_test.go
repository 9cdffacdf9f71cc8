package mime_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestParseMessageIDs(t *testing.T) {
	const damaged = mime.DefectMessageID
	tests := []struct {
		name, in string
		want     []string
		defects  []mime.DefectCode
	}{
		{"5322-3.6.4", "<1234@local.machine.example>", []string{"1234@local.machine.example"}, nil},
		{"5322-A.2 many", "<1234@local.machine.example> <3456@example.net>", []string{"1234@local.machine.example", "3456@example.net"}, nil},
		{"5322-3.6.4 folding", " <a@b>\r\n\t<c@d>\r\n ", []string{"a@b", "c@d"}, nil},
		{"5322-3.6.4 nothing between", "<a@b><c@d>(x)<e@f>", []string{"a@b", "c@d", "e@f"}, nil},
		{"5322-3.6.4 domain literal", "<a@[192.0.2.1]>", []string{"a@[192.0.2.1]"}, nil},
		{"5322-A.6.3 comments inside", "<1234   @   local(blah)  .machine .example>", []string{"1234@local.machine.example"}, nil},
		{"5322-4.5.4 quoted left side", `<"a b".c@d>`, []string{`"a b.c"@d`}, nil},
		{"5322-4.5.4 quoted for nothing", `<"a"."b"@d>`, []string{"a.b@d"}, nil},
		{"5322-4.5.4 quoted pairs", `<"a\"\\"@d>`, []string{`"a\"\\"@d`}, nil},
		{"5322-4.5.4 phrases", `Your message of "Tue, 4 Mar" <a@b> and <c@d>`, []string{"a@b", "c@d"}, nil},
		{"6532-3.3 UTF-8", "<grüße@exämple>", []string{"grüße@exämple"}, nil},
		{"none", " (none) ", nil, nil},

		{"no @", "<abc>", []string{"abc"}, []mime.DefectCode{damaged}},
		{"two @", "<a@b@c>", []string{"a@b@c"}, []mime.DefectCode{damaged}},
		{"empty", "<>", nil, []mime.DefectCode{damaged}},
		{"no left side", "<@b>", []string{"@b"}, []mime.DefectCode{damaged}},
		{"no right side", "<a@>", []string{"a@"}, []mime.DefectCode{damaged}},
		{"blanks", "<a b@\r\n c> <d@e>", []string{"ab@c", "d@e"}, []mime.DefectCode{damaged}},
		{"not closed", "<a@b", []string{"a@b"}, []mime.DefectCode{damaged}},
		{"the next one closes it", "<a@b <c@d>", []string{"a@b", "c@d"}, []mime.DefectCode{damaged}},
		{"double brackets", "<<a@b>>", []string{"a@b"}, []mime.DefectCode{damaged, mime.DefectMessageIDText}},
		{"bare", "a@b c@[1]", []string{"a@b", "c@[1]"}, []mime.DefectCode{mime.DefectBareMessageID, mime.DefectBareMessageID}},
		{"unclosed literal", "<a@[b> <c@d>", []string{"a@[b", "c@d"}, []mime.DefectCode{damaged}},
		{"NUL in a literal", "<a@[\x00]>", []string{"a@[\x00]"}, []mime.DefectCode{damaged}},
		{"commas", "<a@b>,<c@d>", []string{"a@b", "c@d"}, []mime.DefectCode{mime.DefectMessageIDText}},
		{"unclosed quote", `<"a@b> <c@d>`, []string{`"a@b`, "c@d"}, []mime.DefectCode{damaged}},
		{"quoted line end", "<\"a\\\r\\\nb\"@c>", []string{"\"a\\\\b\"@c"}, []mime.DefectCode{damaged}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ids, defects, err := mime.ParseMessageIDs(tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, ids)
			assert.Equal(t, tt.defects, codes(defects))
			_, _, err = mime.ParseMessageIDs(tt.in, &mime.Options{Strict: true})
			assert.Equal(t, tt.defects != nil, err != nil, "strict")
		})
	}
}

func TestHeaderMessageIDs(t *testing.T) {
	h := parse(t, "In-Reply-To: <a@b> x\r\nReferences: <c@d>\r\nreferences: <e@f>\r\nMessage-ID: <g@h>\r\n\r\n")
	id, err := h.MessageID()
	require.NoError(t, err)
	assert.Equal(t, "g@h", id)
	ids, err := h.References()
	require.NoError(t, err)
	assert.Equal(t, []string{"c@d", "e@f"}, ids)

	require.NoError(t, h.SetMessageIDs("References", "c@d", "e@f", "g@h"))
	assert.Equal(t, []string{"<c@d> <e@f> <g@h>"}, h.Values("References"))
	assert.ErrorIs(t, h.SetMessageIDs("References", "a\r\nBcc: x@y"), mime.ErrHeaderInjection)
	for _, bad := range []string{"", "a b@c", "a@b> <c@d", "a(b)@c", "<a@b>", `"a"@c`} {
		assert.Error(t, h.SetMessageIDs("References", bad), bad)
	}
	for _, odd := range []string{"abc", `"a b"@c`, "a@b@c"} {
		assert.NoError(t, h.SetMessageIDs("References", odd), odd)
	}

	for in, want := range map[string]string{
		"Message-ID: abc def\r\n\r\n":     "abcdef",
		"Message-ID: a@b\r\n\r\n":         "a@b",
		"Message-ID: <a@b> <c@d>\r\n\r\n": "a@b",
	} {
		h := parse(t, in)
		id, err := h.MessageID()
		require.NoError(t, err)
		assert.Equal(t, want, id)
		h, _, _, err = mime.ParseHeader([]byte(in), &mime.Options{Strict: true})
		require.NoError(t, err)
		_, err = h.MessageID()
		assert.Error(t, err, "strict")
		_, err = h.MessageIDs("Message-ID")
		assert.Equal(t, in == "Message-ID: a@b\r\n\r\n", err != nil)
	}
	var none mime.Header
	_, err = none.MessageID()
	assert.ErrorIs(t, err, mime.ErrNoField)
}

func TestNewMessageID(t *testing.T) {
	a, b := mime.NewMessageID("example.org"), mime.NewMessageID("example.org")
	assert.NotEqual(t, a, b)
	left, right, _ := strings.Cut(a, "@")
	assert.GreaterOrEqual(t, len(left)*5, 128, "of five bits a letter")
	assert.Equal(t, "example.org", right)
}

func FuzzMessageIDs(f *testing.F) {
	f.Add("<1234   @   local(blah)  .machine .example> <<a>> x@y")
	f.Add(`phrase <"a b"@[1]><c@d`)
	f.Add("<0@[\x00> <0@[\x00]>")
	f.Add("<\"\\ \"<\"")
	f.Add("<a@b(x <c)d")
	f.Fuzz(func(t *testing.T, s string) {
		ids, defects, err := mime.ParseMessageIDs(s, nil)
		require.NoError(t, err)
		_, _, err = mime.ParseMessageIDs(s, &mime.Options{Strict: true})
		require.Equal(t, len(defects) > 0, err != nil)
		b, err := mime.AppendMessageIDs(nil, ids...)
		if err != nil {
			require.NotEmpty(t, defects, "what is right can be written")
			return
		}
		again, _, err := mime.ParseMessageIDs(string(b), nil)
		require.NoError(t, err)
		require.Equal(t, ids, again)
	})
}

func ExampleHeader_References() {
	h, _, _, err := mime.ParseHeader([]byte("References: <1@a.example> <2@b.example>\r\n\r\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(h.References())
	// Output: [1@a.example 2@b.example] <nil>
}
