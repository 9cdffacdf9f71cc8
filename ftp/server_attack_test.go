package ftp_test

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/sockets"
)

// CVE-1999-0017: PORT and EPRT to another host, or to a service of the client's
// own, make no connection (RFC 2577 §3).
func TestCVE1999_0017Bounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(files(t))})
		victim, err := s.network.Listen(t.Context(), "tcp", "192.0.2.9:51201")
		require.NoError(t, err)
		service, err := s.network.Listen(t.Context(), "tcp", "192.0.2.7:25")
		require.NoError(t, err)
		reached := make(chan net.Conn, 2)
		for _, l := range []net.Listener{victim, service} {
			go func() {
				if nc, err := l.Accept(); err == nil {
					reached <- nc
				}
			}()
		}
		c := s.login()
		for _, line := range []string{"PORT 192,0,2,9,200,1", "EPRT |1|192.0.2.9|51201|", "PORT 192,0,2,7,0,25", "EPRT |1|192.0.2.7|25|"} {
			c.do(line, "504")
			c.do("NLST", "425")
		}
		time.Sleep(time.Minute)
		assert.Empty(t, reached)
		victim.Close()
		service.Close()
	})
}

// CVE-1999-0351: a passive port is the client's alone. Others are closed at once,
// however many, and the wait goes on (RFC 2577 §8).
func TestCVE1999_0351StolenPassivePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(files(t))})
		c := s.login()
		addr := c.port()
		for range 20 {
			thief := c.connect(addr, "192.0.2.66")
			_, err := thief.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF)
		}
		c.do("NLST", "150")
		thief := c.connect(addr, "192.0.2.66") // in the middle of the wait
		_, err := thief.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		b, err := io.ReadAll(c.connect(addr, c.from))
		require.NoError(t, err)
		assert.Equal(t, "a.txt\r\n", string(b))
		c.want("226")

		// Where the client is connected nobody else gets in any more.
		addr = c.port()
		data := c.connect(addr, c.from)
		time.Sleep(time.Second)
		_, err = s.network.DialFrom(t.Context(), "tcp", "192.0.2.66:0", addr)
		require.Error(t, err)
		c.do("NLST", "125")
		io.Copy(io.Discard, data)
		c.want("226")
	})
}

// CVE-2002-0221: a client that opens port after port and uses none holds one at a
// time, and none in the end.
func TestCVE2002_0221UnusedPassivePorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &ftp.Server{Auth: userP(files(t))}).login()
		var old []string
		for range 200 {
			old = append(old, c.port())
		}
		synctest.Wait()
		open := 0
		for _, addr := range old {
			if nc, err := c.site.network.DialFrom(t.Context(), "tcp", "192.0.2.7:0", addr); err == nil {
				open++
				nc.Close()
			}
		}
		assert.Equal(t, 1, open)
		c.port()
		c.do("QUIT", "221")
		c.end()
	})
}

// A thousand peers that say nothing are told so after a minute, and another is
// served meanwhile.
func TestAttackSilentPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(files(t)), Conns: sockets.Limits{MaxConnsPerPeer: -1}})
		var silent []*rawClient
		for range 1000 {
			silent = append(silent, s.dial("192.0.2.66"))
		}
		c := s.login()
		assert.Equal(t, "a.txt\r\n", c.fetch("NLST"))
		time.Sleep(61 * time.Second)
		for _, p := range silent {
			p.want("220")
			p.want("421")
			p.end()
		}
		c.do("NOOP", "200")
	})
}

// A line without end costs a buffer, and ends the session behind 64 KiB.
func TestAttackEndlessLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &ftp.Server{Auth: userP(files(t))}).login()
		go c.c.NetConn().Write([]byte(strings.Repeat("A", 1<<20)))
		c.want("421")
		c.end()
	})
}

// RFC 2428 §4: ABOR does not take EPSV ALL back.
func TestAttackPortBehindEPSVAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &ftp.Server{Auth: userP(slowFS())}).login()
		c.do("EPSV ALL", "200")
		c.do("TYPE I", "200")
		data := c.passive()
		c.do("RETR big", "1")
		time.Sleep(time.Second)
		c.do("ABOR", "426", "226")
		data.Close()
		c.do("PORT 192,0,2,7,200,1", "501")
		c.do("EPRT |1|192.0.2.7|51201|", "501")
		c.do("PASV", "501")
		c.do("LPRT 4", "502")
		assert.Equal(t, "small", c.fetch("RETR small"))
	})
}

// Names that would be two commands, or two replies, are none.
func TestAttackControlOctetsInNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := files(t)
		c := serve(t, &ftp.Server{Auth: userP(dir)}).login()
		c.c.NetConn().Write([]byte("MKD a\rb\r\n"))
		c.want("550")
		c.c.NetConn().Write([]byte("MKD a\x00b\r\n"))
		c.want("501")
		c.c.NetConn().Write([]byte("MKD a\r\x00b\r\n")) // CR NUL is CR in Telnet
		c.want("550")
		c.do("USER x", "331")
		c.c.NetConn().Write([]byte("PASS p\rx\r\n"))
		c.want("530")
	})
}

// Listings and transfers stay below the root, whatever is asked for.
func TestAttackDotDot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := tree(t, map[string]string{"secret": "outside", "root/in": "inside"})
		dir := openDir(t, filepath.Join(base, "root"), &ftp.DirOptions{NoSync: true})
		c := serve(t, &ftp.Server{Auth: userP(dir)}).login()
		for _, p := range []string{"..", "../..", "/..", "in/../..", "./../", "../../../../../../.."} {
			c.do("CWD "+p, "250")
			c.do("PWD", `257 "/"`)
			assert.NotContains(t, c.fetch("NLST -a "+p), "secret", p)
			assert.NotContains(t, c.fetch("LIST -la "+p), "secret", p)
			assert.NotContains(t, c.fetch("MLSD "+p), "secret", p)
			assert.NotContains(t, c.do("STAT "+p, "212"), "secret", p)
		}
	})
}

// CVE-2015-3306: SITE copies and runs nothing, and nothing at all before login.
func TestCVE2015_3306SiteBeforeLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(files(t))})
		c := s.dial("192.0.2.7")
		c.want("220")
		lines := []string{"SITE CPFR /etc/passwd", "SITE CPTO /tmp/x", "SITE EXEC id", "SITE CHMOD 777 a.txt", "SITE HELP"}
		for _, line := range lines {
			c.do(line, "530")
		}
		c.do("USER u", "331")
		c.do("PASS p", "230")
		for _, line := range lines[:3] {
			c.do(line, "504")
		}
	})
}

// A flood of Telnet options is answered one for one, and holds nothing up.
func TestAttackTelnetFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &ftp.Server{Auth: userP(files(t))}).login()
		for i := range 200 {
			c.c.NetConn().Write([]byte{255, 251, byte(i % 250), 255, 253, byte(i % 250)})
		}
		c.send("NOOP")
		c.want("200")
	})
}
