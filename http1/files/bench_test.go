package files_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"applayer/http1/files"
)

// BenchmarkServe fetches files over loopback TCP, one request after the other
// on one connection.
func BenchmarkServe(b *testing.B) {
	sizes := map[string]int{"1KiB": 1 << 10, "64KiB": 64 << 10, "1MiB": 1 << 20}
	content := map[string]string{}
	for name, n := range sizes {
		content[name] = strings.Repeat("x", n)
	}
	_, root := folder(b, content)
	for _, name := range []string{"1KiB", "64KiB", "1MiB"} {
		for _, how := range []string{"held", "opened"} {
			b.Run(name+"/"+how, func(b *testing.B) {
				s := files.Hasty(&files.FileServer{Root: root})
				if how == "opened" {
					s = &files.FileServer{Root: root, OpenFiles: -1}
				}
				addr, _ := live(b, s)
				nc, err := net.Dial("tcp", addr)
				if err != nil {
					b.Fatal(err)
				}
				defer nc.Close()
				fetch(b, nc, name, sizes[name])
			})
		}
	}
}

// fetch sends requests for a file of that size and reads the responses.
func fetch(b *testing.B, nc net.Conn, name string, size int) {
	request := []byte("GET /" + name + " HTTP/1.1\r\nHost: h\r\n\r\n")
	r := bufio.NewReaderSize(nc, 64<<10)
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		if _, err := nc.Write(request); err != nil {
			b.Fatal(err)
		}
		length := -1
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				b.Fatal(err)
			}
			if len(line) == 2 {
				break
			}
			if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
				length, _ = strconv.Atoi(string(bytes.TrimSpace(v)))
			}
		}
		if n, err := r.Discard(size); err != nil || length != n {
			b.Fatal(length, n, err)
		}
	}
	if r.Buffered() > 0 {
		b.Fatal(io.ErrShortBuffer)
	}
}
