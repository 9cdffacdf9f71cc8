package smtp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// toRcpt is a dialogue up to where a message may come.
const toRcpt = "S: 220\nC: EHLO crepes.fr\nS: 250\nC: MAIL FROM:<alice@crepes.fr>\nS: 250\nC: RCPT TO:<bob@hamburger.edu>\nS: 250\n"

// toData is one up to where DATA's does.
const toData = toRcpt + "C: DATA\nS: 354\n"

// A message that breaks a rule or a limit is read to its end mark and refused;
// nothing of it is kept, and the session goes on.
func TestServerDataRefused(t *testing.T) {
	lim := smtp.Limits{MaxMessageBytes: 1000, MaxTextLine: 100, MaxHeaderBytes: 300, MaxHops: 3}
	hops := strings.Repeat("Received: by x\r\n", 3)
	body := "\r\n" + strings.Repeat(strings.Repeat("x", 98)+"\r\n", 9)
	tests := []struct{ name, text, want string }{
		{"plain", "Subject: x\r\n\r\nbody\r\n", "250 2.0.0"},
		{"empty", "", "250 2.0.0"},
		{"5321-4.5.2 dots", "..\r\n...\r\n", "250 2.0.0"},
		{"5321-6.3 as many hops as allowed", hops + "\r\nReceived: by x\r\n", "250 2.0.0"},
		{"5321-6.3 one hop more", hops + "receiveD : by x\r\n\r\nx\r\n", "554 5.4.6"},
		{"not a hop", hops + "Received-SPF: x\r\nReceivedx: x\r\n Received: y\r\n\r\nx\r\n", "250 2.0.0"},
		{"header too large", strings.Repeat("X: y\r\n", 51) + "\r\n", "552 5.3.4"},
		{"header without end", strings.Repeat("xxxx\r\n", 51), "552 5.3.4"},
		{"as large as allowed", body + strings.Repeat("x", 96) + "\r\n", "250 2.0.0"},
		{"1870-6.3 too large", body + strings.Repeat("x", 97) + "\r\n", "552 5.3.4"},
		{"line too long", "\r\n" + strings.Repeat("x", 99) + "\r\n", "554 5.6.0"},
		{"5321-2.3.8 bare LF", "a\nb\r\n", "554 5.6.0"},
		{"5321-2.3.8 bare CR", "a\rb\r\n", "554 5.6.0"},
		{"bare LF in the header, and a loop", "A: b\n" + hops + hops + "\r\n", "554 5.6.0"},
		{"CVE-2023-51764 LF dot LF", "a\r\n\n.\nQUIT\r\n", "554 5.6.0"},
		{"CVE-2023-51764 LF dot CRLF", "a\n.\r\nQUIT\r\n", "554 5.6.0"},
		{"CVE-2023-51765 CRLF dot LF", "a\r\n.\nQUIT\r\n", "554 5.6.0"},
		{"CVE-2023-51766 CR dot CR", "a\r.\rQUIT\r\n", "554 5.6.0"},
		{"CRLF dot CR", "a\r\n.\rQUIT\r\n", "554 5.6.0"},
		{"CRLF NUL dot CRLF", "a\r\n\x00.\r\nQUIT\r\n", "554 5.6.0"},
		{"2045-2.8 NUL in the header", "A: \x00\r\n\r\n", "554 5.6.0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, oneByOne := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					m := new(mailbox)
					if oneByOne {
						m.onData = func(r io.Reader) error {
							_, err := io.ReadAll(iotest.OneByteReader(r))
							return err
						}
					}
					c := play(t, &smtp.Server{Backend: m, Limits: lim}, toData)
					c.send(tt.text + ".\r\n")
					c.want(tt.want)
					c.do("NOOP", "250")
					c.do("MAIL FROM:<a@b>", "250")
					c.do("QUIT", "221")
					if !oneByOne {
						assert.Equal(t, strings.HasPrefix(tt.want, "250"), len(m.got()) == 1)
					}
				})
			}
		})
	}
}

