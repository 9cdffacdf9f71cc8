package ftp_test

import (
	"context"
	"crypto/tls"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// secureSite is a site with TLS, and what its clients trust; those keep their
// sessions.
func secureSite(t *testing.T, srv *ftp.Server) (*site, *tls.Config) {
	server, client := testkit.Certificate(t)
	client.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	srv.TLSConfig = server
	return serve(t, srv), client
}

// loginTLS is a client that is logged in within TLS, with protected data
// connections.
func (s *site) loginTLS(config *tls.Config) *rawClient {
	c := s.dial("192.0.2.7")
	c.want("220")
	c.startTLS(config)
	c.do("USER u", "331")
	c.do("PASS p", "230")
	c.do("PBSZ 0", "200")
	c.do("PROT P", "200")
	c.do("TYPE I", "200")
	return c
}

// fetchTLS does a download over TLS and returns it with how it ended.
func (c *rawClient) fetchTLS(line string, config *tls.Config) (string, tls.ConnectionState, error) {
	c.tb.Helper()
	data := tls.Client(c.passive(), config)
	defer data.Close()
	c.do(line, "1")
	b, err := io.ReadAll(data)
	return string(b), data.ConnectionState(), err
}

func TestServerTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := files(t)
		s, config := secureSite(t, &ftp.Server{Auth: userP(dir), TLSReuse: ftp.TLSReuseRequire})
		c := s.loginTLS(config)
		for range 3 { // each resumption brings the ticket for the next
			got, state, err := c.fetchTLS("RETR a.txt", config)
			require.NoError(t, err, "the end of the data is TLS's own")
			c.want("226")
			assert.Equal(t, "one\ntwo\n", got)
			assert.True(t, state.DidResume)
		}
		data := tls.Client(c.passive(), config)
		c.do("STOR n", "1")
		_, err := io.WriteString(data, "text")
		require.NoError(t, err)
		data.Close()
		c.want("226")
		assert.Equal(t, "text", read(t, dir, "n"))

		c.do("PROT C", "200")
		assert.Equal(t, "text", c.fetch("RETR n"))
		c.do("QUIT", "221")
		c.end()
	})
}

// The control connection is read beside a transfer within TLS too, and goes on
// behind reads that were broken off.
func TestServerTLSBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, config := secureSite(t, &ftp.Server{Auth: userP(slowFS())})
		c := s.loginTLS(config)
		for range 3 {
			data := tls.Client(c.passive(), config)
			c.do("RETR big", "1")
			require.NoError(t, data.Handshake())
			time.Sleep(time.Second)
			c.do("STAT", "213 Transferring, ")
			c.send("NOOP")
			n, err := io.Copy(io.Discard, data)
			require.NoError(t, err)
			assert.EqualValues(t, 2<<20, n)
			c.want("226")
			c.want("200")
		}
		data := tls.Client(c.passive(), config)
		c.do("RETR big", "1")
		require.NoError(t, data.Handshake())
		time.Sleep(time.Second)
		c.do("ABOR", "426", "226")
		c.do("PWD", "257")
	})
}

// Two sessions of one client may each resume their own TLS and not the other's:
// DidResume alone would take another user's data connection.
func TestServerTLSReuseIsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, config := secureSite(t, &ftp.Server{Auth: userP(files(t)), TLSReuse: ftp.TLSReuseRequire})
		other := config.Clone()
		other.ClientSessionCache = tls.NewLRUClientSessionCache(8)
		a, b := s.loginTLS(config), s.loginTLS(other)
		_, _, err := b.fetchTLS("RETR a.txt", other)
		assert.NoError(t, err)
		b.want("226")
		got, _, _ := a.fetchTLS("RETR a.txt", other)
		assert.Empty(t, got, "another session's")
		a.want("522")

		fresh := config.Clone()
		fresh.ClientSessionCache = nil
		got, _, _ = b.fetchTLS("RETR a.txt", fresh)
		assert.Empty(t, got, "not resumed at all")
		b.want("522")
	})
}

// By default a data connection without resumption is taken.
func TestServerTLSReusePreferred(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, config := secureSite(t, &ftp.Server{Auth: userP(files(t))})
		config.ClientSessionCache = nil
		c := s.loginTLS(config)
		got, state, err := c.fetchTLS("RETR a.txt", config)
		require.NoError(t, err)
		c.want("226")
		assert.Equal(t, "one\ntwo\n", got)
		assert.False(t, state.DidResume)
	})
}

// Older TLS resumes by the same tickets, and a configuration that is chosen by
// name has them too.
func TestServerTLS12AndChosenConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, config := testkit.Certificate(t)
		config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
		config.MaxVersion = tls.VersionTLS12
		chosen := server.Clone()
		choosing := &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return chosen, nil }}
		s := serve(t, &ftp.Server{Auth: userP(files(t)), TLSConfig: choosing, TLSReuse: ftp.TLSReuseRequire})
		c := s.loginTLS(config)
		for range 2 {
			_, state, err := c.fetchTLS("RETR a.txt", config)
			require.NoError(t, err)
			c.want("226")
			assert.True(t, state.DidResume)
		}
	})
}

