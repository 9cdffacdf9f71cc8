package telnet_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets/telnet"
)

func TestParseSubnegotiation(t *testing.T) {
	tests := []struct {
		option telnet.Option
		params string
		want   telnet.Subnegotiation
		text   string
	}{
		{telnet.OptionNAWS, "\x00P\x00\x18", telnet.Window{Columns: 80, Rows: 24}, "80x24"},
		{telnet.OptionNAWS, "\x00\xff\xff\xff", telnet.Window{Columns: 255, Rows: 65535}, "255x65535"},
		{telnet.OptionNAWS, "\x00\x00\x00\x00", telnet.Window{}, "0x0"},
		{telnet.OptionTerminalType, "\x01", telnet.TerminalType{Send: true}, "SEND"},
		{telnet.OptionTerminalType, "\x00XTERM-256COLOR", telnet.TerminalType{Name: "XTERM-256COLOR"}, `IS "XTERM-256COLOR"`},
		{telnet.OptionTerminalType, "\x00", telnet.TerminalType{}, `IS ""`},
		{telnet.OptionTerminalType, "\x00" + strings.Repeat("x", 40), telnet.TerminalType{Name: strings.Repeat("x", 40)}, `IS "` + strings.Repeat("x", 40) + `"`},
		{telnet.OptionTerminalSpeed, "\x01", telnet.TerminalSpeed{Send: true}, "SEND"},
		{telnet.OptionTerminalSpeed, "\x009600,1200", telnet.TerminalSpeed{Transmit: 9600, Receive: 1200}, "IS 9600,1200"},
		{telnet.OptionTerminalSpeed, "\x000,4294967295", telnet.TerminalSpeed{Receive: 4294967295}, "IS 0,4294967295"},
		{telnet.OptionFlowControl, "\x00", telnet.FlowOff, "OFF"},
		{telnet.OptionFlowControl, "\x03", telnet.FlowRestartXON, "RESTART-XON"},
		{telnet.OptionStatus, "\x01", telnet.Status{Send: true}, "SEND"},
		{telnet.OptionStatus, "\x00", telnet.Status{}, "IS"},
		{telnet.OptionStatus, "\x00\xfb\x01\xfd\x03", telnet.Status{Options: []telnet.StatusOption{
			{Command: telnet.CommandWill, Option: telnet.OptionEcho}, {Command: telnet.CommandDo, Option: telnet.OptionSGA}}}, "IS WILL ECHO DO SGA"},
		{telnet.OptionStatus, "\x00\xfb\xf0\xf0\xfa\x1f\x00P\xf0\xf0\x18\xf0\xfd\x01", telnet.Status{Options: []telnet.StatusOption{
			{Command: telnet.CommandWill, Option: 240},
			{Command: telnet.CommandSB, Option: telnet.OptionNAWS, Parameters: []byte("\x00P\xf0\x18")},
			{Command: telnet.CommandDo, Option: telnet.OptionEcho}}}, `IS WILL 240 SB NAWS "\x00P\xf0\x18" DO ECHO`},
		{telnet.OptionLineMode, "\x01\x03", telnet.LineMode{Part: telnet.LineModeMode, Mask: 3}, "MODE 3"},
		{telnet.OptionLineMode, "\xfd\x02\x01\x80", telnet.LineMode{Part: telnet.LineModeForwardMask, Command: telnet.CommandDo, Forward: []byte{1, 0x80}}, "DO FORWARDMASK 0180"},
		{telnet.OptionLineMode, "\xfc\x02", telnet.LineMode{Part: telnet.LineModeForwardMask, Command: telnet.CommandWont}, "WONT FORWARDMASK "},
		{telnet.OptionLineMode, "\x03\x03\x62\x03\x04\x02\x0f", telnet.LineMode{Part: telnet.LineModeSLC, Characters: []telnet.LocalCharacter{
			{Function: 3, Modifiers: 0x62, Character: 3}, {Function: 4, Modifiers: 2, Character: 15}}}, "SLC 2 characters"},
		{telnet.OptionNewEnviron, "\x01", telnet.Environ{Command: telnet.EnvironSend}, "SEND"},
		{telnet.OptionNewEnviron, "\x01\x00USER\x03", telnet.Environ{Command: telnet.EnvironSend, Variables: []telnet.Variable{{Name: "USER"}, {User: true}}}, `SEND "USER" ""`},
		{telnet.OptionNewEnviron, "\x00\x00USER\x01-f root\x03A\x02\x03B\x01\x00ACCT\x01\x02\x01", telnet.Environ{Variables: []telnet.Variable{
			{Name: "USER", Value: "-f root", Defined: true}, {User: true, Name: "A\x03B", Defined: true}, {Name: "ACCT", Value: "\x01", Defined: true}}},
			`IS "USER"="-f root" "A\x03B"="" "ACCT"="\x01"`},
		{telnet.OptionNewEnviron, "\x02\x00DISPLAY", telnet.Environ{Command: telnet.EnvironInfo, Variables: []telnet.Variable{{Name: "DISPLAY"}}}, `INFO "DISPLAY"`},
	}
	for _, tt := range tests {
		t.Run(tt.option.String()+" "+tt.text, func(t *testing.T) {
			got, err := telnet.ParseSubnegotiation(tt.option, []byte(tt.params))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.text, got.String())
			assert.Equal(t, tt.option, got.Option())
			assert.Equal(t, tt.params, string(got.AppendParameters(nil)))
		})
	}
	assert.Equal(t, "EnvironCommand(9)", telnet.EnvironCommand(9).String())
}

