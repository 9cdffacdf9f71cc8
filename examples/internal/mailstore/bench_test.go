package mailstore_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailstore"
	"applayer/mime/maildir"
)

var letter = "Subject: hello\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 56)

// BenchmarkDeliver delivers messages of 4 KiB to one mailbox, from one goroutine and
// from 20: those share the syncs of the directory. "alone" is a Maildir without an
// index, where each delivery syncs the directory by itself.
func BenchmarkDeliver(b *testing.B) {
	for _, n := range []int{1, 20} {
		b.Run(fmt.Sprintf("store/%d", n), func(b *testing.B) {
			var syncs atomic.Int64
			opts := &mailstore.Options{}
			mailstore.SetFault(opts, func(op string) error {
				if op == "sync" {
					syncs.Add(1)
				}
				return nil
			})
			s, _ := newStore(b, opts)
			keep := mailbox(b, s, "bob", "INBOX")
			atOnce(b, n, func() error { return s.Deliver(b.Context(), []string{"bob"}, strings.NewReader(letter)) })
			b.ReportMetric(float64(syncs.Load())/float64(b.N), "dirsyncs/op")
			require.Equal(b, b.N, view(b, keep).Len())
		})
		b.Run(fmt.Sprintf("alone/%d", n), func(b *testing.B) {
			d, err := maildir.Create(filepath.Join(b.TempDir(), "Maildir"))
			require.NoError(b, err)
			defer d.Close()
			atOnce(b, n, func() error {
				_, err := d.Deliver(strings.NewReader(letter), &maildir.DeliveryOptions{LF: true})
				return err
			})
		})
	}
}

// atOnce does b.N things, n at the same time.
func atOnce(b *testing.B, n int, do func() error) {
	b.SetBytes(int64(len(letter)))
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan error, n)
	b.ResetTimer()
	for range n {
		go func() {
			for left.Add(-1) >= 0 {
				if err := do(); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range n {
		require.NoError(b, <-done)
	}
	b.StopTimer()
}

// BenchmarkRead opens and reads messages of 4 KiB.
func BenchmarkRead(b *testing.B) {
	s, _ := newStore(b, nil)
	m := mailbox(b, s, "bob", "INBOX")
	for range 100 {
		require.NoError(b, s.Deliver(b.Context(), []string{"bob"}, strings.NewReader(letter)))
	}
	b.SetBytes(int64(len(letter)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w, err := m.OpenMessage(uint32(1 + i%100))
		require.NoError(b, err)
		_, err = w.WriteTo(io.Discard)
		require.NoError(b, err)
		w.Close()
	}
}

// BenchmarkMemory tells how much memory a mailbox takes for a message: the files are
// not there, so it is an index alone that is read, and how long that takes.
func BenchmarkMemory(b *testing.B) {
	const messages = 1_000_000
	path := filepath.Join(b.TempDir(), "index")
	f, err := os.Create(path)
	require.NoError(b, err)
	defer f.Close()
	require.NoError(b, mailstore.WriteIndex(f, messages))
	for b.Loop() {
		_, err := f.Seek(0, io.SeekStart)
		require.NoError(b, err)
		before := heap()
		s, err := mailstore.ReadIndex(f)
		require.NoError(b, err)
		b.ReportMetric(float64(heap()-before)/messages, "bytes/message")
		runtime.KeepAlive(s)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
