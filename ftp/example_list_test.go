package ftp_test

import (
	"fmt"
	"time"

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

// The year is left out where the date was within six months.
func ExampleParseList() {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	e, err := ftp.ParseList([]byte("lrwxrwxrwx  1 bob  users  8 Nov 21 22:14 latest -> v2 final"), now)
	fmt.Printf("%q -> %q %v %v\n", e.Name, e.Target, e.ModTime.Format(time.DateTime), err)
	// Output: "latest" -> "v2 final" 2025-11-21 22:14:00 <nil>
}

func ExampleAppendList() {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	e := ftp.Entry{Name: "notes.txt", Type: ftp.EntryFile, Size: 4711, ModTime: now.Add(-time.Hour), Links: 1, Owner: "bob", Group: "users"}
	line, err := ftp.AppendList(nil, e.FileInfo(), now)
	fmt.Printf("%s %v\n", line, err)
	// Output: -rw-r--r--    1 bob      users            4711 Mar  1 11:00 notes.txt <nil>
}
