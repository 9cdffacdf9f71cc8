package page_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"

	"applayer/http1"
	"applayer/http1/page"
)

func ExamplePage() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := &http1.Server{Handler: http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		if r.Target.Path == "/" {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<img src=a.jpg> <img src=b.jpg>")
		}
	})}
	go server.Serve(l)
	defer server.Close()

	client := &http1.Client{Mode: http1.Pipelined}
	defer client.CloseIdle()
	p := &page.Page{Client: client}
	report, err := p.Fetch(context.Background(), "http://"+l.Addr().String()+"/")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("objects %d, connections %d, requests %d\n", len(report.Objects), report.Connections, report.Requests)
	// Output:
	// objects 3, connections 1, requests 3
}
