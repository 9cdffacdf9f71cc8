package telnet_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets/telnet"
)

// decode returns the events of the chunks as text, runs of data joined, and
// the error that ended it, nil where all was used.
func decode(c *telnet.Codec, chunks ...string) (events []string, err error) {
	var data []byte
	flush := func() {
		if len(data) > 0 {
			events = append(events, telnet.Event{Data: data}.String())
			data = nil
		}
	}
	defer flush()
	for _, chunk := range chunks {
		for b := []byte(chunk); ; {
			ev, n, err := c.Next(b)
			b = b[n:]
			if errors.Is(err, telnet.ErrIncomplete) {
				if len(b) > 0 {
					return events, errors.New("incomplete, and not all was used")
				}
				break
			}
			if err != nil {
				return events, err
			}
			if ev.Kind == telnet.EventData {
				data = append(data, ev.Data...)
				continue
			}
			flush()
			events = append(events, ev.String())
		}
	}
	return events, nil
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"nothing", "", nil},
		{"plain text", "hello", []string{`"hello"`}},
		{"854 CR LF is a line's end", "a\r\nb", []string{`"a\r\nb"`}},
		{"854 CR NUL is CR", "a\r\x00b", []string{`"a\rb"`}},
		{"854 CR NUL twice", "\r\x00\r\x00", []string{`"\r\r"`}},
		{"854 a second NUL is data", "\r\x00\x00", []string{`"\r\x00"`}},
		{"854 a NUL elsewhere is data", "a\x00\n\x00", []string{`"a\x00\n\x00"`}},
		{"854 bare CR is taken as CR", "a\rb\r\rc", []string{`"a\rb\r\rc"`}},
		{"a command between CR and NUL parts them", "\r\xff\xf1\x00", []string{`"\r"`, "NOP", `"\x00"`}},
		{"854 doubled IAC is 255", "a\xff\xffb", []string{`"a\xffb"`}},
		{"854 IACs doubled in a row", "\xff\xff\xff\xff\xff\xf1", []string{`"\xff\xff"`, "NOP"}},
		{"a doubled IAC behind a CR", "\r\xff\xff\x00", []string{`"\r\xff\x00"`}},
		{"854 commands", "\xff\xf1\xff\xf2\xff\xf3\xff\xf4\xff\xf5\xff\xf6\xff\xf7\xff\xf8\xff\xf9",
			[]string{"NOP", "DM", "BRK", "IP", "AO", "AYT", "EC", "EL", "GA"}},
		{"885 EOR, 1184 EOF SUSP ABORT", "\xff\xef\xff\xec\xff\xed\xff\xee", []string{"EOR", "EOF", "SUSP", "ABORT"}},
		{"an unknown command is passed on", "a\xff\x00b\xff\xc8c", []string{`"a"`, "0", `"b"`, "200", `"c"`}},
		{"SE outside a subnegotiation is nothing", "a\xff\xf0b", []string{`"ab"`}},
		{"854 negotiation", "\xff\xfb\x01\xff\xfc\x03\xff\xfd\x18\xff\xfe\xc8",
			[]string{"WILL ECHO", "WONT SGA", "DO TERMINAL-TYPE", "DONT 200"}},
		{"option 255 is not doubled in a negotiation", "\xff\xfd\xff\xff\xf1", []string{"DO EXTENDED-OPTIONS-LIST", "NOP"}},
		{"855 subnegotiation", "\xff\xfa\x1f\x00P\x00\x18\xff\xf0x", []string{`SB NAWS "\x00P\x00\x18"`, `"x"`}},
		{"855 IAC is doubled in parameters", "\xff\xfa\x1f\x00\xff\xff\x00\x18\xff\xf0", []string{`SB NAWS "\x00\xff\x00\x18"`}},
		{"CR and NUL are parameters like others", "\xff\xfa\x18\x00\r\x00\n\xff\xf0", []string{`SB TERMINAL-TYPE "\x00\r\x00\n"`}},
		{"855 no parameters", "\xff\xfa\x05\xff\xf0", []string{`SB STATUS ""`}},
		{"no option either", "\xff\xfa\xff\xf0a", []string{`"a"`}},
		{"option 255 is doubled there", "\xff\xfa\xff\xff\x01\xff\xf0", []string{`SB EXTENDED-OPTIONS-LIST "\x01"`}},
		{"a command breaks a subnegotiation off", "\xff\xfa\x18\x00VT\xff\xf4a", []string{"IP", `"a"`}},
		{"a negotiation breaks it off", "\xff\xfa\x18\x00VT\xff\xfb\x01\xff\xf0", []string{"WILL ECHO"}},
		{"a subnegotiation breaks one off", "\xff\xfa\x18\x00VT\xff\xfa\x1f\x00P\x00\x18\xff\xf0", []string{`SB NAWS "\x00P\x00\x18"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c telnet.Codec
			got, err := decode(&c, tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got, "%q", tt.in)
			assert.NoError(t, c.End())

			c = telnet.Codec{}
			got, err = decode(&c, octets(tt.in)...)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got, "%q, octet by octet", tt.in)
		})
	}
}

// octets cuts s into octets.
func octets(s string) (all []string) {
	for i := range len(s) {
		all = append(all, s[i:i+1])
	}
	return all
}

func TestDecodeBinary(t *testing.T) {
	c := telnet.Codec{BinaryIn: true}
	got, err := decode(&c, "a\r\x00b\rc\x00\xff\xff\xff\xf4\r", "\x00")
	require.NoError(t, err)
	assert.Equal(t, []string{`"a\r\x00b\rc\x00\xff"`, "IP", `"\r\x00"`}, got)

	c.BinaryIn = false
	got, err = decode(&c, "\r", "\x00")
	require.NoError(t, err)
	assert.Equal(t, []string{`"\r"`}, got)
}

// TestDataIsAView: nothing is copied, so a run costs nothing but the look.
func TestDataIsAView(t *testing.T) {
	b := []byte("ab\r\x00cd\xff\xffe")
	var c telnet.Codec
	var got []string
	for rest := b; len(rest) > 0; {
		ev, n, err := c.Next(rest)
		require.NoError(t, err)
		require.NotEmpty(t, ev.Data)
		assert.True(t, bytes.HasSuffix(rest[:n], ev.Data))
		got = append(got, string(ev.Data))
		for i := range ev.Data {
			ev.Data[i] = '!'
		}
		rest = rest[n:]
	}
	assert.Equal(t, []string{"ab\r", "cd", "\xffe"}, got)
	assert.Equal(t, "!!!\x00!!\xff!!", string(b))
}

func TestSubnegotiationLimit(t *testing.T) {
	long := func(n int) string { return "\xff\xfa\x18" + strings.Repeat("x", n) + "\xff\xf0" }
	tests := []struct {
		name    string
		limit   int
		in      string
		wantMax int64
	}{
		{"at the default", 0, long(4096), 0},
		{"over the default", 0, long(4097), 4096},
		{"at a limit", 3, long(3), 0},
		{"over a limit", 3, long(4), 3},
		{"an IAC over a limit", 3, "\xff\xfa\x18xxx\xff\xff\xff\xf0", 3},
		{"no limit", -1, long(100_000), 0},
		{"without an end", 0, long(5000)[:4200], 4096},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := telnet.Codec{MaxSubnegotiation: tt.limit}
			_, err := decode(&c, tt.in+"after")
			if tt.wantMax == 0 {
				require.NoError(t, err)
				return
			}
			limit, ok := errors.AsType[*telnet.LimitError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, telnet.LimitError{Name: "MaxSubnegotiation", Max: tt.wantMax}, *limit)
			assert.Contains(t, err.Error(), "MaxSubnegotiation")
			_, n, again := c.Next([]byte("more"))
			assert.Equal(t, err, again, "the error stays")
			assert.Zero(t, n)
			assert.Equal(t, err, c.End())
		})
	}
}

func TestEnd(t *testing.T) {
	tests := []struct {
		in   string
		want error
	}{
		{"", nil}, {"a", nil}, {"\r", nil}, {"\xff\xff", nil}, {"\xff\xf4", nil}, {"\xff\xfd\x01", nil},
		{"\xff\xfa\x18\xff\xf0", nil},
		{"a\xff", io.ErrUnexpectedEOF}, // a lone IAC
		{"\xff\xfd", io.ErrUnexpectedEOF},
		{"\xff\xfa", io.ErrUnexpectedEOF},
		{"\xff\xfa\xff", io.ErrUnexpectedEOF},
		{"\xff\xfa\x18", io.ErrUnexpectedEOF},
		{"\xff\xfa\x18\xff", io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		var c telnet.Codec
		_, err := decode(&c, tt.in)
		require.NoError(t, err)
		assert.Equal(t, tt.want, c.End(), "%q", tt.in)
	}
}

func TestAppendData(t *testing.T) {
	tests := []struct {
		name   string
		in     []string
		want   string
		binary string
	}{
		{"plain", []string{"ab"}, "ab", "ab"},
		{"nothing", []string{"", ""}, "", ""},
		{"IAC is doubled", []string{"a\xffb\xff\xff"}, "a\xff\xffb\xff\xff\xff\xff", "a\xff\xffb\xff\xff\xff\xff"},
		{"CR LF stays", []string{"a\r\n"}, "a\r\n", "a\r\n"},
		{"CR LF stays when cut", []string{"a\r", "", "\n"}, "a\r\n", "a\r\n"},
		{"CR gets a NUL", []string{"a\rb\r\rc"}, "a\r\x00b\r\x00\r\x00c", "a\rb\r\rc"},
		{"CR gets a NUL when cut", []string{"a\r", "b"}, "a\r\x00b", "a\rb"},
		{"CR and IAC", []string{"\r\xff"}, "\r\x00\xff\xff", "\r\xff\xff"},
		{"CR and NUL", []string{"\r\x00"}, "\r\x00\x00", "\r\x00"},
		{"CR at the end", []string{"a\r"}, "a\r\x00", "a\r"},
		{"LF alone", []string{"\n"}, "\n", "\n"},
	}
	for _, tt := range tests {
		for _, binary := range []bool{false, true} {
			c := telnet.Codec{BinaryOut: binary}
			var got []byte
			for _, in := range tt.in {
				got = c.AppendData(got, []byte(in))
			}
			got = c.AppendFlush(got)
			want := tt.want
			if binary {
				want = tt.binary
			}
			assert.Equal(t, want, string(got), "%s, binary %v", tt.name, binary)
			assert.Empty(t, c.AppendFlush(nil), "nothing more is owed")
		}
	}
}

func TestAppend(t *testing.T) {
	tests := []struct {
		name string
		in   telnet.Event
		want string
	}{
		{"data", telnet.Event{Data: []byte("a\xff")}, "a\xff\xff"},
		{"command", telnet.Event{Kind: telnet.EventCommand, Command: telnet.CommandIP}, "\xff\xf4"},
		{"unknown command", telnet.Event{Kind: telnet.EventCommand, Command: 7}, "\xff\x07"},
		{"negotiation", telnet.Event{Kind: telnet.EventNegotiation, Command: telnet.CommandDo, Option: telnet.OptionNAWS}, "\xff\xfd\x1f"},
		{"subnegotiation", telnet.Event{Kind: telnet.EventSubnegotiation, Option: telnet.OptionNAWS, Data: []byte{0, 80, 0, 255}}, "\xff\xfa\x1f\x00P\x00\xff\xff\xff\xf0"},
		{"subnegotiation of option 255", telnet.Event{Kind: telnet.EventSubnegotiation, Option: telnet.OptionExtended}, "\xff\xfa\xff\xff\xff\xf0"},
	}
	for _, tt := range tests {
		var c telnet.Codec
		got, err := c.Append(nil, tt.in)
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.want, string(got), tt.name)
	}
	for _, refused := range []telnet.Event{
		{Kind: telnet.EventCommand, Command: telnet.CommandWill},
		{Kind: telnet.EventCommand, Command: telnet.CommandSB},
		{Kind: telnet.EventCommand, Command: telnet.CommandSE},
		{Kind: telnet.EventCommand, Command: telnet.IAC},
		{Kind: telnet.EventNegotiation, Command: telnet.CommandIP},
		{Kind: telnet.EventNegotiation, Command: telnet.IAC},
		{Kind: 9},
	} {
		var c telnet.Codec
		got, err := c.Append([]byte("x"), refused)
		assert.ErrorIs(t, err, telnet.ErrEvent, "%v", refused)
		assert.Equal(t, "x", string(got))
	}
}

// TestCRBeforeCommand: a command may not come between a CR and its NUL.
func TestCRBeforeCommand(t *testing.T) {
	for _, ev := range []telnet.Event{
		{Kind: telnet.EventCommand, Command: telnet.CommandGA},
		{Kind: telnet.EventNegotiation, Command: telnet.CommandWill},
		{Kind: telnet.EventSubnegotiation, Option: telnet.OptionStatus},
	} {
		var c telnet.Codec
		got := c.AppendData(nil, []byte("\r"))
		got, err := c.Append(got, ev)
		require.NoError(t, err)
		got = c.AppendData(got, []byte("\n"))
		assert.True(t, bytes.HasPrefix(got, []byte("\r\x00\xff")), "%q", got)
		assert.True(t, bytes.HasSuffix(got, []byte("\n")), "%q", got)
	}
}

func TestNames(t *testing.T) {
	assert.Equal(t, "WILL", telnet.CommandWill.String())
	assert.Equal(t, "EOF", telnet.CommandEOF.String())
	assert.Equal(t, "255", telnet.Command(telnet.IAC).String())
	assert.Equal(t, "BINARY", telnet.OptionBinary.String())
	assert.Equal(t, "200", telnet.Option(200).String())
	assert.Equal(t, "subnegotiation", telnet.EventSubnegotiation.String())
	assert.Equal(t, "EventKind(7)", telnet.EventKind(7).String())
	set := telnet.Options(telnet.OptionEcho, telnet.OptionExtended, 64)
	for o := range 256 {
		assert.Equal(t, o == 1 || o == 255 || o == 64, set.Has(telnet.Option(o)), "%d", o)
	}
}

// TestEventStringIsBounded: what a peer says does not fill the log.
func TestEventStringIsBounded(t *testing.T) {
	ev := telnet.Event{Data: bytes.Repeat([]byte{0}, 10_000)}
	assert.Less(t, len(ev.String()), 500)
}
