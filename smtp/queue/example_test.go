package queue_test

import (
	"context"
	"errors"
	"fmt"
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

func ExampleSchedule() {
	s := queue.Schedule{First: time.Minute, Max: 10 * time.Minute, Jitter: -1}
	for tries := range 6 {
		fmt.Print(s.Wait(tries+1, 0), " ")
	}
	// Output: 1m0s 2m0s 4m0s 8m0s 10m0s 10m0s
}
