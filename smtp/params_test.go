package smtp_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

func TestParseMail(t *testing.T) {
	a := smtp.Path{Local: "alice", Domain: "crepes.fr"}
	who, nobody := "e=mc2@example.com", ""
	tests := []struct {
		name, in string
		from     smtp.Path
		opts     smtp.MailOptions
		wire     string // "" for in
		code     string
	}{
		{"5321-4.1.1.2 plain", "FROM:<alice@crepes.fr>", a, smtp.MailOptions{}, "", ""},
		{"5321-4.1.1.2 any case", "from:<alice@crepes.fr> size=12", a, smtp.MailOptions{Size: 12}, "FROM:<alice@crepes.fr> SIZE=12", ""},
		{"a space before the path", "FROM: <alice@crepes.fr>", a, smtp.MailOptions{}, "FROM:<alice@crepes.fr>", ""},
		{"5321-4.5.5 null", "FROM:<>", smtp.Path{}, smtp.MailOptions{}, "", ""},
		{"1870-3 SIZE", "FROM:<alice@crepes.fr> SIZE=500000", a, smtp.MailOptions{Size: 500000}, "", ""},
		{"1870-3 SIZE of 20 digits", "FROM:<> SIZE=99999999999999999999", smtp.Path{}, smtp.MailOptions{Size: math.MaxInt64}, "FROM:<> SIZE=9223372036854775807", ""},
		{"6152-2 BODY", "FROM:<> BODY=8BITMIME", smtp.Path{}, smtp.MailOptions{Body: smtp.BodyEightBit}, "", ""},
		{"6152-2 BODY of 7 bits", "FROM:<> BODY=7bit", smtp.Path{}, smtp.MailOptions{Body: smtp.BodySevenBit}, "FROM:<> BODY=7BIT", ""},
		{"3030-3 BODY of any octets", "FROM:<> BODY=BINARYMIME", smtp.Path{}, smtp.MailOptions{Body: smtp.BodyBinaryMIME}, "", ""},
		{"6531-3.4 SMTPUTF8", "FROM:<jörg@b> SMTPUTF8", smtp.Path{Local: "jörg", Domain: "b"}, smtp.MailOptions{UTF8: true}, "", ""},
		{"3461-4.3 RET", "FROM:<> RET=HDRS", smtp.Path{}, smtp.MailOptions{Return: smtp.ReturnHeader}, "", ""},
		{"3461-4.3 RET in full", "FROM:<> RET=FULL", smtp.Path{}, smtp.MailOptions{Return: smtp.ReturnFull}, "", ""},
		{"3461-4.4 ENVID", "FROM:<> ENVID=QQ+2B314", smtp.Path{}, smtp.MailOptions{EnvelopeID: "QQ+314"}, "", ""},
		{"4954-5 AUTH", "FROM:<> AUTH=e+3Dmc2@example.com", smtp.Path{}, smtp.MailOptions{Auth: &who}, "", ""},
		{"4954-5 AUTH of nobody", "FROM:<> AUTH=<>", smtp.Path{}, smtp.MailOptions{Auth: &nobody}, "", ""},
		{"all", "FROM:<alice@crepes.fr> SIZE=1 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=x AUTH=<>", a, smtp.MailOptions{Size: 1, Body: smtp.BodyEightBit, UTF8: true, Return: smtp.ReturnFull, EnvelopeID: "x", Auth: &nobody}, "", ""},
		{"two spaces between", "FROM:<>  RET=FULL", smtp.Path{}, smtp.MailOptions{Return: smtp.ReturnFull}, "FROM:<> RET=FULL", ""},

		{"no word", "<alice@crepes.fr>", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"another word", "TO:<alice@crepes.fr>", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"nothing", "", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"a space before the colon", "FROM :<a@b>", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"no path", "FROM:", a, smtp.MailOptions{}, "", "501 5.1.7"},
		{"bad path", "FROM:<a b>", a, smtp.MailOptions{}, "", "501 5.1.7"},
		{"local part too long", "FROM:<" + strings.Repeat("a", 65) + "@b>", a, smtp.MailOptions{}, "", "501 5.1.7"},
		{"Postmaster alone", "FROM:<Postmaster>", a, smtp.MailOptions{}, "", "501 5.1.7"},
		{"6531-3.5 UTF-8 not announced", "FROM:<jörg@b>", a, smtp.MailOptions{}, "", "553 5.6.7"},
		{"no space before a parameter", "FROM:<a@b>SIZE=1", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"a tab before a parameter", "FROM:<a@b>\tSIZE=1", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"5321-4.1.1.11 unknown", "FROM:<a@b> XYZ=1", a, smtp.MailOptions{}, "", "555 5.5.4"},
		{"of RCPT", "FROM:<a@b> NOTIFY=NEVER", a, smtp.MailOptions{}, "", "555 5.5.4"},
		{"twice", "FROM:<a@b> SIZE=1 SIZE=1", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"twice in another case", "FROM:<a@b> smtputf8 SMTPUTF8", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"keyword of nothing", "FROM:<a@b> =1", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"keyword with hyphen first", "FROM:<a@b> -X=1", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"keyword with an underscore", "FROM:<a@b> A_B=1", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"value of nothing", "FROM:<a@b> SIZE=", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"value with =", "FROM:<a@b> SIZE=1=2", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"value not of UTF-8", "FROM:<a@b> X=\xff", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"value with a control octet", "FROM:<a@b> X=\x01", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"SIZE without value", "FROM:<a@b> SIZE", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"SIZE below 0", "FROM:<a@b> SIZE=-1", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"SIZE of 21 digits", "FROM:<a@b> SIZE=000000000000000000001", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"SMTPUTF8 with a value", "FROM:<a@b> SMTPUTF8=1", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"BODY of something", "FROM:<a@b> BODY=9BIT", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"RET of something", "FROM:<a@b> RET=ALL", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"ENVID that is no xtext", "FROM:<a@b> ENVID=a+2b", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"3461-4.4 ENVID too long", "FROM:<a@b> ENVID=" + strings.Repeat("a", 101), a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"3461-4.4 ENVID with a line end", "FROM:<a@b> ENVID=a+0D+0ASubject:", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"3461-4.4 ENVID beyond ASCII", "FROM:<a@b> ENVID=+C3+B6", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"AUTH with a line end", "FROM:<a@b> AUTH=+0A", a, smtp.MailOptions{}, "", "501 5.5.4"},
		{"AUTH that is no xtext", "FROM:<a@b> AUTH=+", a, smtp.MailOptions{}, "", "501 5.5.4"},
	}
	for _, tt := range tests {
		from, opts, err := smtp.ParseMail([]byte(tt.in))
		if tt.code != "" {
			assert.Equal(t, tt.code, code(err), tt.name)
			assert.Zero(t, opts, tt.name)
			continue
		}
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.from, from, tt.name)
		assert.Equal(t, tt.opts, opts, tt.name)
		wire := tt.wire
		if wire == "" {
			wire = tt.in
		}
		got, err := smtp.AppendMail(nil, from, opts)
		require.NoError(t, err, tt.name)
		assert.Equal(t, wire, string(got), tt.name)
	}
}

