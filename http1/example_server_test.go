package http1_test

import (
	"context"
	"fmt"
	"io"

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
