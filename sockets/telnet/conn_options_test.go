package telnet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets/telnet"
)

func TestConnEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var changes []string
		c, p := dial(t, &telnet.ConnOptions{Changed: func(s telnet.Side, o telnet.Option, on bool) {
			changes = append(changes, fmt.Sprint(s, " ", o, " ", on))
		}})
		got := reads(c, 64)
		require.NoError(t, c.SetEcho(true))
		require.NoError(t, c.SetEcho(true))
		require.NoError(t, c.SetEcho(false))
		require.NoError(t, c.SetEcho(true))
		p.gets(will + echo)
		p.send(do + echo)
		p.getsNothing()
		require.NoError(t, c.SetEcho(false))
		p.gets(wont + echo)
		p.send(dont + echo)
		p.getsNothing()
		require.NoError(t, c.SetEcho(false))
		require.NoError(t, c.SetEcho(true))
		p.gets(will + echo)
		p.send(do + echo + dont + echo)
		p.gets(wont + echo)
		p.nc.Close()
		got()
		assert.Equal(t, []string{"local ECHO true", "local ECHO true", "local ECHO false"}, changes)
	})
}

func TestConnWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []telnet.Window
		var bad []error
		c, p := dial(t, &telnet.ConnOptions{
			Request: []telnet.Option{telnet.OptionNAWS},
			Resized: func(w telnet.Window) { sizes = append(sizes, w) },
			Trace:   &telnet.Trace{Malformed: func(err error) { bad = append(bad, err) }},
		})
		_, ok := c.Window()
		assert.False(t, ok)
		got := reads(c, 64)
		p.gets(do + naws)
		p.send(sb + naws + "\x00\x01\x00\x01" + se) // not yet on
		p.send(will + naws + sb + naws + "\x00P\x00\x18" + se + "a")
		p.send(sb + naws + "\x00P\x00" + se + "b") // too short
		p.send(sb + naws + "\x00\xff\xff\x00\x18" + se + "c")
		p.nc.Close()
		text, err := got()
		assert.Equal(t, "abc", text)
		assert.Equal(t, io.EOF, err)
		assert.Equal(t, []telnet.Window{{Columns: 80, Rows: 24}, {Columns: 255, Rows: 24}}, sizes)
		w, ok := c.Window()
		assert.True(t, ok)
		assert.Equal(t, telnet.Window{Columns: 255, Rows: 24}, w)
		require.Len(t, bad, 1)
		assert.ErrorIs(t, bad[0], telnet.ErrSubnegotiation)
	})
}

func TestConnSetWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := dial(t, &telnet.ConnOptions{Local: telnet.Options(telnet.OptionNAWS)})
		got := reads(c, 64)
		require.NoError(t, c.SetWindow(telnet.Window{Columns: 80, Rows: 24}))
		p.getsNothing()
		p.send(do + naws)
		p.gets(will + naws + sb + naws + "\x00P\x00\x18" + se)
		require.NoError(t, c.SetWindow(telnet.Window{Columns: 80, Rows: 24}))
		p.getsNothing()
		require.NoError(t, c.SetWindow(telnet.Window{Columns: 255, Rows: 64}))
		p.gets(sb + naws + "\x00\xff\xff\x00@" + se)
		p.nc.Close()
		got()
	})
}

// TestTerminalTypeCycle: the names are asked for until the last one comes
// twice, and once more to have the client at the first (RFC 1091 §6, §8).
func TestTerminalTypeCycle(t *testing.T) {
	send := sb + ttype + "\x01" + se
	is := func(name string) string { return sb + ttype + "\x00" + name + se }
	tests := []struct {
		name    string
		answers []string
		want    []string
		last    string // what is sent behind the last answer
	}{
		{"one name", []string{"VT220", "VT220"}, []string{"VT220"}, ""},
		{"two names, the last one twice", []string{"XTERM", "VT100", "VT100"}, []string{"XTERM", "VT100"}, send},
		{"a client that goes round", []string{"XTERM", "VT100", "XTERM"}, []string{"XTERM", "VT100"}, ""},
		{"no name", []string{"", ""}, []string{""}, ""},
		{"one that never ends", []string{"A", "B", "C", "D"}, []string{"A", "B", "C"}, send},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			c, p := dial(t, &telnet.ConnOptions{MaxTerminalTypes: 3})
			type result struct {
				names []string
				err   error
			}
			done := make(chan result)
			go func() {
				names, err := c.TerminalType(t.Context())
				done <- result{names, err}
			}()
			p.gets(do + ttype)
			p.send("typed " + will + ttype)
			for i, a := range tt.answers {
				p.gets(send)
				p.send(is(a) + "ahead" + string(rune('0'+i)))
			}
			r := <-done
			require.NoError(t, r.err, tt.name)
			assert.Equal(t, tt.want, r.names, tt.name)
			if tt.last != "" {
				p.gets(tt.last)
			}
			p.send(is("OTHER"))
			got := reads(c, 64)
			p.getsNothing()
			p.nc.Close()
			text, _ := got()
			var want strings.Builder
			want.WriteString("typed ")
			for i := range tt.answers {
				want.WriteString("ahead" + string(rune('0'+i)))
			}
			assert.Equal(t, want.String(), text, "%s: what was typed ahead is there", tt.name)
			names, whole := c.TerminalTypes()
			assert.True(t, whole)
			assert.Equal(t, tt.want, names, tt.name)
		})
	}
}