func TestAppendMailRefuses(t *testing.T) {
	a, bad := smtp.Path{Local: "a", Domain: "b"}, "a\r\nb"
	tests := []struct {
		name string
		from smtp.Path
		opts smtp.MailOptions
		err  error
	}{
		{"UTF-8", smtp.Path{Local: "ö", Domain: "b"}, smtp.MailOptions{}, smtp.ErrNotASCII},
		{"Postmaster alone", smtp.Path{Local: "postmaster"}, smtp.MailOptions{}, smtp.ErrSyntax},
		{"bad path", smtp.Path{Local: "a", Domain: "b\r\nDATA"}, smtp.MailOptions{}, smtp.ErrSyntax},
		{"SIZE", a, smtp.MailOptions{Size: -1}, smtp.ErrValue},
		{"BODY", a, smtp.MailOptions{Body: 9}, smtp.ErrValue},
		{"RET", a, smtp.MailOptions{Return: 9}, smtp.ErrValue},
		{"ENVID", a, smtp.MailOptions{EnvelopeID: bad}, smtp.ErrValue},
		{"ENVID too long", a, smtp.MailOptions{EnvelopeID: strings.Repeat("+", 34)}, smtp.ErrValue},
		{"AUTH", a, smtp.MailOptions{Auth: &bad}, smtp.ErrValue},
	}
	for _, tt := range tests {
		got, err := smtp.AppendMail([]byte("x"), tt.from, tt.opts)
		assert.ErrorIs(t, err, tt.err, tt.name)
		assert.Equal(t, "x", string(got), tt.name)
	}
	assert.Equal(t, "BodyType(9)", smtp.BodyType(9).String())
	assert.Equal(t, "ReturnContent(9)", smtp.ReturnContent(9).String())
}

