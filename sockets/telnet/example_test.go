package telnet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

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

// A Server has users log in, and a handler talk with them.
func ExampleServer() {
	srv := &telnet.Server{
		Authenticator: telnet.AuthenticatorFunc(func(_ context.Context, user, password string) (bool, error) {
			return user == "alice" && password == "wonderland", nil
		}),
		Handler: telnet.HandlerFunc(func(_ context.Context, s *telnet.Session) {
			for {
				line, err := s.ReadLine("> ")
				if err != nil || line == "quit" {
					return
				}
				fmt.Fprintf(s, "%s said %q\n", s.User(), line)
			}
		}),
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	opts := telnet.ClientOptions()
	opts.Remote = telnet.Options(telnet.OptionSGA) // no echo: nobody sits at a terminal
	c, err := telnet.Dial(ctx, "tcp", ln.Addr().String(), opts)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	typed := strings.NewReader("alice\nwonderland\nhello\nquit\n")
	var shown strings.Builder
	if err := c.Relay(ctx, typed, &shown); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%q\n", shown.String())
	srv.Close()
	fmt.Println(<-served)
	// Output:
	// "login: Password: > alice said \"hello\"\r\n> "
	// sockets: server closed
}

// A client that offers nothing before the other side does can speak HTTP.
func ExampleConn_Relay() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ln.Close()
	go func() {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		request, err := io.ReadAll(nc)
		if err == nil {
			fmt.Fprintf(nc, "HTTP/1.0 400 Bad Request\r\n\r\n%q\n", request)
		}
	}()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := telnet.Dial(ctx, "tcp", ln.Addr().String(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	var shown strings.Builder
	if err := c.Relay(ctx, strings.NewReader("GET /\n\n"), &shown); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%q\n", shown.String())
	// Output:
	// "HTTP/1.0 400 Bad Request\r\n\r\n\"GET /\\r\\n\\r\\n\"\n"
}

// A LineDiscipline makes lines of keys, and shows them.
func ExampleLineDiscipline() {
	l := telnet.LineDiscipline{Echo: true}
	keys := []byte("helpp\x7f\r\n")
	for len(keys) > 0 {
		n, show, ev := l.Input(keys, nil)
		keys = keys[n:]
		fmt.Printf("%q\n", show)
		if ev == telnet.LineDone {
			fmt.Printf("line %q\n", l.Line())
		}
	}
	// Output:
	// "helpp\b \b\r\n"
	// line "help"
	// ""
}