// ftps: TLS from the first octet.
func TestServerImplicitTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, config := secureSite(t, &ftp.Server{Auth: userP(files(t)), RequireTLS: true})
		nc, err := s.network.DialFrom(t.Context(), "tcp", "192.0.2.7:0", "192.0.2.1:990")
		require.NoError(t, err)
		c := &rawClient{tb: t, site: s, from: "192.0.2.7", c: ftp.NewConn(nc, &ftp.ConnOptions{Client: true})}
		require.NoError(t, c.c.StartTLS(t.Context(), config))
		c.want("220")
		c.do("USER u", "331")
		c.do("PASS p", "230")
		c.do("EPSV", "229")
		c.do("NLST", "522")
		c.do("PBSZ 0", "200")
		c.do("PROT P", "200")
		got, _, err := c.fetchTLS("NLST", config)
		require.NoError(t, err)
		c.want("226")
		assert.Equal(t, "a.txt\r\n", got)
		c.do("REIN", "220")
		c.do("FEAT", "211")
		c.do("QUIT", "221")
	})
}

// RFC 4217 §5 and §13: CCC and REIN go back to the clear behind their replies.
func TestServerClearsTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, config := secureSite(t, &ftp.Server{Auth: userP(files(t)), AllowCCC: true})
		c := s.loginTLS(config)
		c.do("CCC", "200")
		require.NoError(t, c.c.StopTLS(t.Context()))
		c.do("PWD", "257")
		got, _, err := c.fetchTLS("RETR a.txt", config)
		require.NoError(t, err, "data stays protected")
		c.want("226")
		assert.Equal(t, "one\ntwo\n", got)
		c.do("REIN", "220")
		c.do("PWD", "530")

		c.startTLS(config)
		c.do("REIN", "220")
		require.NoError(t, c.c.StopTLS(t.Context()))
		c.do("AUTH TLS", "234")
	})
}

// RFC 959 §4.1.1: REIN lets a transfer come to its end. What was said behind it
// within TLS is not answered in the clear, whether it waited or not.
func TestServerClearsTLSInOrder(t *testing.T) {
	for _, tt := range []struct {
		name          string
		busy, tainted bool
	}{
		{"behind a transfer", true, false},
		{"behind a transfer, with more behind it", true, true},
		{"with more behind it", false, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, config := secureSite(t, &ftp.Server{Auth: userP(slowFS())})
			c := s.loginTLS(config)
			data := tls.Client(c.passive(), config)
			if tt.busy {
				c.do("RETR big", "1")
				require.NoError(t, data.Handshake())
				time.Sleep(time.Second)
			}
			c.send("REIN")
			if tt.tainted {
				c.send("NOOP")
			}
			if tt.busy {
				time.Sleep(time.Second)
				_, err := io.Copy(io.Discard, data)
				require.NoError(t, err)
				c.want("226")
			}
			c.want("220")
			err := c.c.StopTLS(t.Context())
			if !tt.tainted {
				require.NoError(t, err, tt.name)
				c.do("NOOP", "200")
				return
			}
			r, err := c.c.ReadReply()
			require.Error(t, err, "%s: %v", tt.name, r)
		})
	}
}

// A handshake that fails, or never comes, ends the session.
func TestServerHandshakeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, config := secureSite(t, &ftp.Server{Auth: userP(files(t))})
		c := s.dial("192.0.2.7")
		c.want("220")
		c.do("AUTH TLS", "234")
		c.c.NetConn().Write([]byte("DELE a.txt\r\n"))
		io.Copy(io.Discard, c.c.NetConn()) // an alert, perhaps
		_, err := c.c.ReadReply()
		require.ErrorIs(t, err, io.EOF)

		c = s.dial("192.0.2.7")
		c.want("220")
		begun := time.Now()
		c.do("AUTH TLS", "234")
		c.end()
		assert.Equal(t, 10*time.Second, time.Since(begun))

		// On a data connection it fails the transfer alone.
		c = s.loginTLS(config)
		data := c.passive()
		begun = time.Now()
		c.do("RETR a.txt", "1", "522")
		assert.Equal(t, 10*time.Second, time.Since(begun))
		data.Close()
		c.do("PWD", "257")
	})
}

// The handshake of a data connection comes after the reply that begins the
// transfer (RFC 4217 §7): a client that waits for 150 before it speaks, and one
// that speaks at once, are both served.
func TestServerHandshakeAfter150(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, config := secureSite(t, &ftp.Server{Auth: userP(files(t))})
		c := s.loginTLS(config)
		data := c.passive()
		synctest.Wait()
		one := make([]byte, 1)
		data.SetReadDeadline(time.Now().Add(time.Second))
		_, err := data.Read(one)
		require.Error(t, err, "nothing before the command")
		data.SetReadDeadline(time.Time{})
		c.do("NLST", "125")
		secured := tls.Client(data, config)
		_, err = io.ReadAll(secured)
		require.NoError(t, err)
		c.want("226")
	})
}