func TestParseRcpt(t *testing.T) {
	b := smtp.Path{Local: "bob", Domain: "hamburger.edu"}
	original := func(typ, address string) smtp.RcptOptions {
		return smtp.RcptOptions{Original: smtp.OriginalRecipient{Type: typ, Address: address}}
	}
	tests := []struct {
		name, in string
		to       smtp.Path
		opts     smtp.RcptOptions
		wire     string // "" for in
		code     string
	}{
		{"5321-4.1.1.3 plain", "TO:<bob@hamburger.edu>", b, smtp.RcptOptions{}, "", ""},
		{"spaces before the path", "to:  <bob@hamburger.edu>", b, smtp.RcptOptions{}, "TO:<bob@hamburger.edu>", ""},
		{"5321-4.1.1.3 Postmaster", "TO:<Postmaster>", smtp.Path{Local: "Postmaster"}, smtp.RcptOptions{}, "", ""},
		{"6531-3.3 UTF-8", "TO:<jörg@b>", smtp.Path{Local: "jörg", Domain: "b"}, smtp.RcptOptions{}, "", ""},
		{"3461-4.1 NOTIFY", "TO:<bob@hamburger.edu> NOTIFY=success,Failure,DELAY", b, smtp.RcptOptions{Notify: smtp.NotifySuccess | smtp.NotifyFailure | smtp.NotifyDelay}, "TO:<bob@hamburger.edu> NOTIFY=SUCCESS,FAILURE,DELAY", ""},
		{"3461-4.1 NEVER", "TO:<bob@hamburger.edu> NOTIFY=NEVER", b, smtp.RcptOptions{Notify: smtp.NotifyNever}, "", ""},
		{"3461-4.2 ORCPT", "TO:<bob@hamburger.edu> ORCPT=rfc822;Bob+2Bx@Ivory.EDU", b, original("rfc822", "Bob+x@Ivory.EDU"), "", ""},
		{"6533-3 ORCPT in ASCII", `TO:<bob@hamburger.edu> ORCPT=utf-8;j\x{F6}rg\x{2B}x@b`, b, original("utf-8", "jörg+x@b"), "", ""},
		{"6533-3 ORCPT in UTF-8", "TO:<bob@hamburger.edu> ORCPT=UTF-8;jörg@b", b, original("UTF-8", "jörg@b"), `TO:<bob@hamburger.edu> ORCPT=UTF-8;j\x{F6}rg@b`, ""},

		{"null", "TO:<>", b, smtp.RcptOptions{}, "", "501 5.1.3"},
		{"no path", "TO:bob", b, smtp.RcptOptions{}, "", "501 5.1.3"},
		{"another word", "FROM:<a@b>", b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"5321-4.1.1.11 unknown", "TO:<a@b> SIZE=1", b, smtp.RcptOptions{}, "", "555 5.5.4"},
		{"NOTIFY twice", "TO:<a@b> NOTIFY=DELAY NOTIFY=DELAY", b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"3461-4.1 NEVER and more", "TO:<a@b> NOTIFY=NEVER,DELAY", b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"NOTIFY of something", "TO:<a@b> NOTIFY=ALWAYS", b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"NOTIFY with a comma at the end", "TO:<a@b> NOTIFY=DELAY,", b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"NOTIFY without value", "TO:<a@b> NOTIFY", b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"ORCPT twice", "TO:<a@b> ORCPT=x;y ORCPT=x;y", b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"ORCPT without type", "TO:<a@b> ORCPT=a@b", b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"ORCPT with an empty type", "TO:<a@b> ORCPT=;a@b", b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"ORCPT with an empty address", "TO:<a@b> ORCPT=rfc822;", b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"ORCPT with a line end", "TO:<a@b> ORCPT=rfc822;a+0D+0AX:", b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"ORCPT of type utf-8 with a line end", `TO:<a@b> ORCPT=utf-8;a\x{0A}`, b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"ORCPT of type utf-8 with half a character", `TO:<a@b> ORCPT=utf-8;a\x{F6`, b, smtp.RcptOptions{}, "", "501 5.5.4"},
		{"3461-4.2 ORCPT too long", "TO:<a@b> ORCPT=rfc822;" + strings.Repeat("a", 494), b, smtp.RcptOptions{}, "", "501 5.5.4"},
	}
	for _, tt := range tests {
		to, opts, err := smtp.ParseRcpt([]byte(tt.in), true)
		if tt.code != "" {
			assert.Equal(t, tt.code, code(err), tt.name)
			assert.Zero(t, opts, tt.name)
			continue
		}
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.to, to, tt.name)
		assert.Equal(t, tt.opts, opts, tt.name)
		wire := tt.wire
		if wire == "" {
			wire = tt.in
		}
		got, err := smtp.AppendRcpt(nil, to, opts)
		require.NoError(t, err, tt.name)
		assert.Equal(t, wire, string(got), tt.name)
	}
	_, _, err := smtp.ParseRcpt([]byte("TO:<jörg@b>"), false)
	assert.Equal(t, "553 5.6.7", code(err))
	_, _, err = smtp.ParseRcpt([]byte("TO:<a@b> ORCPT=utf-8;jörg@b"), false)
	assert.Equal(t, "501 5.5.4", code(err))
}

