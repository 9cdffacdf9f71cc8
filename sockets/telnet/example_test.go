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

// Two negotiators agree on who echoes, and on nothing else.
func ExampleNegotiator() {
	server := telnet.Negotiator{}
	client := telnet.Negotiator{Remote: telnet.Options(telnet.OptionEcho)}

	will, err := server.Enable(telnet.SideLocal, telnet.OptionEcho)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := client.Receive(will, telnet.OptionEcho)
	fmt.Println(will, answer, server.Receive(answer, telnet.OptionEcho) == 0)
	fmt.Println(server.State(telnet.SideLocal, telnet.OptionEcho))
	fmt.Println(client.Receive(telnet.CommandDo, telnet.OptionLineMode))
	// Output:
	// WILL DO true
	// Yes
	// WONT
}
