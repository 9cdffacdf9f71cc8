package berkeley_test

import (
	"fmt"

	"applayer/sockets/berkeley"
)

// The octets of port 5100 on any address of this host; the first two are in
// the machine's own order.
func ExampleSockaddrIn_Marshal() {
	b, err := berkeley.SockaddrIn{Port: 5100, Addr: berkeley.INADDR_ANY}.Marshal()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("port % x, address % x, filling % x\n", b[2:4], b[4:8], b[8:])
	// Output: port 13 ec, address 00 00 00 00, filling 00 00 00 00 00 00 00 00
}
