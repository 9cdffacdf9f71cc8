//go:build !race

package smtp_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// What the work order allows: a command at most one allocation, a message none.
func TestWireAllocations(t *testing.T) {
	var (
		buf     = make([]byte, 0, 4096)
		command = []byte("MAIL FROM:<alice@crepes.fr> SIZE=498 BODY=8BITMIME")
		from    = smtp.Path{Local: "alice", Domain: "crepes.fr"}
		opts    = smtp.MailOptions{Size: 498, Body: smtp.BodyEightBit}
		reply   = smtp.Reply{Code: 250, Enhanced: smtp.EnhancedCode{2, 1, 0}, Lines: []string{"Sender ok"}}
		answer  = []byte("250 2.1.0 Sender ok\r\n")
	)
	tests := []struct {
		name string
		most float64
		do   func() error
	}{
		{"parse a command", 0, func() error { _, err := smtp.ParseCommand(command); return err }},
		{"parse MAIL", 2, func() error { _, _, err := smtp.ParseMail(command[5:]); return err }},
		{"parse RCPT", 1, func() error { _, _, err := smtp.ParseRcpt([]byte("TO:<bob@hamburger.edu>"), false); return err }},
		{"parse a path", 1, func() error { _, _, err := smtp.ParsePath(command[10:], false); return err }},
		{"parse a mailbox", 0, func() error { _, err := smtp.ParseMailbox("bob@hamburger.edu"); return err }},
		{"parse BDAT", 0, func() error { _, _, err := smtp.ParseBDAT([]byte("86 LAST")); return err }},
		{"parse a reply", 2, func() error { _, _, err := smtp.ParseReply(answer, nil); return err }},
		{"write a command", 0, func() error {
			_, err := smtp.AppendCommand(buf, smtp.Command{Verb: smtp.VerbMAIL, Arg: command[5:]})
			return err
		}},
		{"write MAIL", 0, func() error { _, err := smtp.AppendMail(buf, from, opts); return err }},
		{"write a path", 0, func() error { _, err := smtp.AppendPath(buf, from); return err }},
		{"write a reply", 0, func() error { _, err := smtp.AppendReply(buf, reply); return err }},
	}
	for _, tt := range tests {
		got := testing.AllocsPerRun(100, func() {
			if err := tt.do(); err != nil {
				t.Error(tt.name, err)
			}
		})
		assert.LessOrEqual(t, got, tt.most, tt.name)
	}
}

// loop is a connection that brings the same octets for ever.
type loop struct {
	b  []byte
	at int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.b[l.at:])
	l.at = (l.at + n) % len(l.b)
	return n, nil
}

func (l *loop) Write(p []byte) (int, error)      { return len(p), nil }
func (l *loop) Close() error                     { return nil }
func (l *loop) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (l *loop) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (l *loop) SetDeadline(time.Time) error      { return nil }
func (l *loop) SetReadDeadline(time.Time) error  { return nil }
func (l *loop) SetWriteDeadline(time.Time) error { return nil }

// mailOf is mail of about n octets, with a dot at the front of every 20th line.
func mailOf(n int) string {
	var b strings.Builder
	b.WriteString("From: alice@crepes.fr\r\nTo: bob@hamburger.edu\r\nSubject: ketchup\r\n\r\n")
	for i := 0; b.Len() < n; i++ {
		if i%20 == 0 {
			b.WriteByte('.')
		}
		b.WriteString("Do you like ketchup? How about pickles? And what of a line of mail?\r\n")
	}
	return b.String()
}

func stuffed(s string) string { return strings.ReplaceAll(s, "\r\n.", "\r\n..") + ".\r\n" }

// A dialogue of one message allocates for its addresses alone.
func TestConnAllocations(t *testing.T) {
	text := mailOf(4096)
	in := "MAIL FROM:<alice@crepes.fr>\r\nDATA\r\n" + stuffed(text)
	c := smtp.NewConn(&loop{b: []byte(in)}, nil)
	ok := smtp.Reply{Code: 250, Enhanced: smtp.EnhancedCode{2, 0, 0}, Lines: []string{"ok"}}
	p := make([]byte, 1000)
	got := testing.AllocsPerRun(100, func() {
		for range 2 {
			if _, err := c.ReadCommand(); err != nil {
				t.Fatal(err)
			}
			if err := c.WriteReply(ok); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		d := c.DataReader(smtp.PolicyReject)
		n := 0
		for {
			m, err := d.Read(p)
			n += m
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if n != len(text) {
			t.Fatal(n)
		}
	})
	assert.Zero(t, got)
}

// A message of any size is read through buffers of one size.
func TestLargeMessageMemory(t *testing.T) {
	text := mailOf(8 << 20)
	c := smtp.NewConn(&loop{b: []byte(stuffed(text))}, nil)
	var largest int
	w := writerFunc(func(b []byte) (int, error) { largest = max(largest, len(b)); return len(b), nil })
	n, err := c.DataReader(smtp.PolicyReject).WriteTo(w)
	require.NoError(t, err)
	require.Equal(t, int64(len(text)), n)
	assert.LessOrEqual(t, largest, 64<<10)
	assert.LessOrEqual(t, c.Buffered(), 64<<10)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func BenchmarkParseCommand(b *testing.B) {
	line := []byte("RCPT TO:<bob@hamburger.edu> NOTIFY=FAILURE")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := smtp.ParseCommand(line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseRcpt(b *testing.B) {
	arg := []byte("TO:<bob@hamburger.edu> NOTIFY=FAILURE")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := smtp.ParseRcpt(arg, false); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseReply(b *testing.B) {
	in := []byte("250 2.1.5 Recipient ok\r\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := smtp.ParseReply(in, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDataReader(b *testing.B) {
	text := mailOf(1 << 20)
	in := []byte(stuffed(text))
	run := func(b *testing.B, read func(*smtp.DataReader) error) {
		c := smtp.NewConn(&loop{b: in}, nil)
		b.SetBytes(int64(len(in)))
		b.ReportAllocs()
		for b.Loop() {
			if err := read(c.DataReader(smtp.PolicyReject)); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("Read", func(b *testing.B) {
		p := make([]byte, 32<<10)
		run(b, func(d *smtp.DataReader) error {
			for {
				if _, err := d.Read(p); err == io.EOF {
					return nil
				} else if err != nil {
					return err
				}
			}
		})
	})
	b.Run("WriteTo", func(b *testing.B) {
		run(b, func(d *smtp.DataReader) error { _, err := d.WriteTo(io.Discard); return err })
	})
	b.Run("bytes.Index", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			if i := bytes.Index(in, []byte("\r\n.\r\n")); i != len(in)-5 {
				b.Fatal(i)
			}
		}
	})
}

func BenchmarkDataWriter(b *testing.B) {
	text := []byte(mailOf(1 << 20))
	c := smtp.NewConn(&loop{b: text}, nil)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		w := c.DataWriter(smtp.PolicyReject)
		if _, err := w.Write(text); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		if err := c.Flush(); err != nil {
			b.Fatal(err)
		}
	}
}
