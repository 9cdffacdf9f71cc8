package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli"
	"applayer/internal/testkit"
)

// screen is what the user sees.
type screen struct {
	t    *testing.T
	f    *os.File
	seen string
}

// shows waits for text.
func (s *screen) shows(text string) {
	s.t.Helper()
	b := make([]byte, 1000)
	for !strings.Contains(s.seen, text) {
		n, err := s.f.Read(b)
		require.NoError(s.t, err, "seen %q, waiting for %q", s.seen, text)
		s.seen += string(b[:n])
	}
	_, s.seen, _ = strings.Cut(s.seen, text)
}

func (s *screen) types(text string) {
	s.t.Helper()
	_, err := s.f.WriteString(text)
	require.NoError(s.t, err)
}

func termios(t *testing.T, f *os.File) syscall.Termios {
	tt := openTTY(f)
	require.NotNil(t, tt)
	return tt.was
}

// TestTerminal is a user at a terminal: lines first, then each key by itself
// once the server echoes, ^] and its commands, the window's size and its change;
// and in the end the terminal is as it was.
func TestTerminal(t *testing.T) {
	shown, terminal := testkit.Terminal(t)
	setSize(t, shown, 24, 80)
	before := termios(t, terminal)
	t.Setenv("TERM", "vt220")
	peer := make(chan net.Conn, 1)
	ended := make(chan struct{})
	host, port := server(t, func(nc net.Conn) { peer <- nc; <-ended })

	var stderr bytes.Buffer
	status := make(chan int)
	go func() {
		status <- cli.Run(context.Background(), program(), []string{host, port}, terminal, terminal, &stderr)
	}()
	nc := <-peer
	gets := func(want string) {
		t.Helper()
		b := make([]byte, len(want))
		nc.SetReadDeadline(time.Now().Add(30 * time.Second))
		for n := 0; n < len(b); {
			m, err := nc.Read(b[n:])
			n += m
			require.NoError(t, err, "got %q of %q", b[:n], want)
		}
		assert.Equal(t, want, string(b))
	}
	says := func(s string) {
		_, err := nc.Write([]byte(s))
		require.NoError(t, err)
	}
	s := &screen{t: t, f: shown}

	says("welcome\r\n")
	s.shows("welcome\r")
	s.types("line\n")
	gets("line\r\n")
	s.shows("line\r\n") // the terminal echoes

	says("\xff\xfb\x01\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0\xff\xfd\x1f$ ")
	gets("\xff\xfb\x1f\xff\xfd\x03\xff\xfd\x01\xff\xfb\x18\xff\xfa\x18\x00VT220\xff\xf0\xff\xfa\x1f\x00P\x00\x18\xff\xf0")
	s.shows("$ ")
	s.types("k\x03\r")
	gets("k\x03\r\n")
	setSize(t, shown, 25, 100)
	syscall.Kill(os.Getpid(), syscall.SIGWINCH)
	gets("\xff\xfa\x1f\x00d\x00\x19\xff\xf0")

	s.types("x\x1d")
	gets("x")
	s.shows("telnet> ")
	s.types("status\n")
	s.shows("sending characters")
	s.shows("we: NAWS")
	for word, want := range map[string]string{"ip": "\xff\xf4\xff\xf2", "ayt": "\xff\xf6", "ao": "\xff\xf5", "synch": "\xff\xf2", "escape": "\x1d"} {
		s.types("\x1d")
		s.shows("telnet> ")
		s.types("send " + word + "\n")
		getsUrgent(t, nc, want)
	}
	for _, line := range []string{"help\n", "send what\n"} {
		s.types("\x1d")
		s.shows("telnet> ")
		s.types(line)
		s.shows("one of abort")
	}
	s.types("\x1d")
	s.shows("telnet> ")
	s.types("quit\n")
	assert.Equal(t, 0, <-status)
	close(ended)
	assert.Equal(t, before, termios(t, terminal))
	assert.Contains(t, stderr.String(), "^]")
}

// getsUrgent is gets for octets of which the last may be urgent.
func getsUrgent(t *testing.T, nc net.Conn, want string) {
	t.Helper()
	raw, err := nc.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		assert.NoError(t, syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_OOBINLINE, 1))
	}))
	b := make([]byte, len(want))
	for n := 0; n < len(b); {
		m, err := nc.Read(b[n:])
		n += m
		require.NoError(t, err, "got %q of %q", b[:n], want)
	}
	assert.Equal(t, want, string(b))
}

func setSize(t *testing.T, f *os.File, rows, columns uint16) {
	t.Helper()
	size := [4]uint16{rows, columns}
	raw, err := f.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCSWINSZ, uintptr(unsafe.Pointer(&size)))
		assert.Zero(t, errno)
	}))
}
