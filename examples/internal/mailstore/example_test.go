package mailstore_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"applayer/examples/internal/mailstore"
)

// A message is delivered to two users; one of them reads it, marks it as read and
// learns of the next one.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "mail")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := mailstore.Open(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	message := strings.NewReader("Subject: dinner\r\n\r\nDo you like ketchup?\r\n")
	if err := store.Deliver(ctx, []string{"bob", "carol"}, message); err != nil {
		log.Fatal(err)
	}

	inbox, err := store.Mailbox("bob", mailstore.Inbox)
	if err != nil {
		log.Fatal(err)
	}
	defer inbox.Close()
	before, err := inbox.View(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range before.All() {
		r, err := inbox.OpenMessage(m.UID)
		if err != nil {
			log.Fatal(err)
		}
		b, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d: %d octets, ends %q\n", m.UID, m.Size, b[len(b)-10:])
		if _, err := inbox.Change(ctx, mailstore.Change{How: mailstore.Add, Flags: "S"}, m.UID); err != nil {
			log.Fatal(err)
		}
	}

	changes := inbox.Subscribe()
	defer changes.Close()
	if err := store.Deliver(ctx, []string{"bob"}, strings.NewReader("\r\nHow about pickles?\r\n")); err != nil {
		log.Fatal(err)
	}
	<-changes.C
	after, err := inbox.View(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("changed:", after.Since(before.HighestModSeq).Changed)
	// Output:
	// 1: 41 octets, ends "ketchup?\r\n"
	// changed: [1 2]
}
