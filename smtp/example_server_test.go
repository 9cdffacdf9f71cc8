package smtp_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"strings"

	"applayer/smtp"
)

// printer is a Backend that prints the mail it gets.
type printer struct{}

func (printer) NewSession(_ context.Context, c *smtp.Conn) (smtp.Session, error) {
	return &printing{conn: c}, nil
}

// printing is a dialogue with a client.
type printing struct {
	conn *smtp.Conn
	from smtp.Path
	to   []smtp.Path
}

func (p *printing) Mail(_ context.Context, from smtp.Path, _ smtp.MailOptions) error {
	p.from, p.to = from, nil
	return nil
}

func (p *printing) Rcpt(_ context.Context, to smtp.Path, _ smtp.RcptOptions) error {
	if to.Local != "bob" {
		return smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "No such mailbox.")
	}
	p.to = append(p.to, to)
	return nil
}

// Data prints; a server that keeps mail would write it to the disk here, behind
// the field of AppendReceived, and sync it.
func (p *printing) Data(_ context.Context, message io.Reader) error {
	text, err := io.ReadAll(message)
	if err == nil {
		fmt.Printf("%s says that %v writes to %v: %s\n", p.conn.Hello(), p.from, p.to, strings.TrimSuffix(string(text), "\r\n"))
	}
	return err
}

func (p *printing) Reset()       {}
func (p *printing) Close() error { return nil }

// A server that prints its mail, and a client that types.
func ExampleServer() {
	server := &smtp.Server{Hostname: "hamburger.edu", Backend: printer{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(l)
	defer server.Close()

	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	fmt.Fprint(nc, "HELO crepes.fr\r\nMAIL FROM:<alice@crepes.fr>\r\nRCPT TO:<bob@hamburger.edu>\r\nRCPT TO:<eve@hamburger.edu>\r\n",
		"DATA\r\nDo you like ketchup?\r\n.\r\nQUIT\r\n")
	said, err := io.ReadAll(nc)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(strings.ReplaceAll(string(said), "\r\n", "\n"))
	// Output:
	// crepes.fr says that alice@crepes.fr writes to [bob@hamburger.edu]: Do you like ketchup?
	// 220 hamburger.edu ESMTP
	// 250 Hello crepes.fr, pleased to meet you
	// 250 2.1.0 OK
	// 250 2.1.5 OK
	// 550 5.1.1 No such mailbox.
	// 354 Start mail input; end with <CRLF>.<CRLF>
	// 250 2.0.0 Message accepted for delivery
	// 221 2.0.0 hamburger.edu closing connection
}

// Both ends may hold themselves to the same order.
func ExampleMachine() {
	var m smtp.Machine
	for _, e := range []smtp.Event{smtp.EventHello, smtp.EventMail, smtp.EventRcptRefused, smtp.EventData, smtp.EventRcpt, smtp.EventData} {
		if err := m.Do(e); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(e, m.State())
	}
	// Output:
	// Hello Ready
	// Mail Mail
	// RcptRefused NoRecipient
	// smtp: peer: no Data in state NoRecipient (RFC 5321 §3.3)
	// Rcpt Rcpt
	// Data Data
}

// A trace field, as a Session puts it in front of a message.
func ExampleAppendReceived() {
	field := smtp.AppendReceived(nil, smtp.Received{
		From: "crepes.fr", By: "hamburger.edu", Protocol: "ESMTPS", ID: "17",
		For: smtp.Path{Local: "bob", Domain: "hamburger.edu"},
	})
	fmt.Print(strings.ReplaceAll(string(field), "\r\n", "\n"))
	// Output:
	// Received: from crepes.fr
	// 	by hamburger.edu with ESMTPS
	// 	id 17
	// 	for <bob@hamburger.edu>;
	// 	Mon, 1 Jan 0001 00:00:00 +0000
}
