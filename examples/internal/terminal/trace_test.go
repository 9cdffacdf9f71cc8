package terminal_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/examples/internal/terminal"
	"applayer/sockets/telnet"
)

func data(s string) telnet.Event { return telnet.Event{Data: []byte(s)} }

func TestDialogue(t *testing.T) {
	for _, secrets := range []bool{false, true} {
		var b bytes.Buffer
		tr := terminal.NewDialogue(&b, secrets).Client()
		tr.Received(telnet.Event{Kind: telnet.EventNegotiation, Command: telnet.CommandWill, Option: telnet.OptionEcho})
		tr.Received(data("hello\r\nlog"))
		tr.Received(data("in: "))
		tr.Sent(data("al"))
		tr.Sent(data("ice\r\n"))
		tr.Received(data("\r\nPassword: "))
		for c := range strings.SplitSeq("secret\r\n", "") {
			tr.Sent(data(c))
		}
		tr.Received(data("\x1b[2J$ "))
		tr.Sent(telnet.Event{Kind: telnet.EventCommand, Command: telnet.CommandAYT})
		tr.Sent(telnet.Event{Kind: telnet.EventSubnegotiation, Option: telnet.OptionNAWS, Data: []byte("\x00P\x00\x18")})
		tr.Sent(telnet.Event{Kind: telnet.EventSubnegotiation, Option: telnet.OptionAuth, Data: []byte("x")})
		tr.Malformed(telnet.ErrSubnegotiation)
		tr.Sent(data("bye\n"))
		password := "***"
		if secrets {
			password = "secret"
		}
		assert.Equal(t, `S: IAC WILL ECHO
S: hello
S: login: \
C: alice
S:
S: Password: \
C: `+password+`
S: \x1b[2J$ \
C: IAC AYT
C: IAC SB NAWS 80x24
C: IAC SB AUTHENTICATION "x"
# telnet: malformed subnegotiation
C: bye
`, b.String())
	}
}

// TestDialogueHidesPieces: a password that commands break into pieces is hidden
// up to its end.
func TestDialogueHidesPieces(t *testing.T) {
	var b bytes.Buffer
	tr := terminal.NewDialogue(&b, false).Client()
	tr.Received(data("password: "))
	tr.Sent(data("sec"))
	tr.Sent(telnet.Event{Kind: telnet.EventCommand, Command: telnet.CommandNOP})
	tr.Sent(data("ret\r\n"))
	tr.Sent(data("ls\r\n"))
	assert.NotContains(t, b.String(), "sec")
	assert.NotContains(t, b.String(), "ret")
	assert.Contains(t, b.String(), "C: ls\n")
}

// TestDialogueIsBounded: an endless line is printed in parts.
func TestDialogueIsBounded(t *testing.T) {
	var b bytes.Buffer
	tr := terminal.NewDialogue(&b, false).Server()
	for range 100 {
		tr.Received(data(strings.Repeat("x", 100)))
	}
	assert.Greater(t, strings.Count(b.String(), "C: xxx"), 5)
}
