package sockets_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// randomFile is a file of n octets and what is in it.
func randomFile(t *testing.T, n int) (*os.File, []byte) {
	t.Helper()
	b := make([]byte, n)
	rand.NewChaCha8(sha256.Sum256([]byte(t.Name()))).Read(b)
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f, b
}

// connPair is a Conn over TCP and its peer.
func connPair(t *testing.T, opts *sockets.ConnOptions) (c *sockets.Conn, peer net.Conn) {
	t.Helper()
	l := listenStream(t, "tcp")
	defer l.Close()
	peer = dialStream(t, l)
	nc, err := l.Accept()
	require.NoError(t, err)
	c = sockets.NewConn(nc, opts)
	t.Cleanup(func() { c.Close() })
	return c, peer
}

// What ReadFrom sends, whatever way it takes, is what was in the source, and
// no more than the limit.
func TestConnReadFrom(t *testing.T) {
	const size = 3<<20 + 17
	all := func(r io.Reader) io.Reader { return r }
	tests := []struct {
		name string
		opts sockets.ConnOptions
		from func(io.Reader) io.Reader
		want int
	}{
		{"file", sockets.ConnOptions{}, all, size},
		{"file, timeout", sockets.ConnOptions{WriteTimeout: time.Minute}, all, size},
		{"file, least rate", sockets.ConnOptions{MinWriteRate: sockets.Rate{Octets: 1000, Window: time.Minute}}, all, size},
		{"part of a file", sockets.ConnOptions{WriteTimeout: time.Minute}, func(r io.Reader) io.Reader { return io.LimitReader(r, 2<<20) }, 2 << 20},
		{"nothing of a file", sockets.ConnOptions{}, func(r io.Reader) io.Reader { return io.LimitReader(r, 0) }, 0},
		{"limit beyond the end", sockets.ConnOptions{}, func(r io.Reader) io.Reader { return io.LimitReader(r, 1<<40) }, size},
		{"no file", sockets.ConnOptions{WriteTimeout: time.Minute}, func(r io.Reader) io.Reader { return struct{ io.Reader }{r} }, size},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, content := randomFile(t, size)
			c, peer := connPair(t, &tt.opts)
			got := make(chan []byte, 1)
			go func() {
				b, _ := io.ReadAll(peer)
				got <- b
			}()
			n, err := io.Copy(c, tt.from(f))
			assert.NoError(t, err)
			assert.Equal(t, int64(tt.want), n)
			assert.Equal(t, int64(tt.want), c.BytesWritten())
			require.NoError(t, c.CloseWrite())
			assert.True(t, bytes.Equal(content[:tt.want], <-got), "same octets")
		})
	}
}

// A deadline that ends the copy leaves the file where the kernel has sent it
// to. This needs the kernel's sendfile, so it takes no clock but a deadline
// moved into the past; TestConnReadFromTimeout has the times.
func TestConnReadFromCut(t *testing.T) {
	f, content := randomFile(t, 32<<20) // more than the buffers of the kernel take
	c, peer := connPair(t, nil)
	done := copying(c, f)
	require.Eventually(t, func() bool { return c.BytesWritten() > 0 }, 10*time.Second, time.Millisecond)
	require.NoError(t, c.SetWriteDeadline(time.Unix(1, 0)))
	got := <-done
	assert.ErrorIs(t, got.err, os.ErrDeadlineExceeded)
	assert.Less(t, got.n, int64(len(content)))
	at, err := f.Seek(0, io.SeekCurrent)
	assert.NoError(t, err)
	assert.Equal(t, got.n, at)
	c.Close()
	b, _ := io.ReadAll(peer)
	assert.True(t, bytes.HasPrefix(content, b))
}

// copied is what io.Copy returned.
type copied struct {
	n   int64
	err error
}

func copying(c *sockets.Conn, f *os.File) <-chan copied {
	done := make(chan copied, 1)
	go func() {
		n, err := io.Copy(c, f)
		done <- copied{n, err}
	}()
	return done
}

// A peer that stops taking ends the copy when WriteTimeout has passed for one
// slice of 1 MiB; the file's offset tells what went.
func TestConnReadFromTimeout(t *testing.T) {
	f, _ := randomFile(t, 2<<20)
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.PipeBuffer(1 << 20)
		defer peer.Close()
		c := sockets.NewConn(sendingConn{nc}, &sockets.ConnOptions{WriteTimeout: time.Minute})
		defer c.Close()
		begin := time.Now()
		n, err := io.Copy(c, f)
		checkTimeout(t, err, "WriteTimeout")
		assert.Equal(t, time.Minute, time.Since(begin))
		assert.Equal(t, int64(1<<20), n)
		at, err := f.Seek(0, io.SeekCurrent)
		assert.NoError(t, err)
		assert.Equal(t, n, at)
	})
}

// A tunnel carries everything both with and without timeouts: copied, or
// spliced by the kernel.
func TestConnTunnel(t *testing.T) {
	const size = 3<<20 + 17
	for _, d := range []time.Duration{0, time.Minute} {
		_, content := randomFile(t, size)
		opts := &sockets.ConnOptions{ReadTimeout: time.Minute, WriteTimeout: time.Minute}
		in, client := connPair(t, opts)
		out, origin := connPair(t, opts)
		in.SetReadTimeout(d)
		out.SetWriteTimeout(d)
		go func() {
			client.Write(content)
			client.Close()
		}()
		got := make(chan []byte, 1)
		go func() {
			b, _ := io.ReadAll(origin)
			got <- b
		}()
		n, err := io.Copy(out, in)
		assert.NoError(t, err)
		assert.Equal(t, int64(size), n)
		assert.Equal(t, []int64{size, size}, []int64{in.BytesRead(), out.BytesWritten()})
		require.NoError(t, out.CloseWrite())
		assert.True(t, bytes.Equal(content, <-got), "timeout %v: same octets", d)
	}
}

