package smtp_test

import (
	"fmt"
	"io"
	"net"
	"strings"

	"applayer/smtp"
)

func ExampleParseCommand() {
	cmd, err := smtp.ParseCommand([]byte("mail FROM: <alice@crepes.fr> SIZE=498"))
	if err != nil {
		fmt.Println(err)
		return
	}
	from, opts, err := smtp.ParseMail(cmd.Arg)
	fmt.Println(cmd.Verb, from, opts.Size, err)

	_, _, err = smtp.ParseMail([]byte("FROM:<alice@crepes.fr> COLOUR=red"))
	fmt.Println(err)
	// Output:
	// MAIL alice@crepes.fr 498 <nil>
	// smtp: parameter: value at byte 23 (RFC 5321 §4.1.1.11)
}

func ExamplePath() {
	a, err := smtp.ParseMailbox(`"bob"@bücher.example`)
	if err != nil {
		fmt.Println(err)
		return
	}
	b, _, err := smtp.ParsePath([]byte("<@relay.example:bob@XN--BCHER-KVA.example>"), false)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a, b)
	fmt.Println(a.Canonical(), a.Equal(b))
	// Output:
	// bob@bücher.example bob@XN--BCHER-KVA.example
	// bob@xn--bcher-kva.example true
}

func ExampleParseReply() {
	r, n, err := smtp.ParseReply([]byte("550-5.1.1 No such mailbox.\r\n550 5.1.1 Not here.\r\n250"), nil)
	fmt.Println(r.Code, r.Enhanced, r.Lines, n, err)
	_, _, err = smtp.ParseReply([]byte("250-hamburger.edu\r\n550 No.\r\n"), nil)
	fmt.Println(err)
	// Output:
	// 550 5.1.1 [No such mailbox. Not here.] 49 <nil>
	// smtp: Reply-code: value at byte 19 (RFC 5321 §4.2.1)
}

func ExampleExtensions() {
	x := smtp.ParseExtensions([]string{"hamburger.edu", "PIPELINING", "SIZE 52428800", "AUTH PLAIN SCRAM-SHA-256"})
	fmt.Println(x.Has("pipelining"), x.Size(), x.Mechanisms())
	// Output: true 52428800 [PLAIN SCRAM-SHA-256]
}

// A server's end of a dialogue, by hand: what [Server] does for its sessions.
func ExampleConn() {
	client, server := net.Pipe()
	go func() {
		io.WriteString(client, "DATA\r\n")
		io.ReadFull(client, make([]byte, len("354 Go on\r\n")))
		io.WriteString(client, "Subject: ketchup\r\n\r\n..and pickles?\r\n.\r\nQUIT\r\n")
	}()
	c := smtp.NewConn(server, nil)
	defer c.Close()

	cmd, err := c.ReadCommand()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cmd.Verb)
	if err := c.WriteReply(smtp.Reply{Code: 354, Lines: []string{"Go on"}}); err != nil {
		fmt.Println(err)
		return
	}
	message, err := io.ReadAll(c.DataReader(smtp.PolicyReject))
	fmt.Printf("%q %v\n", message, err)
	cmd, err = c.ReadCommand()
	fmt.Println(cmd.Verb, err)
	// Output:
	// DATA
	// "Subject: ketchup\r\n\r\n.and pickles?\r\n" <nil>
	// QUIT <nil>
}

func ExampleNewTextWriter() {
	var b strings.Builder
	w := smtp.NewTextWriter(&b, smtp.PolicyNormalize)
	io.WriteString(w, "Subject: old\n\n.\nMAIL FROM:<mallory@example.com>")
	fmt.Println(w.Close())
	fmt.Printf("%q\n", b.String())
	// Output:
	// <nil>
	// "Subject: old\r\n\r\n.\r\nMAIL FROM:<mallory@example.com>\r\n"
}
