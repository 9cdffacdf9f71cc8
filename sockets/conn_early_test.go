package sockets_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// early times out by a rule of its own, whatever its deadlines.
type early struct{ net.Conn }

func (early) Read([]byte) (int, error)           { return 0, os.ErrDeadlineExceeded }
func (early) Write([]byte) (int, error)          { return 0, os.ErrDeadlineExceeded }
func (early) ReadFrom(io.Reader) (int64, error)  { return 0, os.ErrDeadlineExceeded }
func (early) SetReadDeadline(t time.Time) error  { return nil }
func (early) SetWriteDeadline(t time.Time) error { return nil }

// A transport whose timeouts are not ours is not asked again for ever.
func TestConnForeignTimeouts(t *testing.T) {
	f, _ := randomFile(t, 10)
	for _, opts := range []*sockets.ConnOptions{nil, {ReadTimeout: time.Hour, WriteTimeout: time.Hour}} {
		nc, _ := testkit.Pipe()
		c := sockets.NewConn(early{nc}, opts)
		_, err := c.Read(make([]byte, 1))
		checkTimeout(t, err, "")
		_, err = c.Write([]byte("x"))
		checkTimeout(t, err, "")
		_, err = io.Copy(c, f)
		checkTimeout(t, err, "")
		_, err = io.Copy(c, bytes.NewReader([]byte("x")))
		checkTimeout(t, err, "")
	}
}

// Contexts that end beside a Read and are released wake it, each time before
// its own deadline; it waits on, however many they are.
func TestConnReadOutlivesContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		c := sockets.NewConn(nc, &sockets.ConnOptions{ReadTimeout: time.Hour})
		defer c.Close()
		read := make(chan error, 1)
		go func() {
			_, err := c.Read(make([]byte, 1))
			read <- err
		}()
		synctest.Wait()
		for range 1000 {
			c.SetReadDeadline(time.Now().Add(time.Millisecond))
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			release := sockets.WithContext(ctx, c)
			c.SetReadDeadline(time.Time{})
			time.Sleep(time.Millisecond)
			release()
			cancel()
		}
		peer.Write([]byte("x"))
		assert.NoError(t, <-read)
	})
}
