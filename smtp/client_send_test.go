package smtp_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// The dialogue of one message, whatever the server offers and refuses.
func TestSend(t *testing.T) {
	const (
		mail    = "C: MAIL FROM:<alice@crepes.fr>\n"
		rcptBob = "C: RCPT TO:<bob@hamburger.edu>\n"
		rcptCar = "C: RCPT TO:<carol@hamburger.edu>\n"
		body    = "C: Subject: question\nC: \nC: Do you like ketchup?\nC: How about pickles?\n"
		data    = "C: DATA\nS: 354 go\n" + body + "C: .\n"
		ok      = "S: 250 ok\n"
		noop    = "C: NOOP\nS: 250 ok\n"
	)
	all := []string{"taken"}
	tests := []struct {
		name, script string
		opts         smtp.Options
		to           []smtp.Path
		want         []string // of each recipient: "taken", or the error's end
		check        func(t *testing.T, r *smtp.Receipt, err error)
	}{
		{name: "without extensions each command waits for its reply",
			script: hello() + mail + ok + rcptBob + ok + data + ok, want: all},
		{name: "2920-3.1 the commands go in one group",
			script: hello("PIPELINING") + mail + rcptBob + "C: DATA\n" + ok + ok + "S: 354 go\n" + body + "C: .\n" + ok, want: all},
		{name: "1870-3 the size is told", script: hello("SIZE") + "C: MAIL FROM:<alice@crepes.fr> SIZE=63\n" + ok + rcptBob + ok + data + ok, want: all},
		{name: "6152-2 the body is told", script: hello("8BITMIME") + "C: MAIL FROM:<alice@crepes.fr> BODY=7BIT\n" + ok + rcptBob + ok + data + ok, want: all},
		{name: "3030-2 BDAT behind the replies to all else",
			script: hello("CHUNKING", "PIPELINING") + mail + rcptBob + ok + ok + "C: BDAT 63 LAST\n" + body + ok, want: all},
		{name: "BDAT is not wanted", opts: smtp.Options{NoChunking: true},
			script: hello("CHUNKING") + mail + ok + rcptBob + ok + data + ok, want: all},
		{name: "3030-2 several chunks wait for their replies", opts: smtp.Options{ChunkSize: 21},
			script: hello("CHUNKING", "PIPELINING") + mail + rcptBob + ok + ok +
				"C: BDAT 21\nC: Subject: question\nC: \nC: BDAT 21\n" + `C= Do you like ketchup?\r` + "\n" + ok +
				"C: BDAT 21 LAST\n" + `C= \nHow about pickles?\r\n` + "\n" + ok + ok, want: all},
		{name: "MAIL refused", script: hello() + mail + "S: 550 no\n" + noop, want: []string{"MAIL: reply 550: \"no\""}},
		{name: "MAIL refused within a group",
			script: hello("PIPELINING") + mail + rcptBob + "C: DATA\nS: 451 no\nS: 503 MAIL first\nS: 503 MAIL first\n" + noop,
			want:   []string{"MAIL: reply 451: \"no\""}},
		{name: "all recipients refused", script: hello() + mail + ok + rcptBob + "S: 550 5.1.1 who\n" + noop,
			want: []string{"RCPT: reply 550 5.1.1: \"who\""}},
		{name: "2920-3.1 all recipients refused, and DATA with them",
			script: hello("PIPELINING") + mail + rcptBob + "C: DATA\n" + ok + "S: 550 who\nS: 554 nobody\n" + noop,
			want:   []string{"RCPT: reply 550: \"who\""}},
		{name: "2920-3.1 all recipients refused, and 354: a lone dot",
			script: hello("PIPELINING") + mail + rcptBob + "C: DATA\n" + ok + "S: 550 who\nS: 354 go\nC: .\nS: 554 nobody\n" + noop,
			want:   []string{"RCPT: reply 550: \"who\""}},
		{name: "the lone dot is taken for a message: that changes nothing",
			script: hello("PIPELINING") + mail + rcptBob + "C: DATA\n" + ok + "S: 550 who\nS: 354 go\nC: .\n" + ok + noop,
			want:   []string{"RCPT: reply 550: \"who\""}},
		{name: "one of two refused", to: []smtp.Path{bob, carol},
			script: hello("PIPELINING") + mail + rcptBob + rcptCar + "C: DATA\n" + ok + "S: 550 who\n" + ok + "S: 354 go\n" + body + "C: .\n" + ok + noop,
			want:   []string{"RCPT: reply 550: \"who\"", "taken"},
			check: func(t *testing.T, r *smtp.Receipt, err error) {
				e, ok := errors.AsType[*smtp.PartialError](err)
				require.True(t, ok)
				assert.Equal(t, 1, e.Taken)
				assert.Equal(t, r.Results[:1], e.Refused)
				assert.EqualError(t, err, `smtp: refused for 1 of 2 recipients: bob@hamburger.edu: RCPT: reply 550: "who"`)
				reply, ok := errors.AsType[*smtp.ReplyError](err)
				assert.True(t, ok && reply.Code == 550)
			}},
		{name: "251 is granted too", script: hello() + mail + ok + rcptBob + "S: 251 will forward\n" + data + ok, want: all},
		{name: "DATA refused", script: hello() + mail + ok + rcptBob + ok + "C: DATA\nS: 451 later\n" + noop, want: []string{"DATA: reply 451: \"later\""}},
		{name: "the message refused", script: hello() + mail + ok + rcptBob + ok + data + "S: 552 5.3.4 too much\n" + noop, want: []string{"DATA: reply 552 5.3.4: \"too much\""}},
		{name: "the message refused by BDAT", script: hello("CHUNKING") + mail + ok + rcptBob + ok + "C: BDAT 63 LAST\n" + body + "S: 552 5.3.4 too much\n" + noop,
			want: []string{"BDAT: reply 552 5.3.4: \"too much\""}},
		{name: "3030-2 a chunk refused ends it", opts: smtp.Options{ChunkSize: 21},
			script: hello("CHUNKING") + mail + ok + rcptBob + ok + "C: BDAT 21\nC: Subject: question\nC: \nS: 452 full\n" + noop,
			want:   []string{"BDAT: reply 452: \"full\""},
			check:  func(t *testing.T, r *smtp.Receipt, err error) { assert.Equal(t, 452, r.Reply.Code) }},

		{name: "2033-4.2 LMTP answers for each recipient", opts: smtp.Options{LMTP: true}, to: []smtp.Path{bob, carol, alice},
			script: lhlo("PIPELINING") + mail + rcptBob + rcptCar + "C: RCPT TO:<alice@crepes.fr>\nC: DATA\n" + ok + ok + "S: 550 who\n" + ok +
				"S: 354 go\n" + body + "C: .\nS: 250 a\nS: 452 4.2.2 full\n" + noop,
			want: []string{"taken", "RCPT: reply 550: \"who\"", "DATA: reply 452 4.2.2: \"full\""},
			check: func(t *testing.T, r *smtp.Receipt, err error) {
				assert.Equal(t, "a", r.Results[0].Reply.Text())
				assert.Zero(t, r.Reply)
			}},
		{name: "LMTP by BDAT", opts: smtp.Options{LMTP: true}, to: []smtp.Path{bob, carol},
			script: lhlo("CHUNKING") + mail + ok + rcptBob + ok + rcptCar + ok + "C: BDAT 63 LAST\n" + body + "S: 250 a\nS: 250 b\n" + noop,
			want:   []string{"taken", "taken"}},
		{name: "LMTP breaks off between the answers", opts: smtp.Options{LMTP: true}, to: []smtp.Path{bob, carol},
			script: lhlo() + mail + ok + rcptBob + ok + rcptCar + ok + data + "S: 250 a\nclose\n",
			want:   []string{"taken", "DATA: unexpected EOF"},
			check:  func(t *testing.T, r *smtp.Receipt, err error) { assert.True(t, r.Doubtful) }},
		{name: "LMTP with 354 for nobody", opts: smtp.Options{LMTP: true},
			script: lhlo("PIPELINING") + mail + rcptBob + "C: DATA\n" + ok + "S: 550 who\nS: 354 go\nC*\n",
			want:   []string{"RCPT: reply 550: \"who\""}},

		{name: "cut at MAIL", script: hello() + mail + "close\n", want: []string{"MAIL: unexpected EOF"}},
		{name: "cut at RCPT", script: hello() + mail + ok + rcptBob + "close\n", want: []string{"RCPT: unexpected EOF"}},
		{name: "cut at DATA", script: hello() + mail + ok + rcptBob + ok + "C: DATA\nclose\n", want: []string{"DATA: unexpected EOF"},
			check: func(t *testing.T, r *smtp.Receipt, err error) { assert.False(t, r.Doubtful) }},
		{name: "cut at the message's end", script: hello() + mail + ok + rcptBob + ok + data + "close\n", want: []string{"DATA: unexpected EOF"},
			check: func(t *testing.T, r *smtp.Receipt, err error) { assert.True(t, r.Doubtful) }},
		{name: "cut at BDAT", script: hello("CHUNKING") + mail + ok + rcptBob + ok + "C: BDAT 63 LAST\n" + body + "close\n", want: []string{"BDAT: unexpected EOF"},
			check: func(t *testing.T, r *smtp.Receipt, err error) { assert.True(t, r.Doubtful) }},
		{name: "cut between chunks", opts: smtp.Options{ChunkSize: 21}, script: hello("CHUNKING") + mail + ok + rcptBob + ok + "C: BDAT 21\nC: Subject: question\nC: \nclose\n", want: []string{"BDAT: unexpected EOF"},
			check: func(t *testing.T, r *smtp.Receipt, err error) {
				assert.EqualError(t, err, "smtp: BDAT: unexpected EOF")
				assert.False(t, r.Doubtful)
			}},
		{name: "cut within a group, one recipient refused", to: []smtp.Path{bob, carol},
			script: hello("PIPELINING") + mail + rcptBob + rcptCar + "C: DATA\n" + ok + "S: 550 who\nclose\n",
			want:   []string{"RCPT: reply 550: \"who\"", "RCPT: unexpected EOF"}},
		{name: "421 to MAIL", script: hello() + mail + "S: 421 bye\n", want: []string{"MAIL: reply 421: \"bye\""}},
		{name: "421 within a group", to: []smtp.Path{bob, carol},
			script: hello("PIPELINING") + mail + rcptBob + rcptCar + "C: DATA\n" + ok + ok + "S: 421 4.3.2 bye\n",
			want:   []string{"RCPT: reply 421 4.3.2: \"bye\"", "RCPT: reply 421 4.3.2: \"bye\""}},
		{name: "421 to the message", script: hello() + mail + ok + rcptBob + ok + data + "S: 421 bye\n", want: []string{"DATA: reply 421: \"bye\""},
			check: func(t *testing.T, r *smtp.Receipt, err error) { assert.False(t, r.Doubtful) }},
		{name: "421 behind the answer to the message", script: hello() + mail + ok + rcptBob + ok + data + `S~ 250 ok\r\n421 bye\r\n` + "\n", want: all},

		{name: "354 to MAIL", script: hello() + mail + "S: 354 go\n", want: []string{"peer: no reply 354 in state MAIL (RFC 5321 §4.3.2)"}},
		{name: "250 to DATA", script: hello() + mail + ok + rcptBob + ok + "C: DATA\n" + ok, want: []string{"peer: no reply 250 in state DATA (RFC 5321 §4.3.2)"}},
		{name: "354 to the message", script: hello() + mail + ok + rcptBob + ok + data + "S: 354 go\n", want: []string{"peer: no reply 354 in state DATA (RFC 5321 §4.3.2)"},
			check: func(t *testing.T, r *smtp.Receipt, err error) { assert.True(t, r.Doubtful) }},
		{name: "a reply too many before the message", script: hello() + mail + ok + rcptBob + `S~ 250 ok\r\n250 more\r\n` + "\nC*\n",
			want: []string{"peer: no reply 250 in state Ready (RFC 5321 §4.2)"}},
		{name: "a reply too many before BDAT", script: hello("CHUNKING") + mail + ok + rcptBob + `S~ 250 ok\r\n250 ok\r\n` + "\nC*\n",
			want: []string{"peer: no reply 250 in state Ready (RFC 5321 §4.2)"}},
		{name: "a reply behind 354", script: hello() + mail + ok + rcptBob + ok + "C: DATA\n" + `S~ 354 go\r\n250 ok\r\n` + "\nC*\n",
			want: []string{"DATA: peer: no reply 250 in state Ready (RFC 5321 §4.2)"}},
		{name: "a message is refused while it is sent", script: hello() + mail + ok + rcptBob + ok + "C: DATA\n" + `S~ 354 go\r\n421 no\r\n` + "\nC*\n",
			want: []string{"session: reply 421: \"no\""}},
		{name: "no reply to MAIL", script: hello() + mail + "C*\n", want: []string{"MAIL: limit Timeouts.Command of 5m0s reached: i/o timeout"}},
		{name: "no reply to DATA", script: hello() + mail + ok + rcptBob + ok + "C: DATA\nC*\n", want: []string{"DATA: limit Timeouts.DataStart of 2m0s reached: i/o timeout"}},
		{name: "no reply to the message", script: hello() + mail + ok + rcptBob + ok + data + "C*\n", want: []string{"DATA: limit Timeouts.DataEnd of 10m0s reached: i/o timeout"},
			check: func(t *testing.T, r *smtp.Receipt, err error) { assert.True(t, r.Doubtful) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, &tt.opts, tt.script)
				to := tt.to
				if to == nil {
					to = []smtp.Path{bob}
				}
				r, err := c.Send(t.Context(), envelope(to...), strings.NewReader(ketchup))
				var got []string
				for i, result := range r.Results {
					assert.Equal(t, to[i], result.To)
					if result.Err == nil {
						got = append(got, "taken")
						continue
					}
					got = append(got, strings.TrimPrefix(result.Err.Error(), "smtp: "))
				}
				require.Len(t, got, len(tt.want))
				for i := range got {
					assert.True(t, strings.HasSuffix(got[i], tt.want[i]), "got %s want %s", got[i], tt.want[i])
				}
				if r.Err() == nil {
					assert.NoError(t, err)
				} else {
					assert.Equal(t, r.Err(), err)
				}
				if tt.check != nil {
					tt.check(t, r, err)
				}
				if strings.HasSuffix(tt.script, noop) {
					assert.NoError(t, c.Noop(t.Context()))
				}
			})
		})
	}
}

