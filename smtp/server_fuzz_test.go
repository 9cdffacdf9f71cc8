package smtp_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// Whatever is said to a server, and however it is cut: what it says are replies;
// there are no more of them than lines; each message that is kept was answered
// 250, and none else was; and nothing kept is beyond the limits.
func FuzzServerConversation(f *testing.F) {
	const begin = "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
	for _, s := range []string{
		"HELO crepes.fr\r\nMAIL FROM: <alice@crepes.fr>\r\nRCPT TO: <bob@hamburger.edu>\r\nDATA\r\nDo you like ketchup?\r\n.\r\nQUIT\r\n",
		begin + "BDAT 3\r\na\r\nNOOP\r\nBDAT 2 LAST\r\nbcRSET\r\n" + begin + "BDAT 5 LAST\r\nab",
		begin + "DATA\r\n..x\n.\r\n.\r\nQUIT\r\nQUIT\r\n",
		"EHLO a\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\nAUTH PLAIN\r\n*\r\nSTARTTLS\r\nVRFY x\r\nHELP\r\nEXPN y\r\n",
		begin + "BDAT 900\r\nRSET\r\n",
		"X\r\nX\r\nX\r\nX\r\nX\r\n",
		begin + "DATA\r\n" + strings.Repeat("Received: x\r\n", 5) + "\r\n.\r\nMAIL FROM:<> SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=+41\r\nRCPT TO:<x@y> NOTIFY=SUCCESS ORCPT=rfc822;a+40b\r\n",
	} {
		f.Add([]byte(s), uint8(3), false)
		f.Add([]byte(strings.ReplaceAll(s, "EHLO", "LHLO")), uint8(0), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint8, lmtp bool) {
		whole, kept := converse(t, in, len(in)+1, lmtp)
		parts, again := converse(t, in, int(cut)+1, lmtp)
		require.Equal(t, whole, parts)
		require.Equal(t, kept, again)
		accepted := 0
		replies := 0
		for rest := []byte(whole); len(rest) > 0; replies++ {
			r, n, err := smtp.ParseReply(rest, nil)
			require.NoError(t, err, "%q", rest)
			if r.Text() == "Message accepted for delivery" {
				accepted++
			}
			rest = rest[n:]
		}
		if !lmtp {
			require.Equal(t, len(kept), accepted, "%q", whole)
			require.LessOrEqual(t, replies, strings.Count(string(in), "\r\n")+2)
		}
		for _, l := range kept {
			require.LessOrEqual(t, len(l.Text), 1000)
			require.NotEmpty(t, l.To)
		}
	})
}

// converse says in to a server, in parts of n octets, and returns what it said
// and kept.
func converse(t *testing.T, in []byte, n int, lmtp bool) (string, []letter) {
	m := new(mailbox)
	srv := &smtp.Server{
		Hostname: "hamburger.edu", Backend: m, LMTP: lmtp, Auth: plainAuth, AllowInsecureAuth: true,
		Limits:   smtp.Limits{MaxMessageBytes: 1000, MaxDiscard: 1000, MaxErrors: 4, MaxHops: 3, MaxHeaderBytes: 500},
		Timeouts: smtp.Timeouts{LoginDelay: -1},
	}
	client, server := testkit.Pipe()
	defer client.Close()
	go func() {
		for rest := in; len(rest) > 0; {
			k, err := client.Write(rest[:min(n, len(rest))])
			if err != nil {
				return
			}
			rest = rest[k:]
		}
		client.(interface{ CloseWrite() error }).CloseWrite()
	}()
	done := make(chan error, 1)
	go func() { done <- srv.ServeConn(t.Context(), server) }()
	said, err := io.ReadAll(client)
	require.NoError(t, err)
	<-done
	return string(said), m.got()
}
