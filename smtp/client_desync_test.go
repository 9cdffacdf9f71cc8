package smtp_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// MAIL is refused while more recipients are to be told of than go at once: the
// replies to those that were sent are taken all the same, and the next message
// gets its own.
func TestSendMailRefusedBeforeManyRecipients(t *testing.T) {
	for _, extension := range []string{"PIPELINING", "CHUNKING"} {
		for _, n := range []int{1, 62, 63, 64, 65, 95, 96, 97, 200} {
			synctest.Test(t, func(t *testing.T) {
				near, far := testkit.Pipe()
				done := make(chan struct{})
				go func() {
					defer close(done)
					defer far.Close()
					in := bufio.NewReader(far)
					io.WriteString(far, "220 hi\r\n")
					mails := 0
					for {
						line, err := in.ReadString('\n')
						if err != nil {
							return
						}
						reply := "503 MAIL first"
						switch {
						case strings.HasPrefix(line, "EHLO"):
							reply = "250-hi\r\n250-PIPELINING\r\n250 " + extension
						case strings.HasPrefix(line, "MAIL"):
							mails++
							reply = fmt.Sprint("451 no ", mails)
						case strings.HasPrefix(line, "NOOP"):
							reply = "250 noop"
						}
						io.WriteString(far, reply+"\r\n")
					}
				}()
				c, err := smtp.NewClient(t.Context(), near, nil)
				require.NoError(t, err)
				e := envelope()
				for i := range n {
					e.To = append(e.To, smtp.Recipient{Path: smtp.Path{Local: fmt.Sprint("user", i), Domain: "hamburger.edu"}})
				}
				for i := range 2 {
					r, err := c.Send(t.Context(), e, strings.NewReader("Hi.\r\n"))
					for _, result := range r.Results {
						require.ErrorContains(t, result.Err, fmt.Sprintf(`MAIL: reply 451: "no %d"`, i+1), "%d recipients", n)
					}
					require.Error(t, err)
				}
				require.NoError(t, c.Noop(t.Context()), "%d recipients", n)
				c.Close()
				<-done
			})
		}
	}
}

// A server that refuses MAIL and grants a recipient is in another transaction
// than we are: nothing more is sent, least of all the end of a message.
func TestSendRecipientWithoutMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, p := playServer(t, nil, hello("PIPELINING")+`
			C: MAIL FROM:<alice@crepes.fr>
			C: RCPT TO:<bob@hamburger.edu>
			C: DATA
			S: 550 no
			S: 250 ok
			S: 354 go
			C*
		`)
		c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr"})
		require.NoError(t, err)
		_, err = c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
		assert.ErrorContains(t, err, "MAIL: reply 550")
		assert.False(t, c.Alive())
		p.all.Wait()
		assert.Empty(t, p.rest.String())
	})
}

// RSET that is refused says nothing of the message behind it, which no host has
// refused for good then.
func TestSendResetRefused(t *testing.T) {
	for _, code := range []string{"452", "503"} {
		c := client(t, nil, hello()+`
			C: MAIL FROM:<alice@crepes.fr>
			S: 250 ok
			C: RCPT TO:<bob@hamburger.edu>
			S: 550 who
			C: RSET
			S: `+code+` no
			C*
		`)
		_, err := c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
		require.ErrorContains(t, err, "550")
		_, err = c.Send(t.Context(), envelope(carol), strings.NewReader("Hi.\r\n"))
		e, ok := errors.AsType[*smtp.ProtocolError](err)
		assert.True(t, ok && e.Remote, "%v", err)
		_, ok = errors.AsType[*smtp.ReplyError](err)
		assert.False(t, ok, "%v", err)
		assert.False(t, c.Alive())
	}
}

// Replies that come before their commands are nobody's. Each row has one reply
// too many with the one before it.
func TestSendRepliesBeforeCommands(t *testing.T) {
	const mail, rcpt = "C: MAIL FROM:<alice@crepes.fr>\n", "C: RCPT TO:<bob@hamburger.edu>\n"
	const two = `S~ 250 ok\r\n250 ok\r\n` + "\n"
	for name, script := range map[string]string{
		"EHLO": "S: 220 hi\nC: EHLO crepes.fr\n" + `S~ 250-hi\r\n250 CHUNKING\r\n250 ok\r\n` + "\nC*\n",
		"MAIL": hello("CHUNKING") + mail + two + "C*\n",
		"RCPT": hello("CHUNKING") + mail + "S: 250 ok\n" + rcpt + two + "C*\n",
		"BDAT": hello("CHUNKING") + mail + "S: 250 ok\n" + rcpt + "S: 250 ok\nC: RCPT TO:<carol@hamburger.edu>\nS: 250 ok\nC: BDAT 2\nC= Hi\n" + two + "C*\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, p := playServer(t, nil, script)
				c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr", ChunkSize: 2})
				require.NoError(t, err)
				r, err := c.Send(t.Context(), envelope(bob, carol), strings.NewReader("Hi.\r\n"))
				e, ok := errors.AsType[*smtp.ProtocolError](err)
				require.True(t, ok && e.Remote, "%v", err)
				assert.False(t, r.Doubtful)
				assert.False(t, c.Alive())
				p.all.Wait()
				assert.Empty(t, p.rest.String(), "nothing is sent behind them")
			})
		})
	}
}

