package files_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"applayer/http1"
	"applayer/http1/files"
)

// A folder is served; ".." and what it would lead to stay outside.
func ExampleFileServer() {
	dir, err := os.MkdirTemp("", "www")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "hello.txt"), []byte("Hello, world.\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()

	s := &files.FileServer{Root: root}
	for _, path := range []string{"/hello.txt", "/../etc/passwd"} {
		r := &http1.Request{Target: http1.Target{Path: path, Authority: "example.com"}}
		r.Header.Set("Range", "bytes=0-4")
		resp, err := http1.Record(context.Background(), s, r)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(resp.Body)
		fmt.Printf("%d %q\n", resp.Status, body)
	}
	// Output:
	// 206 "Hello"
	// 404 "404 Not Found\n"
}

func ExampleTypeOf() {
	fmt.Println(files.TypeOf("index.html"))
	fmt.Println(files.TypeOf("film.mp4"))
	// Output:
	// text/html; charset=utf-8
	// video/mp4
}
