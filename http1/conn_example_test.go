package http1_test

import (
	"fmt"
	"io"
	"strings"

	"applayer/http1"
	"applayer/internal/testkit"
)

// A server answers the requests of a connection one after the other.
func ExampleConn_ReadRequest() {
	nc, peer := testkit.Pipe()
	io.WriteString(peer, "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

	c := http1.NewConn(nc, nil)
	defer c.Close()
	for c.Reusable() {
		var r http1.Request
		if err := c.ReadRequest(&r); err != nil {
			fmt.Println(err)
			return
		}
		body := strings.NewReader("You asked for " + r.Target.Path + "\n")
		p := http1.Response{Status: http1.StatusOK, Length: body.Size(), Body: io.NopCloser(body)}
		if err := c.WriteResponse(&p); err != nil {
			fmt.Println(err)
			return
		}
	}
	c.Flush()
	c.Close()

	answer, _ := io.ReadAll(peer)
	fmt.Print(strings.ReplaceAll(string(answer), "\r\n", "\n"))
	// Output:
	// HTTP/1.1 200 OK
	// Content-Length: 21
	// Connection: close
	//
	// You asked for /hello
}

// A client sends two requests before it reads the first response.
func ExampleConn_ReadResponse() {
	nc, peer := testkit.Pipe()
	io.WriteString(peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"+
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecond\r\n0\r\n\r\n")

	c := http1.NewConn(nc, &http1.ConnOptions{Client: true})
	defer c.Close()
	for _, path := range []string{"/1", "/2"} {
		r := http1.Request{Method: http1.MethodGet, Target: http1.Target{Authority: "localhost", Path: path}}
		if err := c.WriteRequest(&r); err != nil {
			fmt.Println(err)
			return
		}
	}
	for range 2 {
		var p http1.Response
		if err := c.ReadResponse(&p); err != nil {
			fmt.Println(err)
			return
		}
		body, err := io.ReadAll(p.Body)
		fmt.Println(p.Status, string(body), err)
	}
	// Output:
	// 200 first <nil>
	// 200 second <nil>
}

// A Receiver turns octets into events, with no connection at all.
func ExampleReceiver() {
	received := []byte("PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	r := http1.NewReceiver(nil)
	for {
		event, n, err := r.Next(received, true)
		if err != nil {
			fmt.Println(err)
			return
		}
		received = received[n:]
		switch event {
		case http1.EventRequest:
			fmt.Println(event, r.Request().Method, r.Request().Target)
		case http1.EventData:
			fmt.Printf("%v %s\n", event, r.Data())
		default:
			fmt.Println(event)
		}
		if event == http1.EventConnectionClosed {
			return
		}
	}
	// Output:
	// Request PUT /a
	// Data abc
	// EndOfMessage
	// ConnectionClosed
}

// A Machine says what may come next; both ends of a connection use the same.
func ExampleMachine() {
	var m http1.Machine
	for range 2 { // two requests, one behind the other
		m.Do(http1.SideClient, http1.EventRequest)
		m.Do(http1.SideClient, http1.EventEndOfMessage)
	}
	fmt.Println(m.State(http1.SideClient), m.State(http1.SideServer), m.Owed())
	m.Do(http1.SideServer, http1.EventResponse)
	m.Last(http1.SideServer) // it says close
	m.Do(http1.SideServer, http1.EventEndOfMessage)
	fmt.Println(m.State(http1.SideClient), m.State(http1.SideServer), m.Owed())
	fmt.Println(m.Do(http1.SideServer, http1.EventResponse))
	// Output:
	// Done SendResponse 2
	// MustClose MustClose 1
	// http1: no Response in state MustClose (RFC 9112 §9.6)
}