// lhlo is hello for LMTP.
func lhlo(extensions ...string) string {
	return strings.Replace(hello(extensions...), "EHLO", "LHLO", 1)
}

// What a transaction left behind is reset in the group of the next.
func TestSendResets(t *testing.T) {
	c := client(t, nil, hello("PIPELINING")+`
		C: MAIL FROM:<alice@crepes.fr>
		C: RCPT TO:<bob@hamburger.edu>
		C: DATA
		S: 250 ok
		S: 550 who
		S: 554 nobody
		C: RSET
		C: MAIL FROM:<alice@crepes.fr>
		C: RCPT TO:<carol@hamburger.edu>
		C: DATA
		S: 250 ok
		S: 250 ok
		S: 250 ok
		S: 354 go
		C: Hi.
		C: .
		S: 250 ok
		C: MAIL FROM:<alice@crepes.fr>
		C: RCPT TO:<carol@hamburger.edu>
		C: DATA
		S: 550 no more
		S: 503 no
		S: 503 no
		C: MAIL FROM:<alice@crepes.fr>
		C: RCPT TO:<bob@hamburger.edu>
		C: DATA
		S: 250 ok
		S: 550 who
		S: 554 nobody
		C: RSET
		C: MAIL FROM:<alice@crepes.fr>
		C: RCPT TO:<bob@hamburger.edu>
		C: DATA
		S: 250 ok
		S: 550 no more
		S: 503 no
		S: 503 no
		C: MAIL FROM:<alice@crepes.fr>
		C: RCPT TO:<bob@hamburger.edu>
		C: DATA
		S: 550 no more
		S: 503 no
		S: 503 no
	`)
	for i, to := range []smtp.Path{bob, carol, carol, bob, bob, bob} {
		_, err := c.Send(t.Context(), envelope(to), strings.NewReader("Hi.\r\n"))
		assert.Equal(t, i == 1, err == nil, "%v", err)
	}
}

