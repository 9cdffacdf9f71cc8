package ftp_test

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
	"applayer/sockets"
	"applayer/sockets/telnet"
)

// Over real sockets files pass whole, and nothing is left behind.
func TestServerTCP(t *testing.T) {
	testkit.NoLeaks(t)
	t.Cleanup(func() { // package os keeps the pipes that it splices through until then
		for range 3 {
			runtime.GC()
		}
	})
	root := t.TempDir()
	big := bytes.Repeat([]byte("0123456789abcdef"), 200_000)
	require.NoError(t, os.WriteFile(filepath.Join(root, "big"), big, 0o644))
	dir, err := ftp.Dir(root, nil)
	require.NoError(t, err)
	defer dir.Close()
	for name, ports := range map[string]sockets.PortRange{"any": {}, "a range": {Lo: 40000, Hi: 40999}} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		srv := &ftp.Server{Auth: userP(dir), PassivePorts: ports}
		var wg sync.WaitGroup
		wg.Go(func() { srv.Serve(l) })
		c := dialTCP(t, l.Addr().String())
		c.do("TYPE I", "200")
		for _, open := range []bool{true, false} {
			data := c.passiveTCP(name == "a range")
			if !open {
				time.Sleep(50 * time.Millisecond) // the wait has begun by itself
			}
			c.do("RETR big", "1")
			got, err := io.ReadAll(data)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(big, got), "what was sent")
			c.want("226")
			data.Close()

			data = c.passiveTCP(name == "a range")
			c.do("STOR up", "1")
			_, err = data.Write(big)
			require.NoError(t, err)
			data.Close()
			c.want("226")
			got, err = os.ReadFile(filepath.Join(root, "up"))
			require.NoError(t, err)
			assert.True(t, bytes.Equal(big, got), "what was stored")
		}
		active, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		port, err := ftp.AppendEPRT(nil, netip.MustParseAddrPort(active.Addr().String()))
		require.NoError(t, err)
		c.do("EPRT "+string(port), "200")
		c.do("RETR big", "150")
		data, err := active.Accept()
		require.NoError(t, err)
		got, err := io.ReadAll(data)
		require.NoError(t, err)
		assert.Len(t, got, len(big))
		c.want("226")
		data.Close()
		active.Close()
		c.port()
		c.do("QUIT", "221")
		c.c.Close()
		require.NoError(t, srv.Shutdown(t.Context()))
		wg.Wait()
	}
}

// What ends an upload over real sockets is told apart: the quota, the disk, the
// peer.
func TestServerTCPBrokenUploads(t *testing.T) {
	root := t.TempDir()
	dir := openDir(t, root, &ftp.DirOptions{NoSync: true, Quota: 1 << 20})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := &ftp.Server{Auth: userP(dir)}
	var wg sync.WaitGroup
	wg.Go(func() { srv.Serve(l) })
	c := dialTCP(t, l.Addr().String())
	c.do("TYPE I", "200")
	data := c.passiveTCP(false)
	c.do("STOR big", "1")
	data.Write(make([]byte, 3<<20)) // which may end early
	data.Close()
	c.want("552")

	data = c.passiveTCP(false)
	c.do("STOR reset", "1")
	data.Write([]byte("half"))
	time.Sleep(10 * time.Millisecond)
	data.(*net.TCPConn).SetLinger(0)
	data.Close()
	c.want("426")
	assert.Empty(t, names(t, dir, "."))
	c.c.Close()
	require.NoError(t, srv.Shutdown(t.Context()))
	wg.Wait()
}

// RFC 959 §4.1.3: ABOR with Telnet's IP and Synch, the mark of which is urgent,
// over real sockets, in the middle of a file that the kernel sends.
func TestServerUrgentAbort(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "big"), make([]byte, 32<<20), 0o644))
	dir := openDir(t, root, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := &ftp.Server{Auth: userP(dir)}
	var wg sync.WaitGroup
	wg.Go(func() { srv.Serve(l) })
	c := dialTCP(t, l.Addr().String())
	c.do("TYPE I", "200")
	for range 3 {
		data := c.passiveTCP(false)
		c.do("RETR big", "1")
		_, err = telnet.SendUrgent(c.c.NetConn(), []byte{telnet.IAC, byte(telnet.CommandIP), telnet.IAC, byte(telnet.CommandDM)})
		require.NoError(t, err)
		c.do("ABOR", "426", "226")
		data.Close()
	}
	c.do("PWD", "257")
	c.c.Close()
	require.NoError(t, srv.Shutdown(t.Context()))
	wg.Wait()
}

// The last reply arrives though the client sent more than was read.
func TestServerLingers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := &ftp.Server{Auth: userP(slowFS())}
	var wg sync.WaitGroup
	wg.Go(func() { srv.Serve(l) })
	c := dialTCP(t, l.Addr().String())
	c.c.NetConn().Write([]byte("QUIT\r\nNOOP\r\n" + strings.Repeat("x", 3000)))
	c.want("221")
	c.end()
	c.c.Close()
	require.NoError(t, srv.Shutdown(t.Context()))
	wg.Wait()
}

// A data port that is kept is told again, until something else is asked for.
func TestServerKeepDataPort(t *testing.T) {
	testkit.NoLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := &ftp.Server{Auth: userP(slowFS()), KeepDataPort: true}
	var wg sync.WaitGroup
	wg.Go(func() { srv.Serve(l) })
	c := dialTCP(t, l.Addr().String())
	c.do("TYPE I", "200")
	var first string
	for i := range 5 {
		data := c.passiveTCP(false)
		if i == 0 {
			first = data.RemoteAddr().String()
		}
		if i == 3 { // what was not used is not kept
			data.Close()
			data = c.passiveTCP(false)
		}
		assert.Equal(t, i < 3, data.RemoteAddr().String() == first)
		name, size := "small", 5
		if i%2 == 1 {
			name, size = "big", 2<<20
		}
		c.do("RETR "+name, "125")
		b, err := io.ReadAll(data)
		require.NoError(t, err)
		assert.Len(t, b, size)
		c.want("226")
		data.Close()
	}
	c.c.Close()
	require.NoError(t, srv.Shutdown(t.Context()))
	wg.Wait()
}

// dialTCP logs in over TCP.
func dialTCP(t *testing.T, addr string) *rawClient {
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	c := &rawClient{tb: t, c: ftp.NewConn(nc, &ftp.ConnOptions{Client: true})}
	c.want("220")
	c.do("USER u", "331")
	c.do("PASS p", "230")
	return c
}

// passiveTCP connects to a data port over TCP.
func (c *rawClient) passiveTCP(ranged bool) net.Conn {
	addr, err := ftp.Parse227(strings.TrimPrefix(c.do("PASV", "227"), "227 "))
	require.NoError(c.tb, err)
	if ranged {
		assert.True(c.tb, addr.Port() >= 40000 && addr.Port() <= 40999, "%v", addr)
	}
	nc, err := net.Dial("tcp", addr.String())
	require.NoError(c.tb, err)
	return nc
}
