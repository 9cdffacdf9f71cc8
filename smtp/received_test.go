package smtp_test

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

func TestAppendReceived(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 5, 7, 0, time.FixedZone("", 3600))
	peer := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 1234}
	tests := []struct {
		name string
		in   smtp.Received
		want string
	}{
		{"all", smtp.Received{
			From: "crepes.fr", Peer: peer, By: "hamburger.edu", Protocol: "ESMTPS", ID: "17a",
			TLS: &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256},
			For: smtp.Path{Local: "bob", Domain: "hamburger.edu"}, Time: at,
		}, "Received: from crepes.fr ([192.0.2.7])\r\n\tby hamburger.edu with ESMTPS\r\n\t(TLS 1.3 TLS_AES_128_GCM_SHA256)\r\n\tid 17a\r\n" +
			"\tfor <bob@hamburger.edu>;\r\n\tSun, 1 Mar 2026 09:05:07 +0100\r\n"},
		{"nothing", smtp.Received{Time: at}, "Received: from unknown\r\n\tby localhost with SMTP;\r\n\tSun, 1 Mar 2026 09:05:07 +0100\r\n"},
		{"IPv6 and a literal", smtp.Received{From: "[192.0.2.1]", Peer: &net.TCPAddr{IP: net.ParseIP("2001:db8::1")}, Time: at},
			"Received: from [192.0.2.1] ([IPv6:2001:db8::1])\r\n\tby localhost with SMTP;\r\n\tSun, 1 Mar 2026 09:05:07 +0100\r\n"},
		{"what would end the field", smtp.Received{From: "a\r\nX: (b;\" \x00", ID: "ü)", Peer: &net.UnixAddr{Name: "x"}, Time: at},
			"Received: from a??X:??b????\r\n\tby localhost with SMTP\r\n\tid ???;\r\n\tSun, 1 Mar 2026 09:05:07 +0100\r\n"},
		{"6531-4.3 UTF-8 in a message of UTF-8", smtp.Received{From: "häm", Protocol: "UTF8SMTPS", For: smtp.Path{Local: "bób", Domain: "x"}, Time: at},
			"Received: from häm\r\n\tby localhost with UTF8SMTPS\r\n\tfor <bób@x>;\r\n\tSun, 1 Mar 2026 09:05:07 +0100\r\n"},
		{"6531-4.3 none in another", smtp.Received{From: "hä\n", Protocol: "ESMTPS", For: smtp.Path{Local: "bób", Domain: "x"}, Time: at},
			"Received: from h???\r\n\tby localhost with ESMTPS;\r\n\tSun, 1 Mar 2026 09:05:07 +0100\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, "x"+tt.want, string(smtp.AppendReceived([]byte("x"), tt.in)))
		})
	}
}

func TestAppendReturnPath(t *testing.T) {
	b, err := smtp.AppendReturnPath(nil, smtp.Path{Local: "a", Domain: "b"})
	require.NoError(t, err)
	assert.Equal(t, "Return-Path: <a@b>\r\n", string(b))
	b, err = smtp.AppendReturnPath(nil, smtp.Path{})
	require.NoError(t, err)
	assert.Equal(t, "Return-Path: <>\r\n", string(b))
	b, err = smtp.AppendReturnPath([]byte("x"), smtp.Path{Local: "a\r\n", Domain: "b"})
	assert.Error(t, err)
	assert.Equal(t, "x", string(b))
}

// A session's field says what the session knows.
func TestConnReceived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var conn *smtp.Conn
		m := &mailbox{onSession: func(c *smtp.Conn) error { conn = c; return nil }}
		play(t, &smtp.Server{Backend: m, Wrap: from("192.0.2.7:99")}, toRcpt)
		field := string(smtp.AppendReceived(nil, conn.Received("id1")))
		assert.True(t, strings.HasPrefix(field, "Received: from crepes.fr ([192.0.2.7])\r\n\tby hamburger.edu with ESMTP\r\n\tid id1;\r\n\t"), field)
	})
}