// CVE-2011-0411: commands behind AUTH TLS in the clear, in one segment or cut
// anywhere, never reach the session.
func TestCVE2011_0411InjectionBehindAuthTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := files(t)
		s, config := secureSite(t, &ftp.Server{Auth: userP(dir)})
		attack := "AUTH TLS\r\nUSER u\r\nPASS p\r\nDELE a.txt\r\n"
		for cut := 0; cut < len(attack); cut++ {
			c := s.dial("192.0.2.7")
			c.want("220")
			nc := c.c.NetConn()
			nc.Write([]byte(attack[:cut]))
			synctest.Wait()
			nc.Write([]byte(attack[cut:]))
			// Whether or not 234 came, TLS does not come to stand.
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			c.c.ReadReply()
			assert.Error(t, c.c.StartTLS(ctx, config), "cut at %d", cut)
			cancel()
			nc.Close()
		}
		c := s.dial("192.0.2.7")
		c.want("220")
		c.c.NetConn().Write([]byte(attack))
		c.want("421")
		c.end()
		assert.Equal(t, "one\ntwo\n", read(t, dir, "a.txt"))
	})
}

// CVE-2021-3618: TLS that is meant for another protocol does not come to stand,
// on control and data connections.
func TestCVE2021_3618OtherProtocols(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, config := secureSite(t, &ftp.Server{Auth: userP(files(t))})
		with := func(protocols ...string) *tls.Config {
			other := config.Clone()
			other.NextProtos = protocols
			return other
		}
		for _, web := range []*tls.Config{with("http/1.1"), with("h2", "http/1.1")} {
			c := s.dial("192.0.2.7")
			c.want("220")
			c.do("AUTH TLS", "234")
			require.ErrorContains(t, c.c.StartTLS(t.Context(), web), "no application protocol")
		}
		c := s.loginTLS(with("ftp"))
		got, _, err := c.fetchTLS("RETR a.txt", with("ftp-data"))
		require.NoError(t, err)
		assert.Equal(t, "one\ntwo\n", got)
		c.want("226")
		_, _, err = c.fetchTLS("RETR a.txt", with("http/1.1"))
		require.ErrorContains(t, err, "no application protocol")
		c.want("522")
	})
}

// An upload whose TLS ends without close_notify may have been cut by anybody: it
// is 426, and not stored.
func TestAttackTruncatedUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := files(t)
		s, config := secureSite(t, &ftp.Server{Auth: userP(dir)})
		c := s.loginTLS(config)
		raw := c.passive()
		data := tls.Client(raw, config)
		c.do("STOR a.txt", "1")
		_, err := io.WriteString(data, "half")
		require.NoError(t, err)
		synctest.Wait()
		raw.Close() // no alert
		c.want("426")
		assert.Equal(t, "one\ntwo\n", read(t, dir, "a.txt"))
	})
}

// Under PROT P octets in the clear are no upload.
func TestAttackClearBytesUnderProtP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := files(t)
		s, config := secureSite(t, &ftp.Server{Auth: userP(dir)})
		c := s.loginTLS(config)
		data := c.passive()
		c.do("STOR a.txt", "1")
		io.WriteString(data, strings.Repeat("clear text ", 10))
		data.(interface{ CloseWrite() error }).CloseWrite()
		c.want("522")
		assert.Equal(t, "one\ntwo\n", read(t, dir, "a.txt"))
	})
}

// Whoever is at another address gets no TLS either: he is closed before it.
func TestAttackStolenPortUnderTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, config := secureSite(t, &ftp.Server{Auth: userP(files(t))})
		c := s.loginTLS(config)
		addr := c.port()
		thief := c.connect(addr, "192.0.2.66")
		_, err := thief.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		data := tls.Client(c.connect(addr, c.from), config)
		c.do("NLST", "1")
		_, err = io.ReadAll(data)
		require.NoError(t, err)
		c.want("226")
	})
}

// A virtual host shows its own certificate, to who asks for it by HOST
// (RFC 7151 §3.2.2), and HOST within TLS may not ask for another.
func TestServerHostTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hostTLS, trusted := testkit.Certificate(t, "ftp.example")
		host := &ftp.VirtualHost{TLSConfig: hostTLS}
		s, other := secureSite(t, &ftp.Server{Auth: userP(files(t)), Host: func(string) *ftp.VirtualHost { return host }})
		c := s.dial("192.0.2.7")
		c.want("220")
		c.do("HOST ftp.example", "220")
		c.startTLS(trusted)
		c.do("HOST www.example", "504")
		c.do("HOST ftp.example", "220")
		c.do("USER u", "331")
		c.do("PASS p", "230")
		c.do("PBSZ 0", "200")
		c.do("PROT P", "200")
		_, _, err := c.fetchTLS("NLST", trusted)
		require.NoError(t, err)
		c.want("226")

		c = s.dial("192.0.2.7")
		c.want("220")
		c.startTLS(other) // which does not trust the host's
	})
}

// A configuration without a certificate cannot begin.
func TestServerUnusableCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(files(t)), TLSConfig: &tls.Config{}})
		c := s.dial("192.0.2.7")
		c.want("220")
		c.do("AUTH TLS", "431")
	})
}
