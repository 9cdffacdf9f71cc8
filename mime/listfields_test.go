package mime_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestParseListCommands(t *testing.T) {
	type url = mime.ListURL
	const damaged = mime.DefectListCommand
	tests := []struct {
		name, in string
		want     []url
		no       bool
		defects  []mime.DefectCode
	}{
		{"2369-3.1 comment behind", "<mailto:list@host.com?subject=help> (List Instructions)", []url{{"mailto:list@host.com?subject=help", "List Instructions"}}, false, nil},
		{"2369-3.1 two", "<ftp://ftp.host.com/list.txt> (FTP),\r\n    <mailto:list@host.com?subject=help>", []url{{"ftp://ftp.host.com/list.txt", "FTP"}, {"mailto:list@host.com?subject=help", ""}}, false, nil},
		{"2369-3.2 comment in front", "(Use this command to get off the list)\r\n   <mailto:list-manager@host.com?body=unsubscribe%20list>", []url{{"mailto:list-manager@host.com?body=unsubscribe%20list", "Use this command to get off the list"}}, false, nil},
		{"2369-3.4 NO", " NO (posting not allowed on this list)", nil, true, nil},
		{"2369-2 blanks in it", "<http://www.host.com/\r\n list/>", []url{{"http://www.host.com/list/", ""}}, false, nil},
		{"2369-2 rule 1", "http://www.host.com/", nil, false, []mime.DefectCode{damaged}},
		{"2369-2 rule 2", "<a:b> c, <d:e>", []url{{"a:b", ""}}, false, nil},
		{"2369-2 rule 3", "<a:b>, c, <d:e>", []url{{"a:b", ""}}, false, []mime.DefectCode{damaged}},
		{"no end", "<a:b>, <c", []url{{"a:b", ""}}, false, []mime.DefectCode{damaged}},
		{"empty", "", nil, false, []mime.DefectCode{damaged}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, defects, err := mime.ParseListCommands(tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, mime.ListCommands{URLs: tt.want, No: tt.no}, c)
			assert.Equal(t, tt.defects, codes(defects))
		})
	}
}

func TestHeaderListCommands(t *testing.T) {
	var h mime.Header
	c := mime.ListCommands{URLs: []mime.ListURL{{"https://list.example/u?1", "the (short) way"}, {"mailto:u@list.example", ""}}}
	require.NoError(t, h.SetListCommands("List-Unsubscribe", c))
	assert.Equal(t, `<https://list.example/u?1> (the \(short\) way), <mailto:u@list.example>`, h.Get("List-Unsubscribe"))
	again, err := h.ListCommands("List-Unsubscribe")
	require.NoError(t, err)
	assert.Equal(t, c, again)

	_, ok := h.OneClick()
	assert.False(t, ok)
	require.NoError(t, h.Add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
	url, ok := h.OneClick()
	assert.True(t, ok)
	assert.Equal(t, "https://list.example/u?1", url)
	require.NoError(t, h.Set("List-Unsubscribe", "<mailto:u@list.example>"))
	_, ok = h.OneClick()
	assert.False(t, ok, "8058-3.1 https alone")

	require.NoError(t, h.SetListCommands("List-Post", mime.ListCommands{No: true}))
	assert.Equal(t, "NO", h.Get("List-Post"))
	assert.ErrorIs(t, h.SetListCommands("List-Help", mime.ListCommands{URLs: []mime.ListURL{{"a:b", "x\ny"}}}), mime.ErrHeaderInjection)
	for _, bad := range []mime.ListCommands{{}, {URLs: []mime.ListURL{{"a b", ""}}}, {URLs: []mime.ListURL{{"a>b", ""}}}, {URLs: []mime.ListURL{{"ä", ""}}}, {No: true, URLs: []mime.ListURL{{"a:b", ""}}}} {
		assert.Error(t, h.SetListCommands("List-Help", bad))
	}
	_, err = h.ListCommands("List-Help")
	assert.ErrorIs(t, err, mime.ErrNoField)
}

func FuzzListCommands(f *testing.F) {
	f.Add("(x) <mailto:a@b> (c), <http://d> e, <f>")
	f.Add("NO (x)")
	f.Fuzz(func(t *testing.T, s string) {
		c, defects, err := mime.ParseListCommands(s, nil)
		require.NoError(t, err)
		_, _, err = mime.ParseListCommands(s, &mime.Options{Strict: true})
		require.Equal(t, len(defects) > 0, err != nil)
		b, err := c.AppendText(nil)
		if err != nil {
			return
		}
		again, defects, err := mime.ParseListCommands(string(b), nil)
		require.NoError(t, err)
		require.Empty(t, defects)
		require.Equal(t, c, again)
	})
}

func ExampleHeader_OneClick() {
	h, _, _, err := mime.ParseHeader([]byte("List-Unsubscribe: <mailto:off@list.example>,\r\n <https://list.example/off/1234>\r\n"+
		"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(h.OneClick())
	// Output: https://list.example/off/1234 true
}
