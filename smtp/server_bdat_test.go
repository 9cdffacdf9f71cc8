package smtp_test

import (
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

// RFC 3030 §4.1's dialogue, and what may stand between chunks.
func TestServerChunking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		play(t, &smtp.Server{Backend: m}, toRcpt+`C: BDAT 7
			C: hello
			S: 250 2.0.0 7 octets received
			C: NOOP
			S: 250
			C: VRFY x
			S: 252
			C: MAIL FROM:<x@y>
			S: 503 5.5.1
			C: RCPT TO:<x@y>
			S: 503 5.5.1
			C: DATA
			S: 503 5.5.1
			C: AUTH PLAIN
			S: 503 5.5.1
			C: WILD
			S: 500
			C> NO\x00OP\r\n
			S: 500
			C: BDAT 5
			C> .\r\n.\r
			S: 250 2.0.0 5 octets received
			C: BDAT 1 last
			C> \n
			S: 250 2.0.0 Message accepted
			C: BDAT 2 LAST
			C>   
			S: 503 5.5.1
			C: MAIL FROM:<x@y>
			S: 250
			C: QUIT
			S: 221
			END`)
		require.Len(t, m.got(), 1)
		assert.Equal(t, "hello\r\n.\r\n.\r\n", m.got()[0].Text)
		assert.Equal(t, 1, m.resets, "of the last MAIL")
	})
}

// What gives a message up between its chunks.
func TestServerChunkingAborted(t *testing.T) {
	for _, tt := range []struct{ line, want string }{{"RSET", "250 2.0.0"}, {"EHLO a", "250"}, {"QUIT", "221"}} {
		t.Run(tt.line, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := new(mailbox)
				c := play(t, &smtp.Server{Backend: m}, toRcpt)
				c.do("BDAT 7\r\nhello", "250")
				c.do(tt.line, tt.want)
				if tt.line == "QUIT" {
					c.end()
				} else {
					c.play("C: BDAT 0 LAST\nS: 503\nC: MAIL FROM:<x@y>\nS: 250\nC: QUIT\nS: 221\nEND")
				}
				<-c.done
				assert.Empty(t, m.got())
				require.Len(t, m.errs, 1)
				assert.ErrorIs(t, m.errs[0], smtp.ErrAborted)
			})
		})
	}
	// RSET with an argument is none.
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		play(t, &smtp.Server{Backend: m}, toRcpt+"C: BDAT 3\nC: a\nS: 250\nC: RSET x\nS: 501\nC: EHLO\nS: 501\nC: LHLO a\nS: 500\nC: BDAT 0 LAST\nS: 250 2.0.0 Message")
		assert.Len(t, m.got(), 1)
	})
}

// Chunks that are refused are thrown away, never taken for commands, also those
// that were sent before the client knew.
func TestServerChunkingRefused(t *testing.T) {
	lim := smtp.Limits{MaxMessageBytes: 100, MaxHops: 1, MaxDiscard: 1000}
	const quit = "QUIT\r\nRSET\r\n"
	loop := "Received: a\r\nReceived: b\r\n"
	tests := []struct {
		name, in string
		want     []string
	}{
		{"too large at once", "BDAT 101 LAST\r\n" + strings.Repeat("NOOP\r\n", 17)[:101], []string{"552 5.3.4"}},
		{"too large together", "BDAT 12\r\n" + quit + "BDAT 96 LAST\r\n" + strings.Repeat(quit, 8), []string{"250", "552 5.3.4"}},
		{"bare LF", "BDAT 6\r\na\nQUIT" + "BDAT 6 LAST\r\nQUIT\r\n", []string{"554 5.6.0", "503 5.5.1"}},
		{"bare LF at a border", "BDAT 2\r\na\rBDAT 6 LAST\r\nQUIT\r\n", []string{"250", "554 5.6.0"}},
		{"bare CR at the end", "BDAT 2\r\na\rBDAT 0 LAST\r\n", []string{"250", "554 5.6.0"}},
		{"NUL", "BDAT 6\r\na\r\n\x00\r\nBDAT 6 LAST\r\nQUIT\r\n", []string{"554 5.6.0", "503 5.5.1"}},
		{"loop", fmt.Sprintf("BDAT %d\r\n%sBDAT 12 LAST\r\n%s", len(loop), loop, quit), []string{"554 5.4.6", "503 5.5.1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := new(mailbox)
				c := play(t, &smtp.Server{Backend: m, Limits: lim}, toRcpt)
				c.send(tt.in)
				for _, want := range tt.want {
					c.want(want)
				}
				c.play("C: DATA\nS: 503\nC: MAIL FROM:<a@b>\nS: 250\nC: QUIT\nS: 221\nEND")
				<-c.done
				assert.Empty(t, m.got())
			})
		})
	}
}

// A chunk of which nobody knows the length, or too long a one, ends the session.
func TestServerChunkingLost(t *testing.T) {
	for _, tt := range []struct{ name, line, want string }{
		{"no number", "BDAT x LAST", "501 5.5.4"}, {"nothing", "BDAT", "501 5.5.4"},
		{"overflow", "BDAT 99999999999999999999", "501 5.5.4"}, {"negative", "BDAT -1", "501 5.5.4"},
		{"huge", "BDAT 9223372036854775807 LAST", "552 5.3.4"},
	} {
		for _, between := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := new(mailbox)
					c := play(t, &smtp.Server{Backend: m}, toRcpt)
					if between {
						c.do("BDAT 3\r\na", "250")
					}
					c.send(tt.line + "\r\nMAIL FROM:<a@b>\r\n")
					c.want(tt.want)
					c.end()
					<-c.done
					assert.Empty(t, m.got())
				})
			})
		}
	}
}

