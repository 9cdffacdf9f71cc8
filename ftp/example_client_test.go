package ftp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"
	"time"

	"applayer/ftp"
)

// serveExample serves two files over loopback to bob.
func serveExample() (addr string, stop func()) {
	files := ftp.ReadOnly(fstest.MapFS{
		"notes.txt":     {Data: []byte("remember\n"), ModTime: time.Date(2024, 5, 17, 10, 11, 12, 0, time.UTC)},
		"pub/readme.md": {Data: []byte("# Hello\n"), ModTime: time.Date(2024, 5, 18, 0, 0, 0, 0, time.UTC)},
	})
	server := &ftp.Server{Auth: ftp.AuthenticatorFunc(func(_ context.Context, l ftp.Login) (*ftp.Account, error) {
		if l.User != "bob" || l.Password != "secret" {
			return nil, ftp.ErrRefused
		}
		return &ftp.Account{FS: files}, nil
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(l)
	return l.Addr().String(), func() { server.Close() }
}

func ExampleDial() {
	addr, stop := serveExample()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	c, err := ftp.Dial(ctx, "tcp", addr, &ftp.Options{User: "bob", Password: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Quit(ctx)
	entries, err := c.List(ctx, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range entries {
		fmt.Println(e.Type, e.Name, e.Size)
	}
	// Output:
	// file notes.txt 9
	// dir pub 0
}

// A reader gives io.EOF only when the whole file has come, so that io.Copy's
// error tells all.
func ExampleClient_Retrieve() {
	addr, stop := serveExample()
	defer stop()
	ctx := context.Background()
	c, err := ftp.Dial(ctx, "tcp", addr, &ftp.Options{User: "bob", Password: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Quit(ctx)

	r, err := c.Retrieve(ctx, "notes.txt", 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	if _, err := io.Copy(os.Stdout, r); err != nil {
		fmt.Println(err)
	}

	_, err = c.Retrieve(ctx, "missing.txt", 0)
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output:
	// remember
	// true
}

func ExampleClient_Walk() {
	addr, stop := serveExample()
	defer stop()
	ctx := context.Background()
	c, err := ftp.Dial(ctx, "tcp", addr, &ftp.Options{User: "bob", Password: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Quit(ctx)
	for w, err := range c.Walk(ctx, "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(w.Path)
	}
	// Output:
	// notes.txt
	// pub
	// pub/readme.md
}

// A server's files are an fs.FS, for any code that takes one.
func ExamplePool_FS() {
	addr, stop := serveExample()
	defer stop()
	p := ftp.NewPool("tcp", addr, &ftp.Options{User: "bob", Password: "secret"})
	defer p.Close()
	files := p.FS(context.Background())
	names, err := fs.Glob(files, "*/*.md")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		fmt.Printf("%s %q %v\n", name, b, err)
	}
	// Output: pub/readme.md "# Hello\n" <nil>
}

// A download outlives broken connections.
func ExamplePool_Download() {
	addr, stop := serveExample()
	defer stop()
	p := ftp.NewPool("tcp", addr, &ftp.Options{User: "bob", Password: "secret"})
	defer p.Close()
	var text strings.Builder
	n, err := p.Download(context.Background(), "notes.txt", &text, 0)
	fmt.Printf("%d %q %v\n", n, text.String(), err)
	// Output: 9 "remember\n" <nil>
}

func ExamplePool_MirrorDown() {
	addr, stop := serveExample()
	defer stop()
	dir, err := os.MkdirTemp("", "mirror")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	local, err := os.OpenRoot(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer local.Close()

	p := ftp.NewPool("tcp", addr, &ftp.Options{User: "bob", Password: "secret"})
	defer p.Close()
	for range 2 {
		stats, err := p.MirrorDown(context.Background(), "/", local, nil)
		fmt.Println(stats.Copied, "copied,", stats.Skipped, "skipped,", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "pub", "readme.md"))
	fmt.Printf("%q %v\n", b, err)
	// Output:
	// 2 copied, 0 skipped, <nil>
	// 0 copied, 2 skipped, <nil>
	// "# Hello\n" <nil>
}
