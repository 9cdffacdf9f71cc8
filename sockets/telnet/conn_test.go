package telnet_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/telnet"
)

// The words of the dialogues below.
const (
	iac  = "\xff"
	will = iac + "\xfb"
	wont = iac + "\xfc"
	do   = iac + "\xfd"
	dont = iac + "\xfe"
	sb   = iac + "\xfa"
	se   = iac + "\xf0"

	binary, echo, sga, status, timingMark = "\x00", "\x01", "\x03", "\x05", "\x06"
	ttype, eor, naws, newEnviron          = "\x18", "\x19", "\x1f", "\x27"
)

// peer is the other end, which speaks octets.
type peer struct {
	t  *testing.T
	nc net.Conn
}

// dial returns a Conn in memory and its peer.
func dial(t *testing.T, opts *telnet.ConnOptions) (*telnet.Conn, peer) {
	ours, theirs := testkit.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return telnet.NewConn(ours, opts), peer{t, theirs}
}

func (p peer) send(s string) {
	p.t.Helper()
	_, err := p.nc.Write([]byte(s))
	require.NoError(p.t, err)
}

// gets reads as many octets as want has.
func (p peer) gets(want string) {
	p.t.Helper()
	b := make([]byte, len(want))
	p.nc.SetReadDeadline(time.Now().Add(time.Minute))
	n, err := io.ReadFull(p.nc, b)
	assert.Equal(p.t, want, string(b[:n]))
	require.NoError(p.t, err)
}

// getsNothing finds that nothing has come.
func (p peer) getsNothing() {
	p.t.Helper()
	p.nc.SetReadDeadline(time.Now().Add(time.Second))
	b := make([]byte, 100)
	n, err := p.nc.Read(b)
	assert.Empty(p.t, string(b[:n]))
	assert.ErrorIs(p.t, err, os.ErrDeadlineExceeded)
}

// reads reads from c in the background, octet by octet where that is asked for,
// and tells what came, once it has ended.
func reads(c io.Reader, size int) (got func() (string, error)) {
	var b strings.Builder
	done := make(chan error, 1)
	go func() {
		buf := make([]byte, size)
		for {
			n, err := c.Read(buf)
			b.Write(buf[:n])
			if err != nil {
				done <- err
				return
			}
		}
	}()
	return func() (string, error) {
		err := <-done
		return b.String(), err
	}
}

func TestConnData(t *testing.T) {
	for _, size := range []int{1, 3, 4096} {
		synctest.Test(t, func(t *testing.T) {
			c, p := dial(t, nil)
			got := reads(c, size)
			p.send("a\r\nb\r\x00c" + iac + iac + iac + "\xf1" + "d" + iac + "\xc8")
			n, err := c.Write([]byte("x\r\ny\rz\xff\r"))
			require.NoError(t, err)
			assert.Equal(t, 8, n)
			p.gets("x\r\ny\r\x00z" + iac + iac + "\r")
			require.NoError(t, c.Flush())
			p.gets("\x00")
			require.NoError(t, p.nc.Close())
			text, err := got()
			assert.Equal(t, "a\r\nb\rc\xffd", text)
			assert.Equal(t, io.EOF, err)
		})
	}
}

// TestConnRefuses: a Conn without options agrees to nothing, and answers a
// flood of offers once each.
func TestConnRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := dial(t, nil)
		got := reads(c, 64)
		var want strings.Builder
		for o := range 256 {
			name := string([]byte{byte(o)})
			p.send(will + name + do + name + wont + name + dont + name)
			want.WriteString(dont + name)
			if o == 6 {
				want.WriteString(will + name) // a timing mark is none of those
			} else {
				want.WriteString(wont + name)
			}
		}
		p.gets(want.String())
		p.getsNothing()
		p.nc.Close()
		got()
	})
}

