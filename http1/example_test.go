package http1_test

import (
	"fmt"

	"applayer/http1"
)

func ExampleRequest_Parse() {
	var r http1.Request
	n, err := r.Parse([]byte("GET /somedir/page.html HTTP/1.1\r\nHost: www.someschool.edu\r\n\r\nGET"), nil)
	fmt.Println(n, err)
	fmt.Println(r.Method, r.Target.Authority, r.Target.Path, r.Version)
	// Output:
	// 61 <nil>
	// GET www.someschool.edu /somedir/page.html HTTP/1.1
}