func TestAppendRcptRefuses(t *testing.T) {
	b := smtp.Path{Local: "a", Domain: "b"}
	tests := []struct {
		name string
		to   smtp.Path
		opts smtp.RcptOptions
		err  error
	}{
		{"null", smtp.Path{}, smtp.RcptOptions{}, smtp.ErrSyntax},
		{"bad path", smtp.Path{Local: "a\n", Domain: "b"}, smtp.RcptOptions{}, smtp.ErrSyntax},
		{"NEVER and more", b, smtp.RcptOptions{Notify: smtp.NotifyNever | smtp.NotifyDelay}, smtp.ErrValue},
		{"NOTIFY of something", b, smtp.RcptOptions{Notify: 64}, smtp.ErrValue},
		{"no type", b, smtp.RcptOptions{Original: smtp.OriginalRecipient{Address: "a@b"}}, smtp.ErrValue},
		{"type of two words", b, smtp.RcptOptions{Original: smtp.OriginalRecipient{Type: "a b", Address: "a@b"}}, smtp.ErrValue},
		{"a line end", b, smtp.RcptOptions{Original: smtp.OriginalRecipient{Type: "rfc822", Address: "a\r\n"}}, smtp.ErrValue},
		{"too long", b, smtp.RcptOptions{Original: smtp.OriginalRecipient{Type: "rfc822", Address: strings.Repeat("+", 170)}}, smtp.ErrValue},
	}
	for _, tt := range tests {
		got, err := smtp.AppendRcpt([]byte("x"), tt.to, tt.opts)
		assert.ErrorIs(t, err, tt.err, tt.name)
		assert.Equal(t, "x", string(got), tt.name)
	}
	assert.Equal(t, "", smtp.OriginalRecipient{}.String())
	assert.Equal(t, "rfc822;a+2Bb", smtp.OriginalRecipient{Type: "rfc822", Address: "a+b"}.String())
	assert.Equal(t, "SUCCESS,DELAY", (smtp.NotifySuccess | smtp.NotifyDelay).String())
}

