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

func ExampleMessage_AppendText() {
	m := &dns.Message{
		Header:   dns.Header{ID: 7, RecursionDesired: true},
		Question: []dns.Question{{Name: dns.MustName("example.org"), Type: dns.TypeMX, Class: dns.ClassIN}},
	}
	fmt.Print(m)
	// Output:
	// ;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 7
	// ;; flags: rd; QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 0
	//
	// ;; QUESTION SECTION:
	// ;example.org.			IN	MX
}
