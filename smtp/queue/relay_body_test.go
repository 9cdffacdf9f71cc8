package queue_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// saying is a message of a text.
func saying(text string, options smtp.MailOptions) *queue.Message {
	m := outgoing()
	m.Size, m.Options = int64(len(text)), options
	m.Open = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	return m
}

// The message goes to the host that has what it needs, is put off while that is
// away, and is given up where none has it.
func TestRelayNextOfLackingHost(t *testing.T) {
	lacking := func() *smtp.Server {
		return &smtp.Server{Without: []string{"SMTPUTF8", "8BITMIME"}, Limits: smtp.Limits{MaxMessageBytes: 1000}}
	}
	messages := map[string]*queue.Message{
		"6531-3.5 SMTPUTF8":     saying(letter, smtp.MailOptions{UTF8: true}),
		"1870-6.1 SIZE":         saying(strings.Repeat("x\r\n", 500), smtp.MailOptions{}),
		"6152-3 8-bit header":   saying("Subject: caf\xc3\xa9\r\n\r\nx\r\n", smtp.MailOptions{Body: smtp.BodyEightBit}),
		"6152-3 a word unsaid":  saying("Subject: caf\xc3\xa9\r\n\r\nx\r\n", smtp.MailOptions{}),
		"6152-3 a word mislaid": saying("Subject: caf\xc3\xa9\r\n\r\nx\r\n", smtp.MailOptions{Body: smtp.BodySevenBit}),
	}
	for _, tt := range []struct {
		name  string
		hosts [2]*smtp.Server // nil is away
		want  string
	}{
		{"the first", [2]*smtp.Server{new(smtp.Server), lacking()}, "taken by mx1.b.example"},
		{"the second", [2]*smtp.Server{lacking(), new(smtp.Server)}, "taken by mx2.b.example"},
		{"none", [2]*smtp.Server{lacking(), lacking()}, "never"},
		{"perhaps the second", [2]*smtp.Server{lacking(), nil}, "later"},
		{"perhaps the first", [2]*smtp.Server{nil, lacking()}, "later"},
	} {
		for name, m := range messages {
			t.Run(tt.name+" has "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.names = names{"mx b.example": mx("mx1.b.example", "mx2.b.example"), "a mx1.b.example": "192.0.2.1", "a mx2.b.example": "192.0.2.2"}
					for i, server := range tt.hosts {
						if server != nil {
							w.host([]string{"192.0.2.1", "192.0.2.2"}[i], []string{"mx1.b.example", "mx2.b.example"}[i], &smtp.Server{Without: server.Without, Limits: server.Limits})
						}
					}
					assert.Equal(t, []string{tt.want}, outcomes(w.relay().Deliver(t.Context(), m, rcpts("b.example", "bob"))))
				})
			})
		}
	}
}

// Text of 8 bits reaches a host of 7 in those, wherever its first octet of 8 bits
// stands and whatever was said of it (RFC 6152 §3).
func TestRelaySevenBitHost(t *testing.T) {
	const head = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	for _, said := range []smtp.BodyType{smtp.BodyUnsaid, smtp.BodySevenBit, smtp.BodyEightBit} {
		for _, ahead := range []int{0, 100_000} {
			synctest.Test(t, func(t *testing.T) {
				w := hamburger(t, &smtp.Server{Without: []string{"8BITMIME"}})
				m := saying(head+strings.Repeat("x\r\n", ahead)+"caf\xc3\xa9\r\n", smtp.MailOptions{Body: said})
				require.Equal(t, []string{"taken by mail.hamburger.edu"}, outcomes(w.relay().Deliver(t.Context(), m, rcpts("hamburger.edu", "bob"))))
				mails := w.arrived()
				require.Len(t, mails, 1)
				assert.Negative(t, strings.IndexFunc(mails[0].text, func(c rune) bool { return c > 0x7f }))
				assert.NotContains(t, mails[0].text, "8bit")
			})
		}
	}
	// Nothing is lost of octets that are no lines.
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, &smtp.Server{Without: []string{"8BITMIME"}})
		m := saying("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb\rc", smtp.MailOptions{Body: smtp.BodyBinaryMIME})
		require.Equal(t, []string{"taken by mail.hamburger.edu"}, outcomes(w.relay().Deliver(t.Context(), m, rcpts("hamburger.edu", "bob"))))
		assert.Contains(t, w.arrived()[0].text, "\r\n\r\nYQpiDWM=\r\n")
	})
	// The message is looked at once.
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, &smtp.Server{Without: []string{"8BITMIME"}})
		r := w.relay()
		r.Limits.MaxRecipients = 1
		m := saying(letter, smtp.MailOptions{})
		open, opened := m.Open, 0
		m.Open = func() (io.ReadCloser, error) {
			opened++
			return open()
		}
		r.Deliver(t.Context(), m, rcpts("hamburger.edu", "bob", "carol", "dave"))
		assert.Len(t, w.arrived(), 3)
		assert.Equal(t, 4, opened)
	})
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, &smtp.Server{Without: []string{"8BITMIME"}})
		m := saying(letter, smtp.MailOptions{})
		var opened int
		m.Open = func() (io.ReadCloser, error) {
			if opened++; opened > 1 {
				return nil, errors.New("disk on fire")
			}
			return io.NopCloser(strings.NewReader(letter)), nil
		}
		assert.Equal(t, []string{"later"}, outcomes(w.relay().Deliver(t.Context(), m, rcpts("hamburger.edu", "bob"))))
		assert.Empty(t, w.arrived())
	})
}

// A signature stays whole as long as the signed part fits into 7 bits
// (RFC 1847 §2.1): nothing of it is touched, though all around is encoded.
func TestDowngradeLeavesSignedPart(t *testing.T) {
	const signed = "Content-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"; micalg=pgp-sha256\r\n\r\n" +
		"--s\r\nContent-Type: text/plain;\r\n\tcharset=us-ascii\r\nX-Odd:   spaces  \r\n\r\nFrom here on  \r\n.\r\n-- \r\n" +
		"--s\r\nContent-Type: application/pgp-signature\r\n\r\nsig\r\n--s--\r\n"
	r, err := queue.Downgrade(strings.NewReader("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--b\r\n" +
		signed + "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncaf\xc3\xa9\r\n--b--\r\n"))
	require.NoError(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Contains(t, string(b), "--b\r\n"+signed+"--b\r\n")
	assert.NotContains(t, string(b), "caf\xc3\xa9")
}
