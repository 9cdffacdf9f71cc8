package ftp_test

import (
	"fmt"

	"applayer/ftp"
)

// Everything behind the first space is the name.
func ExampleParseFacts() {
	e, err := ftp.ParseFacts([]byte("type=file;size=1024990;modify=19980130010322;perm=r; two words"))
	fmt.Printf("%q %v %d %v %v %v\n", e.Name, e.Type, e.Size, e.ModTime.Format("2006-01-02"), e.Perm, err)
	// Output: "two words" file 1024990 1998-01-30 r <nil>
}

func ExampleAppendFacts() {
	e := ftp.Entry{Name: "pub", Facts: ftp.FactType | ftp.FactPerm, Type: ftp.EntryDir, Perm: ftp.PermEnter | ftp.PermList}
	line, err := ftp.AppendFacts(nil, &e, ftp.FactsDefault)
	fmt.Printf("%s %v\n", line, err)
	// Output: type=dir;perm=el; pub <nil>
}
