package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"applayer/smtp"
)

// smtpCodecSubjects are what is done with one command, and with one message
// behind DATA. The peers keep their parsers to themselves; for the message the
// library's search for the end mark is the measure: it looks at each octet once
// and gives none back.
var smtpCodecSubjects = []subject{
	{name: "smtp-command-parse", implementations: []implementation{{name: "applayer", bench: parseSMTPCommand}}},
	{name: "smtp-data", implementations: []implementation{
		{name: "applayer", bench: readSMTPData}, {name: "bytes.Index", bench: indexSMTPData},
	}},
}

var smtpCommand = []byte("MAIL FROM:<alice@crepes.fr> SIZE=4096 BODY=8BITMIME")

func parseSMTPCommand(b *testing.B) error {
	return each(b, len(smtpCommand), func() error {
		cmd, err := smtp.ParseCommand(smtpCommand)
		if err != nil {
			return err
		}
		from, opts, err := smtp.ParseMail(cmd.Arg)
		if err == nil && (from.Local != "alice" || opts.Size != 4096) {
			err = fmt.Errorf("%v %v", from, opts)
		}
		return err
	})
}

// smtpMessage is 1 MiB as it is behind DATA: lines of 0 to 77 octets, dots
// doubled.
var smtpMessage = func() []byte {
	var b bytes.Buffer
	text := strings.Repeat("Do you like ketchup? How about pickles? ", 2)
	for i := 0; b.Len() < 1<<20; i++ {
		if i%100 == 0 {
			b.WriteString("..")
		}
		b.WriteString(text[:i*7%78] + "\r\n")
	}
	return append(b.Bytes(), ".\r\n"...)
}()

// octets is a connection that has smtpMessage over and over.
type octets struct {
	net.Conn
	at int
}

func (o *octets) Read(p []byte) (int, error) {
	if o.at == len(smtpMessage) {
		o.at = 0
	}
	n := copy(p, smtpMessage[o.at:])
	o.at += n
	return n, nil
}

func readSMTPData(b *testing.B) error {
	c := smtp.NewConn(&octets{}, nil)
	return each(b, len(smtpMessage), func() error {
		n, err := c.DataReader(smtp.PolicyReject).WriteTo(io.Discard)
		if err == nil && n < 1<<19 {
			err = fmt.Errorf("%d octets", n)
		}
		return err
	})
}

func indexSMTPData(b *testing.B) error {
	end := []byte("\r\n.\r\n")
	return each(b, len(smtpMessage), func() error {
		if bytes.Index(smtpMessage, end) != len(smtpMessage)-len(end) {
			return errors.New("no end mark")
		}
		return nil
	})
}
