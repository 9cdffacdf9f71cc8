package ftp_test

import (
	"errors"
	"fmt"
	"io/fs"

	"applayer/ftp"
)

// A name may begin and end with spaces: the argument is all that follows the
// first one.
func ExampleParseCommand() {
	cmd, err := ftp.ParseCommand([]byte("retr  two spaces.txt "))
	fmt.Printf("%v %q %v\n", cmd.Verb, cmd.Arg, err)
	// Output: RETR " two spaces.txt " <nil>
}

// A reply of many lines ends with the line that has its code and a space.
func ExampleParseReply() {
	r, n, err := ftp.ParseReply([]byte("211-Features:\r\n MDTM\r\n SIZE\r\n211 End\r\n"), nil)
	fmt.Printf("%d %q %d %v\n", r.Code, r.Lines, n, err)
	// Output: 211 ["Features:" " MDTM" " SIZE" "End"] 38 <nil>
}

func ExampleReplyError() {
	err := ftp.Reply{Code: 550, Lines: []string{"x: No such file or directory"}}.Err()
	fmt.Println(errors.Is(err, fs.ErrNotExist), err)
	// Output: true ftp: reply 550: "x: No such file or directory"
}
