package mime_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

var (
	alice = mime.Mailbox{Name: "Alice", Local: "alice", Domain: "example.org"}
	bob   = mime.Mailbox{Name: "Bob", Local: "bob", Domain: "example.net"}
)

func TestReplyAddresses(t *testing.T) {
	tests := []struct {
		name, in string
		opts     mime.ReplyOptions
		to, cc   string
	}{
		{"5322-3.6.2 From", "From: Alice <alice@example.org>\n", mime.ReplyOptions{}, "Alice <alice@example.org>", ""},
		{"5322-3.6.2 Reply-To", "From: alice@example.org\nReply-To: list@example.org, c@example.org\n", mime.ReplyOptions{}, "list@example.org, c@example.org", ""},
		{"5322-3.6.2 empty Reply-To", "From: alice@example.org\nReply-To:\n", mime.ReplyOptions{}, "alice@example.org", ""},
		{"Mail-Followup-To is no standard", "From: alice@example.org\nMail-Followup-To: x@example.org\n", mime.ReplyOptions{All: true}, "alice@example.org", ""},
		{"5322-3.6.6 resent fields are nothing", "From: alice@example.org\nResent-From: x@example.org\n", mime.ReplyOptions{All: true}, "alice@example.org", ""},
		{"5322-3.6.3 all", "From: alice@example.org\nTo: bob@example.net, Carol <carol@example.org>\nCc: d@example.org, ALICE@example.org\nBcc: e@example.org\n", mime.ReplyOptions{All: true}, "alice@example.org", "Carol <carol@example.org>, d@example.org"},
		{"further addresses of one's own", "From: alice@example.org\nTo: b@example.org, carol@example.org\n", mime.ReplyOptions{All: true, Own: []mime.Mailbox{{Local: "B", Domain: "example.org"}}}, "alice@example.org", "carol@example.org"},
		{"5322-3.4 group", "From: alice@example.org\nTo: Friends: c@example.org, d@example.org;\nCc: nobody:;\n", mime.ReplyOptions{All: true}, "alice@example.org", "c@example.org, d@example.org"},
		{"message of one's own", "From: bob@example.net\nTo: alice@example.org\nCc: c@example.org\n", mime.ReplyOptions{All: true}, "alice@example.org", "c@example.org"},
		{"message to oneself", "From: bob@example.net\nTo: bob@example.net\n", mime.ReplyOptions{All: true}, "bob@example.net", ""},
		{"5322-4.5.3 two fields", "From: alice@example.org\nTo: c@example.org\nTo: d@example.org\n", mime.ReplyOptions{All: true}, "alice@example.org", "c@example.org, d@example.org"},
		{"encoded comma", "From: =?utf-8?q?=C3=84,_B?= <alice@example.org>\n", mime.ReplyOptions{}, "=?utf-8?Q?=C3=84=2C?= B <alice@example.org>", ""},
		{"copy that cannot be written", "From: alice@example.org\nTo: \u00e4@example.org, c@example.org\n", mime.ReplyOptions{All: true}, "alice@example.org", "c@example.org"},
		{"copy that can", "From: alice@example.org\nTo: \u00e4@example.org, c@example.org\n", mime.ReplyOptions{All: true, Write: mime.WriteOptions{UTF8: true}}, "alice@example.org", "\u00e4@example.org, c@example.org"},
		{"nobody", "Subject: x\n", mime.ReplyOptions{}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.From = bob
			m, err := mime.Reply(parsed(t, tt.in+"\nHello\n"), &tt.opts)
			require.NoError(t, err)
			assert.Equal(t, "Bob <bob@example.net>", m.Header.Get("From"))
			if strings.Contains(tt.name, "comma") {
				list, _, err := mime.ParseAddressList(m.Header.Get("To"), nil)
				require.NoError(t, err)
				assert.Equal(t, mime.AddressList{{Mailbox: mime.Mailbox{Name: "Ä, B", Local: "alice", Domain: "example.org"}}}, list)
				return
			}
			assert.Equal(t, tt.to, m.Header.Get("To"))
			assert.Equal(t, tt.cc, m.Header.Get("Cc"))
		})
	}
}

