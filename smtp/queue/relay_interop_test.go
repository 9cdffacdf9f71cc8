package queue_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
	"applayer/smtp"
	"applayer/smtp/queue"
)

// The queue brings mail to Postfix and to Exim, which it finds by the MX of their
// domain, over TLS; of who is not there the sender gets a report by the same way.
func TestInteropRelay(t *testing.T) {
	for name, start := range map[string]func(testing.TB, *peers.Config) *peers.Server{"Postfix": peers.Postfix, "Exim": peers.Exim} {
		t.Run(name, func(t *testing.T) {
			certificate, _ := testkit.Certificate(t)
			s := start(t, &peers.Config{TLS: certificate, Users: map[string]string{"bob": "hungry", "carol": "thirsty"}})
			var log strings.Builder // the logger sees to turns
			r := &queue.Relay{
				Hostname: "crepes.fr",
				Resolver: names{"mx hamburger.edu": mx("mail.hamburger.edu"), "a mail.hamburger.edu": "192.0.2.1"},
				Logger:   slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			}
			var dialer net.Dialer
			r.Options.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				assert.Equal(t, "192.0.2.1:25", addr)
				return dialer.DialContext(ctx, network, s.Addr)
			}
			defer r.Close()
			q := &queue.Queue{Dir: t.TempDir(), Deliverer: r, Hostname: "crepes.fr"}
			stop := running(t, q)
			defer stop()

			nobody := smtp.Path{Local: "nobody", Domain: "hamburger.edu"}
			const letter = "From: carol@hamburger.edu\r\nTo: bob@hamburger.edu\r\n" +
				"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
				".\r\n..\r\nDo you like crêpes?\r\n"
			e := smtp.Envelope{From: carol, To: []smtp.Recipient{{Path: bob}, {Path: nobody}}}
			submit(t, q, e, letter)

			got := s.Mail(t, "bob", 1)[0]
			assert.True(t, strings.HasSuffix(got, "\n\n.\n..\nDo you like crêpes?\n"), "%q", got)
			report := s.Mail(t, "carol", 1)[0]
			for _, line := range []string{"Reporting-MTA: dns;crepes.fr", "Final-Recipient: rfc822;nobody@hamburger.edu", "Action: failed", "Status: 5."} {
				assert.Contains(t, strings.ReplaceAll(report, "; ", ";"), line)
			}
			assert.NotContains(t, report, "Final-Recipient: rfc822; bob@")
			require.Eventually(t, func() bool { return len(q.List()) == 0 }, time.Minute, time.Millisecond)
			stop()
			assert.Equal(t, 2, strings.Count(log.String(), `tls="TLS 1.3, not verified"`), log.String())
			assert.Len(t, s.Mail(t, "bob", 1), 1)
			assert.Len(t, s.Mail(t, "carol", 1), 1)
		})
	}
}
