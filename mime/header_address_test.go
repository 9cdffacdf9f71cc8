package mime_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestHeaderAddressList(t *testing.T) {
	h := parse(t, "To: a@b\r\nFrom: c@d\r\nto: =?utf-8?q?J=2C?= <e@f>\r\nFrom: g@h\r\nCc:\r\n\r\n")
	to, err := h.AddressList("To")
	require.NoError(t, err)
	assert.Equal(t, `a@b, "J," <e@f>`, to.String(), "5322-4.5.3 one list")
	from, err := h.AddressList("From")
	require.NoError(t, err)
	assert.Equal(t, "c@d", from.String(), "the first counts")
	for _, name := range []string{"Cc", "Bcc", "Sender"} {
		none, err := h.AddressList(name)
		require.NoError(t, err)
		assert.Empty(t, none, name)
	}

	require.NoError(t, h.SetAddressList("To", mime.AddressList{{Mailbox: mime.Mailbox{Name: "Jörg", Local: "j", Domain: "k"}}}, nil))
	assert.Equal(t, []string{"=?utf-8?B?SsO2cmc=?= <j@k>"}, h.Values("To"))
	require.NoError(t, h.SetAddressList("To", to, &mime.WriteOptions{UTF8: true}))
	assert.Equal(t, []string{`a@b, "J," <e@f>`}, h.Values("To"))
	require.NoError(t, h.SetAddressList("To", nil, nil))
	assert.False(t, h.Has("To"))
	assert.ErrorIs(t, h.SetAddressList("To", mime.AddressList{{Mailbox: mime.Mailbox{Name: "x\r\nBcc: y", Local: "j", Domain: "k"}}}, nil), mime.ErrHeaderInjection)
	assert.Error(t, h.SetAddressList("T o", nil, nil))

	strict, _, _, err := mime.ParseHeader([]byte("To: a@b <c@d>\r\n\r\n"), &mime.Options{Strict: true})
	require.NoError(t, err)
	_, err = strict.AddressList("To")
	var e *mime.ParseError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "To", e.Field)
	assert.EqualValues(t, 4, e.Offset)
}

func TestLongAddressList(t *testing.T) {
	var l mime.AddressList
	for i := range 40 {
		l = append(l, mime.Address{Mailbox: mime.Mailbox{Name: "Some Body, Esq.", Local: fmt.Sprint("a", i), Domain: "example.org"}})
	}
	var h mime.Header
	require.NoError(t, h.SetAddressList("To", l, nil))
	for line := range strings.Lines(text(t, &h)) {
		assert.LessOrEqual(t, len(line), 80)
		assert.Zero(t, strings.Count(line, `"`)%2, "no quoted string is folded")
	}
	again, err := h.AddressList("To")
	require.NoError(t, err)
	assert.Equal(t, l, again)
}

func TestKeywords(t *testing.T) {
	h := parse(t, "Keywords: one two,, \"a, b\",\r\n =?utf-8?q?gr=C3=BCn?=\r\nKeywords: (x) last.\r\n\r\n")
	words, err := h.Keywords()
	require.NoError(t, err)
	assert.Equal(t, []string{"one two", "a, b", "grün", "last."}, words)
	require.NoError(t, h.SetKeywords(words, nil))
	assert.Equal(t, []string{`one two, "a, b", =?utf-8?B?Z3LDvG4=?=, "last."`}, h.Values("Keywords"))
	again, err := h.Keywords()
	require.NoError(t, err)
	assert.Equal(t, words, again)
	assert.Error(t, h.SetKeywords([]string{""}, nil))
	assert.ErrorIs(t, h.SetKeywords([]string{"a\nb"}, nil), mime.ErrHeaderInjection)
	require.NoError(t, h.SetKeywords(nil, nil))
	assert.Zero(t, h.Len())
}

func TestParseListID(t *testing.T) {
	tests := []struct {
		name, in string
		want     mime.ListID
		ok       bool
	}{
		// The examples of RFC 2919 §3.
		{"2919-3 words", "List Header Mailing List <list-header.nisto.com>", mime.ListID{"List Header Mailing List", "list-header.nisto.com"}, true},
		{"2919-3 no name", "<commonspace-users.list-id.within.com>", mime.ListID{"", "commonspace-users.list-id.within.com"}, true},
		{"2919-3 quoted", "\"Lena's Personal Joke List\"\r\n         <lenas-jokes.da39efc25c530ad145d41b86f7420c3b.021999.localhost>", mime.ListID{"Lena's Personal Joke List", "lenas-jokes.da39efc25c530ad145d41b86f7420c3b.021999.localhost"}, true},
		{"2919-3 blanks in it", "<a.\r\n b>", mime.ListID{"", "a.b"}, true},
		{"2047-5 encoded", "=?utf-8?q?Gr=C3=BCn?= <a.b>", mime.ListID{"Grün", "a.b"}, true},
		{"no brackets", " a.b ", mime.ListID{"", "a.b"}, false},
		{"no brackets, words", "a b", mime.ListID{"a b", ""}, false},
		{"2919-2 one label", "<a>", mime.ListID{"", "a"}, false},
		{"not closed", "x <a.b", mime.ListID{"x", "a.b"}, false},
		{"text behind", "<a.b> x", mime.ListID{"", "a.b"}, false},
		{"2919-2 longer than 255", "<" + strings.Repeat("a.", 128) + "b>", mime.ListID{"", strings.Repeat("a.", 128) + "b"}, false},
		{"empty", "", mime.ListID{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, strict := readField(t, "List-Id: "+tt.in, (*mime.Header).ListID)
			assert.Equal(t, tt.want, l)
			assert.Equal(t, tt.ok, strict == nil)
		})
	}
	var h mime.Header
	require.NoError(t, h.SetListID(mime.ListID{"Grün, x", "a.b"}))
	l, err := h.ListID()
	require.NoError(t, err)
	assert.Equal(t, mime.ListID{"Grün, x", "a.b"}, l)
	assert.True(t, l.Is("A.B"), "2919-6 without regard to case")
	for _, bad := range []mime.ListID{{}, {"", "a"}, {"", "a b.c"}, {"", "ä.b"}, {"", "a.b\r\n"}, {"x\ny", "a.b"}} {
		assert.Error(t, h.SetListID(bad))
	}
}

