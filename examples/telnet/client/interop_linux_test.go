package main

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// TestInteropTelnetd is a user at a terminal who logs in at the telnetd of GNU
// inetutils: keys are echoed by it, Return is Return under BINARY too, and ^C
// reaches his program.
func TestInteropTelnetd(t *testing.T) {
	srv := peers.Telnetd(t, &peers.Config{Users: map[string]string{"alice": "wonder"}})
	shown, terminal := testkit.Terminal(t)
	setSize(t, shown, 24, 80)
	before := termios(t, terminal)
	t.Setenv("TERM", "vt220")
	host, port, err := net.SplitHostPort(srv.Addr)
	require.NoError(t, err)
	var stderr bytes.Buffer
	status := make(chan int)
	go func() {
		status <- cli.Run(context.Background(), program(), []string{host, port}, terminal, terminal, &stderr)
	}()
	require.NoError(t, shown.SetDeadline(time.Now().Add(time.Minute)))
	s := &screen{t: t, f: shown}
	s.shows("login: ")
	s.types("alice\r")
	s.shows("alice\r\n")
	s.shows("Password: ")
	s.types("wonder\r")
	s.shows("\r\n$ ")
	s.types("stty size; echo $TERM\r")
	s.shows("24 80\r\nvt220\r\n$ ")
	s.types("cat\rone\r")
	s.shows("one\r\none\r\n")
	s.types("\x03")
	s.shows("$ ")
	s.types("\x1d")
	s.shows("telnet> ")
	s.types("send ayt\n")
	s.shows("[")
	s.types("exit\r")
	assert.Equal(t, 0, <-status, "%s", &stderr)
	assert.Equal(t, before, termios(t, terminal))
}
