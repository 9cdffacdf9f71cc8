package pop3_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"applayer/internal/testkit"
	"applayer/pop3"
)

// A postbox is one user's mail in memory.
type postbox []string

func (postbox) Login(_ context.Context, user, password string) (string, error) {
	if user == "bob" && password == "hungry" {
		return user, nil
	}
	return "", pop3.ErrAuthRefused
}

func (p postbox) Open(context.Context, string) (pop3.Maildrop, error) { return openPostbox{p}, nil }

type openPostbox struct{ letters []string }

func (p openPostbox) Len() int         { return len(p.letters) }
func (p openPostbox) Stat(i int) int64 { return int64(len(p.letters[i])) }
func (p openPostbox) UID(i int) string { return fmt.Sprint("1.", i) }

func (p openPostbox) Open(_ context.Context, i int) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(p.letters[i])), nil
}

func (p openPostbox) Commit(context.Context, []int) error {
	return pop3.Refuse(pop3.CodeSysPerm, "Nothing is removed here.")
}

func (p openPostbox) Close() error { return nil }

func Example() {
	box := postbox{"Subject: lunch\r\n\r\nDo you like ketchup?\r\n", "Subject: more\r\n\r\nHow about pickles?\r\n"}
	network := testkit.NewNetwork() // a network in memory; net.Listen has the real ones
	l, err := network.Listen(context.Background(), "tcp", "127.0.0.1:110")
	if err != nil {
		log.Fatal(err)
	}
	server := &pop3.Server{Backend: box}
	go server.Serve(l)
	defer server.Close()

	ctx := context.Background()
	client, err := pop3.Dial(ctx, "tcp", "127.0.0.1:110", &pop3.Options{Dial: network.Dial})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := client.Login(ctx, "bob", "hungry"); err != nil {
		log.Fatal(err)
	}
	for m, err := range client.Sync(ctx, func(uid string) bool { return uid == "1.0" }) {
		if err != nil {
			log.Fatal(err)
		}
		text, err := io.ReadAll(m)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %q\n", m.UID, text)
	}
	if err := client.Dele(ctx, 2); err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Quit(ctx))
	// Output:
	// 1.1: "Subject: more\r\n\r\nHow about pickles?\r\n"
	// pop3: QUIT: refused [SYS/PERM]: "Nothing is removed here."
}

func ExampleServer() {
	s := &pop3.Server{
		Backend:  postbox{},
		Hostname: "hamburger.edu",
		Expire:   pop3.ExpireNever,
	}
	client, server := testkit.Pipe()
	go s.ServeConn(context.Background(), server)
	defer s.Close()

	io.WriteString(client, "CAPA\r\nQUIT\r\n")
	text, err := io.ReadAll(client)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.ReplaceAll(string(text), "\r\n", "\n"))
	// Output:
	// +OK POP3 server ready
	// +OK Capabilities:
	// TOP
	// UIDL
	// RESP-CODES
	// AUTH-RESP-CODE
	// PIPELINING
	// USER
	// SASL PLAIN
	// UTF8 USER
	// LANG
	// EXPIRE NEVER
	// .
	// +OK Goodbye.
}

func ExampleClient() {
	client, server := testkit.Pipe()
	s := &pop3.Server{Backend: postbox{"Subject: lunch\r\n\r\nDo you like ketchup?\r\n"}}
	go s.ServeConn(context.Background(), server)
	defer s.Close()

	ctx := context.Background()
	c, err := pop3.NewClient(ctx, client, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(ctx, "bob", "hungry"); err != nil {
		log.Fatal(err)
	}
	m, err := c.Retr(ctx, 1)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	text, err := io.ReadAll(m)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", text)
	// Output: "Subject: lunch\r\n\r\nDo you like ketchup?\r\n"
}
