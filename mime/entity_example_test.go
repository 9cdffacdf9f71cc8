package mime_test

import (
	"fmt"
	"io"
	"log"
	"strings"

	"applayer/mime"
)

const letter = "From: ann@example.org\r\n" +
	"Subject: the report\r\n" +
	"Content-Type: multipart/mixed; boundary=sep\r\n" +
	"\r\n" +
	"--sep\r\n" +
	"\r\n" +
	"Here it is.\r\n" +
	"--sep\r\n" +
	"Content-Type: application/zip\r\n" +
	"Content-Transfer-Encoding: base64\r\n" +
	"\r\n" +
	"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==\r\n" +
	"--sep--\r\n"

func ExampleParse() {
	message, err := mime.Parse(strings.NewReader(letter), int64(len(letter)), nil)
	if err != nil {
		log.Fatal(err)
	}
	for depth, e := range message.Walk() {
		body := e.BodySpan()
		fmt.Printf("%*s%q %s: %d octets in %d lines at %d\n", 2*depth, "", e.Path(), e.Kind(), body.Size, body.Lines, body.Start)
	}
	// Output:
	// "" multipart: 140 octets in 9 lines at 91
	//   "1" leaf: 11 octets in 0 lines at 100
	//   "2" leaf: 32 octets in 0 lines at 188
}

func ExampleReader() {
	r := mime.NewReader(strings.NewReader(letter), nil)
	for {
		event, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		if event.Kind == mime.EventBody {
			body, err := io.ReadAll(event.Part.Body())
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%s: %q\n", event.Part.Path(), body)
		}
	}
	// Output:
	// 1: "Here it is."
	// 2: "PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
}
