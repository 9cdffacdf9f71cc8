package sockets_test

import (
	"fmt"
	"io"
	"os"
	"strings"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// A client's side of a dialogue is printed while it goes on, with the password
// blanked, as every program's -v does.
func ExampleTranscript() {
	tr := sockets.NewTranscript(&sockets.TranscriptOptions{
		Live: os.Stdout,
		Redact: func(l sockets.TranscriptLine) sockets.TranscriptLine {
			if strings.HasPrefix(l.Text, "PASS ") {
				l.Text = "PASS ***"
			}
			return l
		},
	})
	near, far := testkit.Pipe()
	defer far.Close()
	c := tr.Conn(near, "", false)
	defer c.Close()

	io.WriteString(c, "USER bob\r\nPASS secret\r\n")
	io.WriteString(far, "+OK\r\n")
	io.ReadFull(c, make([]byte, 5))
	fmt.Println(len(tr.Lines()), "lines")
	// Output:
	// C: USER bob
	// C: PASS ***
	// S: +OK
	// 3 lines
}
