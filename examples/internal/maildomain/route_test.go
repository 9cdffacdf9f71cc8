package maildomain_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/maildomain"
	"applayer/internal/testkit"
	"applayer/smtp"
	"applayer/smtp/queue"
)

// Mail that goes round in circles ends for good, wherever the limit is met: at
// the door, or behind it where our own field is one more (RFC 5321 §6.3).
func TestMailLoopEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\n", func(o *maildomain.Options) {
			o.RelayFrom = append(o.RelayFrom, netip.MustParsePrefix("127.0.0.0/8"))
		})
		c := s.dial("25", smtp.Options{})
		for hops, want := range map[int]string{99: "", 100: "554 5.4.6", 101: "554 5.4.6"} {
			m := strings.Repeat("Received: from a by b; Fri, 15 Nov 2002 13:58:49 +0000\r\n", hops) + text
			_, err := c.Send(t.Context(), envelope(t, "x@crepes.fr", "alice@crepes.fr"), strings.NewReader(m))
			if want == "" {
				assert.NoError(t, err, hops)
				continue
			}
			assert.Equal(t, want, code(t, err), fmt.Sprint(hops))
		}
	})
}

// anybody lets everybody send on, as no server should.
func anybody(o *maildomain.Options) {
	o.RelayFrom = append(o.RelayFrom, netip.MustParsePrefix("0.0.0.0/0"))
}

// sending has a domain's mail exchanger be a host, whatever the name servers say.
func sending(domain, host string) options {
	return func(o *maildomain.Options) { o.Resolver = misled{o.Resolver.(names), domain, host} }
}

type misled struct {
	names
	domain, host string
}

func (m misled) LookupMX(ctx context.Context, domain string) ([]*net.MX, error) {
	if strings.TrimSuffix(domain, ".") == m.domain {
		return []*net.MX{{Host: m.host, Pref: 1}}, nil
	}
	return m.names.LookupMX(ctx, domain)
}

// Two servers that hold each other for the way stop, and the sender hears of it
// once (RFC 5321 §6.3).
func TestTwoServersInACircle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		crepes := start(t, network, "crepes.fr", "alice:thirsty\n", anybody, sending("ketchup.com", "mx.hamburger.edu."))
		hamburger := start(t, network, "hamburger.edu", "bob:hungry\n", anybody, sending("ketchup.com", "mx.crepes.fr."))
		c := crepes.dial("587", smtp.Options{})
		require.NoError(t, c.Login(t.Context(), "alice", "thirsty"))
		begun := time.Now()
		_, err := c.Send(t.Context(), envelope(t, "alice@crepes.fr", "x@ketchup.com"), strings.NewReader(text))
		require.NoError(t, err)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, time.Minute, time.Since(begun))
		inbox := crepes.inbox("alice", "thirsty")
		require.Len(t, inbox, 1)
		assert.Contains(t, inbox[0], "\r\nFinal-Recipient: rfc822; x@ketchup.com\r\n")
		assert.Contains(t, inbox[0], "\r\nStatus: 5.4.6\r\n")
		assert.Empty(t, hamburger.inbox("bob", "hungry"))
	})
}

// What was asked of DSN goes with the message from server to server, and is
// answered once, by who knows (RFC 3461 §5.2.1, §5.2.3).
func TestDSNFromServerToServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		crepes := start(t, network, "crepes.fr", "alice:thirsty\n")
		hamburger := start(t, network, "hamburger.edu", "bob:hungry\n")
		c := crepes.dial("587", smtp.Options{})
		require.NoError(t, c.Login(t.Context(), "alice", "thirsty"))
		e := envelope(t, "alice@crepes.fr", "bob@hamburger.edu", "bob+quiet@hamburger.edu", "nobody@hamburger.edu", "secret@hamburger.edu")
		e.EnvelopeID, e.Return = "QQ+314=159", smtp.ReturnHeader
		e.To[0].Notify, e.To[0].Original = smtp.NotifySuccess, smtp.OriginalRecipient{Type: "rfc822", Address: "Robert+1@Burger.example"}
		e.To[1].Notify = smtp.NotifyFailure
		e.To[2].Notify = smtp.NotifyFailure
		e.To[3].Notify = smtp.NotifyNever
		_, err := c.Send(t.Context(), e, strings.NewReader(text))
		require.NoError(t, err)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Len(t, hamburger.inbox("bob", "hungry"), 1)
		inbox := crepes.inbox("alice", "thirsty")
		require.Len(t, inbox, 2)
		all := strings.Join(inbox, "")
		for _, line := range []string{
			"Action: delivered", "Final-Recipient: rfc822; bob@hamburger.edu", "Original-Recipient: rfc822; Robert+1@Burger.example",
			"Reporting-MTA: dns; mx.hamburger.edu", "Action: failed", "Final-Recipient: rfc822; nobody@hamburger.edu",
			"Reporting-MTA: dns; mx.crepes.fr", "Remote-MTA: dns; mx.hamburger.edu",
		} {
			assert.Equal(t, 1, strings.Count(all, "\r\n"+line+"\r\n"), line)
		}
		assert.Equal(t, 2, strings.Count(all, "\r\nOriginal-Envelope-Id: QQ+314=159\r\n"))
		assert.NotContains(t, all, "Action: relayed")
		assert.NotContains(t, all, "secret@")
		assert.NotContains(t, all, "Do you like it?", "RET=HDRS")
	})
}