// A reply that nobody asked for ends the session, but what the message was told
// before it stands.
func TestSendReplyTooMany(t *testing.T) {
	c := client(t, nil, hello()+`
		C: MAIL FROM:<alice@crepes.fr>
		S: 250 ok
		C: RCPT TO:<bob@hamburger.edu>
		S: 250 ok
		C: DATA
		S: 354 go
		C: Hi.
		C: .
		S~ 250 ok\r\n250 ok\r\n
		C*
	`)
	_, err := c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
	assert.NoError(t, err)
	r, err := c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
	e, ok := errors.AsType[*smtp.ProtocolError](err)
	assert.True(t, ok && e.Remote, "%v", err)
	assert.False(t, r.Doubtful)
	assert.False(t, c.Alive())
}

// Thousands of recipients never fill what is between the two ends, however slow
// the server is to read.
func TestSendManyRecipients(t *testing.T) {
	const n = 5000
	for _, pipelining := range []bool{true, false} {
		script := hello()
		var replies strings.Builder
		if pipelining {
			script = hello("PIPELINING")
		}
		script += "C: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\n"
		e := envelope()
		for i := range n {
			to := smtp.Path{Local: fmt.Sprint("user", i), Domain: "hamburger.edu"}
			e.To = append(e.To, smtp.Recipient{Path: to})
			code := 250
			if i%3 == 0 {
				code = 550
			}
			fmt.Fprintf(&replies, "C: RCPT TO:<%v>\nS: %d %s\n", to, code, strings.Repeat("long ", 80))
		}
		script += replies.String() + "C: DATA\nS: 354 go\nC: Hi.\nC: .\nS: 250 ok\n"
		synctest.Test(t, func(t *testing.T) {
			r, err := client(t, nil, script).Send(t.Context(), e, strings.NewReader("Hi.\r\n"))
			assert.Error(t, err)
			taken := 0
			for i, result := range r.Results {
				assert.Equal(t, i%3 != 0, result.Err == nil)
				if result.Err == nil {
					taken++
				}
			}
			assert.Equal(t, n-(n+2)/3, taken)
		})
	}
}

