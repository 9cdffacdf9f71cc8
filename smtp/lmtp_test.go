package smtp_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// lmtpBox answers for each recipient by itself.
type lmtpBox struct {
	mailbox
	answer func(r io.Reader, status func(int, error)) error
}

func (b *lmtpBox) NewSession(ctx context.Context, c *smtp.Conn) (smtp.Session, error) {
	return &lmtpSession{mailSession{m: &b.mailbox, c: c}, b}, nil
}

type lmtpSession struct {
	mailSession
	b *lmtpBox
}

func (s *lmtpSession) LMTPData(_ context.Context, r io.Reader, status func(int, error)) error {
	return s.b.answer(r, status)
}

const lmtpToRcpt = "S: 220 hamburger.edu LMTP\nC: EHLO a\nS: 500 5.5.1\nC: HELO a\nS: 500 5.5.1\nC: LHLO crepes.fr\nS: 250\n" +
	"C: MAIL FROM:<a@b>\nS: 250\nC: DATA\nS: 503 5.5.1\nC: RCPT TO:<one@d>\nS: 250\nC: RCPT TO:<two@d>\nS: 250\nC: RCPT TO:<three@d>\nS: 250\n"

// RFC 2033 §4.2: one reply a recipient.
func TestServerLMTP(t *testing.T) {
	full := smtp.Refuse(452, smtp.EnhancedCode{4, 2, 2}, "Mailbox full.")
	tests := []struct {
		name   string
		answer func(r io.Reader, status func(int, error)) error
		want   [3]string
	}{
		{"one is refused", func(r io.Reader, status func(int, error)) error {
			_, err := io.Copy(io.Discard, r)
			status(1, full)
			status(1, nil) // the first word counts
			status(7, full)
			status(-1, full)
			return err
		}, [3]string{"250 2.0.0", "452 4.2.2 Mailbox full.", "250 2.0.0"}},
		{"the rest are refused", func(r io.Reader, status func(int, error)) error {
			status(2, nil)
			return errors.New("disk")
		}, [3]string{"451 4.3.0", "451 4.3.0", "250 2.0.0"}},
	}
	for _, tt := range tests {
		for _, how := range []string{"C: DATA\nS: 354\nC: x\nC: .", "C: BDAT 1\nC> x\nS: 250\nC: BDAT 2 LAST\nC> \\r\\n"} {
			t.Run(tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := &lmtpBox{answer: tt.answer}
					c := play(t, &smtp.Server{Backend: b, LMTP: true}, lmtpToRcpt+how)
					for _, want := range tt.want {
						c.want(want)
					}
					c.play("C: QUIT\nS: 221\nEND")
				})
			})
		}
	}
}

// A session without answers for each has one for all, and so has a message that
// is not as it should be; a chunk that is not the last is answered once.
func TestServerLMTPOneForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		srv := &smtp.Server{Backend: m, LMTP: true}
		play(t, srv, lmtpToRcpt+"C: DATA\nS: 354\nC: x\nC: .\nS: 250\nS: 250\nS: 250\nC: QUIT\nS: 221\nEND")
		play(t, srv, lmtpToRcpt+"C: DATA\nS: 354\nC> a\\nb\\r\\n.\\r\\n\nS: 554 5.6.0\nS: 554\nS: 554\nC: QUIT\nS: 221\nEND")
		play(t, srv, lmtpToRcpt+"C: BDAT 3\nC> a\\nb\nS: 554 5.6.0\nC: QUIT\nS: 221\nEND")
		play(t, srv, lmtpToRcpt+"C: BDAT 3 LAST\nC> a\\nb\nS: 554 5.6.0\nS: 554\nS: 554\nC: QUIT\nS: 221\nEND")
		require.Len(t, m.got(), 1)
		assert.Equal(t, "LMTP", m.got()[0].Protocol)
		assert.Len(t, m.got()[0].To, 3)
	})
}
