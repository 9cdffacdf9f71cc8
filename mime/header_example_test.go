package mime_test

import (
	"fmt"

	"applayer/mime"
)

func ExampleHeader() {
	h, n, _, err := mime.ParseHeader([]byte("Received: from a.example by b.example;\r\n\tTue, 4 Mar 2025 10:00:00 +0100\r\nsubject: one\r\n two\r\n\r\nHello"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n, h.Get("Subject"))
	if err := h.Set("Subject", "three"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(h.Add("X-Note", "harmless\r\nBcc: everybody@example.org"))
	for f := range h.Fields() {
		fmt.Printf("%q\n", f.Raw())
	}
	// Output:
	// 95 one two
	// mime: X-Note: value: mime: CR, LF or NUL in a value at byte 8 (RFC 5322 §2.2)
	// "Received: from a.example by b.example;\r\n\tTue, 4 Mar 2025 10:00:00 +0100\r\n"
	// "Subject: three\r\n"
}