// Whatever reads a message gets the same octets.
func TestServerDataCopies(t *testing.T) {
	text := "Subject: x\r\n\r\n" + strings.Repeat(strings.Repeat("y", 76)+"\r\n.\r\n", 3000)
	ways := map[string]func(io.Reader) (string, error){
		"ReadAll": func(r io.Reader) (string, error) { b, err := io.ReadAll(r); return string(b), err },
		"WriteTo": func(r io.Reader) (string, error) {
			var b bytes.Buffer
			_, err := io.Copy(&b, r)
			return b.String(), err
		},
		"one by one": func(r io.Reader) (string, error) {
			b, err := io.ReadAll(iotest.OneByteReader(r))
			return string(b), err
		},
		"part by part": func(r io.Reader) (string, error) {
			head := make([]byte, 100)
			n, err := io.ReadFull(r, head)
			if err != nil {
				return "", err
			}
			var b bytes.Buffer
			_, err = io.Copy(&b, r)
			return string(head[:n]) + b.String(), err
		},
	}
	for name, way := range ways {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprint(name, chunked), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var got string
					m := &mailbox{onData: func(r io.Reader) (err error) { got, err = way(r); return err }}
					srv := &smtp.Server{Backend: m}
					if chunked {
						c := play(t, srv, toRcpt)
						go io.WriteString(c.nc, fmt.Sprintf("BDAT 1000\r\n%sBDAT 0\r\nBDAT %d LAST\r\n%s", text[:1000], len(text)-1000, text[1000:]))
						c.want("250 2.0.0 1000 octets")
						c.want("250 2.0.0 0 octets")
						c.want("250 2.0.0 Message")
					} else {
						c := play(t, srv, toData)
						go io.WriteString(c.nc, strings.ReplaceAll(text, "\r\n.", "\r\n..")+".\r\n")
						c.want("250")
					}
					assert.Equal(t, text, got)
				})
			})
		}
	}
}

// What a writer fails at is not the message's fault.
func TestServerDataWriterFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{onData: func(r io.Reader) error {
			_, err := io.Copy(&failingWriter{0}, r)
			if !errors.Is(err, errNoRoom) {
				return nil
			}
			return smtp.Refuse(452, smtp.EnhancedCode{4, 3, 1}, "No room.")
		}}
		c := play(t, &smtp.Server{Backend: m}, toData)
		c.send("a\r\nb\r\n.\r\n")
		c.want("452 4.3.1 No room.")
		c.do("QUIT", "221")
	})
}

// A session that says nil without reading is told of by 250, and what it left is
// thrown away; but not if the message is not as it should be.
func TestServerDataUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{onData: func(io.Reader) error { return nil }}
		c := play(t, &smtp.Server{Backend: m}, toData+"C: x\nC: .\nS: 250\nC: MAIL FROM:<a@b>\nS: 250\nC: RCPT TO:<c@d>\nS: 250\nC: DATA\nS: 354")
		c.send("x\ny\r\n.\r\n")
		c.want("554 5.6.0")
	})
}

// The policies for line ends that are none.
func TestServerBareNewline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		c := play(t, &smtp.Server{Backend: m, BareNewline: smtp.PolicyNormalize}, toData)
		c.send("a\nb\n.\nc\r\n.\r\n")
		c.want("250")
		require.Len(t, m.got(), 1)
		assert.Equal(t, "a\r\nb\r\n.\r\nc\r\n", m.got()[0].Text)

		m = new(mailbox)
		c = play(t, &smtp.Server{Backend: m, BareNewline: smtp.PolicyRejectAndClose}, toData)
		c.send("a\n.\nMAIL FROM:<x@y>\r\n.\r\n")
		c.want("554 5.6.0")
		c.end()
		assert.Empty(t, m.got())
		require.Len(t, m.errs, 1)
		assert.ErrorIs(t, m.errs[0], smtp.ErrBareNewline)
	})
}

// A message that does not end, of a client that is gone or who goes on for ever,
// is no message.
func TestServerDataCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		c := play(t, &smtp.Server{Backend: m}, toData)
		c.send("a\r\n.\r")
		c.nc.Close()
		<-c.done
		assert.Empty(t, m.got())
		require.Len(t, m.errs, 1)
		assert.ErrorIs(t, m.errs[0], io.ErrUnexpectedEOF)
		assert.Zero(t, m.resets)

		m = new(mailbox)
		c = play(t, &smtp.Server{Backend: m, Limits: smtp.Limits{MaxMessageBytes: 1000, MaxDiscard: 1000}}, toData)
		go io.WriteString(c.nc, strings.Repeat("0123456789\r\n", 10000))
		c.want("552 5.3.4")
		c.want("421 4.7.0")
		c.end()
		assert.Empty(t, m.got())
	})
}

// writes counts the Writes of a connection.
type writes struct {
	net.Conn
	n *atomic.Int32
}

func (w writes) Write(p []byte) (int, error) {
	w.n.Add(1)
	return w.Conn.Write(p)
}

// Commands in one segment are answered in one.
func TestServerPipelining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		var sent atomic.Int32
		c := call(t, &smtp.Server{Backend: m, Wrap: func(nc net.Conn) net.Conn { return writes{nc, &sent} }})
		c.want("220")
		c.do("EHLO a", "250")
		c.send("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<>\r\nDATA\r\n")
		synctest.Wait()
		b := make([]byte, 1000)
		n, err := c.nc.Read(b)
		require.NoError(t, err)
		assert.Equal(t, 4, strings.Count(string(b[:n]), "\r\n"))
		assert.True(t, strings.HasPrefix(string(b[:n]), "250 2.1.0 OK\r\n250 2.1.5 OK\r\n501 5.1.3"), "%s", b[:n])
		assert.Contains(t, string(b[:n]), "\r\n354 ")
		assert.Equal(t, int32(3), sent.Load(), "greeting, EHLO, and these")
		// The end of a message and what follows it, QUIT in the middle: nothing
		// behind it is obeyed.
		c.send("x\r\n.\r\nMAIL FROM:<a@b>\r\nRSET\r\nQUIT\r\nMAIL FROM:<e@f>\r\n")
		c.want("250 2.0.0")
		c.want("250 2.1.0")
		c.want("250 2.0.0")
		c.want("221")
		c.end()
		assert.Equal(t, int32(4), sent.Load())
		assert.Len(t, m.got(), 1)
		assert.Equal(t, 1, m.resets)
	})
}

