package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

// One octet of a command, a reply or a message is spoiled on the wire: the scene
// must see it.
func TestMailServersNoticeASpoiledOctet(t *testing.T) {
	for _, tt := range []struct {
		name     string
		scene    Scene
		toClient bool
		behind   string
	}{
		{"a greeting", smtpScene, true, "22"},
		{"the host in the greeting", smtpScene, true, "220 "},
		{"a reply's code", smtpScene, true, "35"},
		{"a recipient", smtpScene, false, "RCPT TO: <bo"},
		{"a sender", smtpScene, false, "MAIL FROM: <a"},
		{"the text", smtpScene, false, "How about "},
		{"an attachment", smtpScene, false, "filename=menu.htm"},
		{"a doubled dot", rfc822Scene, false, "\r\n.."},
		{"a line behind dots", rfc822Scene, false, "...two "},
		{"what is read in the clear", tlsScene, true, "+OK 2 141"},
		{"what is told in the clear", tlsScene, false, "PASS hungr"},
		{"a listing", pop3Scene, true, "1 49"},
		{"a message", pop3Scene, true, "Subject: "},
		{"a mark", pop3Scene, false, "DELE "},
		{"a password", pop3Scene, false, "PASS "},
		{"the text on its way", aliceBobScene, false, "Do you "},
		{"the text in the mailbox", aliceBobScene, true, "Do you "},
		{"the page", aliceBobScene, true, "How about pickle"},
		{"the report", aliceBobScene, true, "Status: 5."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			v := playIn(t, tt.scene, &out, NetOptions{Spoil: flipBehind(tt.toClient, tt.behind)})
			assert.False(t, v.ok(), out.String())
		})
	}
}