func TestParseSubnegotiationRefuses(t *testing.T) {
	tests := []struct {
		name   string
		option telnet.Option
		params string
		offset int64
		ref    string
	}{
		{"1073 nothing", telnet.OptionNAWS, "", 0, "RFC 1073 §2"},
		{"1073 too short", telnet.OptionNAWS, "\x00P\x00", 3, "RFC 1073 §2"},
		{"1073 too long", telnet.OptionNAWS, "\x00P\x00\x18\x00", 4, "RFC 1073 §2"},
		{"1091 nothing", telnet.OptionTerminalType, "", 0, "RFC 1091 §2"},
		{"1091 neither IS nor SEND", telnet.OptionTerminalType, "\x02VT", 0, "RFC 1091 §2"},
		{"1091 SEND with more", telnet.OptionTerminalType, "\x01VT", 0, "RFC 1091 §2"},
		{"1091 41 octets", telnet.OptionTerminalType, "\x00" + strings.Repeat("x", 41), 41, "RFC 1091 §6"},
		{"an escape sequence for a name", telnet.OptionTerminalType, "\x00VT\x1b[2J", 3, "RFC 1091 §5"},
		{"a line end in a name", telnet.OptionTerminalType, "\x00VT\nroot", 3, "RFC 1091 §5"},
		{"a high octet in a name", telnet.OptionTerminalType, "\x00\x9b", 1, "RFC 1091 §5"},
		{"1079 nothing", telnet.OptionTerminalSpeed, "", 0, "RFC 1079 §2"},
		{"1079 INFO", telnet.OptionTerminalSpeed, "\x02", 0, "RFC 1079 §2"},
		{"1079 one number", telnet.OptionTerminalSpeed, "\x009600", 5, "RFC 1079 §4"},
		{"1079 no second number", telnet.OptionTerminalSpeed, "\x009600,", 6, "RFC 1079 §4"},
		{"1079 a leading zero", telnet.OptionTerminalSpeed, "\x0009600,1", 1, "RFC 1079 §4"},
		{"1079 a blank", telnet.OptionTerminalSpeed, "\x009600, 1", 6, "RFC 1079 §4"},
		{"1079 more behind", telnet.OptionTerminalSpeed, "\x009600,1x", 7, "RFC 1079 §4"},
		{"1079 overflow", telnet.OptionTerminalSpeed, "\x004294967296,1", 10, "RFC 1079 §4"},
		{"1372 nothing", telnet.OptionFlowControl, "", 0, "RFC 1372 §2"},
		{"1372 unknown", telnet.OptionFlowControl, "\x04", 0, "RFC 1372 §2"},
		{"859 nothing", telnet.OptionStatus, "", 0, "RFC 859 §2"},
		{"859 INFO", telnet.OptionStatus, "\x02", 0, "RFC 859 §2"},
		{"859 no option", telnet.OptionStatus, "\x00\xfb", 2, "RFC 859 §5"},
		{"859 SE in its place", telnet.OptionStatus, "\x00\xfb\xf0\x01", 2, "RFC 859 §5"},
		{"859 WONT", telnet.OptionStatus, "\x00\xfc\x01", 2, "RFC 859 §5"},
		{"859 SB without SE", telnet.OptionStatus, "\x00\xfa\x1f\x00P", 5, "RFC 859 §5"},
		{"1184 nothing", telnet.OptionLineMode, "", 0, "RFC 1184 §2"},
		{"1184 unknown", telnet.OptionLineMode, "\x04", 0, "RFC 1184 §2"},
		{"1184 no mask", telnet.OptionLineMode, "\x01", 1, "RFC 1184 §2.2"},
		{"1184 DO nothing", telnet.OptionLineMode, "\xfd", 1, "RFC 1184 §2.3"},
		{"1184 WILL with a mask", telnet.OptionLineMode, "\xfb\x02\x01", 2, "RFC 1184 §2.3"},
		{"1184 33 octets of mask", telnet.OptionLineMode, "\xfd\x02" + strings.Repeat("\x01", 33), 2, "RFC 1184 §2.3"},
		{"1184 half a triplet", telnet.OptionLineMode, "\x03\x03\x62", 3, "RFC 1184 §2.4"},
		{"1572 nothing", telnet.OptionNewEnviron, "", 0, "RFC 1572 §2"},
		{"1572 unknown", telnet.OptionNewEnviron, "\x03", 0, "RFC 1572 §2"},
		{"1572 a value of nothing", telnet.OptionNewEnviron, "\x00\x01x", 1, "RFC 1572 §2"},
		{"1572 two values", telnet.OptionNewEnviron, "\x00\x00A\x01x\x01y", 5, "RFC 1572 §2"},
		{"1572 a value asked for", telnet.OptionNewEnviron, "\x01\x00A\x01x", 3, "RFC 1572 §2"},
		{"1572 text without a type", telnet.OptionNewEnviron, "\x00USER", 1, "RFC 1572 §2"},
		{"1572 ESC at the end", telnet.OptionNewEnviron, "\x00\x00A\x02", 4, "RFC 1572 §2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := telnet.ParseSubnegotiation(tt.option, []byte(tt.params))
			assert.Nil(t, got)
			require.ErrorIs(t, err, telnet.ErrSubnegotiation)
			wrong, ok := errors.AsType[*telnet.ParseError](err)
			require.True(t, ok)
			assert.Equal(t, tt.offset, wrong.Offset)
			assert.Equal(t, tt.ref, wrong.Ref)
			assert.Contains(t, err.Error(), tt.option.String()+": ")
		})
	}
	_, err := telnet.ParseSubnegotiation(telnet.OptionEcho, nil)
	assert.ErrorIs(t, err, telnet.ErrUnknownOption)
}

