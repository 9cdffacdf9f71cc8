package maildir_test

import (
	"fmt"
	"os"
	"strings"

	"applayer/mime/maildir"
)

func ExampleDir() {
	path, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(path)
	d, err := maildir.Create(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	if _, err := d.Deliver(strings.NewReader("Subject: Hello\n\nHow are you?\n"), nil); err != nil {
		fmt.Println(err)
		return
	}
	for m, err := range d.New() {
		if err != nil {
			fmt.Println(err)
			return
		}
		m, err = d.SetFlags(m, m.Flags.With(maildir.Seen))
		size, _ := m.WireSize()
		fmt.Println(m.Flags, size, err)
	}
	// Output: S 32 <nil>
}

func ExampleParseName() {
	n, err := maildir.ParseName("1310126914.M20046P2137.host,S=1234:2,FS")
	if err != nil {
		fmt.Println(err)
		return
	}
	at, _ := n.Time()
	size, _ := n.Size()
	fmt.Println(at.UTC(), size, n.Flags.Has(maildir.Flagged))
	// Output: 2011-07-08 12:08:34 +0000 UTC 1234 true
}
