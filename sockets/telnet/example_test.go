package telnet_test

import (
	"errors"
	"fmt"

	"applayer/sockets/telnet"
)

// A Codec turns what arrives into events, however it is cut.
func ExampleCodec() {
	var c telnet.Codec
	for _, part := range []string{"dat\xff", "\xfd\x1fe\r", "\n\xff\xf4"} {
		for b := []byte(part); ; {
			ev, n, err := c.Next(b)
			if errors.Is(err, telnet.ErrIncomplete) {
				break
			}
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(ev.Kind, ev)
			b = b[n:]
		}
	}
	fmt.Printf("%q\n", c.AppendData(nil, []byte("one\xfftwo\rthree\r\n")))
	// Output:
	// data "dat"
	// negotiation DO NAWS
	// data "e\r"
	// data "\n"
	// command IP
	// "one\xff\xfftwo\r\x00three\r\n"
}
