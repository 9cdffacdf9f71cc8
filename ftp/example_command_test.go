package ftp_test

import (
	"fmt"

	"applayer/ftp"
)

// A name may begin and end with spaces: the argument is all that follows the
// first one.
func ExampleParseCommand() {
	cmd, err := ftp.ParseCommand([]byte("retr  two spaces.txt "))
	fmt.Printf("%v %q %v\n", cmd.Verb, cmd.Arg, err)
	// Output: RETR " two spaces.txt " <nil>
}