// TestConnFlood: a peer that offers and does not read makes the Conn wait, not
// grow.
func TestConnFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := testkit.PipeBuffer(1 << 10)
		c := telnet.NewConn(ours, nil)
		got := reads(c, 64)
		sent := 0
		theirs.SetWriteDeadline(time.Now().Add(time.Hour))
		for range 100_000 {
			n, err := theirs.Write([]byte(will + "\xc8"))
			sent += n
			if err != nil {
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				break
			}
		}
		assert.Less(t, sent, 16<<10, "octets taken of a peer that takes none")
		theirs.Close()
		got()
		ours.Close()
	})
}

func TestConnOffers(t *testing.T) {
	opts := telnet.ConnOptions{
		Offer:   []telnet.Option{telnet.OptionEcho, telnet.OptionSGA},
		Request: []telnet.Option{telnet.OptionNAWS},
	}
	synctest.Test(t, func(t *testing.T) {
		c, p := dial(t, &opts)
		p.getsNothing()
		_, err := c.Write([]byte("login: "))
		require.NoError(t, err)
		p.gets(will + echo + will + sga + do + naws + "login: ")
		got := reads(c, 64)
		p.send(do + echo + dont + sga + wont + naws + will + naws)
		p.gets(dont + naws) // offered after all, and never agreed to
		p.nc.Close()
		got()
		assert.True(t, c.Enabled(telnet.SideLocal, telnet.OptionEcho))
		assert.Equal(t, telnet.StateRefused, c.State(telnet.SideLocal, telnet.OptionSGA))
		err = c.Enable(telnet.SideLocal, telnet.OptionSGA)
		var refused *telnet.ProtocolError
		assert.ErrorAs(t, err, &refused)
	})
}

// TestConnAwait: a peer that speaks no Telnet sees no option, so that HTTP and
// SMTP can be typed by hand.
func TestConnAwait(t *testing.T) {
	opts := telnet.ConnOptions{
		Offer: []telnet.Option{telnet.OptionNAWS}, Request: []telnet.Option{telnet.OptionSGA},
		Window: telnet.Window{Columns: 80, Rows: 24}, Await: true,
	}
	synctest.Test(t, func(t *testing.T) {
		c, p := dial(t, &opts)
		got := reads(c, 64)
		_, err := c.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
		require.NoError(t, err)
		p.gets("GET / HTTP/1.0\r\n\r\n")
		p.send("HTTP/1.0 200 OK\r\n")
		p.getsNothing()
		p.send(do + naws) // it does
		p.gets(will + naws + do + sga + sb + naws + "\x00P\x00\x18" + se)
		p.getsNothing()
		p.nc.Close()
		got()
	})
}

// TestConnCommands: commands are told in their place among the data.
func TestConnCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		c, p := dial(t, &telnet.ConnOptions{
			Local: telnet.Options(telnet.OptionEOR), Remote: telnet.Options(telnet.OptionEOR),
			Command: func(cmd telnet.Command) { fmt.Fprintf(&log, "<%v>", cmd) },
		})
		p.send("\xff\xef" + will + eor + "a\xff\xf4b\xff\xf5\xff\xf6\xff\xf1\xff\xf9\xff\xf2c\xff\xf7\xff\xf8\xff\xf3\xff\xef\xff\x07" + do + eor + "d" + wont + eor + "\xff\xef")
		p.nc.(interface{ CloseWrite() error }).CloseWrite()
		b := make([]byte, 10)
		for {
			n, err := c.Read(b)
			log.Write(b[:n])
			if err != nil {
				break
			}
		}
		assert.Equal(t, "a<IP>b<AO><AYT>c<EC><EL><BRK><EOR><7>d", log.String())
		p.gets(do + eor + will + eor + dont + eor)
		require.NoError(t, c.SendCommand(telnet.CommandAYT, telnet.CommandEOR))
		p.gets("\xff\xf6\xff\xef")
		assert.ErrorIs(t, c.SendCommand(telnet.CommandWill), telnet.ErrEvent)
		require.NoError(t, c.Synch(telnet.CommandIP))
		p.gets("\xff\xf4\xff\xf2")
		assert.ErrorIs(t, c.Synch(telnet.CommandSB), telnet.ErrEvent)
	})
}