// A server that says as much as it may to each recipient makes us hold little of
// it.
func TestSendTalkativeServer(t *testing.T) {
	const n = 50
	for _, lmtp := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			flood := strings.Repeat("250-"+strings.Repeat("x", 4000)+"\r\n", 500) + "250 ok\r\n"
			near, far := testkit.Pipe()
			go func() {
				defer far.Close()
				in := bufio.NewReader(far)
				io.WriteString(far, "220 hi\r\n")
				for {
					line, err := in.ReadString('\n')
					reply := flood
					switch {
					case err != nil:
						return
					case line == "Hi.\r\n":
						continue
					case strings.Contains(line, "LO "):
						reply = "250-hi\r\n250 PIPELINING\r\n"
					case strings.HasPrefix(line, "RCPT") && lmtp:
						reply = "250 ok\r\n"
					case line == "DATA\r\n" && lmtp:
						reply = "354 go\r\n"
					case line == "DATA\r\n":
						reply = "554 no\r\n"
					case line == ".\r\n":
						reply = strings.Repeat(flood, n)
					}
					if _, err := io.WriteString(far, reply); err != nil {
						return
					}
				}
			}()
			c, err := smtp.NewClient(t.Context(), near, &smtp.Options{LMTP: lmtp})
			require.NoError(t, err)
			defer c.Close()
			e := envelope()
			for range n {
				e.To = append(e.To, smtp.Recipient{Path: bob})
			}
			r, err := c.Send(t.Context(), e, strings.NewReader("Hi.\r\n"))
			assert.Equal(t, lmtp, err == nil, "%v", err)
			kept := 0
			for _, result := range r.Results {
				for _, line := range result.Reply.Lines {
					kept += len(line)
				}
			}
			assert.Less(t, kept, 512<<10)
			assert.NotZero(t, kept)
		})
	}
}