// Addresses by which others have had hosts send their mail on. None gets it out
// of this one, and each form of our own domain is ours.
func TestNoOpenRelay(t *testing.T) {
	tests := []struct{ domain, rcpt, want string }{
		{"hamburger.edu", `<bob@hamburger.edu>`, "250"},
		{"hamburger.edu", `<@crepes.fr,@ketchup.com:bob@hamburger.edu>`, "250"}, // the route is dropped
		{"hamburger.edu", `<@hamburger.edu:alice@crepes.fr>`, "550 5.7.1"},
		{"hamburger.edu", `<@mx.hamburger.edu,@hamburger.edu:alice@crepes.fr>`, "550 5.7.1"},
		{"hamburger.edu", `<"alice@crepes.fr"@hamburger.edu>`, "550 5.1.1"},
		{"hamburger.edu", `<"bob@hamburger.edu"@crepes.fr>`, "550 5.7.1"},
		{"hamburger.edu", `<"bob"@hamburger.edu>`, "250"},
		{"hamburger.edu", `<alice%crepes.fr@hamburger.edu>`, "550 5.1.1"},
		{"hamburger.edu", `<alice%crepes.fr@[192.0.2.2]>`, "550 5."},
		{"hamburger.edu", `<crepes.fr!alice@hamburger.edu>`, "550 5.1.1"},
		{"hamburger.edu", `<alice@crepes.fr@hamburger.edu>`, "501 5.1.3"},
		{"hamburger.edu", `<bob+alice@crepes.fr>`, "550 5.7.1"},
		{"hamburger.edu", `<"bob+alice@crepes.fr"@hamburger.edu>`, "250"}, // all of it is bob's tag
		{"hamburger.edu", `<bob@hamburger.edu.>`, "501 5.1.3"},
		{"hamburger.edu", `<bob@crepes.hamburger.edu>`, "550 5.7.1"},
		{"hamburger.edu", `<bob@hamburger.edu.crepes.fr>`, "550 5.7.1"},
		{"hamburger.edu", `<bob@xn--hamburger.edu>`, "550 5.7.1"},
		{"hamburger.edu", `<alice@[192.0.2.1]>`, "550 5.7.1"},
		{"hamburger.edu", `<alice@192.0.2.1>`, "550 5.7.1"},
		{"hamburger.edu", `<bob@[hamburger.edu]>`, "501 5.1.3"},
		{"hamburger.edu", `<bob@[x:hamburger.edu]>`, "550 5.7.1"},
		{"hamburger.edu", `<PostMaster>`, "250"},
		{"hamburger.edu", `<alice>`, "501 5.1.3"},
		{"hamburger.edu", `<"postmaster">`, "501 5.1.3"},
		{"bücher.example", `<bob@xn--bcher-kva.example>`, "250"},
		{"bücher.example", `<bob@XN--BCHER-KVA.EXAMPLE>`, "250"},
		{"bücher.example", `<bob@BÜCHER.example>`, "250"},
		{"bücher.example", `<bob@xn--bcher-kvb.example>`, "550 5.7.1"},
		{"xn--bcher-kva.example", `<bob@bücher.example>`, "250"},
		{"xn--bcher-kva.example", `<bob@bucher.example>`, "550 5.7.1"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			network := testkit.NewNetwork()
			s := start(t, network, "hamburger.edu", "bob:hungry\nalice:thirsty\n", func(o *maildomain.Options) { o.Name = tt.domain })
			nc, err := network.Dial(t.Context(), "tcp", s.addr+":25")
			require.NoError(t, err)
			defer nc.Close()
			in := bufio.NewReader(nc)
			say := func(line string) (reply string) {
				if line != "" {
					fmt.Fprintf(nc, "%s\r\n", line)
				}
				for {
					reply, err = in.ReadString('\n')
					require.NoError(t, err)
					if reply[3] == ' ' {
						return reply
					}
				}
			}
			say("")
			say("EHLO mx.crepes.fr")
			require.Contains(t, say("MAIL FROM:<x@crepes.fr> SMTPUTF8"), "250")
			assert.True(t, strings.HasPrefix(say("RCPT TO:"+tt.rcpt), tt.want), "%s: %s", tt.rcpt, tt.want)
		})
	}
}