// What the transport cannot do is said.
func TestConnWithoutTCP(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	c := sockets.NewConn(a, nil)
	assert.ErrorIs(t, c.CloseWrite(), errors.ErrUnsupported)
	_, err := c.SyscallConn()
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	assert.Equal(t, a, c.NetConn())
	assert.Nil(t, c.Draining())
	assert.NoError(t, c.CloseLingering(0, 0))

	tcp, _ := connPair(t, nil)
	rc, err := tcp.SyscallConn()
	require.NoError(t, err)
	assert.NoError(t, rc.Control(func(uintptr) {}))
}

// In memory too, a tunnel's copy ends with its source.
func TestConnWriteTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		go func() {
			io.WriteString(peer, "hello")
			peer.Close()
		}()
		var b bytes.Buffer
		n, err := sockets.NewConn(nc, nil).WriteTo(&b)
		assert.NoError(t, err)
		assert.Equal(t, int64(5), n)
		assert.Equal(t, "hello", b.String())
		assert.NoError(t, context.Cause(t.Context()))
	})
}

// The wait for a source is not the peer's: a pipe that is silent for longer
// than WriteTimeout ends nothing, though it is an *os.File.
func TestConnReadFromSlowPipe(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	const timeout = 50 * time.Millisecond
	c, peer := connPair(t, &sockets.ConnOptions{WriteTimeout: timeout})
	go func() {
		defer w.Close()
		for range 2 {
			io.WriteString(w, "x")
			io.ReadFull(peer, make([]byte, 1)) // the write of it is over
			time.Sleep(2 * timeout)
		}
	}()
	n, err := io.Copy(c, r)
	assert.NoError(t, err)
	assert.Equal(t, int64(2), n)
}

// A deadline that is moved while a file is sent governs the rest of it, as it
// would a Write.
func TestConnReadFromDeadlineMoved(t *testing.T) {
	f, content := randomFile(t, 2<<20)
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.PipeBuffer(1 << 20)
		c := sockets.NewConn(sendingConn{nc}, nil)
		begin := time.Now()
		require.NoError(t, c.SetWriteDeadline(begin.Add(time.Minute)))
		done := copying(c, f)
		synctest.Wait()
		require.NoError(t, c.SetWriteDeadline(time.Time{}))
		time.Sleep(time.Hour) // the first deadline passes while the peer takes nothing
		var got []byte
		var taker sync.WaitGroup
		taker.Go(func() { got, _ = io.ReadAll(peer) })
		assert.Equal(t, copied{int64(len(content)), nil}, <-done)
		assert.Equal(t, time.Hour, time.Since(begin))
		require.NoError(t, c.CloseWrite())
		taker.Wait()
		assert.True(t, bytes.Equal(content, got), "same octets")
		c.Close()
	})
}

// What ends WriteTo is told as Read tells it: the context's cause.
func TestConnWriteToCancelled(t *testing.T) {
	c, _ := connPair(t, nil)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer sockets.WithContext(ctx, c)()
	cancel(why)
	_, err := c.WriteTo(new(bytes.Buffer))
	assert.ErrorIs(t, err, why)
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// copyingConn takes files as a transport without sendfile does.
type copyingConn struct{ net.Conn }

func (c copyingConn) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c.Conn}, r)
}

// sendingConn takes files as sendfile does: the file stands where the peer has
// been sent to, also after a timeout.
type sendingConn struct{ net.Conn }

func (c sendingConn) CloseWrite() error { return c.Conn.(interface{ CloseWrite() error }).CloseWrite() }

func (c sendingConn) ReadFrom(r io.Reader) (total int64, err error) {
	lr := r.(*io.LimitedReader)
	b := make([]byte, 64<<10)
	for {
		n, err := lr.Read(b)
		if err != nil {
			return total, nil
		}
		m, err := c.Conn.Write(b[:n])
		total += int64(m)
		if err != nil {
			lr.R.(io.Seeker).Seek(int64(m-n), io.SeekCurrent)
			return total, err
		}
	}
}

// A peer that takes a file more slowly than MinWriteRate is cut, and the error
// says so, though what it took in that time is more than one window's due.
func TestConnReadFromLeastRate(t *testing.T) {
	f, _ := randomFile(t, 1<<20)
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.PipeBuffer(1 << 10)
		c := sockets.NewConn(copyingConn{nc}, &sockets.ConnOptions{MinWriteRate: sockets.Rate{Octets: 1 << 10, Window: time.Second}})
		read := make(chan struct{})
		go func() { // half the rate
			defer close(read)
			b := make([]byte, 512)
			for {
				if _, err := peer.Read(b); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		begin := time.Now()
		_, err := io.Copy(c, f)
		checkTimeout(t, err, "MinWriteRate")
		assert.Equal(t, 64*time.Second, time.Since(begin), "the time of one slice of 64 KiB")
		c.Close()
		<-read
	})
}