// A session that refuses in the middle is asked no more, and one that has read
// enough is no obstacle.
func TestServerChunkingSessionStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		m := &mailbox{onData: func(r io.Reader) error {
			if calls++; calls == 1 {
				io.ReadFull(r, make([]byte, 2))
				return smtp.Refuse(452, smtp.EnhancedCode{4, 3, 1}, "No room.")
			}
			return nil
		}}
		play(t, &smtp.Server{Backend: m}, toRcpt+`C: BDAT 7
			C: hello
			S: 452 4.3.1 No room.
			C: BDAT 7 LAST
			C: hello
			S: 503
			C: MAIL FROM:<a@b>
			S: 250
			C: RCPT TO:<c@d>
			S: 250
			C: BDAT 7
			C: hello
			S: 250 2.0.0 7 octets
			C: BDAT 7 LAST
			C: hello
			S: 250 2.0.0 Message`)
		assert.Equal(t, 2, calls)
	})
}

// A connection that ends inside a chunk, TLS too, is an aborted message, whatever
// the session read (CVE-2026-45185).
func TestServerChunkCut(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t)
	for _, script := range []string{"C: BDAT 10 LAST\nC> abc", "C: BDAT 3\nC> a\\r\\n\nS: 250", "C: BDAT 3\nC> a\\r\\n\nS: 250\nC: BDAT 5 LAST"} {
		for _, overTLS := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				m := new(mailbox)
				c := call(t, &smtp.Server{Backend: m, TLSConfig: serverTLS})
				if overTLS {
					c.play("S: 220\nC: EHLO a\nS: 250\nC: STARTTLS\nS: 220")
					c.startTLS(clientTLS)
					c.play(strings.TrimPrefix(toRcpt, "S: 220\n"))
				} else {
					c.play(toRcpt)
				}
				c.play(script)
				c.nc.Close()
				<-c.done
				assert.Empty(t, m.got())
				require.Len(t, m.errs, 1)
				assert.False(t, errors.Is(m.errs[0], smtp.ErrAborted))
				assert.Equal(t, 1, m.closes)
			})
		}
	}
}

// The lines of chunks are those of DATA, however they are cut: refused, or made
// whole where the policy says so.
func TestServerChunkLines(t *testing.T) {
	limits := smtp.Limits{MaxTextLine: 10, MaxMessageBytes: 24, MaxHops: 1}
	const (
		bare, long, large = "554 5.6.0 Error (CR", "554 5.6.0 Line", "552 5.3.4"
	)
	tests := []struct {
		text, reject    string // the reply, "" for 250
		normal, refused string // what PolicyNormalize makes of it, or its reply
	}{
		{"abc", "", "abc", ""},
		{"a\r\n\r\nb\r\n", "", "a\r\n\r\nb\r\n", ""},
		{"\r\n", "", "\r\n", ""},
		{".\r\n..\r\n.\r\n", "", ".\r\n..\r\n.\r\n", ""},
		{"a\nb", bare, "a\r\nb", ""},
		{"a\rb", bare, "a\r\nb", ""},
		{"a\r", bare, "a\r\n", ""},
		{"\r", bare, "\r\n", ""},
		{"\n", bare, "\r\n", ""},
		{"a\r\r\n", bare, "a\r\n", ""},
		{"a\r\r\r", bare, "a\r\n", ""},
		{"\r\n\n", bare, "\r\n\r\n", ""},
		{"a\r\n.\n", bare, "a\r\n.\r\n", ""},
		{"12345678\r\n12345678\r\n", "", "12345678\r\n12345678\r\n", ""},
		{"123456789\r\n", long, "", long},
		{"12345678901", long, "", long},
		{"a\n\n\n\n\n\n\n\n\n\n\n\n\n", bare, "", large},
		{"\n\n\n\n\n\n\n\n\n\n\n\n", bare, strings.Repeat("\r\n", 12), ""},
		{"a\n12345678\n", bare, "a\r\n12345678\r\n", ""},
	}
	for _, tt := range tests {
		for _, policy := range []smtp.Policy{smtp.PolicyReject, smtp.PolicyNormalize} {
			for cut := 1; cut <= len(tt.text)+1; cut++ {
				synctest.Test(t, func(t *testing.T) {
					m := new(mailbox)
					c := play(t, &smtp.Server{Backend: m, Limits: limits, BareNewline: policy}, toRcpt)
					for rest := tt.text; len(rest) > cut; rest = rest[cut:] {
						c.send(fmt.Sprintf("BDAT %d\r\n%s", cut, rest[:cut]))
					}
					last := (len(tt.text)-1)%cut + 1
					c.send(fmt.Sprintf("BDAT %d LAST\r\n%s", last, tt.text[len(tt.text)-last:]))
					c.send("QUIT\r\n")
					said, err := io.ReadAll(c.r)
					require.NoError(t, err)
					want, reply := tt.text, tt.reject
					if policy == smtp.PolicyNormalize {
						want, reply = tt.normal, tt.refused
					}
					name := fmt.Sprintf("%q %v cut at %d: %s", tt.text, policy, cut, said)
					if reply == "" {
						require.Len(t, m.got(), 1, name)
						require.Equal(t, want, m.got()[0].Text, name)
						return
					}
					require.Empty(t, m.got(), name)
					require.Contains(t, "\r\n"+string(said), "\r\n"+reply, name)
				})
			}
		}
	}
}
