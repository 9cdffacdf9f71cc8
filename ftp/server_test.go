package ftp_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
	"applayer/sockets"
)

func TestServerTransfers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := files(t)
		c := serve(t, &ftp.Server{Auth: userP(dir)}).login()
		assert.Equal(t, "one\r\ntwo\r\n", c.fetch("RETR a.txt"), "TYPE A is the default")
		c.do("REST 5", "350")
		assert.Equal(t, "two\r\n", c.fetch("RETR a.txt"), "3659-5.3: REST counts what is sent")
		c.do("TYPE I", "200")
		assert.Equal(t, "one\ntwo\n", c.fetch("RETR a.txt"))
		c.do("REST 4", "350")
		assert.Equal(t, "two\n", c.fetch("RETR a.txt"))
		assert.Contains(t, c.fetch("LIST"), " a.txt\r\n")
		assert.Contains(t, c.fetch("NLST"), "a.txt\r\n")
		assert.Contains(t, c.fetch("MLSD"), "type=dir;")
		assert.Equal(t, "x", c.fetch(`RETR q"q/x`))

		c.store("STOR n", "one\ntwo\n")
		c.store("APPE n", "three\n")
		assert.Equal(t, "one\ntwo\nthree\n", read(t, dir, "n"))
		c.do("REST 4", "350")
		c.store("STOR n", "TWO")
		assert.Equal(t, "one\nTWO\nthree\n", read(t, dir, "n"))
		c.do("TYPE A", "200")
		c.store("STOR n", "a\r\nb\r\n")
		assert.Equal(t, "a\nb\n", read(t, dir, "n"))
		c.do("STRU R", "200")
		assert.Equal(t, "a\xff\x01b\xff\x01\xff\x02", c.fetch("RETR n"))
		c.store("STOR n", "c\xff\x01\xff\xff\xff\x03")
		assert.Equal(t, "c\n\xff\n", read(t, dir, "n"))
		c.do("STAT sub", "212 Status:")
		c.do("QUIT", "221")
		c.end()
	})
}

// RFC 959 §5.4: 125 where the data connection stands, 150 where it does not.
func TestServer125And150(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &ftp.Server{Auth: userP(files(t))}).login()
		data := c.passive()
		synctest.Wait()
		c.do("NLST", "125")
		io.Copy(io.Discard, data)
		c.want("226")

		addr := c.port()
		c.do("NLST", "150")
		_, err := io.Copy(io.Discard, c.connect(addr, c.from))
		require.NoError(t, err)
		c.want("226")
	})
}

// RFC 959 §3.2: active data connections come from the port below the control
// connection's.
func TestServerActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &ftp.Server{Auth: userP(files(t))}).login()
		for _, verb := range []string{"PORT 192,0,2,7,200,1", "EPRT |1|192.0.2.7|51201|"} {
			l, err := c.site.network.Listen(t.Context(), "tcp", "192.0.2.7:51201")
			require.NoError(t, err)
			c.do(verb, "200")
			c.do("TYPE I", "200")
			c.do("RETR a.txt", "150")
			data, err := l.Accept()
			require.NoError(t, err)
			assert.Equal(t, "192.0.2.1:20", data.RemoteAddr().String())
			b, err := io.ReadAll(data)
			require.NoError(t, err)
			assert.Equal(t, "one\ntwo\n", string(b))
			c.want("226")
			l.Close()
			data.Close()
		}
		c.do("PORT 192,0,2,7,200,9", "200")
		c.do("RETR a.txt", "150", "425") // nobody listens
		c.do("RETR a.txt", "425")
	})
}

// slowFS has a file that is longer than any buffer between two ends.
func slowFS() ftp.FS {
	return ftp.ReadOnly(fstest.MapFS{"big": {Data: bytes.Repeat([]byte("0123456789abcdef"), 1<<17)}, "small": {Data: []byte("small")}})
}

