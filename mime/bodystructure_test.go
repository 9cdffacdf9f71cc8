package mime_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// n is a string that is there.
func n(s string) mime.NString { return mime.NString{S: s, Present: true} }

func TestHeaderEnvelope(t *testing.T) {
	at := func(name, mailbox, host string) mime.EnvelopeAddress {
		a := mime.EnvelopeAddress{Mailbox: n(mailbox), Host: n(host)}
		if name != "" {
			a.Name = n(name)
		}
		return a
	}
	terry := []mime.EnvelopeAddress{at("Terry Gray", "gray", "cac.washington.edu")}
	tests := []struct {
		name, header string
		want         mime.Envelope
	}{
		{"9051-8 sample", "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nFrom: Terry Gray <gray@cac.washington.edu>\r\n" +
			"Subject: IMAP4rev2 WG mtg summary and minutes\r\nTo: imap@cac.washington.edu\r\n" +
			"cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\nMessage-Id: <B27397-0100000@cac.washington.edu>\r\n\r\n",
			mime.Envelope{
				Date: n("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)"), Subject: n("IMAP4rev2 WG mtg summary and minutes"),
				From: terry, Sender: terry, ReplyTo: terry, To: []mime.EnvelopeAddress{at("", "imap", "cac.washington.edu")},
				Cc:        []mime.EnvelopeAddress{at("", "minutes", "CNRI.Reston.VA.US"), at("John Klensin", "KLENSIN", "MIT.EDU")},
				MessageID: n("<B27397-0100000@cac.washington.edu>"),
			}},
		{"9051-7.5.2 nothing", "", mime.Envelope{}},
		{"9051-7.5.2 fields that are empty", "Date:\r\nSubject: \r\nIn-Reply-To:\r\nMessage-ID:\r\nFrom: \r\nSender:\r\nTo:\r\n\r\n",
			mime.Envelope{Date: n(""), Subject: n(""), InReplyTo: n(""), MessageID: n("")}},
		{"9051-7.5.2 sender and reply-to of their own", "From: a@x\r\nSender: b@x\r\nReply-To: c@x\r\n\r\n",
			mime.Envelope{
				From:    []mime.EnvelopeAddress{at("", "a", "x")},
				Sender:  []mime.EnvelopeAddress{at("", "b", "x")},
				ReplyTo: []mime.EnvelopeAddress{at("", "c", "x")},
			}},
		{"9051-7.5.2 group", "To: A Group: Ed <ed@x>, joe@y;, z@z\r\nBcc: undisclosed-recipients:;\r\n\r\n",
			mime.Envelope{
				To:  []mime.EnvelopeAddress{{Mailbox: n("A Group")}, at("Ed", "ed", "x"), at("", "joe", "y"), {}, at("", "z", "z")},
				Bcc: []mime.EnvelopeAddress{{Mailbox: n("undisclosed-recipients")}, {}},
			}},
		{"9051-7.5.2 quotes removed, words as they are", "From: \"A \\\"B\\\"\" <\"x y\"@z>\r\nTo: =?utf-8?q?J=C3=B6?= <j@x>\r\nSubject: =?utf-8?q?=C3=B6?=\r\n a\r\n\r\n",
			func() mime.Envelope {
				from := []mime.EnvelopeAddress{at(`A "B"`, "x y", "z")}
				return mime.Envelope{Subject: n("=?utf-8?q?=C3=B6?= a"), From: from, Sender: from, ReplyTo: from,
					To: []mime.EnvelopeAddress{at("=?utf-8?q?J=C3=B6?=", "j", "x")}}
			}()},
		{"the first of two counts", "Subject: one\r\nSubject: two\r\n\r\n", mime.Envelope{Subject: n("one")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, _, _, err := mime.ParseHeader([]byte(tt.header), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, h.Envelope())
		})
	}
}

