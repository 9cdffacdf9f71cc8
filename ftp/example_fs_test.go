package ftp_test

import (
	"fmt"
	"io"
	"log"
	"os"
	"testing/fstest"

	"applayer/ftp"
)

// An upload stands under its name when it is whole.
func ExampleDir() {
	root, err := os.MkdirTemp("", "ftp")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)
	d, err := ftp.Dir(root, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()

	upload, err := d.Create("greeting", ftp.CreateReplace, 0)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.WriteString(upload, "hello"); err != nil {
		log.Fatal(err)
	}
	_, err = d.Stat("greeting")
	fmt.Println("there before Commit:", err == nil)
	if err := upload.Commit(); err != nil {
		log.Fatal(err)
	}
	info, err := d.Stat("greeting")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("octets after it:", info.Size())

	_, err = d.Open("../etc/passwd")
	fmt.Println(err)
	// Output:
	// there before Commit: false
	// octets after it: 5
	// open ../etc/passwd: name not allowed
}

// Whatever is an io/fs file system can be served, such as an embed.FS.
func ExampleReadOnly() {
	fsys := ftp.ReadOnly(fstest.MapFS{"README": {Data: []byte("read me")}})
	for info, err := range fsys.ReadDir(".") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(info.Name(), info.Size())
	}
	// Output:
	// README 7
}

func ExampleMatch() {
	fmt.Println(ftp.Match("*.tar.[gx]z", "linux.tar.xz"))
	fmt.Println(ftp.Match("*.tar.[gx]z", "linux.tar.bz2"))
	// Output:
	// true
	// false
}