func TestParseHello(t *testing.T) {
	for in, want := range map[string]string{
		"crepes.fr": "crepes.fr", "[192.0.2.1]": "[192.0.2.1]", "[IPv6:2001:db8::1]": "[IPv6:2001:db8::1]", "WIN_7 x": "WIN_7", "localhost": "localhost", "hôte": "hôte",
	} {
		got, err := smtp.ParseHello([]byte(in))
		require.NoError(t, err, in)
		assert.Equal(t, want, got)
	}
	for _, in := range []string{"", " ", "a(b", "a\tb", "<a>", `a"b`, "a;b", "\xff", "\x7f", strings.Repeat("a", 256)} {
		_, err := smtp.ParseHello([]byte(in))
		assert.Equal(t, "501 5.5.4", code(err), "%q", in)
	}
}

func TestParseBDAT(t *testing.T) {
	tests := []struct {
		in   string
		size int64
		last bool
		code string
	}{
		{"86", 86, false, ""}, {"86 LAST", 86, true, ""}, {"0 last", 0, true, ""}, {"9223372036854775807", math.MaxInt64, false, ""}, {"1 ", 1, false, ""},
		{"", 0, false, "501 5.5.4"}, {"LAST", 0, false, "501 5.5.4"}, {"-1", 0, false, "501 5.5.4"}, {"9223372036854775808", 0, false, "501 5.5.4"},
		{"1LAST", 0, false, "501 5.5.4"}, {"1 LAST x", 0, false, "501 5.5.4"}, {"1 x", 0, false, "501 5.5.4"}, {"0x10", 0, false, "501 5.5.4"},
	}
	for _, tt := range tests {
		size, last, err := smtp.ParseBDAT([]byte(tt.in))
		assert.Equal(t, tt.code, code(err), tt.in)
		assert.Equal(t, tt.size, size, tt.in)
		assert.Equal(t, tt.last, last, tt.in)
	}
	_, err := smtp.AppendBDAT(nil, -1, false)
	assert.ErrorIs(t, err, smtp.ErrValue)
	b, err := smtp.AppendBDAT(nil, 86, true)
	require.NoError(t, err)
	assert.Equal(t, "86 LAST", string(b))
}

