package http1_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"applayer/http1"
)

func ExampleRecord() {
	hello := http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "you asked for %s\n", r.Target.Path)
	})
	r := &http1.Request{Target: http1.Target{Path: "/tea", Authority: "example.com"}}
	resp, err := http1.Record(context.Background(), hello, r)
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := io.ReadAll(resp.Body)
	fmt.Println(resp.Status, resp.Header.Get("Content-Length"), err)
	fmt.Print(string(body))
	// Output:
	// 200 19 <nil>
	// you asked for /tea
}

func ExampleServer() {
	var routes http1.Mux
	routes.HandleFunc("GET /hello/{name}", func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "hello, %s\n", r.PathValue("name"))
	})
	s := &http1.Server{Handler: &routes}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var client http1.Client
	resp, err := client.Get(ctx, "http://"+ln.Addr().String()+"/hello/world")
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := io.ReadAll(resp.Body)
	fmt.Printf("%d %s%v\n", resp.Status, body, err)
	resp.Body.Close()
	client.CloseIdle()

	fmt.Println(s.Shutdown(ctx))
	fmt.Println(<-ended)
	// Output:
	// 200 hello, world
	// <nil>
	// <nil>
	// sockets: server closed
}
