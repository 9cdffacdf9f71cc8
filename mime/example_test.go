package mime_test

import (
	"fmt"

	"applayer/mime"
)

func ExampleParseError() {
	err := error(&mime.ParseError{Offset: 42, Field: "From", What: "unterminated quoted string", Ref: "RFC 5322 §3.2.4"})
	fmt.Println(err)
	// Output: mime: From: unterminated quoted string at byte 42 (RFC 5322 §3.2.4)
}
