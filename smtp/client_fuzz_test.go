package smtp_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// Whatever a server says, each call returns, nothing is left running, what is
// sent outside the message are whole commands, and nobody is told that a message
// was taken without a reply of 2yz to its end.
func FuzzClientConversation(f *testing.F) {
	const ok = "250 ok\r\n"
	f.Add([]byte("220 hi\r\n250 hi\r\n"+ok+ok+"354 go\r\n"+ok+"221 bye\r\n"), true, false)
	f.Add([]byte("220 hi\r\n250-hi\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 8BITMIME\r\n"+ok+"550 who\r\n554 no\r\n"+ok), true, false)
	f.Add([]byte("220 hi\r\n250-hi\r\n250-CHUNKING\r\n250-SMTPUTF8\r\n250 DSN\r\n"+ok+ok+ok+ok+ok+ok), false, false)
	f.Add([]byte("220 hi\r\n250 hi\r\n"+ok+ok+ok+"354 go\r\n250 a\r\n452 b\r\n"), true, true)
	f.Add([]byte("220 hi\r\n502 no\r\n250 hi\r\n421 bye\r\n"), true, false)
	f.Add([]byte("220 hi\r\n250-hi\r\n250-STARTTLS\r\n250 AUTH LOGIN PLAIN\r\n220 go\r\n"), true, false)
	f.Add([]byte("220-a\r\n220-b\r\n220 c\r\n250 hi\r\n334 eA==\r\n"), true, false)
	f.Fuzz(func(t *testing.T, says []byte, closes, lmtp bool) {
		synctest.Test(t, func(t *testing.T) {
			near, far := testkit.PipeBuffer(1 << 20)
			var heard bytes.Buffer
			var all sync.WaitGroup
			all.Go(func() {
				far.Write(says)
				if closes {
					far.(interface{ CloseWrite() error }).CloseWrite()
				}
				io.Copy(&heard, far)
				far.Close()
			})
			taken := clientCalls(t, near, lmtp)
			near.Close()
			all.Wait()
			if taken {
				assert.True(t, bytes.Contains(says, []byte("\n2")), "%q", says)
			}
			checkCommands(t, heard.Bytes())
		})
	})
}

// clientCalls goes through the calls of a client, and tells whether a message was
// taken.
func clientCalls(t *testing.T, nc net.Conn, lmtp bool) (taken bool) {
	ctx := t.Context()
	c, err := smtp.NewClient(ctx, nc, &smtp.Options{Hello: "crepes.fr", LMTP: lmtp, ChunkSize: 16, TLS: smtp.TLSOff})
	if err != nil {
		return false
	}
	defer c.Close()
	e := envelope(bob, carol)
	e.Body = smtp.BodyUnsaid
	for range 2 {
		r, err := c.Send(ctx, e, strings.NewReader(".a\r\nbc\nd\r\n"))
		refused := 0
		for _, result := range r.Results {
			if result.Err != nil {
				refused++
				continue
			}
			taken = true
			assert.Equal(t, 2, result.Reply.Code/100)
		}
		assert.Equal(t, refused > 0, err != nil)
	}
	c.Login(ctx, "bob", "hungry")
	c.Verify(ctx, "bob")
	c.Quit(ctx)
	return taken
}

// checkCommands looks at what a client sent: each line outside the message is a
// command that parses, or one of AUTH.
func checkCommands(t *testing.T, b []byte) {
	message := strings.NewReplacer("..a\r\nbc\r\nd\r\n.\r\n", "", ".a\r\nbc\r\nd\r\n", "")
	for line := range strings.Lines(message.Replace(string(b))) {
		body, whole := strings.CutSuffix(line, "\r\n")
		if !whole || strings.HasPrefix(body, "BDAT") || body == "*" {
			continue
		}
		assert.False(t, strings.ContainsAny(body, "\r\n\x00"), "%q", line)
	}
}
