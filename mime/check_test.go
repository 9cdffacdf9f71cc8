package mime_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestCheck(t *testing.T) {
	const date = "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
	const from = "From: a@b.example\r\n"
	tests := []struct{ name, in, want string }{
		{"5322-3.6 nothing wrong", date + from, ""},
		{"5322-3.6 no Date, no From", "Subject: x\r\n", "Date: missing field at byte 0 (RFC 5322 §3.6); From: missing field at byte 0 (RFC 5322 §3.6)"},
		{"5322-3.6 Subject twice", date + from + "Subject: x\r\nsubject: y\r\n", "subject: duplicate field at byte 70 (RFC 5322 §3.6.5)"},
		{"5322-3.6 To and Cc are not the same", date + from + "To: a@b\r\nCc: a@b\r\nBcc: a@b\r\n", ""},
		{"5322-3.6 Comments any number of times", date + from + "Comments: x\r\nComments: y\r\nX: 1\r\nX: 1\r\n", ""},
		{"5322-3.6.2 two authors and no sender", date + "From: a@b, c@d\r\n", "From: no sender at byte 44 (RFC 5322 §3.6.2)"},
		{"5322-3.6.2 two authors and a sender", date + "From: a@b, c@d\r\nSender: a@b\r\n", ""},
		{"5322-3.6.2 two senders", date + from + "Sender: a@b, c@d\r\n", "Sender: many mailboxes at byte 65 (RFC 5322 §3.6.2)"},
		{"5322-3.6.2 no author", date + "From: (x)\r\nSender:\r\n", "From: no mailbox at byte 44 (RFC 5322 §3.6.2); Sender: no mailbox at byte 57 (RFC 5322 §3.6.2)"},
		{"6854-2.1 a group of authors", date + "From: A:;\r\n", ""},
		{"5322-3.6.3 nobody", date + from + "To:\r\nBcc:\r\nResent-Bcc:\r\nResent-From: a@b\r\nResent-Date: 21 Nov 1997 09:55 GMT\r\n", "To: no mailbox at byte 61 (RFC 5322 §3.6.3)"},
		{"5322-3.4 damaged address", date + from + "To: a@b <c@d>\r\n", "To: address as name at byte 62 (RFC 5322 §3.4)"},
		{"5322-3.6.6 two who resend and no sender", date + from + "Resent-From: a@b, c@d\r\nResent-Date: 21 Nov 1997 09:55 GMT\r\n", "Resent-From: no sender at byte 70 (RFC 5322 §3.6.2)"},
		{"8098-2 notification", date + from + "Disposition-Notification-To: A:;\r\nDisposition-Notification-Options: x\r\n",
			"Disposition-Notification-To: group at byte 86 (RFC 8098 §2.1); Disposition-Notification-Options: notification option at byte 126 (RFC 8098 §2.2)"},
		{"8098-2.1 nobody to notify", date + from + "Disposition-Notification-To:\r\n", "Disposition-Notification-To: no mailbox at byte 86 (RFC 8098 §2.1)"},
		{"2919-3 List-ID", date + from + "List-ID: a\r\nKeywords: a, (\r\n", "List-ID: list id at byte 66 (RFC 2919 §3); Keywords: unclosed comment at byte 83 (RFC 5322 §3.2.2)"},
		{"2045 each once", date + from + "Content-Type: a/b\r\nContent-Type: c/d\r\n", "Content-Type: duplicate field at byte 77 (RFC 2045 §5)"},
		{"5322-3.6.1 Date is none", from + "Date: x\r\n", "Date: no date at byte 25 (RFC 5322 §3.3)"},
		{"5322-3.6.1 wrong day", from + "Date: Mon, 21 Nov 1997 09:55:06 -0600\r\n", "Date: day name at byte 25 (RFC 5322 §3.3)"},
		{"5322-3.6.4", date + from + "Message-ID: x\r\n", "Message-ID: message identifier at byte 70 (RFC 5322 §3.6.4)"},
		{"5322-3.6.7", date + from + "Received: x\r\nReturn-Path: x\r\n", "Received: no date in received at byte 69 (RFC 5322 §3.6.7); Return-Path: return path at byte 84 (RFC 5322 §3.6.7)"},
		{"5322-3.6.6 no Resent-Date", date + from + "Resent-From: a@b\r\n", "Resent-Date: missing field at byte 0 (RFC 5322 §3.6.6)"},
		{"5322-2.2 no colon", date + from + "x y\r\n", "no colon at byte 58 (RFC 5322 §2.2)"},
		{"4155-A From line", "From a@b x\r\n" + date + from + "From a@b x\r\n", "from line at byte 0 (RFC 4155 §A); no colon at byte 70 (RFC 5322 §2.2)"},
		{"5322-2.1.1 long line", date + from + "X: " + strings.Repeat("x", 996) + "\r\n", "X: long line at byte 58 (RFC 5322 §2.1.1)"},
		{"5322-2.2 bare CR and NUL", date + from + "X: a\r\n b\rc\x00\r\n", "X: bare cr at byte 66 (RFC 5322 §2.2); X: nul at byte 68 (RFC 7103 §7.6)"},
		{"6532-3.2 UTF-8", date + from + "X: gr\u00fc\u00dfe\r\n", ""},
		{"7103-7.7 other octets in text", date + from + "X: gr\xfc\xdfe\r\n", "X: unlabelled 8bit at byte 61 (RFC 2046 §4.1.2)"},
		{"7103-7.7 other octets in text of a charset", date + from + "X: gr\xfc\xdfe\r\nContent-Type: text/plain; charset=iso-8859-2\r\n", "X: unlabelled 8bit at byte 63 (RFC 7103 §7.7)"},
		{"7103-7.7 other octets in an identifier", date + from + "Message-ID: <\xfc@a>\r\n", "Message-ID: unlabelled 8bit at byte 71 (RFC 7103 §7.7)"},
		{"2045-6.4 unknown encoding", date + from + "Content-Transfer-Encoding: x-own\r\n", "Content-Transfer-Encoding: unknown encoding: mime: unknown content-transfer-encoding at byte 84 (RFC 2045 §6.4)"},
		{"2047-6 unknown charset", date + from + "Subject: =?x-own?Q?a?=\r\n", "Subject: unknown charset: mime: unknown charset at byte 67 (RFC 2046 §4.1.2)"},
		{"of the other kinds", date + from +
			"MIME-Version: 2\r\nContent-ID: x\r\nContent-Disposition: ;\r\nContent-Language: ?\r\nContent-MD5: ?\r\nContent-Location: <\r\nList-Help: ?\r\nAuto-Submitted: ;\r\nAuthentication-Results: ;\r\nReferences: a@b\r\nContent-Type: ?\r\n",
			"MIME-Version: mime version at byte 72 (RFC 2045 §4); " +
				"Content-ID: message identifier at byte 87 (RFC 5322 §3.6.4); " +
				"Content-Disposition: bad disposition at byte 111 (RFC 2183 §2); Content-Disposition: empty parameter at byte 112 (RFC 2045 §5.1); " +
				"Content-Language: language tag at byte 132 (RFC 3282 §2); " +
				"Content-MD5: content md5 at byte 148 (RFC 1864 §2); " +
				"Content-Location: content location at byte 169 (RFC 2557 §4.2); " +
				"List-Help: list command at byte 183 (RFC 2369 §2); " +
				"Auto-Submitted: auto submitted at byte 202 (RFC 3834 §5.1); Auto-Submitted: empty parameter at byte 203 (RFC 2045 §5.1); " +
				"Authentication-Results: no authserv id at byte 229 (RFC 8601 §2.2); " +
				"Authentication-Results: authentication result at byte 229 (RFC 8601 §2.2); " +
				"References: bare message identifier at byte 244 (RFC 5322 §3.6.4); " +
				"Content-Type: bad media type at byte 263 (RFC 2045 §5.1)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := parse(t, tt.in+"\r\n")
			var got []string
			for _, d := range h.Check(nil) {
				got = append(got, d.String())
			}
			assert.Equal(t, tt.want, strings.Join(got, "; "))
		})
	}
}