// RFC 959 §4.1.3: STAT and ABOR act in a transfer, what else is said waits.
func TestServerAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &ftp.Server{Auth: userP(slowFS())}).login()
		c.do("TYPE I", "200")
		data := c.passive()
		c.do("RETR big", "1")
		time.Sleep(time.Second)
		assert.NotContains(t, c.do("STAT", "213 Transferring, "), " 0 octets")
		c.send("NOOP")
		c.send("ABOR")
		c.want("426")
		c.want("200")
		c.want("226")
		_, err := io.ReadAll(data)
		assert.NoError(t, err, "what was on its way may come")
		assert.Equal(t, "small", c.fetch("RETR small"), "the session goes on")

		// Telnet's IP and Synch before ABOR, as old clients have it.
		data = c.passive()
		c.do("RETR big", "1")
		time.Sleep(time.Second)
		c.c.NetConn().Write([]byte("\xff\xf4\xff\xf2ABOR\r\n"))
		c.want("426")
		c.want("226")
		data.Close()

		// ABOR while the data connection is waited for.
		c.port()
		c.do("RETR big", "150")
		time.Sleep(time.Second)
		c.do("ABOR", "426", "226")
	})
}

// Commands that come at once are answered in their order; behind a transfer they
// wait, and a full queue waits in the network.
func TestServerPipeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &ftp.Server{Auth: userP(slowFS())}).login()
		c.c.NetConn().Write([]byte("PWD\r\nTYPE I\r\nNOOP\r\nFOO\r\n\x00\r\n"))
		for _, code := range []string{"257", "200", "200", "500", "500"} {
			c.want(code)
		}
		data := c.passive()
		c.do("RETR big", "1")
		time.Sleep(time.Second)
		for range 200 {
			c.send("NOOP")
		}
		c.send(strings.Repeat("x", 5000))
		c.send("PWD")
		time.Sleep(time.Second)
		io.Copy(io.Discard, data)
		c.want("226")
		for range 200 {
			c.want("200")
		}
		c.want("500 Too long")
		c.want("257")
	})
}

// Where it is allowed, another host takes the client's place on a data
// connection, each way: files from server to server (FXP).
func TestServerForeignData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(slowFS()), AllowForeignData: true})
		c := s.login()
		other := c.connect(c.port(), "192.0.2.9")
		c.do("RETR small", "125")
		b, err := io.ReadAll(other)
		require.NoError(t, err)
		assert.Equal(t, "small", string(b))
		c.want("226")

		l, err := s.network.Listen(t.Context(), "tcp", "192.0.2.9:51201")
		require.NoError(t, err)
		defer l.Close()
		c.do("PORT 192,0,2,9,200,1", "200")
		c.do("RETR small", "150")
		other, err = l.Accept()
		require.NoError(t, err)
		b, err = io.ReadAll(other)
		require.NoError(t, err)
		assert.Equal(t, "small", string(b))
		c.want("226")
	})
}

// STAT of a directory is one reply, however many entries there are, and no name
// ends it.
func TestServerStatStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := fstest.MapFS{"d/212 End.": {}, "d/220 Ready": {}}
		for i := range 400 {
			fsys[fmt.Sprintf("d/file %03d of many that have long names", i)] = &fstest.MapFile{}
		}
		c := serve(t, &ftp.Server{Auth: userP(ftp.ReadOnly(fsys))}).login()
		c.send("STAT d")
		r, err := c.c.ReadReply()
		require.NoError(t, err)
		assert.Equal(t, 212, r.Code)
		require.Len(t, r.Lines, 404)
		assert.Contains(t, r.Lines[1], " 212 End.")
		assert.Contains(t, r.Lines[402], " file 399 of many")
		c.do("NOOP", "200")
	})
}

// Rates bound transfers each way.
func TestServerRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := files(t)
		auth := ftp.AuthenticatorFunc(func(context.Context, ftp.Login) (*ftp.Account, error) {
			return &ftp.Account{FS: dir, ReadRate: 10_000, WriteRate: 5_000}, nil
		})
		c := serve(t, &ftp.Server{Auth: auth}).login()
		c.do("TYPE I", "200")
		begun := time.Now()
		c.store("STOR n", strings.Repeat("x", 50_000))
		assert.InDelta(t, 10*time.Second, time.Since(begun), float64(200*time.Millisecond))
		begun = time.Now()
		assert.Len(t, c.fetch("RETR n"), 50_000)
		assert.InDelta(t, 5*time.Second, time.Since(begun), float64(200*time.Millisecond))

		data := c.passive() // ABOR ends the wait for the rate
		c.do("RETR n", "1")
		time.Sleep(time.Second)
		c.do("ABOR", "426", "226")
		data.Close()
	})
}

