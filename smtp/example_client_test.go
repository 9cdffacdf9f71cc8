package smtp_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"strings"
	"time"

	"applayer/smtp"
)

// A message to two, of whom one is not known there.
func ExampleClient() {
	server := &smtp.Server{Hostname: "hamburger.edu", Backend: printer{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(l)
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := smtp.Dial(ctx, "tcp", l.Addr().String(), &smtp.Options{Hello: "crepes.fr"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	e, err := smtp.NewEnvelope("alice@crepes.fr", "bob@hamburger.edu", "eve@hamburger.edu")
	if err != nil {
		log.Fatal(err)
	}
	receipt, err := c.Send(ctx, e, strings.NewReader("Do you like ketchup?\r\n"))
	if partial, ok := errors.AsType[*smtp.PartialError](err); err != nil && !ok {
		log.Fatal(err)
	} else if ok {
		fmt.Println(partial)
	}
	for _, r := range receipt.Results {
		fmt.Println(r.To, r.Reply.Code)
	}
	if err := c.Quit(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// crepes.fr says that alice@crepes.fr writes to [bob@hamburger.edu]: Do you like ketchup?
	// smtp: refused for 1 of 2 recipients: eve@hamburger.edu: RCPT: reply 550 5.1.1: "No such mailbox."
	// bob@hamburger.edu 250
	// eve@hamburger.edu 550
}