// TestConnEnds: what the end of the stream and a broken one give, and again.
func TestConnEnds(t *testing.T) {
	tests := []struct {
		name, in string
		want     error
	}{
		{"between two lines", "a\r\n", io.EOF},
		{"a lone IAC", "a\r\n\xff", io.ErrUnexpectedEOF},
		{"inside a negotiation", "a\r\n\xff\xfd", io.ErrUnexpectedEOF},
		{"inside a subnegotiation", "a\r\n\xff\xfa\x18\x00VT", io.ErrUnexpectedEOF},
		{"over a limit", "a\r\n\xff\xfa\x18" + strings.Repeat("x", 9) + se + "b", &telnet.LimitError{Name: "MaxSubnegotiation", Max: 8}},
	}
	for _, tt := range tests {
		c, p := dial(t, &telnet.ConnOptions{MaxSubnegotiation: 8})
		p.send(tt.in)
		p.nc.Close()
		text, err := io.ReadAll(c)
		if tt.want == io.EOF {
			assert.NoError(t, err, tt.name)
		} else {
			assert.Equal(t, tt.want, err, tt.name)
		}
		assert.Equal(t, "a\r\n", string(text), tt.name)
		_, err = c.Read(make([]byte, 1))
		assert.Equal(t, tt.want, err, "%s: again", tt.name)
	}
}

func TestConnDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := dial(t, nil)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Second)))
		p.send("\xff")
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, c.SetReadDeadline(time.Time{}))
		p.send("\xffx")
		b := make([]byte, 2)
		_, err = io.ReadFull(c, b)
		require.NoError(t, err, "the place in the stream was kept")
		assert.Equal(t, "\xffx", string(b))

		require.NoError(t, c.SetWriteDeadline(time.Now().Add(time.Second)))
		_, err = c.Write(make([]byte, 1<<20))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, c.SetDeadline(time.Time{}))
		_, err = c.Write([]byte("x"))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded, "half of it may be sent")
	})
}

// TestConnWriters: lines of several writers and the answers of the reader do
// not mix.
func TestConnWriters(t *testing.T) {
	c, p := dial(t, &telnet.ConnOptions{Remote: telnet.Options(telnet.OptionSGA)})
	got := reads(c, 64)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 100 {
				fmt.Fprintf(c, "%d-%d\r\n", w, i)
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			p.send(will + "\xc8" + do + timingMark)
		}
	})
	received := make(chan string)
	go func() {
		var dec telnet.Codec
		var lines, answers int
		buf := make([]byte, 100)
		for lines < 400 || answers < 100 {
			n, err := p.nc.Read(buf)
			if err != nil {
				break
			}
			for b := buf[:n]; len(b) > 0; {
				ev, n, err := dec.Next(b)
				b = b[n:]
				if err == nil && ev.Kind == telnet.EventData {
					lines += strings.Count(string(ev.Data), "\n")
				} else if err == nil {
					answers++
				}
			}
		}
		received <- fmt.Sprint(lines, answers)
	}()
	wg.Wait()
	assert.Equal(t, "400 100", <-received)
	p.nc.Close()
	got()
}

// TestSynch: what the peer sent before the DM is dropped, its commands are not
// (RFC 854, RFC 1123 §3.2.4).
func TestSynch(t *testing.T) {
	needUrgent(t)
	client, server := tcpPair(t)
	var commands []telnet.Command
	s := telnet.NewConn(server, &telnet.ConnOptions{Command: func(cmd telnet.Command) { commands = append(commands, cmd) }})
	c := telnet.NewConn(client, nil)
	_, err := c.Write([]byte("old " + strings.Repeat("text ", 100)))
	require.NoError(t, err)
	require.NoError(t, c.SendCommand(telnet.CommandAYT))
	_, err = c.Write([]byte("older"))
	require.NoError(t, err)
	require.NoError(t, c.Synch(telnet.CommandIP))
	_, err = c.Write([]byte("new"))
	require.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	for { // until the mark is known, which goes ahead of the data
		pending, err := telnet.UrgentPending(server)
		require.NoError(t, err)
		if pending {
			break
		}
	}
	got, err := io.ReadAll(s)
	require.NoError(t, err)
	assert.Equal(t, "new", string(got))
	assert.Equal(t, []telnet.Command{telnet.CommandAYT, telnet.CommandIP}, commands)
}