// FuzzParseSubnegotiation: what is read is written as something that is read as
// the same.
func FuzzParseSubnegotiation(f *testing.F) {
	for _, s := range []string{"", "\x01", "\x00P\x00\x18", "\x00XTERM", "\x009600,1200", "\x00\xfb\x01\xfa\x1f\xf0\xf0\xf0", "\x00\x00USER\x01x\x02\x02", "\xfd\x02\x01", "\x03abc"} {
		for _, o := range []telnet.Option{telnet.OptionNAWS, telnet.OptionTerminalType, telnet.OptionStatus, telnet.OptionTerminalSpeed, telnet.OptionFlowControl, telnet.OptionLineMode, telnet.OptionNewEnviron} {
			f.Add(uint8(o), []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, option uint8, params []byte) {
		o := telnet.Option(option)
		got, err := telnet.ParseSubnegotiation(o, params)
		if err != nil {
			if got != nil || !errors.Is(err, telnet.ErrSubnegotiation) && !errors.Is(err, telnet.ErrUnknownOption) {
				t.Fatalf("%v with %v", got, err)
			}
			return
		}
		written := got.AppendParameters(nil)
		again, err := telnet.ParseSubnegotiation(o, written)
		if err != nil {
			t.Fatalf("%q from %q: %v", written, params, err)
		}
		if got.Option() != o || !assert.ObjectsAreEqual(got, again) {
			t.Fatalf("%v became %v", got, again)
		}
		if s := got.String(); strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("%q shows what does not print", s)
		}
	})
}
