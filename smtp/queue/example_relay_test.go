package queue_test

import (
	"context"
	"fmt"
	"net"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// The hosts that take mail for a domain, the best first.
func ExampleRelay_Route() {
	r := &queue.Relay{
		Hostname: "backup.hamburger.edu",
		Resolver: names{"mx hamburger.edu": []*net.MX{
			{Host: "backup.hamburger.edu.", Pref: 20},
			{Host: "mail.hamburger.edu.", Pref: 10},
			{Host: "elsewhere.example.", Pref: 30},
		}},
	}
	hosts, err := r.Route(context.Background(), smtp.Path{Local: "bob", Domain: "hamburger.edu"})
	fmt.Println(hosts[0].Name, hosts[0].Preference, len(hosts), err)
	// Output: mail.hamburger.edu 10 1 <nil>
}