// A domain of digits and the address literal are two destinations, of which one
// is not there.
func TestDigitsAreNoLiteral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		crepes := start(t, network, "crepes.fr", "alice:thirsty\n")
		hamburger := start(t, network, "hamburger.edu", "bob:hungry\n", anybody)
		c := crepes.dial("587", smtp.Options{})
		require.NoError(t, c.Login(t.Context(), "alice", "thirsty"))
		for _, to := range [][]string{{"x@192.0.2.2", "y@[192.0.2.2]"}, {"y@[192.0.2.2]", "x@192.0.2.2"}} {
			_, err := c.Send(t.Context(), envelope(t, "alice@crepes.fr", to...), strings.NewReader(text))
			require.NoError(t, err)
			time.Sleep(time.Second)
			synctest.Wait()
			all := strings.Join(crepes.inbox("alice", "thirsty"), "")
			assert.Contains(t, all, "\r\nFinal-Recipient: rfc822; x@192.0.2.2\r\nAction: failed\r\nStatus: 5.1.2\r\n")
			assert.NotContains(t, all, "192.0.2.2]\r\nAction: failed\r\nStatus: 5.1.2\r\n")
		}
		assert.Empty(t, hamburger.inbox("bob", "hungry"))
	})
}

// Over LMTP nothing is sent on, whoever asks: it is for mailboxes (RFC 2033 §3).
func TestLMTPRelaysForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\n", anybody)
		_, err := s.dial("24", smtp.Options{LMTP: true}).Send(t.Context(), envelope(t, "x@crepes.fr", "alice@crepes.fr"), strings.NewReader(text))
		assert.Equal(t, "550 5.7.1", code(t, err))
	})
}

// Who writes to <Postmaster> hears of him by an address that has a domain.
func TestPostmasterIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		crepes := start(t, network, "crepes.fr", "alice:thirsty\n")
		hamburger := start(t, network, "hamburger.edu", "bob:hungry\n")
		e := envelope(t, "alice@crepes.fr")
		e.To = []smtp.Recipient{{Path: smtp.Path{Local: "Postmaster"}, RcptOptions: smtp.RcptOptions{Notify: smtp.NotifySuccess}}}
		_, err := hamburger.dial("25", smtp.Options{}).Send(t.Context(), e, strings.NewReader(text))
		require.NoError(t, err)
		time.Sleep(time.Minute)
		synctest.Wait()
		inbox := crepes.inbox("alice", "thirsty")
		require.Len(t, inbox, 1)
		assert.Contains(t, inbox[0], "\r\nFinal-Recipient: rfc822; Postmaster@hamburger.edu\r\n")
		assert.Len(t, hamburger.inbox("bob", "hungry"), 1)
	})
}

// Who is no user any more when the queue comes to him takes nobody else's result.
func TestUserGoneMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\n")
		m := &queue.Message{From: path(t, "x@crepes.fr"), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(text)), nil
		}}
		results := s.Deliver(t.Context(), m, envelope(t, "", "gone@hamburger.edu", "bob@hamburger.edu", "left@hamburger.edu").To)
		require.Len(t, results, 3)
		assert.Equal(t, "550 5.1.1", code(t, results[0].Err))
		assert.True(t, results[1].Delivered && results[1].Err == nil)
		assert.Equal(t, "550 5.1.1", code(t, results[2].Err))
		assert.Len(t, s.inbox("bob", "hungry"), 1)
	})
}