// Nothing is sent of what would be another command.
func TestSendRefusesControls(t *testing.T) {
	for _, bad := range []string{"a\r\nQUIT", "a\nb", "a\rb", "a\x00b"} {
		c := client(t, nil, hello("DSN", "AUTH PLAIN", "SMTPUTF8")+"C: NOOP\nS: 250 ok\n")
		for name, e := range map[string]smtp.Envelope{
			"local":  {From: smtp.Path{Local: bad, Domain: "crepes.fr"}, To: envelope(bob).To},
			"domain": {From: smtp.Path{Local: "a", Domain: bad}, To: envelope(bob).To},
			"rcpt":   envelope(smtp.Path{Local: "a", Domain: bad}),
			"type":   {From: alice, To: []smtp.Recipient{{Path: bob, RcptOptions: smtp.RcptOptions{Original: smtp.OriginalRecipient{Type: bad, Address: "a"}}}}},
		} {
			_, err := c.Send(t.Context(), e, strings.NewReader("Hi.\r\n"))
			_, ok := errors.AsType[*smtp.ParseError](err)
			assert.True(t, ok, "%s %q: %v", name, bad, err)
		}
		_, err := c.Verify(t.Context(), bad)
		assert.ErrorIs(t, err, smtp.ErrControlOctet)
		assert.NoError(t, c.Noop(t.Context()))
	}
}

