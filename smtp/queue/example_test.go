package queue_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"applayer/smtp"
	"applayer/smtp/queue"
)

func ExampleDelivererFunc() {
	// Mail for one domain has a place here, all other mail has none yet.
	var d queue.Deliverer = queue.DelivererFunc(func(_ context.Context, _ *queue.Message, to []smtp.Recipient) []queue.Result {
		if to[0].Domain == "crepes.fr" {
			return queue.Same(len(to), queue.Result{Delivered: true})
		}
		return queue.Same(len(to), queue.Result{Err: errors.New("no route")})
	})
	to := smtp.Recipient{Path: smtp.Path{Local: "bob", Domain: "hamburger.edu"}}
	for _, r := range d.Deliver(context.Background(), &queue.Message{}, []smtp.Recipient{to}) {
		fmt.Println(r.Err)
	}
	// Output: no route
}

// A message to two domains: one takes it, the other is down and is tried again.
func ExampleQueue() {
	dir, err := os.MkdirTemp("", "queue")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	tried := make(chan string, 2)
	q := &queue.Queue{
		Dir:      dir,
		Hostname: "mx.crepes.fr",
		Deliverer: queue.DelivererFunc(func(_ context.Context, m *queue.Message, to []smtp.Recipient) []queue.Result {
			if to[0].Domain == "hamburger.edu" {
				return queue.Same(len(to), queue.Result{Err: errors.New("connection refused")})
			}
			return queue.Same(len(to), queue.Result{})
		}),
		Trace: &queue.Trace{Tried: func(_ *queue.Message, to []smtp.Recipient, results []queue.Result) {
			tried <- fmt.Sprint(to[0], ": ", results[0].Err)
		}},
	}
	if err := q.Open(); err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- q.Run(ctx) }()

	env := smtp.Envelope{
		From: smtp.Path{Local: "alice", Domain: "crepes.fr"},
		To: []smtp.Recipient{
			{Path: smtp.Path{Local: "bob", Domain: "hamburger.edu"}},
			{Path: smtp.Path{Local: "carol", Domain: "example.org"}},
		},
	}
	if _, err := q.Submit(ctx, env, strings.NewReader("Subject: ketchup\r\n\r\nDo you like it?\r\n")); err != nil {
		fmt.Println(err)
	}
	lines := []string{<-tried, <-tried}
	slices.Sort(lines)
	fmt.Println(strings.Join(lines, "\n"))
	cancel()
	<-done
	for _, to := range q.List()[0].To {
		fmt.Println(to, to.State, to.Tries)
	}
	if err := q.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// bob@hamburger.edu: connection refused
	// carol@example.org: <nil>
	// bob@hamburger.edu Deferred 1
	// carol@example.org Done 1
}

func ExampleSchedule() {
	s := queue.Schedule{First: time.Minute, Max: 10 * time.Minute, Jitter: -1}
	for tries := range 6 {
		fmt.Print(s.Wait(tries+1, 0), " ")
	}
	// Output: 1m0s 2m0s 4m0s 8m0s 10m0s 10m0s
}