func TestParseAuth(t *testing.T) {
	tests := []struct {
		in, mechanism string
		initial       []byte
		code          string
	}{
		{"PLAIN", "PLAIN", nil, ""},
		{"plain AGEAYg==", "PLAIN", []byte("\x00a\x00b"), ""},
		{"EXTERNAL =", "EXTERNAL", []byte{}, ""},
		{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", nil, ""},
		{"X_1  YQ==", "X_1", []byte("a"), ""},
		{"", "", nil, "501 5.5.4"}, {" X", "", nil, "501 5.5.4"}, {"a/b", "", nil, "501 5.5.4"}, {strings.Repeat("A", 21), "", nil, "501 5.5.4"},
		{"X YQ", "", nil, "501 5.5.2"}, {"X YR==", "", nil, "501 5.5.2"}, {"X Y=Q=", "", nil, "501 5.5.2"}, {"X YQ== x", "", nil, "501 5.5.2"},
		{"X Y\nQ==", "", nil, "501 5.5.2"}, {"X ", "", nil, "501 5.5.2"}, {"X *", "", nil, "501 5.5.2"},
	}
	for _, tt := range tests {
		mechanism, initial, err := smtp.ParseAuth([]byte(tt.in))
		assert.Equal(t, tt.code, code(err), "%q", tt.in)
		assert.Equal(t, tt.mechanism, mechanism, tt.in)
		assert.Equal(t, tt.initial, initial, tt.in)
	}
	b, err := smtp.AppendAuth(nil, "PLAIN", []byte("\x00a\x00b"))
	require.NoError(t, err)
	assert.Equal(t, "PLAIN AGEAYg==", string(b))
	for _, s := range []string{"", "A B", strings.Repeat("A", 21)} {
		_, err := smtp.AppendAuth(nil, s, nil)
		assert.ErrorIs(t, err, smtp.ErrSyntax)
	}
	got, err := smtp.ParseAuthResponse(nil)
	require.NoError(t, err)
	assert.Empty(t, got)
}

func TestExtensions(t *testing.T) {
	x := smtp.ParseExtensions([]string{
		"hamburger.edu SIZE 7", "size 1000", "PIPELINING", "AUTH PLAIN login", "AUTH=CRAM-MD5", "X-y  a  b", "-bad", "bad_key", "", "AUTH=",
	})
	assert.Equal(t, smtp.Extensions{
		{Keyword: "SIZE", Params: []string{"1000"}}, {Keyword: "PIPELINING", Params: []string{}}, {Keyword: "AUTH", Params: []string{"PLAIN", "login"}},
		{Keyword: "AUTH", Params: []string{"CRAM-MD5"}}, {Keyword: "X-Y", Params: []string{"a", "b"}},
	}, x)
	assert.Equal(t, int64(1000), x.Size())
	assert.Equal(t, []string{"PLAIN", "LOGIN", "CRAM-MD5"}, x.Mechanisms())
	assert.True(t, x.Has("pipelining"))
	assert.False(t, x.Has("STARTTLS"))
	assert.Equal(t, []string{"x", "SIZE 1000", "PIPELINING", "AUTH PLAIN login", "AUTH CRAM-MD5", "X-Y a b"}, x.AppendLines([]string{"x"}))
	assert.Equal(t, []string{"PLAIN", "login"}, x[2].Params, "looking up does not write")

	assert.Empty(t, smtp.ParseExtensions(nil))
	assert.Empty(t, smtp.ParseExtensions([]string{"hamburger.edu"}))
	for _, s := range []string{"SIZE", "SIZE x", "SIZE 1x", "SIZE 99999999999999999999", "PIPELINING"} {
		assert.Zero(t, smtp.ParseExtensions([]string{"", s}).Size(), s)
	}
}

func TestParseXtext(t *testing.T) {
	for in, want := range map[string]string{"": "", "abc": "abc", "a+2Bb+3D": "a+b=", "+20x": " x", "+C3+B6": "ö"} {
		got, err := smtp.ParseXtext(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got)
	}
	for _, in := range []string{"+", "+2", "+2b", "a b", "a=b", "\x7f", "ö", "+G0", "+0G"} {
		_, err := smtp.ParseXtext(in)
		assert.ErrorIs(t, err, smtp.ErrSyntax, in)
	}
}

func TestParseUTF8Address(t *testing.T) {
	for in, want := range map[string]string{"": "", "a@b": "a@b", `j\x{F6}rg`: "jörg", `\x{1F354}`: "🍔", `\x{2B}\x{20}\x{5C}`: `+ \`, "jörg": "jörg", `\x{07}`: "\a"} {
		got, err := smtp.ParseUTF8Address(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got)
	}
	assert.Equal(t, `\x{07}\x{1F354}a`, string(smtp.AppendUTF8Address(nil, "\a🍔a")))
	for _, in := range []string{"a b", "a+b", "a=b", `\`, `\x`, `\x{`, `\x{}`, `\x{1}`, `\x{0000001}`, `\x{D800}`, `\x{110000}`, `\x{FFFFFF}`, `\x{G0}`, "\xff"} {
		_, err := smtp.ParseUTF8Address(in)
		assert.ErrorIs(t, err, smtp.ErrSyntax, in)
	}
}
