package smtp_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// The lecture's dialogue, three messages over one connection.
func TestClientLecture(t *testing.T) {
	const message = `
		C: MAIL FROM:<alice@crepes.fr>
		S: 250 alice@crepes.fr... Sender ok
		C: RCPT TO:<bob@hamburger.edu>
		S: 250 bob@hamburger.edu ... Recipient ok
		C: DATA
		S: 354 Enter mail, end with "." on a line by itself
		C: Do you like ketchup?
		C: How about pickles?
		C: .
		S: 250 Message accepted for delivery
	`
	c := client(t, &smtp.Options{NoExtensions: true}, `
		S: 220 hamburger.edu
		C: HELO crepes.fr
		S: 250 Hello crepes.fr, pleased to meet you
	`+message+message+message+`
		C: QUIT
		S: 221 hamburger.edu closing connection
		C*
	`)
	assert.Equal(t, "hamburger.edu", c.Greeting().Text())
	for range 3 {
		r, err := c.Send(t.Context(), envelope(bob), strings.NewReader("Do you like ketchup?\r\nHow about pickles?\r\n"))
		require.NoError(t, err)
		assert.Equal(t, "Message accepted for delivery", r.Reply.Text())
		assert.Equal(t, bob, r.Results[0].To)
		assert.Equal(t, 250, r.Results[0].Reply.Code)
		assert.False(t, r.DSN)
	}
	assert.NoError(t, c.Quit(t.Context()))
	assert.NoError(t, c.Quit(t.Context()))
	assert.ErrorIs(t, c.Noop(t.Context()), net.ErrClosed)
	assert.False(t, c.Alive())
}