func TestTerminalTypeFails(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		c, p := dial(t, nil)
		p.send(wont + ttype)
		_, err := c.TerminalType(t.Context())
		wrong, ok := errors.AsType[*telnet.ProtocolError](err)
		require.True(t, ok, "%v", err)
		assert.True(t, wrong.Remote)
		_, err = c.TerminalType(t.Context())
		assert.Error(t, err, "and it is not asked again")
		p.gets(do + ttype)
	})
	t.Run("no answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, p := dial(t, nil)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := c.TerminalType(ctx)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			p.send("on")
			b := make([]byte, 2)
			_, err = io.ReadFull(c, b)
			require.NoError(t, err, "the connection lives on")
			assert.Equal(t, "on", string(b))
		})
	})
	t.Run("more typed ahead than is held", func(t *testing.T) {
		c, p := dial(t, &telnet.ConnOptions{MaxTypeahead: 10})
		p.send(strings.Repeat("x", 11))
		_, err := c.TerminalType(t.Context())
		limit, ok := errors.AsType[*telnet.LimitError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, "MaxTypeahead", limit.Name)
	})
	t.Run("end", func(t *testing.T) {
		c, p := dial(t, nil)
		p.nc.(interface{ CloseWrite() error }).CloseWrite()
		_, err := c.TerminalType(t.Context())
		assert.Equal(t, io.EOF, err)
	})
}

// TestTellsTerminalTypes: as a client, each name in turn, the last one twice.
func TestTellsTerminalTypes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := dial(t, &telnet.ConnOptions{
			Local: telnet.Options(telnet.OptionTerminalType), TerminalTypes: []string{"XTERM", "VT100"},
		})
		got := reads(c, 64)
		send := sb + ttype + "\x01" + se
		p.send(send) // not yet on
		p.send(do + ttype)
		p.gets(will + ttype)
		for _, name := range []string{"XTERM", "VT100", "VT100", "XTERM"} {
			p.send(send)
			p.gets(sb + ttype + "\x00" + name + se)
		}
		p.nc.Close()
		got()
	})
}

func TestConnStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		c, p := dial(t, &telnet.ConnOptions{
			Local:  telnet.Options(telnet.OptionStatus, telnet.OptionEcho),
			Remote: telnet.Options(telnet.OptionStatus, telnet.OptionSGA),
			Status: func(s telnet.Status) { told = append(told, s.String()) },
		})
		assert.Error(t, c.RequestStatus(), "not before it is on")
		got := reads(c, 64)
		p.send(do + status + do + echo + will + sga)
		p.gets(will + status + will + echo + do + sga)
		p.send(sb + status + "\x01" + se)
		p.gets(sb + status + "\x00\xfb\x01\xfb\x05\xfd\x03" + se)
		p.send(sb + status + "\x00\xfb\x01" + se) // nobody asked, and it is not on
		p.send(will + status)
		p.gets(do + status)
		require.NoError(t, c.RequestStatus())
		p.gets(sb + status + "\x01" + se)
		p.send(sb + status + "\x00\xfd\x01\xfb\x03" + se)
		p.nc.Close()
		got()
		assert.Equal(t, []string{"IS DO ECHO WILL SGA"}, told)
	})
}

// TestConnTimingMark: a mark is answered once all before it was read.
func TestConnTimingMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var marks []bool
		c, p := dial(t, &telnet.ConnOptions{Changed: func(side telnet.Side, o telnet.Option, on bool) {
			assert.Equal(t, telnet.SideRemote, side)
			assert.Equal(t, telnet.OptionTimingMark, o)
			marks = append(marks, on)
		}})
		p.send("work" + do + timingMark + "more")
		b := make([]byte, 10)
		n, err := c.Read(b)
		require.NoError(t, err)
		assert.Equal(t, "work", string(b[:n]))
		p.getsNothing() // the work is not yet done
		n, err = c.Read(b)
		require.NoError(t, err)
		assert.Equal(t, "more", string(b[:n]))
		p.gets(will + timingMark)

		require.NoError(t, c.TimingMark())
		require.NoError(t, c.TimingMark())
		p.gets(do + timingMark + do + timingMark)
		p.send(will + timingMark + wont + timingMark + will + timingMark + wont + timingMark + dont + timingMark + "x")
		_, err = c.Read(b)
		require.NoError(t, err)
		p.gets(dont + timingMark) // for the one that nobody asked for
		p.getsNothing()
		assert.Equal(t, []bool{true, false}, marks)
	})
}

// TestConnBinary: BINARY begins and ends at its place in the stream, each way
// for itself.
func TestConnBinary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := dial(t, &telnet.ConnOptions{Local: telnet.Options(telnet.OptionBinary), Remote: telnet.Options(telnet.OptionBinary)})
		got := reads(c, 64)
		write := func(s string) {
			_, err := c.Write([]byte(s))
			require.NoError(t, err)
		}
		p.send("\r\x00" + will + binary + "\r\x00" + iac + iac + wont + binary + "\r\x00")
		p.gets(do + binary + dont + binary)
		write("\rx")
		p.gets("\r\x00x")
		p.send(do + binary)
		p.gets(will + binary)
		write("\rx\xff")
		p.gets("\rx" + iac + iac)
		require.NoError(t, c.Disable(telnet.SideLocal, telnet.OptionBinary))
		write("\rx")
		p.gets(wont + binary + "\r\x00x")
		p.nc.Close()
		text, _ := got()
		assert.Equal(t, "\r\r\x00\xff\r", text)
	})
}