// TestTwoSynchs: the second one's DM ends the dropping, where the urgent
// octets were merged.
func TestTwoSynchs(t *testing.T) {
	needUrgent(t)
	client, server := tcpPair(t)
	s, c := telnet.NewConn(server, nil), telnet.NewConn(client, nil)
	require.NoError(t, c.Synch())
	_, err := c.Write([]byte("between"))
	require.NoError(t, err)
	require.NoError(t, c.Synch())
	_, err = c.Write([]byte("new"))
	require.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	got, err := io.ReadAll(s)
	require.NoError(t, err)
	assert.Contains(t, []string{"new", "betweennew"}, string(got), "merged, or read before the second came")
}

// TestDMOutsideSynch is a no operation.
func TestDMOutsideSynch(t *testing.T) {
	c, p := dial(t, nil)
	p.send("a\xff\xf2b")
	p.nc.Close()
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, "ab", string(got))
}

// TestCVE_2026_24061: the USER of NEW-ENVIRON, which a telnetd passed on to
// login as an option, goes nowhere here: the option is refused, and variables
// sent all the same are read by nobody.
func TestCVE_2026_24061(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		all := func(v any) { told = append(told, fmt.Sprint(v)) }
		everything := telnet.OptionSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
		c, p := dial(t, &telnet.ConnOptions{
			Command: func(v telnet.Command) { all(v) },
			Resized: func(v telnet.Window) { all(v) },
			Status:  func(v telnet.Status) { all(v) },
		})
		got := reads(c, 64)
		p.send(will + newEnviron)
		p.gets(dont + newEnviron)
		p.send(sb + newEnviron + "\x00\x00USER\x01-f root" + se)
		p.getsNothing()
		p.nc.Close()
		text, _ := got()
		assert.Empty(t, text)
		assert.Empty(t, told)

		// Even a program that agrees to everything is handed nothing.
		c, p = dial(t, &telnet.ConnOptions{Local: everything, Remote: everything})
		got = reads(c, 64)
		p.send(will + newEnviron)
		p.gets(do + newEnviron)
		p.send(sb + newEnviron + "\x00\x00USER\x01-f root" + se)
		p.getsNothing()
		p.nc.Close()
		text, _ = got()
		assert.Empty(t, text)
	})
}

func TestConnTrace(t *testing.T) {
	var log []string
	c, p := dial(t, &telnet.ConnOptions{
		Local: telnet.Options(telnet.OptionStatus),
		Trace: &telnet.Trace{
			Received: func(ev telnet.Event) { log = append(log, "C "+ev.String()) },
			Sent:     func(ev telnet.Event) { log = append(log, "S "+ev.String()) },
		},
	})
	_, err := c.Write([]byte("hi"))
	require.NoError(t, err)
	p.send(do + status + sb + status + "\x01" + se + "ok")
	p.nc.Close()
	_, err = io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, []string{
		`S "hi"`, "C DO STATUS", "S WILL STATUS", `C SB STATUS "\x01"`, `S SB STATUS "\x00\xfb\x05"`, `C "ok"`,
	}, log)
}

func TestConnPlain(t *testing.T) {
	c, p := dial(t, nil)
	assert.Equal(t, p.nc.LocalAddr(), c.RemoteAddr())
	assert.Equal(t, p.nc.RemoteAddr(), c.LocalAddr())
	assert.NotNil(t, c.NetConn())
	n, err := c.Read(nil)
	assert.Zero(t, n)
	assert.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	n, err = p.nc.Read(make([]byte, 1))
	assert.Zero(t, n)
	assert.Equal(t, io.EOF, err)
	require.NoError(t, c.Close())

	whole := telnet.NewConn(struct{ net.Conn }{p.nc}, nil)
	assert.ErrorIs(t, whole.CloseWrite(), errors.ErrUnsupported)
}