func TestNotificationOptions(t *testing.T) {
	type option = mime.NotificationOption
	tests := []struct {
		name, in string
		want     []option
		ok       bool
	}{
		{"8098-2.2", "signed-receipt-protocol=optional,pkcs7-signature; signed-receipt-micalg=Required, sha256 , \"a b\"",
			[]option{{"signed-receipt-protocol", false, []string{"pkcs7-signature"}}, {"signed-receipt-micalg", true, []string{"sha256", "a b"}}}, true},
		{"no value", "a=required; b=optional,c", []option{{"b", false, []string{"c"}}}, false},
		{"no importance", "a=b,c; d=optional,e", []option{{"d", false, []string{"e"}}}, false},
		{"no equals sign", "a; d=optional,e", []option{{"d", false, []string{"e"}}}, false},
		{"empty value", "a=optional,;d=optional,e", []option{{"d", false, []string{"e"}}}, false},
		{"text behind", "a=optional,b c;d=optional,e", []option{{"d", false, []string{"e"}}}, false},
		{"empty", "", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, strict := readField(t, "Disposition-Notification-Options: "+tt.in, (*mime.Header).NotificationOptions)
			assert.Equal(t, tt.want, list)
			assert.Equal(t, tt.ok, strict == nil)
		})
	}
	var h mime.Header
	list := []option{{"a", false, []string{"b"}}, {"c", true, []string{"d", "e f"}}}
	require.NoError(t, h.SetNotificationOptions(list))
	assert.Equal(t, `a=optional,b; c=required,d,"e f"`, h.Get("Disposition-Notification-Options"))
	again, err := h.NotificationOptions()
	require.NoError(t, err)
	assert.Equal(t, list, again)
	assert.Error(t, h.SetNotificationOptions([]option{{"a", false, nil}}))
	assert.ErrorIs(t, h.SetNotificationOptions([]option{{"a\n", false, []string{"b"}}}), mime.ErrHeaderInjection)
	assert.ErrorIs(t, h.SetNotificationOptions([]option{{"a", false, []string{"b\n"}}}), mime.ErrHeaderInjection)
	require.NoError(t, h.SetNotificationOptions(nil))
	assert.Zero(t, h.Len())
}

func FuzzListID(f *testing.F) {
	f.Add("\"Lena's List\" =?utf-8?q?x?= <a.b>")
	f.Fuzz(func(t *testing.T, s string) {
		l, defects, err := mime.ParseListID(s, nil)
		require.NoError(t, err)
		_, _, err = mime.ParseListID(s, &mime.Options{Strict: true})
		require.Equal(t, len(defects) > 0, err != nil)
		b, err := l.AppendText(nil)
		if err != nil {
			return
		}
		again, _, err := mime.ParseListID(string(b), nil)
		require.NoError(t, err)
		require.Equal(t, l, again)
	})
}

func FuzzNotificationOptions(f *testing.F) {
	f.Add("a=optional,b; c=required,d,\"e f\"")
	f.Fuzz(func(t *testing.T, s string) {
		list, defects, err := mime.ParseNotificationOptions(s, nil)
		require.NoError(t, err)
		_, _, err = mime.ParseNotificationOptions(s, &mime.Options{Strict: true})
		require.Equal(t, len(defects) > 0, err != nil)
		var h mime.Header
		if h.SetNotificationOptions(list) != nil || len(list) == 0 {
			return
		}
		again, err := h.NotificationOptions()
		require.NoError(t, err)
		require.Equal(t, list, again)
	})
}

func ExampleHeader_AddressList() {
	h, _, _, err := mime.ParseHeader([]byte("To: Mary Smith <mary@x.test>, jdoe@example.org (John)\r\n\r\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	to, err := h.AddressList("To")
	if err != nil {
		fmt.Println(err)
		return
	}
	for m := range to.Mailboxes() {
		fmt.Printf("%s: %s\n", m.Name, m.Addr())
	}
	// Output:
	// Mary Smith: mary@x.test
	// John: jdoe@example.org
}
