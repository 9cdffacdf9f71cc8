package pop3_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"applayer/pop3"
)

// ofSize is a message of exactly n octets.
func ofSize(n int) string {
	const head = "From: alice@crepes.fr\r\nTo: bob@hamburger.edu\r\nSubject: lunch\r\n\r\n"
	body := strings.Repeat("Do you like ketchup?\r\n", (n-len(head))/22)
	rest := n - len(head) - len(body)
	if rest < 2 {
		body = body[:len(body)-22]
		rest += 22
	}
	return head + body + strings.Repeat("x", rest-2) + "\r\n"
}

// The dialogue of the lecture: the authorisation phase, then the transaction
// phase, with download-and-delete. (The slide shows message 1 once more behind
// RETR 2.)
func TestLectureDownloadAndDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(ofSize(498), ofSize(912))
		c := serve(t, &pop3.Server{Backend: m}).dial("127.0.0.1")
		body := func(n int) string {
			return "S: " + strings.ReplaceAll(strings.TrimSuffix(ofSize(n), "\r\n"), "\r\n", "\nS: ") + "\nS: .\n"
		}
		c.talk("S: +OK POP3 server ready\nC: user bob\nS: +OK…\nC: pass hungry\nS: +OK…\n" +
			"C: list\nS: +OK…\nS: 1 498\nS: 2 912\nS: .\n" +
			"C: retr 1\nS: +OK 498 octets\n" + body(498) + "C: dele 1\nS: +OK…\n" +
			"C: retr 2\nS: +OK 912 octets\n" + body(912) + "C: dele 2\nS: +OK…\n" +
			"C: quit\nS: +OK…\nS!")
		assert.Empty(t, m.left())
	})
}

// Download-and-keep: a second client sees the mail, and no state was kept for
// the first.
func TestLectureDownloadAndKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: letters(ofSize(498), ofSize(912))})
		for range 2 {
			s.login().talk("C: list\nS: +OK…\nS: 1 498\nS: 2 912\nS: .\nC: uidl\nS: +OK\nS: 1 7.1\nS: 2 7.2\nS: .\nC: quit\nS: +OK Goodbye, 2 messages left.\nS!")
		}
	})
}
