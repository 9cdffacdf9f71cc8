package testkit_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

// eachPair runs a test on both kinds of connection that claim to be TCP.
func eachPair(t *testing.T, test func(t *testing.T, a, b net.Conn)) {
	t.Run("pipe", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := testkit.Pipe()
			defer a.Close()
			defer b.Close()
			test(t, a, b)
		})
	})
	t.Run("network", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := testkit.NewNetwork()
			l, err := n.Listen(t.Context(), "tcp", "192.0.2.1:80")
			require.NoError(t, err)
			defer l.Close()
			a, err := n.Dial(t.Context(), "tcp", "192.0.2.1:80")
			require.NoError(t, err)
			b, err := l.Accept()
			require.NoError(t, err)
			defer a.Close()
			defer b.Close()
			test(t, a, b)
		})
	})
}

func TestPipeCarriesAllOctets(t *testing.T) {
	eachPair(t, func(t *testing.T, a, b net.Conn) {
		sent := make([]byte, 3<<20)
		rand.NewChaCha8([32]byte{1}).Read(sent)
		var wg sync.WaitGroup
		for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
			wg.Go(func() {
				_, err := io.Copy(way[0], bytes.NewReader(sent))
				assert.NoError(t, err)
				assert.NoError(t, way[0].(interface{ CloseWrite() error }).CloseWrite())
			})
			wg.Go(func() {
				h := sha256.New()
				n, err := io.CopyBuffer(h, struct{ io.Reader }{way[1]}, make([]byte, 1021))
				assert.NoError(t, err)
				assert.EqualValues(t, len(sent), n)
				assert.Equal(t, sha256.Sum256(sent), [32]byte(h.Sum(nil)))
			})
		}
		wg.Wait()
	})
}

func TestPipeWriteBlocksWhenFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := testkit.PipeBuffer(4)
		defer a.Close()
		defer b.Close()
		require.NoError(t, a.SetWriteDeadline(time.Now().Add(time.Second)))
		start := time.Now()
		n, err := a.Write([]byte("abcdef"))
		assert.Equal(t, 4, n)
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
		require.NoError(t, a.SetWriteDeadline(time.Time{}))
		go a.Write([]byte("ef"))
		synctest.Wait()
		got := make([]byte, 6)
		_, err = io.ReadFull(b, got)
		require.NoError(t, err)
		assert.Equal(t, "abcdef", string(got))
	})
}

func TestPipeDeadlines(t *testing.T) {
	eachPair(t, func(t *testing.T, a, b net.Conn) {
		start := time.Now()
		require.NoError(t, a.SetReadDeadline(start.Add(time.Minute)))
		_, err := a.Read(make([]byte, 1))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		var ne net.Error
		require.ErrorAs(t, err, &ne)
		assert.True(t, ne.Timeout())
		assert.Equal(t, time.Minute, time.Since(start))

		// One in the past wakes a Read that is under way.
		require.NoError(t, a.SetReadDeadline(time.Time{}))
		done := make(chan error)
		go func() {
			_, err := a.Read(make([]byte, 1))
			done <- err
		}()
		synctest.Wait()
		require.NoError(t, a.SetDeadline(time.Unix(1, 0)))
		assert.ErrorIs(t, <-done, os.ErrDeadlineExceeded)
		_, err = a.Write([]byte("x"))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)

		// Taken back, the connection works again.
		require.NoError(t, a.SetDeadline(time.Time{}))
		_, err = b.Write([]byte("x"))
		require.NoError(t, err)
		n, err := a.Read(make([]byte, 2))
		assert.NoError(t, err)
		assert.Equal(t, 1, n)
	})
}

func TestPipeClose(t *testing.T) {
	eachPair(t, func(t *testing.T, a, b net.Conn) {
		_, err := a.Write([]byte("last words"))
		require.NoError(t, err)
		require.NoError(t, a.Close())

		got, err := io.ReadAll(b)
		assert.NoError(t, err, "what was written before Close arrives")
		assert.Equal(t, "last words", string(got))

		_, err = b.Write([]byte("x"))
		var op *net.OpError
		require.ErrorAs(t, err, &op)
		assert.ErrorIs(t, err, syscall.EPIPE)
		_, err = a.Read(make([]byte, 1))
		assert.ErrorIs(t, err, net.ErrClosed)
		_, err = a.Write([]byte("x"))
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.ErrorIs(t, a.Close(), net.ErrClosed)
		assert.ErrorIs(t, a.SetDeadline(time.Now()), net.ErrClosed)
	})
}

func TestPipeCloseWakes(t *testing.T) {
	eachPair(t, func(t *testing.T, a, b net.Conn) {
		var local, remote error
		var wg sync.WaitGroup
		wg.Go(func() { _, local = a.Read(make([]byte, 1)) })
		wg.Go(func() { _, remote = b.Read(make([]byte, 1)) })
		synctest.Wait()
		require.NoError(t, a.Close())
		wg.Wait()
		assert.ErrorIs(t, local, net.ErrClosed)
		assert.Equal(t, io.EOF, remote)
	})
}

func TestPipeHalfClose(t *testing.T) {
	eachPair(t, func(t *testing.T, a, b net.Conn) {
		_, err := a.Write([]byte("question"))
		require.NoError(t, err)
		require.NoError(t, a.(interface{ CloseWrite() error }).CloseWrite())
		_, err = a.Write([]byte("x"))
		assert.ErrorIs(t, err, syscall.EPIPE)

		got, err := io.ReadAll(b)
		require.NoError(t, err)
		assert.Equal(t, "question", string(got))
		_, err = b.Write([]byte("answer"))
		require.NoError(t, err)
		require.NoError(t, b.Close())
		got, err = io.ReadAll(a)
		require.NoError(t, err)
		assert.Equal(t, "answer", string(got))
	})
}

func TestPipeLingerZeroResets(t *testing.T) {
	eachPair(t, func(t *testing.T, a, b net.Conn) {
		_, err := a.Write([]byte("lost"))
		require.NoError(t, err)
		require.NoError(t, a.(interface{ SetLinger(int) error }).SetLinger(0))
		require.NoError(t, a.Close())
		_, err = b.Read(make([]byte, 8))
		assert.ErrorIs(t, err, syscall.ECONNRESET)
		_, err = b.Write([]byte("x"))
		assert.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestPipeWritesDoNotMix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := testkit.PipeBuffer(3)
		var wg sync.WaitGroup
		for _, c := range []byte("xyz") {
			wg.Go(func() {
				_, err := a.Write(bytes.Repeat([]byte{c}, 10))
				assert.NoError(t, err)
			})
		}
		go func() {
			wg.Wait()
			a.Close()
		}()
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		require.Len(t, got, 30)
		for part := range 3 {
			p := got[10*part : 10*part+10]
			assert.Equal(t, bytes.Repeat(p[:1], 10), p)
		}
	})
}
