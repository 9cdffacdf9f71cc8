package ftp_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"strings"

	"applayer/ftp"
)

func ExampleASCIIReader() {
	text, err := io.ReadAll(ftp.NewASCIIReader(strings.NewReader("one\r\ntwo\r\n")))
	fmt.Printf("%q %v\n", text, err)
	// Output: "one\ntwo\n" <nil>
}

// The stream says itself where records and the file end.
func ExampleRecordWriter() {
	var conn bytes.Buffer
	w := ftp.NewRecordWriter(&conn)
	if _, err := io.WriteString(w, "one\ntwo\n"); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", conn.Bytes())
	// Output: "one\xff\x01two\xff\x01\xff\x02"
}