// Which of several faults is answered does not depend on how the message came.
func TestServerDataFirstFault(t *testing.T) {
	lim := smtp.Limits{MaxHeaderBytes: 40, MaxHops: 2, MaxTextLine: 30, MaxMessageBytes: 80}
	hops := strings.Repeat("Received: x\r\n", 3)
	long := strings.Repeat("x", 41)
	for _, tt := range []struct{ text, want string }{
		{hops + strings.Repeat("X: y\r\n", 8), "554 5.4.6"},
		{strings.Repeat("X: y\r\n", 7) + hops, "552 5.3.4 Header"},
		{"A\x00\r\n" + hops, "554 5.6.0 Error (CR, LF or NUL)"},
		{hops + "\x00\r\n", "554 5.4.6"},
		{"\r\na\n" + "\x00" + long + "\r\n", "554 5.6.0 Error (CR or LF alone)"},
		{"\r\na\x00\n" + long + "\r\n", "554 5.6.0 Error (CR, LF or NUL)"},
		{"\r\n" + long + "\x00\n\r\n", "554 5.6.0 Line"},
		{"\r\n" + strings.Repeat("a\r\n", 30) + "\x00\r\n", "552 5.3.4 Message"},
	} {
		for _, chunked := range []bool{false, true} {
			for _, step := range []int{1, 2, 7, 1000} {
				synctest.Test(t, func(t *testing.T) {
					m := new(mailbox)
					c := play(t, &smtp.Server{Backend: m, Limits: lim}, toRcpt)
					in, end := "DATA\r\n"+tt.text, ".\r\nQUIT\r\n"
					if chunked {
						in, end = "BDAT "+strconv.Itoa(len(tt.text))+" LAST\r\n"+tt.text, "QUIT\r\n"
					}
					if chunked && len(tt.text) > 80 {
						return // which is told before it comes
					}
					go func() {
						for rest := in + end; rest != ""; rest = rest[min(step, len(rest)):] {
							io.WriteString(c.nc, rest[:min(step, len(rest))])
							synctest.Wait()
						}
					}()
					if !chunked {
						c.want("354")
					}
					c.want(tt.want)
					c.want("221")
					assert.Empty(t, m.got())
				})
			}
		}
	}
}

// Who keeps the reader of a message that is over gets nothing of the next.
func TestServerDataReaderKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept []io.Reader
		m := &mailbox{onData: func(r io.Reader) error {
			for _, old := range kept {
				var b bytes.Buffer
				n, err := io.Copy(&b, old)
				assert.Zero(t, n)
				assert.NoError(t, err)
				m, err := old.Read(make([]byte, 10))
				assert.Zero(t, m)
				assert.ErrorIs(t, err, io.EOF)
			}
			kept = append(kept, r)
			return smtp.Refuse(451, smtp.EnhancedCode{4, 3, 0}, "Not now.")
		}}
		const again = "C: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>\nS: 250\n"
		play(t, &smtp.Server{Backend: m}, toData+"C: x\nC: .\nS: 451\n"+again+"C: DATA\nS: 354\nC: y\nC: .\nS: 451\n"+
			again+"C: BDAT 3\nC: z\nS: 451\nC: RSET\nS: 250\n"+again+"C: BDAT 3 LAST\nC: z\nS: 451\n"+again+"C: DATA\nS: 354\nC: .\nS: 451")
		assert.Len(t, kept, 5)
	})
}

// A header of many lines or one endless line takes time in proportion, however
// it is cut: each octet is looked at once. Counted in calls, not seconds.
func TestHeaderCheckChunks(t *testing.T) {
	header := "Received: a\r\nRECEIVED : b\r\nReceive: c\r\n\tReceived: d\r\nX:\r\nReceived\t: e\r\nReceived:\r\n\r\nReceived: body\r\n"
	for cut := 1; cut < len(header); cut++ {
		var h smtp.HeaderCheck
		for rest := header; rest != ""; {
			n := min(cut, len(rest))
			require.NoError(t, h.Look([]byte(rest[:n])))
			rest = rest[n:]
		}
		assert.Equal(t, 4, h.Hops(), "cut %d", cut)
		assert.True(t, h.Ended(), "cut %d", cut)
		assert.Equal(t, strings.Index(header, "\r\n\r\n")+4, h.Octets(), "cut %d", cut)
	}
}