func TestCheckPart(t *testing.T) {
	h := parse(t, "Content-Type: a/b\r\n\r\n")
	assert.Empty(t, h.CheckPart(nil))
	h = parse(t, "Content-Type: a/b\r\nContent-Type: a/b\r\nX: =?x-own?q?x?=\r\n\r\n")
	assert.Len(t, h.CheckPart(nil), 2)
	assert.Len(t, h.CheckPart(&mime.Options{Limits: mime.Limits{MaxDefects: 1}}), 1)
	assert.Len(t, h.CheckPart(&mime.Options{Strict: true}), 2, "all are listed")
}

func TestTextInOtherCharsets(t *testing.T) {
	tests := []struct{ name, contentType, raw, want string }{
		{"6532-3.2 UTF-8 whatever the text is in", "text/plain; charset=iso-8859-2", "\u00fc", "ü"},
		{"7103-7.7 the charset of the text", "text/plain; charset=koi8-r", "\xd4\xc5\xd3\xd4", "тест"},
		{"7103-7.7 no charset", "multipart/mixed; boundary=x", "\xfc", "ü"},
		{"7103-7.7 a charset that a header cannot be in", "text/plain; charset=utf-16", "\xfc", "ü"},
		{"7103-7.7 a charset that has no such octets", "text/plain; charset=utf-8", "\xfc", "ü"},
		{"7103-7.7 an unknown charset", "text/plain; charset=x-own", "\xfc", "ü"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := parse(t, "Content-Type: "+tt.contentType+"\r\nSubject: "+tt.raw+"\r\n\r\n")
			s, err := h.Text("Subject")
			require.NoError(t, err)
			assert.Equal(t, tt.want, s)
			assert.Equal(t, tt.raw, h.Get("Subject"), "the octets stay")
		})
	}
}

func ExampleHeader_Check() {
	h, _, _, err := mime.ParseHeader([]byte("From: a@b.example\r\nDate: 4 Mar 2025\r\nSubject: one\r\nSubject: two\r\n\r\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range h.Check(nil) {
		fmt.Println(d)
	}
	// Output:
	// Date: no time at byte 35 (RFC 5322 §3.3)
	// Date: no zone at byte 35 (RFC 5322 §3.3)
	// Subject: duplicate field at byte 51 (RFC 5322 §3.6.5)
}