func TestEntityBodyStructure(t *testing.T) {
	ascii := mime.MediaType{Type: "text", Subtype: "plain", Params: mime.Params{{Name: "charset", Value: "us-ascii"}}}
	octets := mime.MediaType{Type: "application", Subtype: "octet-stream"}
	tests := []struct {
		name, message string
		wire          bool
		want          mime.BodyStructure
	}{
		{"2045-5.2 no header", "a\r\nb\r\n", false, mime.BodyStructure{MediaType: ascii, Encoding: "7BIT", Size: 6, Lines: 2}},
		{"9051-7.5.2 text", "Content-Type: TEXT/Html; Charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=\r\nb", false,
			mime.BodyStructure{MediaType: mime.MediaType{Type: "text", Subtype: "html", Params: mime.Params{{Name: "charset", Value: "UTF-8"}}},
				Encoding: "QUOTED-PRINTABLE", Size: 5, Lines: 1}},
		{"lines of the wire", "A: b\n\nc\r\nd\n", true, mime.BodyStructure{MediaType: ascii, Encoding: "7BIT", Size: 6, Lines: 2}},
		{"9051-7.5.2 all fields", "Content-Type: image/gif; name=\"a b\"\r\nContent-ID: <1@x>\r\nContent-Description: =?us-ascii?q?a?=\r\n" +
			"Content-Transfer-Encoding: (c) BASE64\r\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\nContent-Disposition: Attachment; filename*0=a; filename*1=b\r\n" +
			"Content-Language: de, en-GB\r\nContent-Location: http://x/\r\n\r\nAAAA\r\n", false,
			mime.BodyStructure{
				MediaType: mime.MediaType{Type: "image", Subtype: "gif", Params: mime.Params{{Name: "name", Value: "a b"}}},
				ID:        n("<1@x>"), Description: n("=?us-ascii?q?a?="), Encoding: "BASE64", Size: 6, Lines: 1,
				MD5: n("Q2hlY2sgSW50ZWdyaXR5IQ=="), Language: []string{"de", "en-GB"}, Location: n("http://x/"),
				Disposition: &mime.Disposition{Type: "attachment", Params: mime.Params{{Name: "filename", Value: "ab"}}},
			}},
		{"encoded words in a name stay", "Content-Type: image/gif; name=\"=?utf-8?q?=C3=B6?=\"\r\n\r\n", false,
			mime.BodyStructure{MediaType: mime.MediaType{Type: "image", Subtype: "gif", Params: mime.Params{{Name: "name", Value: "=?utf-8?q?=C3=B6?="}}}, Encoding: "7BIT"}},
		{"multipart without parts", "Content-Type: multipart/mixed; boundary=b\r\n\r\nx\r\n", false,
			mime.BodyStructure{MediaType: mime.MediaType{Type: "multipart", Subtype: "mixed", Params: mime.Params{{Name: "boundary", Value: "b"}}},
				Encoding: "7BIT", Size: 3, Lines: 1,
				Parts: []mime.BodyStructure{{MediaType: mime.MediaType{Type: "text", Subtype: "plain"}, Encoding: "7BIT"}}}},
		{"multipart without a boundary", "Content-Type: multipart/mixed\r\n\r\nx\r\n", false, mime.BodyStructure{MediaType: octets, Encoding: "7BIT", Size: 3, Lines: 1}},
		{"message that is encoded", "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nQTogYg0K\r\n", false,
			mime.BodyStructure{MediaType: octets, Encoding: "BASE64", Size: 10, Lines: 1}},
		{"9051-7.5.2 message", "Content-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\nbody\r\n", false,
			mime.BodyStructure{MediaType: mime.MediaType{Type: "message", Subtype: "rfc822"}, Encoding: "7BIT", Size: 20, Lines: 3,
				Envelope: &mime.Envelope{Subject: n("s")}, Message: &mime.BodyStructure{MediaType: ascii, Encoding: "7BIT", Size: 6, Lines: 1}}},
		{"9051-9 message/news is basic", "Content-Type: message/news\r\n\r\nSubject: s\r\n\r\nbody\r\n", false,
			mime.BodyStructure{MediaType: mime.MediaType{Type: "message", Subtype: "news"}, Encoding: "7BIT", Size: 20, Lines: 3}},
		{"2046-5.1.5 digest", "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: s\r\n\r\nbody\r\n--b--\r\n", false,
			mime.BodyStructure{MediaType: mime.MediaType{Type: "multipart", Subtype: "digest", Params: mime.Params{{Name: "boundary", Value: "b"}}},
				Encoding: "7BIT", Size: 34, Lines: 6,
				Parts: []mime.BodyStructure{{MediaType: mime.MediaType{Type: "message", Subtype: "rfc822"}, Encoding: "7BIT", Size: 18, Lines: 2,
					Envelope: &mime.Envelope{Subject: n("s")}, Message: &mime.BodyStructure{MediaType: ascii, Encoding: "7BIT", Size: 4}}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := mime.ParseBytes([]byte(tt.message), &mime.Options{Wire: tt.wire})
			require.NoError(t, err)
			got, err := e.BodyStructure()
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

// A source that cannot be read any more is an error at any depth.
func TestBodyStructureOfCutSource(t *testing.T) {
	source := &shrinking{strings.NewReader(complexMessage)}
	e, err := mime.Parse(source, source.Size(), nil)
	require.NoError(t, err)
	_, err = e.BodyStructure()
	require.NoError(t, err)
	for size := 0; size < strings.Index(complexMessage, "text of four two"); size += 7 {
		source.Reader = strings.NewReader(complexMessage[:size])
		_, err := e.BodyStructure()
		assert.Error(t, err, size)
	}
	source.Reader = strings.NewReader("x")
	_, err = e.Envelope()
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