// However the message comes, what goes out is the same.
func TestSendChunking(t *testing.T) {
	for _, tt := range []struct {
		name, extensions, in, want string
		size                       int
	}{
		{"5321-4.5.2 dots", "PIPELINING", ".\r\n..\r\na.\r\n.b", "..\r\n...\r\na.\r\n..b\r\n.\r\n", 0},
		{"5321-2.3.8 no CR or LF goes out alone", "PIPELINING", "a\n.\nb\r.\rc\r\n", "a\r\n..\r\nb\r\n..\r\nc\r\n.\r\n", 0},
		{"nothing", "PIPELINING", "", ".\r\n", 0},
		{"3030-2 as it is", "CHUNKING", ".\r\n..\r\n", "BDAT 7 LAST\r\n.\r\n..\r\n", 0},
		{"chunks", "CHUNKING", ".\r\n..\r\nab", "BDAT 4\r\n.\r\n.BDAT 4\r\n.\r\naBDAT 3 LAST\r\nb\r\n", 4},
		{"whole chunks", "CHUNKING", "ab\r\ncd\r\n", "BDAT 4\r\nab\r\nBDAT 4 LAST\r\ncd\r\n", 4},
		{"no octets", "CHUNKING", "", "BDAT 0 LAST\r\n", 4},
		{"LF alone in chunks", "CHUNKING", "a\n.\n", "BDAT 4\r\na\r\n.BDAT 2 LAST\r\n\r\n", 4},
	} {
		for how, r := range map[string]io.Reader{
			"whole":         strings.NewReader(tt.in),
			"octets":        iotest.OneByteReader(strings.NewReader(tt.in)),
			"halves":        iotest.HalfReader(strings.NewReader(tt.in)),
			"data with end": iotest.DataErrReader(strings.NewReader(tt.in)),
		} {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					script := hello(tt.extensions) + "C: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\nS: 250 ok\n"
					if tt.extensions == "PIPELINING" {
						script += "C: DATA\nS: 354 go\n"
					}
					if tt.extensions == "CHUNKING" {
						script += "BDAT\n"
					}
					script += "C*\n"
					nc, p := playServer(t, nil, script)
					c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr", ChunkSize: tt.size, NoPipelining: true})
					require.NoError(t, err)
					c.Send(t.Context(), envelope(bob), r)
					c.Close()
					p.all.Wait()
					assert.Equal(t, tt.want, p.rest.String())
				})
			})
		}
	}
}
