package smtp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

func TestParsePath(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	domain := func(n int) string { // of n octets
		s := strings.Repeat(long(63)+".", 4)[:n-1] + "b"
		return strings.ReplaceAll(s, ".b", "bb")
	}
	tests := []struct {
		name, in string
		want     smtp.Path
		wire     string // "" for in
		err      error
	}{
		{"5321-4.1.2 plain", "<bob@hamburger.edu>", smtp.Path{Local: "bob", Domain: "hamburger.edu"}, "", nil},
		{"5321-4.1.2 null", "<>", smtp.Path{}, "", nil},
		{"5321-4.1.2 all of atext", "<!#$%&'*+-/=?^_`{|}~.9@b>", smtp.Path{Local: "!#$%&'*+-/=?^_`{|}~.9", Domain: "b"}, "", nil},
		{"5321-4.1.1.3 Postmaster", "<Postmaster>", smtp.Path{Local: "Postmaster"}, "", nil},
		{"5321-4.1.1.3 postmaster in any case", "<POSTmaster>", smtp.Path{Local: "POSTmaster"}, "", nil},
		{"5321-4.1.2 quoted", `<"a b"@c>`, smtp.Path{Local: "a b", Domain: "c"}, "", nil},
		{"5321-4.1.2 quoted pairs", `<"a\"\\\b"@c>`, smtp.Path{Local: `a"\b`, Domain: "c"}, `<"a\"\\b"@c>`, nil},
		{"5321-4.1.2 quoted for nothing", `<"bob"@c>`, smtp.Path{Local: "bob", Domain: "c"}, "<bob@c>", nil},
		{"5321-4.1.2 empty quotes", `<""@c>`, smtp.Path{Domain: "c"}, "", nil},
		{"5321-4.1.2 quoted bracket", `<"<>@"@c>`, smtp.Path{Local: "<>@", Domain: "c"}, "", nil},
		{"quoted dots", `<".a..b."@c>`, smtp.Path{Local: ".a..b.", Domain: "c"}, "", nil},
		{"5321-C source route", "<@hosta.int,@jkl.org:userc@d.bar.org>", smtp.Path{Local: "userc", Domain: "d.bar.org"}, "<userc@d.bar.org>", nil},
		{"5321-4.1.3 IPv4", "<a@[192.0.2.1]>", smtp.Path{Local: "a", Domain: "192.0.2.1", Literal: true}, "", nil},
		{"5321-4.1.3 IPv6", "<a@[IPv6:2001:db8::1]>", smtp.Path{Local: "a", Domain: "IPv6:2001:db8::1", Literal: true}, "", nil},
		{"5321-4.1.3 IPv6 with IPv4", "<a@[ipv6:::ffff:192.0.2.1]>", smtp.Path{Local: "a", Domain: "ipv6:::ffff:192.0.2.1", Literal: true}, "", nil},
		{"5321-4.1.3 General", "<a@[x-tag:a!b@c]>", smtp.Path{Local: "a", Domain: "x-tag:a!b@c", Literal: true}, "", nil},
		{"5321-4.1.3 General with a tag of digits", "<a@[2001:db8::1]>", smtp.Path{Local: "a", Domain: "2001:db8::1", Literal: true}, "", nil},
		{"5321-4.5.3.1.1 local part of 64", "<" + long(64) + "@b>", smtp.Path{Local: long(64), Domain: "b"}, "", nil},
		{"5321-4.5.3.1.3 path of 256", "<" + "ab" + "@" + domain(251) + ">", smtp.Path{Local: "ab", Domain: domain(251)}, "", nil},
		{"6531-3.3 UTF-8", "<jörg@bücher.example>", smtp.Path{Local: "jörg", Domain: "bücher.example"}, "", nil},
		{"6531-3.3 UTF-8 quoted", `<"jörg x"@b>`, smtp.Path{Local: "jörg x", Domain: "b"}, "", nil},
		{"a label of digits", "<a@1.2>", smtp.Path{Local: "a", Domain: "1.2"}, "", nil},

		{"no brackets", "a@b", smtp.Path{}, "", smtp.ErrSyntax},
		{"not closed", "<a@b", smtp.Path{}, "", smtp.ErrSyntax},
		{"nothing", "", smtp.Path{}, "", smtp.ErrSyntax},
		{"bracket alone", "<", smtp.Path{}, "", smtp.ErrSyntax},
		{"no domain", "<bob>", smtp.Path{}, "", smtp.ErrSyntax},
		{"nothing quoted alone", `<"">`, smtp.Path{}, "", smtp.ErrSyntax},
		{"postmaster quoted alone", `<"postmaster">`, smtp.Path{}, "", smtp.ErrSyntax},
		{"empty domain", "<a@>", smtp.Path{}, "", smtp.ErrSyntax},
		{"empty local part", "<@b>", smtp.Path{}, "", smtp.ErrSyntax},
		{"dot first", "<.a@b>", smtp.Path{}, "", smtp.ErrSyntax},
		{"dot last", "<a.@b>", smtp.Path{}, "", smtp.ErrSyntax},
		{"two dots", "<a..b@c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"space", "<a b@c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"space inside", "< a@b >", smtp.Path{}, "", smtp.ErrSyntax},
		{"two at signs", "<a@b@c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"quote in the middle", `<a"b"@c>`, smtp.Path{}, "", smtp.ErrSyntax},
		{"quote not closed", `<"a@c>`, smtp.Path{}, "", smtp.ErrSyntax},
		{"backslash at the end", `<"a\`, smtp.Path{}, "", smtp.ErrSyntax},
		{"control octet quoted", "<\"a\x01\"@c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"CR quoted", "<\"a\\\r\"@c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"UTF-8 quoted by backslash", `<"\ö"@c>`, smtp.Path{}, "", smtp.ErrSyntax},
		{"underscore in a domain", "<a@b_c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"hyphen first", "<a@-b>", smtp.Path{}, "", smtp.ErrSyntax},
		{"hyphen last", "<a@b-.c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"dot at the end of a domain", "<a@b.>", smtp.Path{}, "", smtp.ErrSyntax},
		{"empty label", "<a@b..c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"label of 64", "<a@" + long(64) + ">", smtp.Path{}, "", smtp.ErrSyntax},
		{"route without colon", "<@a,b@c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"route of nothing", "<@:b@c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"route not ended", "<@a b@c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"IPv4 of three", "<a@[192.0.2]>", smtp.Path{}, "", smtp.ErrSyntax},
		{"IPv4 of 256", "<a@[192.0.2.256]>", smtp.Path{}, "", smtp.ErrSyntax},
		{"IPv4 octal", "<a@[192.0.02.1]>", smtp.Path{}, "", smtp.ErrSyntax},
		{"IPv6 bad", "<a@[IPv6:2001:db8::1::2]>", smtp.Path{}, "", smtp.ErrSyntax},
		{"IPv6 with a zone", "<a@[IPv6:fe80::1%eth0]>", smtp.Path{}, "", smtp.ErrSyntax},
		{"IPv4 as IPv6", "<a@[IPv6:192.0.2.1]>", smtp.Path{}, "", smtp.ErrSyntax},
		{"literal not closed", "<a@[192.0.2.1>", smtp.Path{}, "", smtp.ErrSyntax},
		{"literal of nothing", "<a@[]>", smtp.Path{}, "", smtp.ErrSyntax},
		{"General with backslash", `<a@[x:\]>`, smtp.Path{}, "", smtp.ErrSyntax},
		{"General of nothing", "<a@[x:]>", smtp.Path{}, "", smtp.ErrSyntax},
		{"5321-4.5.3.1.1 local part of 65", "<" + long(65) + "@b>", smtp.Path{}, "", smtp.ErrValue},
		{"5321-4.5.3.1.2 domain of 256", "<a@" + domain(256) + ">", smtp.Path{}, "", smtp.ErrValue},
		{"5321-4.5.3.1.3 path of 257", "<abc@" + domain(251) + ">", smtp.Path{}, "", smtp.ErrValue},
		{"not UTF-8", "<a\xff@b>", smtp.Path{}, "", smtp.ErrSyntax},
		{"another dot", "<a@b\u3002c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"a space beyond ASCII", "<a@b\u00a0c>", smtp.Path{}, "", smtp.ErrSyntax},
		{"a label too long as an A-label", "<a@" + strings.Repeat("ö", 60) + ">", smtp.Path{}, "", smtp.ErrSyntax},
		{"a hyphen first in a U-label", "<a@-ö>", smtp.Path{}, "", smtp.ErrSyntax},
		{"an underscore in a U-label", "<a@_ö>", smtp.Path{}, "", smtp.ErrSyntax},
	}
	for _, tt := range tests {
		p, n, err := smtp.ParsePath([]byte(tt.in), true)
		if tt.err != nil {
			assert.ErrorIs(t, err, tt.err, tt.name)
			assert.Equal(t, "501 5.1.3", code(err), tt.name)
			assert.Zero(t, n, tt.name)
			continue
		}
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.want, p, tt.name)
		assert.Equal(t, len(tt.in), n, tt.name)
		wire := tt.wire
		if wire == "" {
			wire = tt.in
		}
		got, err := smtp.AppendPath(nil, p)
		require.NoError(t, err, tt.name)
		assert.Equal(t, wire, string(got), tt.name)
		assert.Equal(t, wire, "<"+p.String()+">", tt.name)
		if p.IsASCII() {
			q, _, err := smtp.ParsePath([]byte(tt.in), false)
			require.NoError(t, err, tt.name)
			assert.Equal(t, p, q, tt.name)
		} else {
			_, _, err := smtp.ParsePath([]byte(tt.in), false)
			assert.ErrorIs(t, err, smtp.ErrNotASCII, tt.name)
			assert.Equal(t, "553 5.6.7", code(err), tt.name)
		}
	}
}

func TestParsePathOffset(t *testing.T) {
	_, _, err := smtp.ParsePath([]byte("<a b@c>"), false)
	e, ok := errors.AsType[*smtp.ParseError](err)
	require.True(t, ok)
	assert.Equal(t, "smtp: Mailbox: syntax at byte 2 (RFC 5321 §4.1.2)", e.Error())
}

func TestAppendPathRefuses(t *testing.T) {
	tests := []struct {
		name string
		path smtp.Path
		err  error
	}{
		{"CR", smtp.Path{Local: "a\r", Domain: "b"}, smtp.ErrSyntax},
		{"LF", smtp.Path{Local: "a", Domain: "b\n"}, smtp.ErrSyntax},
		{"NUL", smtp.Path{Local: "\x00", Domain: "b"}, smtp.ErrSyntax},
		{"DEL", smtp.Path{Local: "\x7f", Domain: "b"}, smtp.ErrSyntax},
		{"not UTF-8", smtp.Path{Local: "\xff", Domain: "b"}, smtp.ErrSyntax},
		{"closing bracket in a domain", smtp.Path{Local: "a", Domain: "b>"}, smtp.ErrSyntax},
		{"closing bracket in a literal", smtp.Path{Local: "a", Domain: "x:]", Literal: true}, smtp.ErrSyntax},
		{"no literal", smtp.Path{Local: "a", Literal: true}, smtp.ErrSyntax},
		{"no domain", smtp.Path{Local: "a"}, smtp.ErrSyntax},
		{"local part too long", smtp.Path{Local: strings.Repeat("a", 65), Domain: "b"}, smtp.ErrValue},
		{"path too long", smtp.Path{Local: strings.Repeat(`"`, 64), Domain: strings.Repeat("a.", 63) + "a"}, smtp.ErrValue},
		{"domain too long", smtp.Path{Local: "a", Domain: strings.Repeat("a.", 130) + "a"}, smtp.ErrSyntax},
		{"domain too long in A-labels", smtp.Path{Local: "a", Domain: strings.Repeat("ö.", 40) + "a"}, smtp.ErrSyntax},
	}
	for _, tt := range tests {
		got, err := smtp.AppendPath([]byte("x"), tt.path)
		assert.ErrorIs(t, err, tt.err, tt.name)
		assert.Equal(t, "x", string(got), tt.name)
	}
	assert.Equal(t, "", smtp.Path{}.String())
}

func TestParseMailbox(t *testing.T) {
	p, err := smtp.ParseMailbox("bob@hamburger.edu")
	require.NoError(t, err)
	assert.Equal(t, smtp.Path{Local: "bob", Domain: "hamburger.edu"}, p)
	for _, s := range []string{"", "<a@b>", "a@b ", " a@b", "a@b\r\n", "a@b>", "bob", "@a:b@c"} {
		_, err := smtp.ParseMailbox(s)
		assert.ErrorIs(t, err, smtp.ErrSyntax, "%q", s)
	}
}

func TestPathEqual(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"a@b.example", "a@B.Example", true},
		{"a@b", "A@b", false},
		{"postmaster@b", "PostMaster@B", true},
		{"postmaster", "POSTMASTER", true},
		{"postmaster", "postmaster@b", false},
		{`"a"@b`, "a@b", true},
		{"a@bücher.example", "a@xn--bcher-kva.example", true},
		{"a@BÜCHER.example", "a@XN--BCHER-KVA.EXAMPLE", true},
		{"a@bücher.example", "a@bucher.example", false},
		{"a@\u212A\u0130.example", "a@ki.example", true},
		{"a@[IPv6:2001:db8:0::1]", "a@[ipv6:2001:DB8::1]", true},
		{"a@[192.0.2.1]", "a@[192.0.2.2]", false},
		{"a@[X-t:A]", "a@[x-T:a]", true},
	}
	for _, tt := range tests {
		a, err := smtp.ParseMailbox(tt.a)
		require.NoError(t, err, tt.a)
		b, err := smtp.ParseMailbox(tt.b)
		require.NoError(t, err, tt.b)
		assert.Equal(t, tt.want, a.Equal(b), "%s %s", tt.a, tt.b)
		assert.Equal(t, tt.want, b.Equal(a), "%s %s", tt.b, tt.a)
	}
	assert.False(t, smtp.Path{}.Equal(smtp.Path{Local: "a", Domain: "b"}))
	assert.Equal(t, smtp.Path{Local: "a", Domain: "b\n"}, smtp.Path{Local: "a", Domain: "b\n"}.Canonical(), "what is no domain stays")
	assert.Equal(t, smtp.Path{Local: "a", Domain: "ipv6:x", Literal: true}, smtp.Path{Local: "a", Domain: "IPv6:x", Literal: true}.Canonical())
}

