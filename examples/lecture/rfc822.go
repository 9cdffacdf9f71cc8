package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"applayer/mime"
	"applayer/smtp"
)

var rfc822Scene = Scene{
	Name:  "rfc822",
	Title: "a message: header, empty line, body; seven bits, and what MIME does for the rest",
	Run: func(ctx context.Context, n *Net) error {
		return errors.Join(playRFC822(n, carried), sendOldMessage(ctx, n))
	},
}

// sendOldMessage brings the slide's message over the wire, dots and all.
func sendOldMessage(ctx context.Context, n *Net) error {
	n.Printf("the message over the wire:")
	box, stop, err := serveMailbox(ctx, n, hamburger)
	if err != nil {
		return err
	}
	defer stop()
	heard := new(recorder)
	c, err := smtp.Dial(ctx, "tcp", hamburger, &smtp.Options{Hello: "crepes.fr", NoExtensions: true, Dial: heard.on(n.dialer("dots"))})
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Send(ctx, fromAliceToBob(), strings.NewReader(rfc822Message)); err != nil {
		return err
	}
	if err := c.Quit(ctx); err != nil {
		return err
	}
	sent, _ := heard.octets()
	n.Expect("a dot is put before each line that begins with one, and one alone ends it all", true,
		strings.HasSuffix(strings.TrimSuffix(sent, "QUIT\r\n"), "\r\n..\r\n...two dots lead this line, and one was alone.\r\n.\r\n"))
	n.Expect("what arrives is what was sent", []letter{{alice, []smtp.Path{bob}, rfc822Message}}, box.take())
	return nil
}

// carry is the way of a message from its sender to its reader. A test spoils an
// octet there.
type carry func(message []byte) []byte

// carried is a way on which nothing happens.
func carried(message []byte) []byte { return message }

// rfc822Message is the slide's message. Its lines with dots in front are no
// business of the format: SMTP doubles the dots on the way (RFC 5321 §4.5.2).
const rfc822Message = "To: bob@hamburger.edu\r\n" +
	"From: alice@crepes.fr\r\n" +
	"Cc: carol@hamburger.edu\r\n" +
	"Subject: RFC 822 example\r\n" +
	"Date: Fri, 15 Nov 2002 13:58:49\r\n" +
	"\r\n" +
	"The body follows the empty line.\r\n" +
	".\r\n" +
	"..two dots lead this line, and one was alone.\r\n"

func playRFC822(n *Net, way carry) error {
	if err := readOldMessage(n, way([]byte(rfc822Message))); err != nil {
		return err
	}
	return writeBeyondSevenBits(n, way)
}

// readOldMessage takes the slide's message apart.
func readOldMessage(n *Net, message []byte) error {
	n.Printf("the message as it is on the wire, %d octets:", len(message))
	for line := range strings.Lines(string(message)) {
		n.Printf("  %q", line)
	}
	e, err := mime.ParseBytes(message, nil)
	if err != nil {
		return err
	}
	h, err := e.Header()
	if err != nil {
		return err
	}
	var names []string
	rows := [][]string{{"field", "value"}}
	for f := range h.Fields() {
		names = append(names, f.Name())
		rows = append(rows, []string{f.Name(), f.Value()})
	}
	n.Table(rows...)
	n.Expect("fields of the header", []string{"To", "From", "Cc", "Subject", "Date"}, names)
	n.Expect("subject", "RFC 822 example", h.Get("Subject"))
	n.Expect("from", "alice@crepes.fr", h.Get("From"))
	n.Expect("to", "bob@hamburger.edu", h.Get("To"))
	n.Expect("cc", "carol@hamburger.edu", h.Get("Cc"))
	date, err := h.Date()
	if err != nil {
		return err
	}
	n.Expect("date", "2002-11-15T13:58:49Z", date.Format(time.RFC3339))
	n.Expect("its zone is not known", true, date.UnknownZone)
	body, err := io.ReadAll(e.Body())
	if err != nil {
		return err
	}
	n.Expect("body, dots and all", "The body follows the empty line.\r\n.\r\n..two dots lead this line, and one was alone.\r\n", string(body))
	n.Expect("octets beyond seven bits", 0, beyondSevenBits(message))
	return nil
}

// beyondText needs eight bits in every charset that has its letters.
const beyondText = "Grüße aus Crêpeville. Das kostet 5 €.\r\n"

// writeBeyondSevenBits has MIME carry what RFC 822 cannot.
func writeBeyondSevenBits(n *Net, way carry) error {
	n.Printf("text of %d characters that are not all ASCII, with MIME:", len([]rune(beyondText)))
	var m mime.Message
	m.Text(beyondText)
	for _, f := range [][2]string{{"From", "alice@crepes.fr"}, {"To", "bob@hamburger.edu"}, {"Subject", "MIME example"}} {
		if err := m.Header.Add(f[0], f[1]); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return err
	}
	message := way(b.Bytes())
	for line := range strings.Lines(string(message)) {
		n.Printf("  %q", line)
	}
	n.Expect("octets beyond seven bits with MIME", 0, beyondSevenBits(message))
	n.Expect("the text needs eight", true, beyondSevenBits([]byte(beyondText)) > 0)
	e, err := mime.ParseBytes(message, nil)
	if err != nil {
		return err
	}
	text, err := textOf(e)
	if err != nil {
		return err
	}
	n.Expect("the text read back", beyondText, text)
	return nil
}

// textOf is the text of a leaf in UTF-8.
func textOf(e *mime.Entity) (string, error) {
	b, err := io.ReadAll(e.Text())
	return string(b), err
}

// beyondSevenBits counts octets that are not ASCII.
func beyondSevenBits(b []byte) (count int) {
	for _, c := range b {
		if c >= 0x80 {
			count++
		}
	}
	return count
}

// errNoPart means that a message lacks a part.
var errNoPart = errors.New("the message lacks a part")