func TestClientStart(t *testing.T) {
	refused := func(command string, code int) func(t *testing.T, err error) {
		return func(t *testing.T, err error) {
			e, ok := errors.AsType[*smtp.ReplyError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, command, e.Command)
			assert.Equal(t, code, e.Code)
		}
	}
	is := func(want error) func(t *testing.T, err error) {
		return func(t *testing.T, err error) { assert.ErrorIs(t, err, want) }
	}
	protocol := func(t *testing.T, err error) {
		e, ok := errors.AsType[*smtp.ProtocolError](err)
		assert.True(t, ok && e.Remote, "%v", err)
	}
	parse := func(t *testing.T, err error) {
		_, ok := errors.AsType[*smtp.ParseError](err)
		assert.True(t, ok, "%v", err)
	}
	limit := func(name string) func(t *testing.T, err error) {
		return func(t *testing.T, err error) {
			e, ok := errors.AsType[*smtp.LimitError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, name, e.Name)
		}
	}
	tests := []struct {
		name, script string
		opts         smtp.Options
		check        func(t *testing.T, err error) // nil: no error
	}{
		{"a plain start", hello(), smtp.Options{}, nil},
		{"a greeting of several lines", "S: 220-hamburger.edu\nS: 220 no spam\nC: EHLO crepes.fr\nS: 250 hi", smtp.Options{}, nil},
		{"5321-3.1 554 instead of a greeting", "S: 554 no SMTP here", smtp.Options{}, refused("greeting", 554)},
		{"421 instead of a greeting", "S: 421 too busy", smtp.Options{}, refused("greeting", 421)},
		{"another greeting", "S: 250 hi", smtp.Options{}, protocol},
		{"no greeting but the end", "close", smtp.Options{}, is(io.ErrUnexpectedEOF)},
		{"the end inside a greeting", "S~ 220 hambur\nclose", smtp.Options{}, is(io.ErrUnexpectedEOF)},
		{"silence instead of a greeting", "C*", smtp.Options{}, limit("Timeouts.Greeting")},
		{"silence is a timeout", "C*", smtp.Options{}, is(os.ErrDeadlineExceeded)},
		{"no reply but HTTP", "S: HTTP/1.1 400 Bad Request", smtp.Options{}, parse},
		{"mixed codes", "S: 220-a\nS: 221 b", smtp.Options{}, parse},
		{"a line without end", "S~ 220 " + strings.Repeat("x", 5000) + "\nC*", smtp.Options{}, limit("MaxReplyLine")},
		{"lines without end", "S~ " + strings.Repeat(`220-x\r\n`, 600) + "\nC*", smtp.Options{}, limit("MaxReplyLines")},
		{"5321-3.2 EHLO unknown: HELO", "S: 220 hi\nC: EHLO crepes.fr\nS: 500 what\nC: HELO crepes.fr\nS: 250 hi", smtp.Options{}, nil},
		{"5321-3.2 EHLO not implemented: HELO", "S: 220 hi\nC: EHLO crepes.fr\nS: 502 what\nC: HELO crepes.fr\nS: 250 hi", smtp.Options{}, nil},
		{"HELO refused too", "S: 220 hi\nC: EHLO crepes.fr\nS: 502 what\nC: HELO crepes.fr\nS: 501 who", smtp.Options{}, refused("HELO", 501)},
		{"EHLO refused otherwise", "S: 220 hi\nC: EHLO crepes.fr\nS: 550 go away", smtp.Options{}, refused("EHLO", 550)},
		{"421 to EHLO", "S: 220 hi\nC: EHLO crepes.fr\nS: 421 bye", smtp.Options{}, refused("EHLO", 421)},
		{"354 to EHLO", "S: 220 hi\nC: EHLO crepes.fr\nS: 354 go", smtp.Options{}, protocol},
		{"two greetings", `S~ 220 hi\r\n220 hi\r\n`, smtp.Options{}, protocol},
		{"2033-4.1 LHLO", "S: 220 hi\nC: LHLO crepes.fr\nS: 250 hi", smtp.Options{LMTP: true}, nil},
		{"LHLO unknown is no reason for HELO", "S: 220 hi\nC: LHLO crepes.fr\nS: 500 what", smtp.Options{LMTP: true}, refused("LHLO", 500)},
		{"TLS is required and not offered", hello(), smtp.Options{TLS: smtp.TLSRequired}, is(smtp.ErrTLSRequired)},
		{"TLS is required and refused", hello("STARTTLS") + "C: STARTTLS\nS: 454 no", smtp.Options{TLS: smtp.TLSRequired}, is(smtp.ErrTLSRequired)},
		{"the refusal is told", hello("STARTTLS") + "C: STARTTLS\nS: 454 no", smtp.Options{TLS: smtp.TLSRequired}, refused("STARTTLS", 454)},
		{"TLS is refused and a wish", hello("STARTTLS") + "C: STARTTLS\nS: 454 no", smtp.Options{}, nil},
		{"TLS is off", hello("STARTTLS"), smtp.Options{TLS: smtp.TLSOff}, nil},
		{"421 to STARTTLS", hello("STARTTLS") + "C: STARTTLS\nS: 421 no", smtp.Options{}, refused("STARTTLS", 421)},
		{"250 to STARTTLS", hello("STARTTLS") + "C: STARTTLS\nS: 250 no", smtp.Options{}, protocol},
		{"CVE-2011-0411 a reply behind 220", hello("STARTTLS") + "C: STARTTLS\nS~ 220 go\\r\\n250 injected\\r\\n\nC*", smtp.Options{}, is(smtp.ErrBufferedPlaintext)},
		{"CR in the name", "S: 220 hi\nC*", smtp.Options{Hello: "crepes.fr\rQUIT"}, is(smtp.ErrControlOctet)},
		{"LF in the name", "S: 220 hi\nC*", smtp.Options{Hello: "crepes.fr\nQUIT"}, is(smtp.ErrControlOctet)},
		{"NUL in the name", "S: 220 hi\nC*", smtp.Options{Hello: "crepes.fr\x00"}, is(smtp.ErrControlOctet)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := clientErr(t, &tt.opts, tt.script)
				if tt.check == nil {
					assert.NoError(t, err)
					return
				}
				require.Error(t, err)
				tt.check(t, err)
			})
		})
	}
}