func TestReplyThread(t *testing.T) {
	many := strings.TrimSpace(strings.Repeat("<x@y> ", 200))
	tests := []struct{ name, in, inReplyTo, references string }{
		{"5322-3.6.4 References", "Message-ID: <3@x>\nReferences: <1@x> <2@x>\nIn-Reply-To: <2@x>\n", "<3@x>", "<1@x> <2@x> <3@x>"},
		{"5322-3.6.4 In-Reply-To alone", "Message-ID: <3@x>\nIn-Reply-To: <2@x>\n", "<3@x>", "<2@x> <3@x>"},
		{"5322-3.6.4 In-Reply-To of two", "Message-ID: <3@x>\nIn-Reply-To: <2@x> <1@x>\n", "<3@x>", "<3@x>"},
		{"5322-3.6.4 no Message-ID", "References: <1@x>\n", "", "<1@x>"},
		{"5322-3.6.4 none of them", "", "", ""},
		{"a thread without end", "Message-ID: <3@x>\nReferences: <1@x> " + many + "\n", "<3@x>", "<1@x> " + strings.Repeat("<x@y> ", 62) + "<3@x>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := mime.Reply(parsed(t, "From: alice@example.org\n"+tt.in+"\nHello\n"), &mime.ReplyOptions{From: bob})
			require.NoError(t, err)
			assert.Equal(t, tt.inReplyTo, m.Header.Get("In-Reply-To"))
			assert.Equal(t, tt.references, m.Header.Get("References"))
		})
	}
}

func TestReplySubject(t *testing.T) {
	tests := []struct{ in, reply, forward string }{
		{"Hello", "Re: Hello", "Fwd: Hello"},
		{"Re: Hello", "Re: Hello", "Fwd: Re: Hello"},
		{"RE:re: \n Re:Hello", "Re: Hello", "Fwd: RE:re:  Re:Hello"},
		{"Fwd: Hello", "Re: Fwd: Hello", "Fwd: Hello"},
		{"Regards", "Re: Regards", "Fwd: Regards"},
		{"", "Re:", "Fwd:"},
		{"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Re: =?utf-8?B?R3LDvMOfZQ==?=", "Fwd: =?utf-8?B?R3LDvMOfZQ==?="},
		{"=?utf-8?q?a=0D=0ABcc:_x@y?=", "Re: a  Bcc: x@y", "Fwd: a  Bcc: x@y"},
	}
	for _, tt := range tests {
		e := parsed(t, "From: alice@example.org\nSubject: "+tt.in+"\n\nHello\n")
		m, err := mime.Reply(e, &mime.ReplyOptions{From: bob})
		require.NoError(t, err)
		assert.Equal(t, tt.reply, m.Header.Get("Subject"))
		m, err = mime.Forward(e, &mime.ForwardOptions{From: bob})
		require.NoError(t, err)
		assert.Equal(t, tt.forward, m.Header.Get("Subject"))
	}
}

func TestReplyQuote(t *testing.T) {
	head := "From: Alice <alice@example.org>\nDate: Fri, 15 Nov 2002 13:58:49 -0500\n"
	intro := "On Fri, 15 Nov 2002 13:58:49 -0500, Alice wrote:\n"
	tests := []struct{ name, in, want string }{
		{"plain", "\nHello\n> you\n\nBye\n-- \nAlice\n", "> Hello\n>> you\n>\n> Bye\n"},
		{"3676-4.5 flowed", "Content-Type: text/plain; format=flowed\n\n> One long \n> line\nHello \nyou\n", ">> One long line\n> Hello you\n"},
		{"charset", "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\n", "> Gr\u00fc\u00dfe\n"},
		{"HTML alone", "Content-Type: text/html\n\n<p>Hello <b>you</b>\n", "> Hello you\n"},
		{"2046-5.1.4 both", "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>H\n--b\n\nT\n--b--\n", "> T\n"},
		{"an attachment is no text", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment\n\nno\n--b\nContent-Type: message/rfc822\n\n\nno\n--b--\n", ""},
		{"nothing", "\n", ">\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := mime.Reply(parsed(t, head+tt.in), &mime.ReplyOptions{From: bob, Quote: true})
			require.NoError(t, err)
			assert.Equal(t, intro+tt.want, m.Quoted())
			m.Flowed(m.Quoted() + "\nYes.\n")
			got := peerRead(t, written(t, m))
			assert.Contains(t, got.header["Content-Type"][0], "format=flowed")
			assert.Contains(t, got.body, "\r\nYes.\r\n")
		})
	}

	long, err := mime.Reply(parsed(t, head+"\n"+strings.Repeat("0123456789\n", 100_000)), &mime.ReplyOptions{From: bob, Quote: true})
	require.NoError(t, err)
	assert.Less(t, len(long.Quoted()), 100_000)
	_, err = mime.Reply(parsed(t, head+"\n"), nil)
	assert.IsType(t, new(mime.ParseError), err, "nobody answers")
	_, err = mime.Reply(parsed(t, "From: \u00e4@example.org\n\n"), &mime.ReplyOptions{From: bob})
	assert.Error(t, err, "an addressee that cannot be written")
}

