package http1_test

import (
	"errors"
	"fmt"
	"os"
	"time"

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

// An error tells where, which rule, and what a server answers.
func ExampleParseError() {
	var r http1.Request
	_, err := r.Parse([]byte("GET / HTTP/1.1\r\nHost: h\r\nX-Secret : 1\r\n\r\n"), nil)
	fmt.Println(err)
	if perr, ok := errors.AsType[*http1.ParseError](err); ok {
		fmt.Println("line", perr.Line, "reply", perr.Reply, http1.StatusText(perr.Reply))
	}
	// Output:
	// http1: field name: white space before the colon of "X-Secret" at byte 33 (RFC 9112 §5.1)
	// line 3 reply 400 Bad Request
}

func ExampleRequest_AppendText() {
	r := http1.Request{
		Method: http1.MethodHead,
		Target: http1.Target{Authority: "www.someschool.edu", Path: "/somedir/page.html"},
		Header: http1.NewHeader("Accept-Language", "fr"),
	}
	head, err := r.AppendText(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", head)
	r.Header.Set("Accept-Language", "fr\r\nX-Smuggled: 1")
	_, err = r.AppendText(nil)
	fmt.Println(err)
	// Output:
	// "HEAD /somedir/page.html HTTP/1.1\r\nHost: www.someschool.edu\r\nAccept-Language: fr\r\n\r\n"
	// http1: field value: control character of "Accept-Language" at byte 79 (RFC 9110 §5.5)
}

func ExampleResponse_Parse() {
	in := []byte("HTTP/1.1 200 OK\r\nContent-Length: 6821\r\nContent-Type: text/html\r\n\r\n")
	var r http1.Response
	if _, err := r.Parse(in, http1.MethodGet, nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Status, r.Reason, r.Length)
	// Output: 200 OK 6821
}

// One octet at a time: nothing is looked at twice.
func ExampleFindHead() {
	in := []byte("GET / HTTP/1.0\r\n\r\nand more")
	var end, next int
	err := http1.ErrIncomplete
	for n := 0; err == http1.ErrIncomplete; n++ {
		end, next, err = http1.FindHead(in[:n], next, nil)
	}
	fmt.Println(end, err)
	// Output: 18 <nil>
}

func ExampleHeader() {
	h := http1.NewHeader("Vary", "Accept-Encoding, Accept", "Cache-Control", "no-cache")
	h.Add("Vary", "Cookie")
	h.Set("cache-control", "no-store")
	for name, value := range h.All() {
		fmt.Printf("%s: %s\n", name, value)
	}
	for member := range h.List("vary") {
		fmt.Println("varies by", member)
	}
	// Output:
	// Vary: Accept-Encoding, Accept
	// Cache-Control: no-store
	// Vary: Cookie
	// varies by Accept-Encoding
	// varies by Accept
	// varies by Cookie
}

func ExampleHeader_Weighted() {
	h := http1.NewHeader("Accept-Language", "en-us,en;q=0.5")
	for language, weight := range h.Weighted("Accept-Language") {
		fmt.Println(language, weight)
	}
	// Output:
	// en-us 1000
	// en 500
}

func ExampleParseTarget() {
	for _, s := range []string{"/animalsearch?monkeys&banana", "http://www.example.org/pub", "pub"} {
		target, err := http1.ParseTarget(http1.MethodGet, s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%v %q %q\n", target.Form, target.Path, target.Query)
	}
	// Output:
	// origin-form "/animalsearch" "monkeys&banana"
	// absolute-form "/pub" ""
	// http1: request target: none of the four forms at byte 0 (RFC 9112 §3.2)
}

func ExampleRequestFraming() {
	// What a request to smuggle another looks like.
	h := http1.NewHeader("Content-Length", "44", "Transfer-Encoding", "chunked")
	f, err := http1.RequestFraming(http1.HTTP11, &h)
	fmt.Println(f.Kind, f.MustClose, err)
	h = http1.NewHeader("Content-Length", "44, 45")
	_, err = http1.RequestFraming(http1.HTTP11, &h)
	fmt.Println(err)
	// Output:
	// chunked true <nil>
	// http1: body length: two that differ of "Content-Length" at byte 0 (RFC 9112 §6.3)
}

func ExampleParseDate() {
	now := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	for _, s := range []string{"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"} {
		date, err := http1.ParseDate(s, now)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s\n", http1.AppendDate(nil, date))
	}
	// Output:
	// Sun, 06 Nov 1994 08:49:37 GMT
	// Sun, 06 Nov 1994 08:49:37 GMT
	// Sun, 06 Nov 1994 08:49:37 GMT
}

func ExampleParseMediaType() {
	m, err := http1.ParseMediaType(`Text/HTML;Charset="utf-8"`)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Is("text/html"), m.Param("charset"), m.String())
	// Output: true utf-8 text/html; charset=utf-8
}

func ExampleDisposition_AppendText() {
	d := http1.Disposition{Type: "attachment", Filename: "Größe.txt"}
	b, err := d.AppendText(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	os.Stdout.Write(append(b, '\n'))
	// Output: attachment; filename="Gr__e.txt"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.txt
}
