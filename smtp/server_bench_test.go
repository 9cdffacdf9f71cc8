package smtp_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// discard reads a message.
func discard(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// BenchmarkServer takes messages of 4 KiB over one connection, over loopback.
func BenchmarkServer(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	srv := &smtp.Server{Hostname: "hamburger.edu", Backend: &mailbox{onData: discard}}
	go srv.Serve(l)
	defer srv.Shutdown(context.Background())
	body := strings.Repeat(strings.Repeat("x", 62)+"\r\n", 64) + ".\r\n"
	turns := []struct {
		say   string
		lines int
	}{{"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", 3}, {body, 1}}
	nc, err := net.Dial("tcp", l.Addr().String())
	require.NoError(b, err)
	defer nc.Close()
	r := bufio.NewReader(nc)
	_, err = r.ReadString('\n')
	require.NoError(b, err)
	io.WriteString(nc, "HELO a\r\n")
	_, err = r.ReadString('\n')
	require.NoError(b, err)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		for _, turn := range turns {
			if _, err := io.WriteString(nc, turn.say); err != nil {
				b.Fatal(err)
			}
			for range turn.lines {
				line, err := r.ReadSlice('\n')
				if err != nil || line[0] != '2' && line[0] != '3' {
					b.Fatal(string(line), err)
				}
			}
		}
	}
}
