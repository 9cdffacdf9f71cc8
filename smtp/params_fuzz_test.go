package smtp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// What is read of MAIL is written so that it reads the same.
func FuzzMail(f *testing.F) {
	for _, s := range []string{
		"FROM:<a@b> SIZE=1 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=a+2Bb AUTH=<>", "from: <>", "FROM:<a@b> AUTH=a+3Db@c", "FROM:<a@b>  RET=HDRS ",
		"FROM:<jörg@b> SMTPUTF8", "FROM:<jörg@b>", "FROM:<a@b> SIZE=99999999999999999999", "FROM:<a@b> X=Y", "FROM:<a@b> ENVID=+0D+0A", "FROM:<a@b>SIZE=1",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		from, opts, err := smtp.ParseMail(b)
		if err != nil {
			return
		}
		arg, err := smtp.AppendMail(nil, from, opts)
		require.NoError(t, err)
		require.NotContains(t, string(arg), "\n")
		require.NotContains(t, string(arg), "\r")
		again, opts2, err := smtp.ParseMail(arg)
		require.NoError(t, err)
		require.Equal(t, from, again)
		require.Equal(t, opts, opts2)
	})
}

// What is read of RCPT is written so that it reads the same.
func FuzzRcpt(f *testing.F) {
	for _, s := range []string{
		"TO:<a@b> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+40b", "to: <Postmaster>", "TO:<>", "TO:<a@b> NOTIFY=NEVER,DELAY",
		`TO:<jörg@b> ORCPT=utf-8;j\x{F6}rg@b`, "TO:<a@b> ORCPT=utf-8;jörg@b", "TO:<a@b> NOTIFY=NEVER NOTIFY=NEVER", "TO:<a@b> ORCPT=;x",
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, utf8 bool) {
		to, opts, err := smtp.ParseRcpt(b, utf8)
		if err != nil {
			return
		}
		arg, err := smtp.AppendRcpt(nil, to, opts)
		if err != nil { // an address may grow beyond its limit where its UTF-8 is told by ASCII
			require.Greater(t, len(opts.Original.String()), 500)
			return
		}
		again, opts2, err := smtp.ParseRcpt(arg, utf8)
		require.NoError(t, err)
		require.Equal(t, to, again)
		require.Equal(t, opts, opts2)
	})
}

func FuzzHello(f *testing.F) {
	for _, s := range []string{"crepes.fr", "[192.0.2.1]", "[IPv6:::1]", "WIN_HOST x", "a(b", "", "\xff", "hôte"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		name, err := smtp.ParseHello(b)
		if err != nil {
			return
		}
		require.False(t, strings.ContainsAny(name, "\r\n\x00\t ()<>;\""))
		again, err := smtp.ParseHello([]byte(name))
		require.NoError(t, err)
		require.Equal(t, name, again)
	})
}

func FuzzBDAT(f *testing.F) {
	for _, s := range []string{"0 LAST", "86", "86  last", "-1", "99999999999999999999", "1LAST", "1 X", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		size, last, err := smtp.ParseBDAT(b)
		if err != nil {
			return
		}
		arg, err := smtp.AppendBDAT(nil, size, last)
		require.NoError(t, err)
		size2, last2, err := smtp.ParseBDAT(arg)
		require.NoError(t, err)
		require.Equal(t, size, size2)
		require.Equal(t, last, last2)
	})
}

func FuzzAuth(f *testing.F) {
	for _, s := range []string{"PLAIN", "plain =", "PLAIN AGFAYgBj", "X ====", "PLAIN AG\nFA", "", "LOGIN YQ", "PLAIN ", "SCRAM-SHA-256-PLUS biws"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		mechanism, initial, err := smtp.ParseAuth(b)
		if err != nil {
			return
		}
		arg, err := smtp.AppendAuth(nil, mechanism, initial)
		require.NoError(t, err)
		mechanism2, initial2, err := smtp.ParseAuth(arg)
		require.NoError(t, err)
		require.Equal(t, mechanism, mechanism2)
		require.Equal(t, initial, initial2)
	})
}

func FuzzAuthResponse(f *testing.F) {
	for _, s := range []string{"AGFAYgBj", "", "*", "=", "YQ==", "YR==", "YQ=", "Y\r\nQ=="} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		response, err := smtp.ParseAuthResponse(b)
		if err != nil || len(response) == 0 {
			return
		}
		arg, err := smtp.AppendAuth(nil, "X", response)
		require.NoError(t, err)
		require.Equal(t, "X "+string(b), string(arg))
	})
}

// Any text is written as xtext that reads as it was.
func FuzzXtext(f *testing.F) {
	for _, s := range []string{"a+b=c", "a+2Bb", "+", "+2b", "\x00\xff", "", "+0D+0A"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := smtp.ParseXtext(string(smtp.AppendXtext(nil, s)))
		require.NoError(t, err)
		require.Equal(t, s, got)
		got, err = smtp.ParseXtext(s)
		if err == nil {
			again, err := smtp.ParseXtext(string(smtp.AppendXtext(nil, got)))
			require.NoError(t, err)
			require.Equal(t, got, again)
		}
	})
}

// An address that is read is written in ASCII that reads as it was.
func FuzzUTF8Address(f *testing.F) {
	for _, s := range []string{"jörg@b", `j\x{F6}rg@b`, `\x{1F600}`, `\x{D800}`, `\x{110000}`, `\x{0}`, `\x{5C}`, `a+b`, "\xff", `\x{`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := smtp.ParseUTF8Address(s)
		if err != nil {
			return
		}
		wire := smtp.AppendUTF8Address(nil, got)
		assert.Equal(t, -1, strings.IndexFunc(string(wire), func(r rune) bool { return r <= ' ' || r > '~' || r == '+' || r == '=' }))
		again, err := smtp.ParseUTF8Address(string(wire))
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

// What a server offers is written so that it reads the same, a line each.
func FuzzExtensions(f *testing.F) {
	for _, s := range []string{"SIZE 1000", "AUTH=PLAIN LOGIN", "PIPELINING", "- x", "", "8BITMIME\nauth plain\nAUTH LOGIN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x := smtp.ParseExtensions(append([]string{"host"}, strings.Split(s, "\n")...))
		lines := x.AppendLines([]string{"host"})
		require.Equal(t, len(x)+1, len(lines))
		require.Equal(t, x, smtp.ParseExtensions(lines))
		for _, e := range x {
			params, ok := x.Lookup(strings.ToLower(e.Keyword))
			require.True(t, ok)
			require.Subset(t, params, e.Params)
		}
		require.GreaterOrEqual(t, x.Size(), int64(0))
	})
}
