package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/internal/testkit"
)

// server serves one connection and returns its address, in two words.
func server(t *testing.T, serve func(nc net.Conn)) (host, port string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		serve(nc)
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	host, port, err = net.SplitHostPort(ln.Addr().String())
	require.NoError(t, err)
	return host, port
}

// TestHTTPByHand: the server sees what was typed, lines in CR LF and not one
// command; the client prints the answer to its end.
func TestHTTPByHand(t *testing.T) {
	testkit.NoLeaks(t)
	requests := make(chan string, 1)
	host, port := server(t, func(nc net.Conn) {
		request, _ := io.ReadAll(nc)
		requests <- string(request)
		io.WriteString(nc, "HTTP/1.0 200 OK\r\n\r\nhello\n")
	})
	got := clitest.Run(t, program(), "GET / HTTP/1.0\nHost: a\r\n\n", host, port)
	assert.Equal(t, clitest.Result{Stdout: "HTTP/1.0 200 OK\r\n\r\nhello\n"}, got)
	assert.Equal(t, "GET / HTTP/1.0\r\nHost: a\r\n\r\n", <-requests)
}

// TestServerEndsFirst: the client does not wait for the rest of its input.
func TestServerEndsFirst(t *testing.T) {
	host, port := server(t, func(nc net.Conn) { io.WriteString(nc, "421 busy\r\n") })
	stdin, typing := io.Pipe()
	defer typing.Close()
	c := clitest.StartWithInput(t, program(), stdin, host, port)
	assert.Equal(t, "421 busy", c.Line())
	assert.Equal(t, 0, c.Wait().Status)
}

// TestNoEchoIntoAPipe: nobody types, so the server is not let echo, and there
// is no window.
func TestNoEchoIntoAPipe(t *testing.T) {
	answers := make(chan string, 1)
	host, port := server(t, func(nc net.Conn) {
		io.WriteString(nc, "\xff\xfb\x01\xff\xfd\x1f\xff\xfd\x18")
		b := make([]byte, 12)
		n, _ := io.ReadFull(nc, b)
		answers <- string(b[:n])
	})
	stdin, typing := io.Pipe()
	defer typing.Close()
	c := clitest.StartWithInput(t, program(), stdin, host, port)
	assert.Equal(t, 0, c.Wait().Status)
	assert.Equal(t, "\xff\xfd\x03\xff\xfe\x01\xff\xfc\x1f\xff\xfb\x18", <-answers, "DO SGA, DONT ECHO, WONT NAWS, WILL TERMINAL-TYPE")
}

func TestVerbose(t *testing.T) {
	host, port := server(t, func(nc net.Conn) {
		r := bufio.NewReader(nc)
		io.WriteString(nc, "\xff\xfd\x18Password: \r\n")
		r.ReadString('\n')
	})
	stdin, typing := io.Pipe()
	defer typing.Close()
	c := clitest.StartWithInput(t, program(), stdin, "-v", host, port)
	assert.Equal(t, "Password: ", c.Line())
	io.WriteString(typing, "secret\n")
	said := c.Wait().Stderr
	assert.Contains(t, said, "S: IAC DO TERMINAL-TYPE\n")
	assert.Contains(t, said, "C: IAC WILL TERMINAL-TYPE\n")
	assert.Contains(t, said, "C: ***\n")
	assert.NotContains(t, said, "secret")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b", "c"}} {
		assert.Equal(t, 2, clitest.Run(t, program(), "", args...).Status)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host, port, _ := strings.Cut(ln.Addr().String(), ":")
	require.NoError(t, ln.Close())
	got := clitest.Run(t, program(), "", host, port)
	assert.Equal(t, 1, got.Status)
	assert.Contains(t, got.Stderr, "client: ")
}

func TestTerminalTypes(t *testing.T) {
	assert.Equal(t, []string{"XTERM-256COLOR"}, terminalTypes("xterm-256color"))
	for _, term := range []string{"", "a b", "a\x1b", strings.Repeat("x", 41)} {
		assert.Nil(t, terminalTypes(term), "%q", term)
	}
}