// A message that was refused leaves a transaction behind with some servers, and
// so does one whose chunk was.
func TestSendResetsRefusedMessage(t *testing.T) {
	c := client(t, nil, hello()+toDATA+`
		C: Hi.
		C: .
		S: 451 no
		C: RSET
		S: 250 ok
		C: MAIL FROM:<alice@crepes.fr>
		S: 550 no
	`)
	for _, want := range []string{"DATA: reply 451", "MAIL: reply 550"} {
		_, err := c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
		assert.ErrorContains(t, err, want)
	}
}

// RFC 2033 §4.2: how many replies there are to a message for nobody, or to the
// last chunk behind one that was refused, is not known: the session ends.
func TestSendLMTPUnknownReplies(t *testing.T) {
	for name, script := range map[string]string{
		"354 for nobody": lhlo("PIPELINING") + `
			C: MAIL FROM:<alice@crepes.fr>
			C: RCPT TO:<bob@hamburger.edu>
			C: RCPT TO:<carol@hamburger.edu>
			C: DATA
			S: 250 ok
			S: 550 who
			S: 550 who
			S: 354 go
			C*`,
		"a chunk refused before the last": lhlo("PIPELINING", "CHUNKING") + `
			C: MAIL FROM:<alice@crepes.fr>
			C: RCPT TO:<bob@hamburger.edu>
			C: RCPT TO:<carol@hamburger.edu>
			S: 250 ok
			S: 250 ok
			S: 250 ok
			C: BDAT 3
			C= Hi.
			C: BDAT 2 LAST
			C= \r\n
			S: 452 full
			C*`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, p := playServer(t, nil, script)
				c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr", LMTP: true, ChunkSize: 3})
				require.NoError(t, err)
				r, err := c.Send(t.Context(), envelope(bob, carol), strings.NewReader("Hi.\r\n"))
				require.Error(t, err)
				for _, result := range r.Results {
					_, ok := errors.AsType[*smtp.ReplyError](result.Err)
					assert.True(t, ok, "%v", result.Err)
				}
				assert.False(t, c.Alive())
				p.all.Wait()
				assert.Empty(t, p.rest.String())
			})
		})
	}
}

// No more than two chunks wait for their replies, so that neither end waits for
// the other to read.
func TestSendChunksWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := testkit.Pipe()
		c := make(chan error, 1)
		go func() {
			client, err := smtp.NewClient(t.Context(), near, &smtp.Options{ChunkSize: 10})
			if err == nil {
				_, err = client.Send(t.Context(), envelope(bob), strings.NewReader(strings.Repeat("12345678\r\n", 5)))
				client.Close()
			}
			c <- err
		}()
		b := make([]byte, 1000)
		for _, turn := range []struct{ says, hears string }{
			{"220 hi", "EHLO [127.0.0.1]\r\n"},
			{"250-hi\r\n250-PIPELINING\r\n250 CHUNKING", "MAIL FROM:<alice@crepes.fr>\r\nRCPT TO:<bob@hamburger.edu>\r\n"},
			{"250 ok\r\n250 ok", "BDAT 10\r\n12345678\r\nBDAT 10\r\n12345678\r\n"},
			{"250 ok", "BDAT 10\r\n12345678\r\n"},
			{"250 ok", "BDAT 10\r\n12345678\r\n"},
			{"250 ok", "BDAT 10 LAST\r\n12345678\r\n"},
		} {
			io.WriteString(far, turn.says+"\r\n")
			synctest.Wait()
			n, err := far.Read(b)
			require.NoError(t, err)
			assert.Equal(t, turn.hears, string(b[:n]))
		}
		io.WriteString(far, "250 ok\r\n250 ok\r\n")
		assert.NoError(t, <-c)
		far.Close()
	})
}

// Reset does what the next message would have done, if it is granted.
func TestClientReset(t *testing.T) {
	c := client(t, nil, hello()+toDATA+`
		C: Hi.
		C: .
		S: 451 no
		C: RSET
		S: 452 no
		C: RSET
		S: 250 ok
		C: MAIL FROM:<alice@crepes.fr>
		S: 550 no
		C: RSET
		S: 250 ok
		C: MAIL FROM:<alice@crepes.fr>
		S: 550 no
	`)
	send := func() error {
		_, err := c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
		return err
	}
	assert.ErrorContains(t, send(), "DATA: reply 451")
	assert.ErrorContains(t, c.Reset(t.Context()), "RSET: reply 452")
	assert.ErrorContains(t, send(), "MAIL: reply 550", "behind RSET")
	assert.NoError(t, c.Reset(t.Context()))
	assert.ErrorContains(t, send(), "MAIL: reply 550")

	c = client(t, nil, hello()+toDATA+`
		C: Hi.
		C: .
		S: 451 no
		C: RSET
		S: 250 ok
		C: MAIL FROM:<alice@crepes.fr>
		S: 550 no
	`)
	assert.ErrorContains(t, send(), "DATA: reply 451")
	assert.NoError(t, c.Reset(t.Context()))
	assert.ErrorContains(t, send(), "MAIL: reply 550", "without another RSET")
}

// What a server offered is not taken for offered once EHLO is refused.
func TestClientHelloRefused(t *testing.T) {
	c := client(t, nil, hello("DSN")+"C: EHLO crepes.fr\nS: 550 no\n")
	_, dsn := c.Extension("DSN")
	assert.True(t, dsn)
	assert.ErrorContains(t, c.Hello(t.Context()), "EHLO: reply 550")
	_, dsn = c.Extension("DSN")
	assert.False(t, dsn)
}