// The samples of RFC 3492 §7.1, but for those in scripts written from the right
// and those that need tables of IDNA; and what is in use.
func TestToASCII(t *testing.T) {
	tests := []struct{ unicode, ascii string }{
		{"bücher.example", "xn--bcher-kva.example"},
		{"他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"},
		{"pročprostěnemluvíčesky", "xn--proprostnemluvesky-uyb24dma41a"},
		{"почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"},
		{"tạisaohọkhôngthểchỉnóitiếngviệt", "xn--tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g"},
		{"3年b組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"},
		{"münchen.de", "xn--mnchen-3ya.de"},
		{"🍔.example", "xn--ui8h.example"},
		{"faß.de", "xn--fa-hia.de"},
	}
	for _, tt := range tests {
		got, err := smtp.ToASCII(tt.unicode)
		require.NoError(t, err, tt.unicode)
		assert.Equal(t, tt.ascii, got)
		assert.Equal(t, tt.unicode, smtp.ToUnicode(got))
	}
	got, err := smtp.ToASCII("Crepes.FR")
	require.NoError(t, err)
	assert.Equal(t, "crepes.fr", got)
	got, err = smtp.ToASCII("B.BÜCHER.Example")
	require.NoError(t, err)
	assert.Equal(t, "b.xn--bcher-kva.example", got)
	for _, s := range []string{"", "a b", "\xff", "a..b", strings.Repeat("ö", 63)} {
		_, err := smtp.ToASCII(s)
		assert.ErrorIs(t, err, smtp.ErrSyntax, "%q", s)
	}
}

