package mime_test

import (
	"fmt"
	"io"
	"strings"

	"applayer/mime"
)

func ExampleTextReader() {
	d, err := mime.NewDecoder("iso-8859-1", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r := mime.NewTextReader(strings.NewReader("Gr\xfc\xdfe, 5 \x80"), d)
	text, err := io.ReadAll(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(text))
	for _, d := range r.Defects() {
		fmt.Println(d)
	}
	// Output:
	// Grüße, 5 €
	// wrong charset at byte 9 (RFC 2046 §4.1.2)
}
