package pop3_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"applayer/pop3"
)

// fileMail is a maildrop of files with CRLF line ends.
type fileMail struct {
	paths []string
	size  int64
}

func (f *fileMail) Login(_ context.Context, user, _ string) (string, error) { return user, nil }

func (f *fileMail) Open(context.Context, string) (pop3.Maildrop, error) { return fileDrop{f}, nil }

type fileDrop struct{ *fileMail }

func (f fileDrop) Len() int                            { return len(f.paths) }
func (f fileDrop) Stat(int) int64                      { return f.size }
func (f fileDrop) UID(i int) string                    { return fmt.Sprint("1.", i) }
func (f fileDrop) Commit(context.Context, []int) error { return nil }
func (f fileDrop) Close() error                        { return nil }

func (f fileDrop) Open(_ context.Context, i int) (io.ReadCloser, error) { return os.Open(f.paths[i]) }

// twoKB is a message of 2048 octets.
func twoKB(n int) []byte {
	head := fmt.Sprintf("From: alice@crepes.fr\r\nTo: bob@hamburger.edu\r\nSubject: letter %d\r\n\r\n", n)
	body := strings.Repeat("Do you like ketchup? How about pickles? And what of mustard?\r\n", 40)
	return append([]byte(head + body)[:2046:2046], "\r\n"...)
}

// BenchmarkRetr is a whole session over loopback: log in and get 5000 messages
// of 2 KB out of files.
func BenchmarkRetr(b *testing.B) {
	dir := b.TempDir()
	f := &fileMail{size: 2048}
	for n := range 5000 {
		path := filepath.Join(dir, fmt.Sprint(n))
		if err := os.WriteFile(path, twoKB(n), 0o600); err != nil {
			b.Fatal(err)
		}
		f.paths = append(f.paths, path)
	}
	srv := &pop3.Server{Backend: f}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go srv.Serve(l)
	defer srv.Close()
	for _, window := range []int{1, 32} {
		b.Run(fmt.Sprintf("5000x2KB/window=%d", window), func(b *testing.B) {
			b.SetBytes(5000 * 2048)
			b.ReportAllocs()
			for b.Loop() {
				session(b, l.Addr().String(), window)
			}
		})
	}
}

func session(b *testing.B, addr string, window int) {
	ctx := b.Context()
	c, err := pop3.Dial(ctx, "tcp", addr, &pop3.Options{Window: window})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(ctx, "bob", "hungry"); err != nil {
		b.Fatal(err)
	}
	n := int64(0)
	for m, err := range c.RetrAll(ctx, func(yield func(int) bool) {
		for n := range 5000 {
			if !yield(n + 1) {
				return
			}
		}
	}) {
		if err != nil {
			b.Fatal(err)
		}
		size, err := io.Copy(io.Discard, m)
		if err != nil {
			b.Fatal(err)
		}
		n += size
	}
	if n != 5000*2048 {
		b.Fatalf("%d octets", n)
	}
	if err := c.Quit(ctx); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkParseCommand(b *testing.B) {
	line := []byte("RETR 1234")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pop3.ParseCommand(line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTextWriter(b *testing.B) {
	text := bytes.Repeat(twoKB(1), 100)
	c := pop3.NewConn(discard{}, nil)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		w := c.TextWriter()
		w.Write(text)
		w.Close()
	}
}

// discard is a connection that takes all.
type discard struct{ net.Conn }

func (discard) Write(b []byte) (int, error) { return len(b), nil }
