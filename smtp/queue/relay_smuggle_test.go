package queue_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// wiretap is a connection of which all that is written is kept.
type wiretap struct {
	net.Conn
	mu  sync.Mutex
	out strings.Builder
}

func (w *wiretap) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.out.Write(p)
	w.mu.Unlock()
	return w.Conn.Write(p)
}

// Whatever octets a message is made of, its relay sends one message, whose lines
// end in CRLF and whose end is where the next host's is (RFC 5321 §2.3.8,
// CVE-2023-51764): nothing that some host could take for an end, and nothing that
// is a command.
func TestRelaySmuggling(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	tokens := []string{"\r\n", "\r", "\n", ".", "\x00", "a", " ", "\r\n.", ".\r\n", "\r\n.\r\n", "\n.\n", "\r.\r", "QUIT\r\n", "MAIL FROM:<evil@x>\r\n", "caf\xc3\xa9\r\n"}
	texts := []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r\n\x00.\r\n"}
	for i, text := range texts {
		texts[i] = "a" + text + "MAIL FROM:<evil@x>\r\nRCPT TO:<bob@hamburger.edu>\r\nDATA\r\nhidden\r\n.\r\n"
	}
	for range 500 {
		var text strings.Builder
		for range 1 + random.IntN(12) {
			text.WriteString(tokens[random.IntN(len(tokens))])
		}
		texts = append(texts, text.String())
	}
	for _, server := range []*smtp.Server{{}, {Without: []string{"CHUNKING"}}, {Without: []string{"CHUNKING", "PIPELINING", "8BITMIME"}}} {
		t.Run(fmt.Sprint(server.Without), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := hamburger(t, server) // which takes no CR or LF alone
				r := w.relay()
				dial := r.Options.Dial
				var tap *wiretap
				r.Options.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
					nc, err := dial(ctx, network, addr)
					tap = &wiretap{Conn: nc}
					return tap, err
				}
				r.Limits.MaxIdle = -1 // each message by itself
				for _, text := range texts {
					m := saying("Subject: x\r\n\r\n"+text, smtp.MailOptions{})
					got := outcomes(r.Deliver(t.Context(), m, rcpts("hamburger.edu", "bob")))
					mails := w.arrived()
					require.Equal(t, []string{"taken by mail.hamburger.edu"}, got, "%q", text)
					require.Len(t, mails, 1, "%q", text)
					synctest.Wait()
					tap.mu.Lock()
					sent := tap.out.String()
					tap.mu.Unlock()
					assert.NotContains(t, sent, "\x00", "%q", text)
					assert.NotContains(t, strings.ReplaceAll(sent, "\r\n", ""), "\r", "%q", text)
					assert.NotContains(t, strings.ReplaceAll(sent, "\r\n", ""), "\n", "%q", text)
					if server.Without != nil {
						_, content, _ := strings.Cut(sent, "DATA\r\n")
						assert.Equal(t, 1, strings.Count("\r\n"+content, "\r\n.\r\n"), "%q", text)
						assert.True(t, strings.HasSuffix(content, "\r\n.\r\nQUIT\r\n"), "%q", text)
					}
				}
			})
		})
	}
}