func TestForward(t *testing.T) {
	in := "From: Alice <alice@example.org>\nTo: bob@example.net\nDate: Fri, 15 Nov 2002 13:58:49 -0500\nSubject: files\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" +
		"--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nSee there.\n--c\nContent-Type: multipart/related; boundary=d\n\n--d\nContent-Type: text/html\n\n<p>See\n--d\nContent-Type: image/gif\nContent-Transfer-Encoding: base64\n\nR0lG\n--d--\n--c--\n" +
		"--b\nContent-Type: text/plain; name=old.txt\nContent-Disposition: attachment; filename=\"a b.txt\"\n\nfile\nof three\nlines\n" +
		"--b\nContent-Type: message/rfc822\n\nSubject: inner\n\nHello\n" +
		"--b\nContent-Type: bad type\n\nx\n--b--\n"
	m, err := mime.Forward(parsed(t, in), &mime.ForwardOptions{From: bob, To: []mime.Mailbox{alice}})
	require.NoError(t, err)
	m.Text("For you.")
	got := peerRead(t, written(t, m))
	assert.Equal(t, "multipart/mixed(text/plain, message/rfc822)", got.shape())
	assert.Equal(t, strings.ReplaceAll(in, "\n", "\r\n"), got.parts[1].body, "octet for octet")
	assert.Equal(t, []string{"Alice <alice@example.org>"}, got.header["To"])
	assert.Empty(t, got.header["References"], "RFC 5322 §3.6.4: no answer")

	m, err = mime.Forward(parsed(t, in), &mime.ForwardOptions{From: bob, Inline: true})
	require.NoError(t, err)
	assert.Equal(t, "---------- Forwarded message ----------\nFrom: Alice <alice@example.org>\nDate: Fri, 15 Nov 2002 13:58:49 -0500\nSubject: files\nTo: bob@example.net\n\nSee there.\n", m.Quoted())
	got = peerRead(t, written(t, m))
	assert.Equal(t, "multipart/mixed(text/plain, image/gif, text/plain, message/rfc822, text/plain)", got.shape())
	assert.Equal(t, "GIF", got.parts[1].body)
	assert.Equal(t, "file\r\nof three\r\nlines", got.parts[2].body)
	assert.Equal(t, []string{`attachment; filename="a b.txt"`}, got.parts[2].header["Content-Disposition"])
	assert.Equal(t, "Subject: inner\r\n\r\nHello", got.parts[3].body)

	_, err = mime.Forward(parsed(t, in), nil)
	assert.IsType(t, new(mime.ParseError), err, "nobody forwards")
}

// What a hostile message holds does not get into the header of an answer.
func TestReplyInjection(t *testing.T) {
	e := parsed(t, "From: \"a\\\rb\" <x@example.org>, =?utf-8?q?c=0D=0ABcc:_z@example.org?= <y@example.org>\nSubject: =?utf-8?b?DQpCY2M6IHpAZXhhbXBsZS5vcmcNCg==?=\nMessage-ID: <a\x00b@x>\nReferences: <\x01@x>\n\nHello\x00\r\n.\r\n")
	m, err := mime.Reply(e, &mime.ReplyOptions{From: bob, All: true, Quote: true})
	if err == nil {
		message := written(t, m)
		head, _, _ := strings.Cut(message, "\r\n\r\n")
		assert.NotContains(t, head, "\nBcc")
		assert.NotContains(t, head, "\x00")
	}
	m, err = mime.Forward(e, &mime.ForwardOptions{From: bob, Inline: true})
	require.NoError(t, err)
	_, err = m.WriteTo(io.Discard)
	require.NoError(t, err)
}
