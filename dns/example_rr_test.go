package dns_test

import (
	"fmt"

	"applayer/dns"
)

func ExampleParseRR() {
	rr, err := dns.ParseRR("example.org. 1h IN MX 10 mail.example.org.")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rr.Data.(*dns.MX).Exchange)
	fmt.Println(rr)
	// Output:
	// mail.example.org.
	// example.org.	3600	IN	MX	10 mail.example.org.
}