// The address that PASV tells may be another for each peer.
func TestServerPublicIP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(files(t)), PublicIP: func(peer net.Addr) netip.Addr {
			if strings.HasPrefix(peer.String(), "192.0.2.7:") {
				return netip.MustParseAddr("198.51.100.1")
			}
			return netip.Addr{}
		}})
		c := s.login()
		c.do("PASV", "227 Entering Passive Mode (198,51,100,1,")
		c = s.dial("192.0.2.8")
		c.want("220")
		c.do("USER u", "331")
		c.do("PASS p", "230")
		c.do("PASV", "227 Entering Passive Mode (192,0,2,1,")
	})
}

// A virtual host has users of its own.
func TestServerHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := ftp.AuthenticatorFunc(func(_ context.Context, l ftp.Login) (*ftp.Account, error) {
			if l.Host != "ftp.example" {
				return nil, ftp.ErrRefused
			}
			return &ftp.Account{FS: slowFS()}, nil
		})
		s := serve(t, &ftp.Server{Auth: userP(files(t)), Host: func(name string) *ftp.VirtualHost {
			if name != "ftp.example" {
				return nil
			}
			return &ftp.VirtualHost{Greeting: "Welcome.", Auth: other}
		}})
		c := s.dial("192.0.2.7")
		c.want("220")
		c.do("HOST nowhere.example", "504")
		c.do("HOST ftp.example", "220 Welcome.")
		c.do("USER x", "331")
		c.do("PASS y", "230")
		assert.Equal(t, "small", c.fetch("RETR small"))
		c.do("REIN", "220")
		c.do("USER u", "331")
		c.do("PASS p", "230")
		c.do("SIZE small", "550")
	})
}

// fullFS takes so many octets.
type fullFS struct {
	ftp.FS
	room int
}

func (f *fullFS) Create(name string, _ ftp.CreateMode, _ int64) (ftp.Upload, error) {
	return &fullUpload{lostUpload{name: name}, f}, nil
}

type fullUpload struct {
	lostUpload
	f *fullFS
}

func (u *fullUpload) Write(b []byte) (int, error) {
	if len(b) > u.f.room {
		return 0, ftp.ErrNoSpace
	}
	u.f.room -= len(b)
	return len(b), nil
}

// RFC 959 §5.4: 452 where the disk is full, in the middle of an upload.
func TestServerNoSpace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &ftp.Server{Auth: userP(&fullFS{slowFS(), 100_000})}).login()
		c.do("TYPE I", "200")
		data := c.passive()
		c.do("STOR x", "1")
		_, err := io.WriteString(data, strings.Repeat("x", 1<<20))
		assert.Error(t, err, "nobody reads on")
		c.want("452")
		c.store("STOR x", "short")
	})
}

// Over a limit the answer is 421.
func TestServerOverLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(files(t)), Conns: sockets.Limits{MaxConns: 1}})
		s.login()
		c := s.dial("192.0.2.8")
		c.want("421")
		c.end()
	})
}

// A panic of a file system ends one session, and nothing of it stays open.
func TestServerServeConn(t *testing.T) {
	testkit.NoLeaks(t)
	client, server := testkit.Pipe()
	s := &ftp.Server{Auth: userP(files(t))}
	done := make(chan error, 1)
	go func() { done <- s.ServeConn(context.Background(), server) }()
	c := ftp.NewConn(client, &ftp.ConnOptions{Client: true})
	_, err := c.ReadReply()
	require.NoError(t, err)
	c.Close()
	require.NoError(t, <-done)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	assert.Error(t, s.ServeTLS(l), "there is no TLSConfig")
}

// STAT of a directory is sent as it is read, however long (RFC 959 §4.1.3), and
// no name in it is taken for the end.
func TestServerStatDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fstest.MapFS{"212 End.": {}}
		for i := range 2000 {
			tree[fmt.Sprintf("file-%04d", i)] = &fstest.MapFile{}
		}
		c := serve(t, &ftp.Server{Auth: userP(ftp.ReadOnly(tree))}).login()
		c.send("STAT /")
		lines, r := 0, bufio.NewReader(c.c.NetConn())
		for line := ""; line != "212 End.\r\n"; lines++ {
			var err error
			line, err = r.ReadString('\n')
			require.NoError(t, err)
		}
		assert.Equal(t, 2003, lines)
		c.do("NOOP", "200")

		c.send("STAT /") // nobody reads it
		c.c.Close()
		synctest.Wait()
	})
}
