package smtp_test

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// A command that is read and written again is the same command.
func FuzzCommand(f *testing.F) {
	for _, s := range []string{"NOOP", "mail from:<a@b>  ", "EHLO\tx", "QUIT\rNOOP", "DATA\n", "\x00", "", " ", "STARTTLS x", "XCLIENT a=b", "auth PLAIN ="} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		cmd, err := smtp.ParseCommand(b)
		if bytes.ContainsAny(b, "\r\n\x00") {
			require.ErrorIs(t, err, smtp.ErrControlOctet)
		}
		if err != nil || cmd.Verb == smtp.VerbUnknown {
			return
		}
		line, err := smtp.AppendCommand(nil, cmd)
		require.NoError(t, err)
		require.Equal(t, 1, bytes.Count(line, []byte("\n")))
		again, err := smtp.ParseCommand(bytes.TrimSuffix(line, []byte("\r\n")))
		require.NoError(t, err)
		require.Equal(t, cmd.Verb, again.Verb)
		require.Equal(t, string(cmd.Arg), string(again.Arg))
	})
}

var pathSeeds = []string{
	"<>", "<a@b>", "<@x,@y:a@b.c> SIZE=1", `<"a b\"c"@d>`, "<Postmaster>", "<a@[192.0.2.1]>", "<a@[IPv6:2001:db8::1]>", "<a@[x400:y]>",
	"<jörg@bücher.example>", "<a@xn--bcher-kva.example>", "<a@b", "a@b>", "<a..b@c>", `<""@a>`, "<a@-b>", "<a@b_c>", "<\xff@a>",
}

// A path that is read, written and read again is the same path, and so is its
// mailbox; its length is within the limits.
func FuzzPath(f *testing.F) {
	for _, s := range pathSeeds {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, utf8 bool) {
		p, n, err := smtp.ParsePath(b, utf8)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(p.Local), 64)
		require.LessOrEqual(t, len(p.Domain), 255)
		require.Equal(t, byte('>'), b[n-1])
		if !utf8 {
			require.True(t, p.IsASCII())
		}
		wire, err := smtp.AppendPath(nil, p)
		require.NoError(t, err)
		require.LessOrEqual(t, len(wire), 256)
		require.False(t, bytes.ContainsAny(wire, "\r\n\x00"))
		again, m, err := smtp.ParsePath(append(wire, b[n:]...), utf8)
		require.NoError(t, err)
		require.Equal(t, p, again)
		require.Equal(t, len(wire), m)
		require.True(t, p.Equal(p.Canonical()))
		require.Equal(t, p.Canonical(), p.Canonical().Canonical())
		if !p.IsNull() {
			mailbox, err := smtp.ParseMailbox(p.String())
			require.NoError(t, err)
			require.Equal(t, p, mailbox)
		}
	})
}

// A mailbox that is read is written as it is read. The standard library reads
// the same of it, where it can: it has no General-address-literal and no empty
// local part.
func FuzzMailbox(f *testing.F) {
	for _, s := range []string{"a@b", `"a b"@c`, "jörg@bücher.example", "postmaster", "a@[IPv6:::1]", "a@b ", "<a@b>", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := smtp.ParseMailbox(s)
		if err != nil {
			return
		}
		again, err := smtp.ParseMailbox(p.String())
		require.NoError(t, err)
		require.Equal(t, p, again)
		if p.Literal || p.Domain == "" || p.Local == "" {
			return
		}
		peer, err := mail.ParseAddress(p.String())
		require.NoError(t, err)
		at := strings.LastIndexByte(peer.Address, '@')
		require.Equal(t, p.Local, peer.Address[:at])
		require.Equal(t, p.Domain, peer.Address[at+1:])
	})
}

// A reply is found at the same place however much follows it, is not whole
// before its last octet, and what is read of it is written so that it reads the
// same.
func FuzzReply(f *testing.F) {
	for _, s := range []string{
		"250 OK\r\n", "250-a\r\n250 b\r\n", "250-2.1.0 a\r\n250 2.1.0 b\r\n", "550 5.1.1\r\n", "550 2.1.1 x\r\n", "250-a\r\n251 b\r\n", "250\r\n",
		"250 a\n", "25 a\r\n", "199 a\r\n", "250-5.1.1 a\r\n250 b\r\n", "250 2.0.00 x\r\n", "999 x\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		lim := &smtp.Limits{MaxReplyLine: 60, MaxReplyLines: 5}
		r, n, err := smtp.ParseReply(b, lim)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(r.Lines), 5)
		require.LessOrEqual(t, n, 5*60)
		for i := range n {
			_, _, err := smtp.ParseReply(b[:i], lim)
			require.Equal(t, smtp.ErrIncomplete, err)
		}
		wire, err := smtp.AppendReply(nil, r)
		if bytes.IndexByte(b[:n], 0) >= 0 {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		again, m, err := smtp.ParseReply(wire, nil)
		require.NoError(t, err)
		require.Equal(t, r, again)
		require.Equal(t, len(wire), m)
	})
}

// A status code that is read is written as it is.
func FuzzEnhancedCode(f *testing.F) {
	for _, s := range []string{"5.1.1", "2.0.0", "4.123.999", "3.1.1", "5.01.1", "5.1", "5.1.1 ", "5.1.1000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := smtp.ParseEnhancedCode(s)
		if err == nil {
			require.Equal(t, s, c.String())
		}
	})
}
