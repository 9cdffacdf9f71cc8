package smtp_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// A client that sends to a server that throws away, in memory.
func BenchmarkClientSend(b *testing.B) {
	for _, bm := range []struct {
		name string
		opts smtp.Options
		size int
		to   int
	}{
		{"bdat/4KiB", smtp.Options{}, 4 << 10, 1},
		{"data/4KiB", smtp.Options{NoChunking: true}, 4 << 10, 1},
		{"bdat/4MiB", smtp.Options{}, 4 << 20, 1},
		{"data/4MiB", smtp.Options{NoChunking: true}, 4 << 20, 1},
		{"bdat/4KiB/100recipients", smtp.Options{}, 4 << 10, 100},
	} {
		b.Run(bm.name, func(b *testing.B) {
			server := &smtp.Server{Hostname: "hamburger.edu", Backend: &mailbox{onData: discard}}
			near, far := testkit.Pipe()
			done := make(chan struct{})
			go func() {
				defer close(done)
				server.ServeConn(context.WithoutCancel(b.Context()), far)
			}()
			c, err := smtp.NewClient(b.Context(), near, &bm.opts)
			require.NoError(b, err)
			e := envelope()
			for range bm.to {
				e.To = append(e.To, smtp.Recipient{Path: bob})
			}
			line := strings.Repeat("x", 70) + "\r\n"
			message := []byte("Subject: x\r\n\r\n" + strings.Repeat(line, bm.size/len(line)))
			b.SetBytes(int64(len(message)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Send(b.Context(), e, bytes.NewReader(message)); err != nil {
					b.Fatal(err)
				}
			}
			c.Close()
			<-done
		})
	}
}
