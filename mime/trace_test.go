package mime_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestReturnPath(t *testing.T) {
	tests := []struct {
		in, want string
		ok       bool
	}{
		{"<a@b.example>", "a@b.example", true},
		{"<>", "", true},
		{" (x) < (y) > (z)", "", true},
		{"<@c.example,@d.example:a@b.example>", "a@b.example", true},
		{`<"a b"@[192.0.2.1]>`, `"a b"@[192.0.2.1]`, true},
		{"a@b.example", "a@b.example", false},
		{"<a@b.example> x", "a@b.example", false},
		{"<a>", "a", false},
		{"<@c:a", "a", false},
		{"<@a>", "@a", false},
		{"", "", false},
	}
	for _, tt := range tests {
		addr, err := readField(t, "Return-Path: "+tt.in, (*mime.Header).ReturnPath)
		assert.Equal(t, tt.want, addr, tt.in)
		assert.Equal(t, tt.ok, err == nil, tt.in)
	}
	h := parse(t, "Return-Path: <x>\r\nSubject: x\r\nReturn-Path: <y>\r\n\r\n")
	addr, err := h.ReturnPath()
	require.NoError(t, err)
	assert.Equal(t, "x", addr, "7103-7.5.3 the first")
	require.NoError(t, h.SetReturnPath("a@b.example"))
	assert.Equal(t, "Return-Path: <a@b.example>\r\nSubject: x\r\n\r\n", text(t, &h))
	require.NoError(t, h.SetReturnPath(""))
	assert.Equal(t, "<>", h.Get("Return-Path"))
	assert.ErrorIs(t, h.SetReturnPath("a@b\r\n"), mime.ErrHeaderInjection)
	for _, bad := range []string{"a", "a b@c", "a@b>", "(x)a@b", "@b:a@c"} {
		assert.Error(t, h.SetReturnPath(bad), bad)
	}
}

func TestTraceBehindFromLine(t *testing.T) {
	h := parse(t, "From a@b x\nA: 1\n\n")
	require.NoError(t, h.SetReturnPath("a@b"))
	d, _, err := mime.ParseDate("4 Mar 2025 10:00 GMT", nil)
	require.NoError(t, err)
	require.NoError(t, h.AddReceived(mime.Received{Date: d}))
	require.NoError(t, h.AddAuthResults(mime.AuthResults{ServID: "c"}))
	block := parse(t, "Resent-Date: x\nResent-From: y\n\n")
	require.NoError(t, h.AddResent(&block))
	assert.Equal(t, "From a@b x\nResent-Date: x\nResent-From: y\nAuthentication-Results: c; none\nReceived: ; Tue, 4 Mar 2025 10:00:00 +0000\nReturn-Path: <a@b>\nA: 1\n\n", text(t, &h))

	h = parse(t, "From a@b x\n\n")
	require.NoError(t, h.SetReturnPath(""))
	assert.Equal(t, "From a@b x\nReturn-Path: <>\n\n", text(t, &h))
}

func TestResent(t *testing.T) {
	const one = "Resent-Date: Fri, 21 Nov 1997 10:05:43 -0600\r\nResent-From: a@b.example\r\nResent-To: c@d.example\r\n"
	const two = "Resent-From: e@f.example\r\nResent-Date: Fri, 21 Nov 1997 10:01:22 -0600\r\n"
	const rest = "From: g@h.example\r\nResent-Own: no part of a block\r\n\r\n"
	for _, between := range []string{"", "Received: x\r\n"} {
		h := parse(t, one+between+two+rest)
		blocks := h.Resent()
		require.Len(t, blocks, 2)
		assert.Equal(t, one+"\r\n", text(t, &blocks[0]))
		assert.Equal(t, two+"\r\n", text(t, &blocks[1]))
		d, err := blocks[1].DateOf("Resent-Date")
		require.NoError(t, err)
		assert.Equal(t, "Fri, 21 Nov 1997 10:01:22 -0600", d.String())
	}

	h := parse(t, two+rest)
	block := parse(t, one)
	require.NoError(t, h.AddResent(&block))
	assert.Equal(t, one+two+rest, text(t, &h))
	for _, bad := range []string{"Resent-Date: x\r\n", "Resent-From: x\r\n", one + "X: y\r\n", one + one} {
		block := parse(t, bad)
		assert.Error(t, h.AddResent(&block), bad)
	}
	assert.Equal(t, one+two+rest, text(t, &h))
}

func TestPartURL(t *testing.T) {
	// The examples of RFC 2392 §2.
	tests := []struct {
		url         string
		want        mime.PartURL
		written     string
		wantFailure bool
	}{
		{"cid:foo4%25foo1@bar.net", mime.PartURL{ContentID: "foo4%foo1@bar.net"}, "cid:foo4%25foo1@bar.net", false},
		{"MID:960830.1639@XIson.com/partA.960830.1639@XIson.com", mime.PartURL{MessageID: "960830.1639@XIson.com", ContentID: "partA.960830.1639@XIson.com"}, "mid:960830.1639@XIson.com/partA.960830.1639@XIson.com", false},
		{"mid:960830.1639@XIson.com", mime.PartURL{MessageID: "960830.1639@XIson.com"}, "mid:960830.1639@XIson.com", false},
		{"cid:a%2Fb@c", mime.PartURL{ContentID: "a/b@c"}, "cid:a%2Fb@c", false},
		{"cid:a%b", mime.PartURL{ContentID: "a%b"}, "cid:a%25b", false},
		{"cid:", mime.PartURL{}, "", true},
		{"mid:", mime.PartURL{}, "", true},
		{"https://a.example", mime.PartURL{}, "", true},
		{"", mime.PartURL{}, "", true},
	}
	for _, tt := range tests {
		u, err := mime.ParsePartURL(tt.url)
		assert.Equal(t, tt.wantFailure, err != nil, tt.url)
		assert.Equal(t, tt.want, u, tt.url)
		if !tt.wantFailure {
			assert.Equal(t, tt.written, u.String())
		}
	}
}

func FuzzPartURL(f *testing.F) {
	f.Add("mid:a%20b@c/d%ff")
	f.Add("cid:\xe0")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := mime.ParsePartURL(s)
		if err != nil {
			return
		}
		again, err := mime.ParsePartURL(u.String())
		require.NoError(t, err)
		require.Equal(t, u, again)
	})
}