// What ToASCII does not make stays as it is.
func TestToUnicodeRefuses(t *testing.T) {
	for _, s := range []string{
		"crepes.fr", "xn--", "xn--a", "xn--a-", "xn--99999999", "xn--bcher-kvö", "xn--bcher-", "xn--\x80", "xn--ls8h=",
		"xn--bcher-KVA9", "xn--" + strings.Repeat("a", 70), "xn---0", "xn--zn7c", "xn--bcher-kv", "xn--0000000000", "xn--bcher-2pa",
	} {
		assert.Equal(t, s, smtp.ToUnicode(s))
	}
	assert.Equal(t, "bücher.xn--.example", smtp.ToUnicode("XN--Bcher-KVA.xn--.example"))
}

// What is a name in A-labels is the same name after a look at its U-labels.
func FuzzToUnicode(f *testing.F) {
	for _, s := range []string{"bücher.example", "xn--bcher-kva", "xn--99999999", "他们为什么不说中文", "xn--zn7c", "xn---0", "xn--ls8h.xn--"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ascii, err := smtp.ToASCII(s)
		if err != nil {
			return
		}
		require.Equal(t, -1, strings.IndexFunc(ascii, func(r rune) bool { return r >= 0x80 || r >= 'A' && r <= 'Z' }))
		back, err := smtp.ToASCII(smtp.ToUnicode(ascii))
		require.NoError(t, err)
		require.Equal(t, ascii, back)
	})
}
